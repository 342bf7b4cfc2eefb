"""Elements of particles by their masses, and calculators that know elements, for any configuration.

A configuration holds masses but no elements. Where each element has a mass of its own the masses
tell them, so that one model serves all glasses of a campaign, whatever their number of atoms.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from glasswells.core.checks import positive
from glasswells.core.errors import InputError
from glasswells.core.optional import require
from glasswells.core.records import Configuration
from glasswells.interchange.ase_model import AseInteractions, AseModel
from glasswells.interchange.lammps_model import LammpsInteractions, LammpsModel

SAME_MASS = 1e-6
"""Relative difference up to which two masses are one."""


def check_element_masses(masses: Mapping[str, float]) -> dict[str, float]:
    """Masses by element, checked.

    Raises
    ------
    InputError
        If there are none, for one that is not positive, and for two elements of one mass.
    """
    if not masses:
        raise InputError("masses are empty, expected the mass of each element, such as { Si = 28 }")
    checked = {name: positive(f"the mass of {name}", mass) for name, mass in masses.items()}
    names = sorted(checked, key=checked.__getitem__)
    for a, b in pairwise(names):
        if np.isclose(checked[a], checked[b], rtol=SAME_MASS, atol=0.0):
            raise InputError(
                f"{a} and {b} have one mass, {checked[a]:g}, expected a mass of its own for each "
                f"element: change one by more than a part in a million"
            )
    return checked


def elements_of(configuration: Configuration, masses: Mapping[str, float]) -> tuple[str, ...]:
    """The element of each particle (N,): the one whose mass it has.

    Raises
    ------
    InputError
        For a mass that no element has.
    """
    names = tuple(masses)
    known = np.array([masses[name] for name in names])
    nearest = np.abs(configuration.masses[:, None] - known).argmin(axis=1)
    wrong = ~np.isclose(configuration.masses, known[nearest], rtol=SAME_MASS, atol=0.0)
    if wrong.any():
        k = int(np.argmax(wrong))
        listed = ", ".join(f"{name} {masses[name]:g}" for name in names)
        raise InputError(
            f"masses[{k}] is {configuration.masses[k]:g}, expected that of an element: {listed}; "
            f"state the masses of the particles, or of a missing element"
        )
    return tuple(names[k] for k in nearest)


class LammpsByMasses:
    """`LammpsModel` for configurations of any number of atoms, whose masses tell the elements.

    Parameters
    ----------
    commands
        As for `LammpsModel`.
    masses
        By element.
    elements
        Their order as LAMMPS' types.
    atom_style
        As LAMMPS names it.

    Raises
    ------
    InputError
        As for `LammpsModel`, and for two elements of one mass.
    """

    def __init__(
        self, commands: str, masses: Mapping[str, float], elements: Sequence[str], atom_style: str
    ) -> None:
        self._masses = check_element_masses(masses)
        self._commands, self._elements, self._style = commands, tuple(elements), atom_style
        self._of(self._elements)

    def _of(self, species: Sequence[str]) -> LammpsModel:
        return LammpsModel(
            self._commands,
            species,
            self._masses,
            elements=self._elements,
            atom_style=self._style,
        )

    def check(self, configuration: Configuration) -> None:
        """Raise `InputError` for masses that no element has."""
        elements_of(configuration, self._masses)

    def interactions(self, configuration: Configuration) -> LammpsInteractions:
        """The energy of these atoms, by a LAMMPS of its own."""
        species = elements_of(configuration, self._masses)
        return self._of(species).interactions(
            configuration_with(configuration, species, self._masses)
        )


class AseByMasses:
    """`AseModel` for configurations of any number of atoms, whose masses tell the elements.

    Parameters
    ----------
    make
        Makes a calculator; called once for each object of interactions.
    masses
        By element.

    Raises
    ------
    InputError
        Without the extra; for two elements of one mass, and names that are no elements.
    """

    def __init__(self, make: Callable[[], Any], masses: Mapping[str, float]) -> None:
        ase = require("ase", "ase")
        self._masses, self._make = check_element_masses(masses), make
        for name in self._masses:
            try:
                ase.Atoms(name)
            except (KeyError, ValueError):
                raise InputError(f"{name} is no element, expected names such as Si") from None

    def check(self, configuration: Configuration) -> None:
        """Raise `InputError` for masses that no element has."""
        elements_of(configuration, self._masses)

    def interactions(self, configuration: Configuration) -> AseInteractions:
        """The energy of these atoms, by a calculator of its own."""
        species = elements_of(configuration, self._masses)
        configuration = configuration_with(configuration, species, self._masses)
        atoms = require("ase", "ase").Atoms(
            symbols=species,
            positions=configuration.positions,
            cell=configuration.box,
            pbc=True,
            masses=configuration.masses,
        )
        return AseModel(atoms, self._make).interactions(configuration)


def configuration_with(
    configuration: Configuration, species: Sequence[str], masses: Mapping[str, float]
) -> Configuration:
    """The same particles with exactly the masses of their elements."""
    return Configuration(
        positions=configuration.positions,
        diameters=configuration.diameters,
        box=configuration.box,
        masses=np.array([masses[name] for name in species]),
    )
