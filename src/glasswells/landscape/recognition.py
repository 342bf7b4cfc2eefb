"""Recognize, early in a quench, the known inherent structure that it is going to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glasswells.core.checks import not_negative, positive
from glasswells.core.compiler import kernel
from glasswells.core.described import explained
from glasswells.core.records import Array
from glasswells.landscape.library import Library

ROUNDED = 4 * 0.5 / np.sqrt(12)
"""Largest error of F.d/2, for a minimum at multiples of a unit, over that unit and |F|: four
standard deviations."""


@explained
@dataclass(frozen=True, kw_only=True, slots=True)
class Recognition:
    """When a descending configuration counts as inside the harmonic region of a known minimum A.

    Nearness decides: minima that are told apart lie 0.02 and more from each other in the particle
    that moves most, with a barrier about halfway, so that a configuration much closer to A than
    that cannot leave any more. Energy does not decide: barriers between such neighbors are of
    any height, and a height h = V - V_A far above them may sit in stiff directions. With the
    displacement d from A and the force F a harmonic well has h = -F.d/2 exactly; that the two
    agree is a check that A is the minimum below.

    A quench comes so near after the first step of Newton's method, so that recognition saves the
    later ones. A quench to the full tolerance decides in all other cases.
    """

    displacement: float = 0.004
    """Largest displacement of any particle from the known minimum, length; 0: never recognize.
    With 0.05, one recognition in a hundred was wrong."""
    anharmonicity: float = 0.05
    """Largest relative difference between h and -F.d/2."""
    height: float = 1e-3
    """Largest energy above the known minimum, total."""

    def __post_init__(self) -> None:
        not_negative("displacement", self.displacement)
        positive("anharmonicity", self.anharmonicity)
        positive("height", self.height)


class Recognizer:
    """A stop condition of the minimizer that remembers which structure it recognized."""

    def __init__(
        self, library: Library, box: Array, settings: Recognition, *, unit: float = 0.0
    ) -> None:
        """`unit`: that of the places where the structures are kept; 0: they are kept exactly."""
        self._library = library
        self._rounded = ROUNDED * unit
        self._box = box
        self._settings = settings
        self.index: int | None = None

    def __call__(self, positions: Array, energy: float, forces: Array, evaluations: int) -> bool:
        """Whether the configuration is inside the harmonic region of a known structure."""
        candidates = self._library.between(energy - self._settings.height, energy)
        for index in reversed(candidates):  # the highest are the closest in energy
            if self._belongs(index, positions, energy, forces):
                self.index = index
                return True
        return False

    def _belongs(self, index: int, positions: Array, energy: float, forces: Array) -> bool:
        height = energy - self._library[index].energy
        known, moved = self._library.positions(index), np.empty_like(positions)
        largest2 = moves_between(known, positions, self._box, self._settings.displacement, moved)
        if not largest2 <= self._settings.displacement**2:
            return False
        harmonic = -0.5 * float(np.vdot(forces, moved))
        allowed = self._settings.anharmonicity * height
        allowed += self._rounded * float(np.linalg.norm(forces))
        return bool(abs(height - harmonic) <= allowed)


def are_apart(one: Array, other: Array, box: Array, farthest: float) -> bool:
    """Whether some particle has moved by more than `farthest` beside the common translation."""
    largest2 = moves_between(one, other, box, farthest, np.empty_like(one))
    return bool(not largest2 <= farthest * farthest)


@kernel
def moves_between(r_nc, other_nc, box_c, farthest, moved_nc):  # type: ignore[no-untyped-def]
    """Fill the moves from one configuration to another; the square of the largest.

    As `core.geometry.displacement`, the drift removed, where no particle has moved by more than
    `farthest`. Then the moves of any two particles differ by at most twice that, whatever the
    common translation, which tells the images apart. Elsewhere it stops with infinity.
    """
    n = r_nc.shape[0]
    x0, y0, z0 = (
        other_nc[0, 0] - r_nc[0, 0],
        other_nc[0, 1] - r_nc[0, 1],
        other_nc[0, 2] - r_nc[0, 2],
    )
    mean_x, mean_y, mean_z = 0.0, 0.0, 0.0
    for i in range(n):
        x = other_nc[i, 0] - r_nc[i, 0] - x0
        y = other_nc[i, 1] - r_nc[i, 1] - y0
        z = other_nc[i, 2] - r_nc[i, 2] - z0
        x -= box_c[0] * np.rint(x / box_c[0])
        y -= box_c[1] * np.rint(y / box_c[1])
        z -= box_c[2] * np.rint(z / box_c[2])
        if not x * x + y * y + z * z <= 4.0 * farthest * farthest:
            return np.inf
        moved_nc[i, 0], moved_nc[i, 1], moved_nc[i, 2] = x, y, z
        mean_x += x
        mean_y += y
        mean_z += z
    largest2 = 0.0
    for i in range(n):
        moved_nc[i, 0] -= mean_x / n
        moved_nc[i, 1] -= mean_y / n
        moved_nc[i, 2] -= mean_z / n
        x, y, z = moved_nc[i, 0], moved_nc[i, 1], moved_nc[i, 2]
        largest2 = max(largest2, x * x + y * y + z * z)
    return largest2
