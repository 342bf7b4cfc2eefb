"""Log-determinants of mass-weighted Hessians, and the attempt frequencies that follow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import scipy.sparse

from glasswells.core.errors import InputError
from glasswells.curvature.dissection import dissect
from glasswells.curvature.factorization import BACKWARD_ERROR, Factorization
from glasswells.modes.stiffness import Stiffness


@dataclass(frozen=True, kw_only=True, slots=True)
class LogDeterminant:
    """ln of the product of the 3N - 3 eigenvalues besides translations, by their sizes."""

    value: float
    negative: int
    """How many of them are negative."""


def log_determinant(stiffness: Stiffness) -> LogDeterminant:
    """The sum of ln |lambda| over the eigenvalues of M without translations.

    One sparse factorization L D L^T of M without the rows and columns of one particle k. That
    minor is the product of the other eigenvalues times (m_k / sum m)^3, because the translations
    are the only null vectors.

    Raises
    ------
    InputError
        If M is singular beyond the translations.
    """
    n = stiffness.matrix.shape[0]
    minor = scipy.sparse.csc_array(stiffness.matrix[: n - 3, : n - 3])
    order = dissect(minor, stiffness.places[:-1])
    try:
        pivots = Factorization(minor, stiffness.scale, 0.0, order).pivots
    except InputError:
        pivots = np.zeros(1)
    # What is left of a zero eigenvalue, that of a rotation say, is rounding of either sign.
    if np.abs(pivots).min() < BACKWARD_ERROR * stiffness.scale:
        raise InputError(
            "the Hessian has no inverse even without translations, expected that of a minimum or a "
            "saddle without other zero modes: remove particles that touch no others; a cluster in "
            "open space can also turn"
        )
    weights = stiffness.translations()[0, :, 0]
    fixed = -6.0 * math.log(abs(float(weights[-1])))
    return LogDeterminant(
        value=float(np.log(np.abs(pivots)).sum()) + fixed,
        negative=int(np.count_nonzero(pivots < 0)),
    )


def attempt_frequency(
    minimum: LogDeterminant, saddle: LogDeterminant, negative_eigenvalue: float
) -> float:
    r"""The angular attempt frequency of a minimum over a saddle.

    .. math:: \omega^* = \frac{\prod_{i=1}^{3N-3} \omega_i}{\prod_{i=1}^{3N-4} \omega^S_i},

    the modes of the minimum over the stable ones of the saddle; the rate is omega*/(2 pi)
    exp(-barrier/T) (Vineyard, J. Phys. Chem. Solids 3, 121, 1957).

    Parameters
    ----------
    minimum, saddle
        Of the same particles.
    negative_eigenvalue
        The one negative eigenvalue of the saddle, which its determinant holds as well.

    Raises
    ------
    InputError
        For a minimum with negative eigenvalues, and a saddle with another number than one.
    """
    for name, found, expected in (("minimum", minimum, 0), ("saddle", saddle, 1)):
        if found.negative != expected:
            raise InputError(
                f"the {name} has {found.negative} negative eigenvalues, expected {expected}"
            )
    if negative_eigenvalue >= 0:
        raise InputError(f"negative_eigenvalue is {negative_eigenvalue}, expected one below 0")
    stable = saddle.value - math.log(-negative_eigenvalue)
    return math.exp((minimum.value - stable) / 2)
