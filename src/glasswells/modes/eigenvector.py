"""The normal mode at an eigenvalue that is known, and its number in the full spectrum."""

from __future__ import annotations

import numpy as np

from glasswells.core.records import Array
from glasswells.curvature.factorization import Factorization
from glasswells.curvature.spectral_measure import SAME_LEVEL
from glasswells.modes.stiffness import Stiffness

VECTOR_RESIDUAL = 1e-12
"""Of the mode's vector, relative to the largest entry of M."""
LEVEL_RESIDUAL = 1e-7
"""Of a vector whose Rayleigh quotient is the mode's eigenvalue: its error is the square of this
over the distance to the next mode."""
INVERSE_ITERATIONS = 12
"""Each gains at least a factor of ten where modes are SAME_LEVEL apart, usually 1e4."""
FEWEST_ITERATIONS = 4
"""After these a residual that hardly falls any more is given up: two modes are about as near."""
SHIFT_DISTANCES = (2.0, 3.0, 1.5)
"""Where the spectrum is cut below the mode, in units of SAME_LEVEL; the first stable one serves."""


def eigenvector(
    stiffness: Stiffness, field: Array, eigenvalue: float
) -> tuple[Array, int, float] | None:
    """The mode at an eigenvalue (the projection of `field` on its level), its number and level.

    None where no mode is near enough to be told from the next one.
    """
    same = SAME_LEVEL * stiffness.scale
    for distance in SHIFT_DISTANCES:
        factorization = stiffness.below(eigenvalue - distance * same)
        below = factorization.negative_count()
        if below is None:
            continue
        mode, level, residual = _inverse_iteration(stiffness, factorization, field)
        if residual <= VECTOR_RESIDUAL * stiffness.scale:
            if abs(level - eigenvalue) > 0.5 * same:
                return eigenvector(stiffness, mode, level)  # others may lie between the two
            # The three zero modes come first in the numbering wherever they lie.
            zeros_below = eigenvalue - distance * same > 0
            return mode, below + (1 if zeros_below else 4), level
        if residual > same:
            return None  # seen from here, the other shifts are no nearer to a mode
    return None


def nearest_level(stiffness: Stiffness, field: Array, guess: float) -> float | None:
    """The eigenvalue of the mode nearest to a guess; None if two are about as near."""
    shift = guess - SHIFT_DISTANCES[0] * SAME_LEVEL * stiffness.scale
    enough = LEVEL_RESIDUAL * stiffness.scale
    _, level, residual = _inverse_iteration(stiffness, stiffness.below(shift), field, enough)
    return level if residual <= enough else None


def _inverse_iteration(
    stiffness: Stiffness, factorization: Factorization, v: Array, enough: float = 0.0
) -> tuple[Array, float, float]:
    """The mode nearest to the shift, its eigenvalue and its residual.

    The residual is as small as it gets, or `enough`.
    """
    before = np.inf
    for iteration in range(INVERSE_ITERATIONS):
        v = stiffness.without_drift(factorization.solve(v))
        v /= np.linalg.norm(v)
        product = stiffness.product(v)
        eigenvalue = float(np.vdot(v, product))
        residual = float(np.linalg.norm(product - eigenvalue * v))
        is_slow = residual > 0.5 * before
        is_mode = residual <= VECTOR_RESIDUAL * stiffness.scale
        if residual <= enough or (is_slow and (is_mode or iteration >= FEWEST_ITERATIONS)):
            break
        before = residual
    return v, eigenvalue, residual
