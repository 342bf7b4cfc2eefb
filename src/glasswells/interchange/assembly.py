"""From what a file holds to a checked configuration: order, sizes, masses, box, messages."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.checks import float64_array, positive
from glasswells.core.errors import InputError
from glasswells.core.records import Array, Configuration

PerParticle = ArrayLike | Mapping[str, float] | Mapping[int, float] | None
"""Of all particles: an array (N,), one number, a mapping from type or species, or None: those of
the file."""

TILT = 1e-12
"""Largest off-diagonal part of a cell, relative to its longest edge, that is rounding noise."""
SAME = 2e-5
"""Relative difference between two columns of one quantity that is rounding to 6 digits."""
VALUES = (
    "an array of one number per particle, one number for all, or a mapping such as "
    "{'1': 1.0, '2': 0.88} from type or species"
)
CALL_DEPTH = 4
"""Of a warning below the caller: `assemble`, a reader, `read_configuration`."""


class MissingOptionError(InputError):
    """A file that can be read with a word from the caller, who may be a script or a plan.

    Parameters
    ----------
    fact
        What is wrong, with the place.
    option
        The keyword of `read_configuration` that helps.
    values
        What may be passed, in the words of Python.
    """

    def __init__(self, fact: str, option: str, values: str) -> None:
        self.fact = fact
        self.option = option
        self.values = values
        super().__init__(f"{fact}: pass {option}=..., {values}")


class Given(NamedTuple):
    """What the caller says about the particles; goes before what is in the file."""

    diameters: PerParticle = None
    masses: PerParticle = None
    rounded: bool = False
    """Whether positions of fewer digits than a float64 has are welcome."""


class Found(NamedTuple):
    """What a file says about the particles besides their positions, in the order of its rows."""

    diameters: Array | None = None
    masses: Array | None = None
    species: Sequence[str] | None = None
    """Type or species of each particle, if known."""
    labels: Mapping[str, str] = {}
    """Other names of the species."""
    order: Array | None = None
    """(N,), the rows in the order of particles; None: as they are."""
    digits: str | None = None
    """To how many digits positions are rounded, if they are."""
    why: str = ""
    """Why something is missing, in brackets and with a space before."""


def assemble(
    source: str, positions: Array, box: Array, *, given: Given, found: Found
) -> Configuration:
    """The configuration; every complaint begins with `source`, the file and its place.

    Warns of positions that were rounded: no inherent structure survives that.

    Parameters
    ----------
    source
        Where the numbers come from, for messages.
    positions, box
        (N, 3), in the order of rows, and (3,).
    given, found
        About the particles.

    Raises
    ------
    InputError
        If there are no diameters, and for whatever `Configuration` refuses.
    """
    n = len(np.atleast_1d(positions))
    try:
        diameters = _of_particles("diameters", n, given.diameters, found)
        if diameters is None:
            raise MissingOptionError(f"holds no diameters{found.why}", "diameters", VALUES)
        configuration = Configuration(
            positions=_ordered(positions, found),
            diameters=diameters,
            box=box,
            masses=_of_particles("masses", n, given.masses, found),  # type: ignore[arg-type]
        )
    except MissingOptionError as error:
        raise MissingOptionError(f"{source}: {error.fact}", error.option, error.values) from None
    except InputError as error:
        raise InputError(f"{source}: {error}") from None
    if found.digits is not None and not given.rounded:
        warnings.warn(
            f"{source}: positions are rounded to {found.digits}, a minimum of the energy needs all "
            f"17: minimize again, and pass single_precision=True if you know; LAMMPS writes all "
            f"digits by write_data, or by dump_modify format float %.17g",
            stacklevel=CALL_DEPTH,
        )
    return configuration


def _ordered(rows: Array, found: Found) -> Array:
    return rows if found.order is None else rows[found.order]


def _of_particles(name: str, n: int, given: PerParticle, found: Found) -> Array | None:
    """A quantity (N,) in the order of particles; None if nobody knows it."""
    if given is None:
        in_file: Array | None = getattr(found, name)
        return None if in_file is None else _ordered(in_file, found)
    if isinstance(given, Mapping):
        table = {
            found.labels.get(str(k), str(k)): positive(f"{name}[{k!r}]", v)
            for k, v in given.items()
        }
        return _ordered(_by_species(name, table, found), found)
    if np.ndim(given) == 0:
        return np.full(n, positive(name, given))
    return float64_array(name, given, (n,))


def _by_species(name: str, table: dict[str, float], found: Found) -> Array:
    if found.species is None:
        raise MissingOptionError(
            f"holds no types or species for a table of {name}{found.why}",
            name,
            "an array or one number for all",
        )
    unknown = sorted(set(found.species) - set(table))
    if unknown:
        raise InputError(
            f"{name} has no entry for {unknown[0]!r}, expected one for each type or species of "
            f"the file: {', '.join(sorted(set(found.species))[:20])}"
        )
    return np.array([table[kind] for kind in found.species])


def one_of_two(source: str, names: str, first: Array | None, second: Array | None) -> Array | None:
    """The first of two columns that say the same, or the one that is there.

    Raises
    ------
    InputError
        If they differ by more than rounding.
    """
    if first is None or second is None:
        return second if first is None else first
    strange = ~(np.abs(first - second) <= SAME * np.abs(first))
    if strange.any():
        k = int(np.argmax(strange))
        raise InputError(
            f"{source}: {names} of particle {k} (counted from 0) say {first[k]:g} and "
            f"{second[k]:g}, expected the same: leave one of the columns out"
        )
    return first


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
