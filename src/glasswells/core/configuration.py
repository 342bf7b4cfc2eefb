"""The arrangement of particles, on which everything else stands."""

from __future__ import annotations

from dataclasses import dataclass, field
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
        masses = np.ones(n)
        if self.masses is not None:
            masses = positive_array("masses", self.masses, (n,), "masses")
        freeze(self, positions=positions, diameters=diameters, box=box, masses=masses)

    @property
    def n_particles(self) -> int:
        """N."""
        return len(self.positions)

    @property
    def density(self) -> float:
        """Number density N / volume."""
        return self.n_particles / float(np.prod(self.box))

    def moved_to(self, positions: Array) -> Configuration:
        """The same particles in the same box at other positions (N, 3)."""
        return Configuration(
            positions=positions, diameters=self.diameters, box=self.box, masses=self.masses
        )
