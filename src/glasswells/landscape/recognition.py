"""Recognize, early in a quench, the known inherent structure that it is going to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glasswells.core.checks import not_negative, positive
from glasswells.core.described import explained
from glasswells.core.records import Array
from glasswells.landscape.library import Library
from glasswells.landscape.moves import moves_between

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
        farthest = self._settings.displacement
        if self._library.is_far(index, positions, farthest):
            return False
        height = energy - self._library[index].energy
        known, moved = self._library.positions(index), np.empty_like(positions)
        largest2 = moves_between(known, positions, self._box, farthest, moved)
        if not largest2 <= farthest**2:
            return False
        harmonic = -0.5 * float(np.vdot(forces, moved))
        allowed = self._settings.anharmonicity * height
        allowed += self._rounded * float(np.linalg.norm(forces))
        return bool(abs(height - harmonic) <= allowed)


def are_apart(one: Array, other: Array, box: Array, farthest: float) -> bool:
    """Whether some particle has moved by more than `farthest` beside the common translation."""
    largest2 = moves_between(one, other, box, farthest, np.empty_like(one))
    return bool(not largest2 <= farthest * farthest)
