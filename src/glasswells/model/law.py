"""What a pair potential is to the kernels: a handful of compiled functions of scaled distance.

v(r) = strength_ij u(x), x = r / range_ij, u = 0 for x >= x_c. Every function takes x^2 and 1/x^2,
so that the loops over pairs spend one division, and a `NamedTuple` of constants whose precision
(32 or 64 bits) is that of the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np


class PairLaw(NamedTuple):
    """The compiled functions of one pair potential; k are its constants."""

    mix: Callable[..., Any]
    """(diameter_i, diameter_j, k) -> (range_ij, strength_ij)."""
    value: Callable[..., Any]
    """(x^2, 1/x^2, k) -> u."""
    slope: Callable[..., Any]
    """(x^2, 1/x^2, k) -> (u, u'/x)."""
    derivatives: Callable[..., Any]
    """(x^2, 1/x^2, k) -> (u'/x, u'', u'''/x, u'''')."""
    uniform_strength: bool
    """Whether strength_ij = 1 for all pairs: the kernels then skip reading it."""


def single_precision(constants: Any) -> Any:
    """The constants of a pair law as a NamedTuple of float32."""
    return type(constants)(*(np.float32(c) for c in constants))


class SmoothCutoff(NamedTuple):
    """Coefficients of the even polynomial c0 + c2 x^2 + c4 x^4 that ends x^-n at x_c."""

    c0: float
    c2: float
    c4: float


def smooth_cutoff(exponent: int, cutoff: float) -> SmoothCutoff:
    """The polynomial that makes x^-n vanish at x_c with its first two derivatives.

    c0 = -(n+2)(n+4)/8 x_c^-n, c2 = n(n+4)/4 x_c^-(n+2), c4 = -n(n+2)/8 x_c^-(n+4); the form is
    that of Nishikawa et al., PRX 12, 021001 (2022), eq. A1.
    """
    n, x_c = exponent, cutoff
    return SmoothCutoff(
        c0=-(n + 2) * (n + 4) / 8 * x_c**-n,
        c2=n * (n + 4) / 4 * x_c ** -(n + 2),
        c4=-n * (n + 2) / 8 * x_c ** -(n + 4),
    )
