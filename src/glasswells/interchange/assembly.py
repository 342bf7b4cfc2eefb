"""From what a file holds to a checked configuration: diameters, box, messages with the place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.checks import float64_array, positive
from glasswells.core.errors import InputError
from glasswells.core.records import Array, Configuration

Diameters = ArrayLike | Mapping[str, float] | Mapping[int, float] | None
"""Of all particles: an array (N,), one number, a mapping from type or species to diameter, or
None: those of the file."""

TILT = 1e-12
"""Largest off-diagonal part of a cell, relative to its longest edge, that is rounding noise."""


def assemble(
    source: str,
    positions: Array,
    box: Array,
    *,
    given: Diameters,
    in_file: Array | None,
    species: Sequence[str] | None,
) -> Configuration:
    """The configuration; every complaint begins with `source`, the file and its place.

    Parameters
    ----------
    source
        Where the numbers come from, for messages.
    positions, box
        (N, 3) and (3,).
    given
        What the caller says about diameters; goes before what is in the file.
    in_file
        (N,) or None if the file has no diameters.
    species
        Type or species of each particle, if known.

    Raises
    ------
    InputError
        If there are no diameters, and for whatever `Configuration` refuses.
    """
    try:
        diameters = _diameters(len(positions), given, in_file, species)
        return Configuration(positions=positions, diameters=diameters, box=box)
    except InputError as error:
        raise InputError(f"{source}: {error}") from None


def _diameters(
    n: int, given: Diameters, in_file: Array | None, species: Sequence[str] | None
) -> Array:
    if given is None:
        if in_file is None:
            raise InputError(
                "holds no diameters: pass diameters=..., an array of one length per particle, one "
                "number for all, or a mapping such as {'1': 1.0, '2': 0.88} from type or species"
            )
        return in_file
    if isinstance(given, Mapping):
        return _by_species(
            {str(k): positive(f"diameters[{k!r}]", v) for k, v in given.items()}, species
        )
    if np.ndim(given) == 0:
        return np.full(n, positive("diameters", given))
    return float64_array("diameters", given, (n,))


def _by_species(table: dict[str, float], species: Sequence[str] | None) -> Array:
    if species is None:
        raise InputError(
            "holds no types or species, expected diameters as an array or one number for all"
        )
    unknown = sorted(set(species) - set(table))
    if unknown:
        raise InputError(
            f"diameters has no entry for {unknown[0]!r}, expected one for each type or species of "
            f"the file: {', '.join(sorted(set(species))[:20])}"
        )
    return np.array([table[name] for name in species])


def orthorhombic_box(source: str, cell: Array) -> Array:
    """The edges (3,) of a cell (3, 3), one vector a row.

    Raises
    ------
    InputError
        For a tilted, flat or missing cell.
    """
    box = np.diag(cell).copy()
    rest = np.abs(cell - np.diag(box)).max()
    if not np.isfinite(cell).all() or box.min() <= 0 or rest > TILT * box.max():
        raise InputError(
            f"{source}: the cell is {cell.tolist()}, expected three edges along x, y and z: only "
            f"orthorhombic periodic boxes are supported; convert a tilted one before"
        )
    return box


def require_periodic(source: str, periodic: Sequence[bool]) -> None:
    """Raise `InputError` unless the box is periodic along x, y and z."""
    if not all(periodic):
        flags = " ".join("T" if p else "F" for p in periodic)
        raise InputError(
            f"{source}: periodic along x, y, z is {flags}, expected T T T: only fully periodic "
            f"boxes are supported; put open systems into a periodic box with enough vacuum"
        )
