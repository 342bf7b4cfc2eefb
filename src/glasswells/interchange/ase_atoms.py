"""To and from ASE's Atoms."""

from __future__ import annotations

from typing import Any

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.checks import float64_array
from glasswells.core.errors import InputError
from glasswells.core.optional import require
from glasswells.core.records import Array, Configuration
from glasswells.interchange.assembly import (
    Found,
    Given,
    PerParticle,
    assemble,
    one_of_two,
    orthorhombic_box,
    require_periodic,
)
from glasswells.interchange.precision import shortest_decimals

DIAMETERS, RADII = ("diameters", "diameter"), ("radii", "radius")
"""Arrays of Atoms that hold sizes."""
MASS, IDS = "mass", "id"
"""Arrays that ASE makes of columns that other programs write, and does not look into."""


def from_ase(
    atoms: Any, *, diameters: PerParticle = None, masses: PerParticle = None
) -> Configuration:
    """The configuration of ASE's Atoms; positions are not wrapped, lengths are kept.

    Parameters
    ----------
    atoms
        Periodic along all three directions, with an orthorhombic cell.
    diameters
        (N,), one number, or a mapping from chemical symbols; None: the array `diameters` or
        `radius` of the atoms. For an energy that does not depend on sizes, such as `AseModel`, one
        number will do.
    masses
        In the same way; None: those that were set, or else the array `mass`, in which ASE keeps
        what OVITO wrote, or else those of the chemical elements, in atomic mass units. `X`, which
        is no element, has mass 1.

    Raises
    ------
    InputError
        For other boxes, missing diameters, NaN, and for atoms whose array `id` is not in order.
    """
    ids = np.asarray(atoms.arrays.get(IDS, ()))
    if ids.dtype.kind in "iuf" and (np.diff(ids) < 0).any():
        raise InputError(
            f"the array {IDS!r} of the atoms is not in order, so that their numbers are not those "
            f"of other files: pass atoms[np.argsort(atoms.arrays[{IDS!r}])]"
        )
    return configuration_of(atoms, Given(diameters=diameters, masses=masses))


def configuration_of(atoms: Any, given: Given) -> Configuration:
    """The atoms in the order that they have."""
    source = f"atoms {atoms.get_chemical_formula()}"
    require_periodic(source, [bool(p) for p in atoms.pbc])
    diameter, radius = (_quantity(atoms, names) for names in (DIAMETERS, RADII))
    found = Found(
        diameters=one_of_two(
            source,
            "diameter and twice the radius",
            diameter,
            None if radius is None else 2.0 * radius,
        ),
        masses=masses_of(atoms),
        species=atoms.get_chemical_symbols(),
    )
    return assemble(
        source,
        np.array(atoms.positions),
        orthorhombic_box(source, np.array(atoms.cell)),
        given=given,
        found=found,
    )


def masses_of(atoms: Any) -> Array:
    """Masses (N,) as they were set, or in the array `mass`, or those of the elements."""
    found = None if atoms.has("masses") else _quantity(atoms, (MASS,))
    return np.array(atoms.get_masses()) if found is None else found


def _quantity(atoms: Any, names: tuple[str, ...]) -> Array | None:
    """The first of some arrays that the atoms have, one number per atom."""
    for name in names:
        if name in atoms.arrays:
            values = atoms.arrays[name].reshape(-1)
            if values.dtype == np.float32:
                values = shortest_decimals(values)
            return float64_array(name, values, (len(atoms),))
    return None


@expects(configuration=Configuration)
def to_ase(configuration: Configuration, symbols: Any = None) -> Any:
    """ASE's Atoms of a configuration, with the array `diameters`; lengths and masses are kept.

    Parameters
    ----------
    configuration
        The particles.
    symbols
        Chemical symbols or atomic numbers, one for each particle; None: `X`, which is no element.
        They do not change the masses.

    Raises
    ------
    InputError
        If ASE is not installed, or for another number of symbols.
    """
    ase = require("ase", "ase")
    n = configuration.n_particles
    symbols = ["X"] * n if symbols is None else list(symbols)
    if len(symbols) != n:
        raise InputError(f"symbols has {len(symbols)} entries, expected {n}, one per particle")
    atoms = ase.Atoms(
        symbols,
        positions=np.array(configuration.positions),
        cell=np.array(configuration.box),
        pbc=True,
    )
    atoms.set_masses(np.array(configuration.masses))
    atoms.set_array("diameters", np.array(configuration.diameters))
    return atoms
