"""To and from ASE's Atoms."""

from __future__ import annotations

from typing import Any

import numpy as np

from glasswells.core.checks import float64_array
from glasswells.core.errors import InputError
from glasswells.core.records import Configuration
from glasswells.interchange.assembly import (
    Diameters,
    assemble,
    orthorhombic_box,
    require_periodic,
)
from glasswells.interchange.optional import require

NAMES = {"diameters": 1.0, "diameter": 1.0, "radii": 2.0, "radius": 2.0}
"""Arrays of Atoms that hold sizes, and what makes diameters of them."""


def from_ase(atoms: Any, *, diameters: Diameters = None) -> Configuration:
    """The configuration of ASE's Atoms; positions are not wrapped, lengths are kept.

    Parameters
    ----------
    atoms
        Periodic along all three directions, with an orthorhombic cell.
    diameters
        (N,), one number, or a mapping from chemical symbols; None: the array `diameters` or
        `radius` of the atoms. For an energy that does not depend on sizes, such as `AseModel`, one
        number will do.

    Raises
    ------
    InputError
        For other boxes, missing diameters, NaN.
    """
    source = f"atoms {atoms.get_chemical_formula()}"
    require_periodic(source, [bool(p) for p in atoms.pbc])
    sizes = next(
        (
            factor * float64_array(name, atoms.arrays[name].reshape(-1), (len(atoms),))
            for name, factor in NAMES.items()
            if name in atoms.arrays
        ),
        None,
    )
    return assemble(
        source,
        np.array(atoms.positions),
        orthorhombic_box(source, np.array(atoms.cell)),
        given=diameters,
        in_file=sizes,
        species=atoms.get_chemical_symbols(),
    )


def to_ase(configuration: Configuration, symbols: Any = None) -> Any:
    """ASE's Atoms of a configuration, with the array `diameters`; lengths are kept.

    Parameters
    ----------
    configuration
        The particles.
    symbols
        Chemical symbols or atomic numbers, one for each particle; None: `X`, which is no element.

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
    atoms.set_array("diameters", np.array(configuration.diameters))
    return atoms
