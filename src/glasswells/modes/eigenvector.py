"""The normal mode at an eigenvalue that is known, and its number in the full spectrum."""

from __future__ import annotations

import numpy as np

from glasswells.core.records import Array
from glasswells.curvature.factorization import Factorization
from glasswells.curvature.spectral_measure import SAME_LEVEL
from glasswells.modes.stiffness import Stiffness

VECTOR_RESIDUAL = 1e-12
"""Of the mode's vector, relative to the largest entry of M."""
INVERSE_ITERATIONS = 12
"""Each gains at least a factor of ten where modes are SAME_LEVEL apart, usually 1e4."""
SHIFT_DISTANCES = (2.0, 3.0, 1.5)
"""Where the spectrum is cut below the mode, in units of SAME_LEVEL; the first stable one serves."""


def eigenvector(
    stiffness: Stiffness, field: Array, eigenvalue: float
) -> tuple[Array, int, float] | None:
    """The mode at an eigenvalue (the projection of `field` on its level) and its number."""
    same = SAME_LEVEL * stiffness.scale
    for distance in SHIFT_DISTANCES:
        factorization = stiffness.below(eigenvalue - distance * same)
        below = factorization.negative_count()
        if below is None:
            continue
        found = _inverse_iteration(stiffness, factorization, field)
        if found is not None:
            # The three zero modes come first in the numbering wherever they lie.
            zeros_below = eigenvalue - distance * same > 0
            return found[0], below + (1 if zeros_below else 4), found[1]
    return None


def _inverse_iteration(
    stiffness: Stiffness, factorization: Factorization, v: Array
) -> tuple[Array, float] | None:
    """The mode nearest to the shift and its eigenvalue, as exactly as rounding allows."""
    before = np.inf
    for _ in range(INVERSE_ITERATIONS):
        v = stiffness.without_drift(factorization.solve(v))
        v /= np.linalg.norm(v)
        product = stiffness.product(v)
        eigenvalue = float(np.vdot(v, product))
        residual = float(np.linalg.norm(product - eigenvalue * v))
        if residual <= VECTOR_RESIDUAL * stiffness.scale and residual > 0.5 * before:
            return v, eigenvalue
        before = residual
    return None
