"""The arrangement of particles, on which everything else stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasswells.core.checks import float64_array, positive_array
from glasswells.core.described import described
from glasswells.core.errors import InputError

Array = NDArray[np.float64]


def freeze(record: Any, **arrays: Any) -> None:
    """Set fields of a frozen record, with arrays made read-only; for `__post_init__` only."""
    for name, value in arrays.items():
        if isinstance(value, np.ndarray):
            value.setflags(write=False)
        object.__setattr__(record, name, value)


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Configuration:
    """An arrangement of particles in an orthorhombic periodic box.

    Raises
    ------
    InputError
        For wrong shapes or dtypes, NaN, fewer than two particles, lengths or masses <= 0.
    """

    positions: Array
    """(N, 3), length; may lie outside the box."""
    diameters: Array
    """(N,), length."""
    box: Array
    """(3,), edges of the periodic box, length."""
    masses: Array = field(default=None)  # type: ignore[arg-type]  # None: an array of ones
    """(N,), in the unit of mass m; None: 1 for every particle."""

    def __post_init__(self) -> None:
        positions = float64_array("positions", self.positions, (None, 3))
        n = len(positions)
        if n < 2:
            raise InputError(f"positions hold {n} particle(s), expected at least 2")
        diameters = positive_array("diameters", self.diameters, (n,), "lengths")
        box = positive_array("box", self.box, (3,), "lengths")
        masses = _ones(n)
        if self.masses is not None:
            masses = _one_for_all(
                self.masses, positive_array("masses", self.masses, (n,), "masses")
            )
        freeze(
            self,
            positions=_one_for_all(self.positions, positions),
            diameters=_one_for_all(self.diameters, diameters),
            box=box,
            masses=masses,
        )

    @property
    def n_particles(self) -> int:
        """N."""
        return len(self.positions)

    @property
    def density(self) -> float:
        """Number density N / volume."""
        return self.n_particles / float(np.prod(self.box))

    def is_same_as(self, other: Configuration) -> bool:
        """Whether both are known to be one configuration, without a look at any coordinate."""
        return self is other

    def at_hand(self) -> Configuration:
        """The same with its arrays in memory."""
        return self

    def moved_to(self, positions: Array) -> Configuration:
        """The same particles in the same box at other positions (N, 3)."""
        like = {"diameters": self.diameters, "box": self.box, "masses": self.masses}
        moved = Configuration(positions=positions, **like)
        freeze(moved, **like)  # its own copies would take half as much as the positions
        return moved


@lru_cache(maxsize=8)
def _ones(n: int) -> Array:
    ones = np.ones(n)
    ones.setflags(write=False)
    return ones


def _one_for_all(given: Any, checked: Array) -> Array:
    """The array itself in place of its checked copy, if nobody can ever change it.

    Such are arrays over `bytes`: all minima that are read from a store share their diameters.
    """
    root = given
    while isinstance(root, np.ndarray):
        root = root.base
    is_same = isinstance(given, np.ndarray) and given.dtype == checked.dtype
    if is_same and isinstance(root, bytes) and given.flags.c_contiguous:
        same: Array = given
        return same
    return checked


class LateConfiguration(Configuration):
    """A configuration that is read whenever somebody looks at it, and that nobody keeps.

    What only counts minima and compares their energies then needs no room for their places.

    Parameters
    ----------
    source
        What it is made from: configurations of equal sources are equal.
    shapes
        Of its arrays, by their names.
    read
        Gives the configuration, from the source.
    """

    __slots__ = ("_n_particles", "_read", "_source")

    def __init__(
        self,
        source: str,
        shapes: Mapping[str, tuple[int, ...]],
        read: Callable[[str], Configuration],
    ) -> None:
        freeze(self, _source=source, _n_particles=shapes["positions"][0], _read=read)

    @property
    def source(self) -> str:
        """What it is made from."""
        return self._source  # type: ignore[attr-defined, no-any-return]

    @property
    def positions(self) -> Array:
        """(N, 3), length, read anew."""
        return self.at_hand().positions

    @property
    def diameters(self) -> Array:
        """(N,), length, read anew."""
        return self.at_hand().diameters

    @property
    def box(self) -> Array:
        """(3,), length, read anew."""
        return self.at_hand().box

    @property
    def masses(self) -> Array:
        """(N,), in the unit of mass, read anew."""
        return self.at_hand().masses

    @property
    def n_particles(self) -> int:
        """N."""
        return self._n_particles  # type: ignore[attr-defined, no-any-return]

    def at_hand(self) -> Configuration:
        """What is read, to be looked at more than once."""
        return self._read(self._source)  # type: ignore[attr-defined, no-any-return]

    def is_same_as(self, other: Configuration) -> bool:
        """Whether both are known to be one configuration, without a look at any coordinate."""
        return isinstance(other, LateConfiguration) and self.source == other.source

    def __reduce__(self) -> tuple[Any, ...]:
        """As what is read: another process has no place to read it from."""
        return _as_read, (self.at_hand(),)


def _as_read(configuration: Configuration) -> Configuration:
    return configuration
