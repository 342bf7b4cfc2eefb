"""The part of the Stillinger-Weber energy that is a sum over pairs.

v(r) = A epsilon (B (sigma/r)^4 - 1) exp(sigma/(r - a sigma))
       - lambda epsilon (1 - cos theta_0)^2 exp(2 gamma sigma/(r - a sigma)):

the two-body energy, less what the moments of `angular_kernels` count of a bond with itself. It
vanishes at r = a sigma with all its derivatives.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from glasswells.core.compiler import kernel
from glasswells.model.law import PairLaw

NEAREST = -0.002
"""Closest approach to the cutoff, in sigma: exp(1/NEAREST) = 1e-217 stands for zero."""


class StillingerWeberConstants(NamedTuple):
    """Numbers of the pair law; x is the distance itself."""

    cutoff2: float
    cutoff: float
    """The cutoff a sigma."""
    repulsion: float
    """A B epsilon sigma^4."""
    attraction: float
    """A epsilon."""
    decay: float
    """Sigma, in the exponent of the two-body energy."""
    double_decay: float
    """2 gamma sigma, in that of a bond with itself."""
    itself: float
    """Lambda epsilon (1 - cos theta_0)^2."""
    nearest: float
    """`NEAREST` sigma, negative."""


@kernel
def exponential_derivatives(decay, d):  # type: ignore[no-untyped-def]
    """F = exp(decay d), d = 1/(r - range), and its derivatives by r up to the fourth."""
    y = decay * d
    y1 = -y * d
    y2 = -2.0 * y1 * d
    y3 = -3.0 * y2 * d
    y4 = -4.0 * y3 * d
    f = np.exp(y)
    return (
        f,
        y1 * f,
        (y2 + y1 * y1) * f,
        (y3 + 3.0 * y1 * y2 + y1 * y1 * y1) * f,
        (y4 + 4.0 * y1 * y3 + 3.0 * y2 * y2 + 6.0 * y1 * y1 * y2 + y1 * y1 * y1 * y1) * f,
    )


@cache
def stillinger_weber_law() -> PairLaw:
    """The compiled pair law; every pair has the range 1 and the strength 1."""

    @kernel
    def mix(diameter_i, diameter_j, k):  # type: ignore[no-untyped-def]
        return 1.0, 1.0

    @kernel
    def value(x2, inverse, k):  # type: ignore[no-untyped-def]
        d = 1.0 / min(np.sqrt(x2) - k.cutoff, k.nearest)
        bond = (k.repulsion * inverse * inverse - k.attraction) * np.exp(k.decay * d)
        return bond - k.itself * np.exp(k.double_decay * d)

    @kernel
    def slope(x2, inverse, k):  # type: ignore[no-untyped-def]
        r = np.sqrt(x2)
        # The loop over blocks of pairs asks beyond the cutoff, too.
        d = 1.0 / min(r - k.cutoff, k.nearest)
        power = k.repulsion * inverse * inverse
        e = np.exp(k.decay * d)
        bond = (power - k.attraction) * e
        itself = k.itself * np.exp(k.double_decay * d)
        first = -4.0 * power * inverse * r * e + (k.double_decay * itself - k.decay * bond) * d * d
        return bond - itself, first * inverse * r

    @kernel
    def derivatives(x2, inverse, k):  # type: ignore[no-untyped-def]
        r = np.sqrt(x2)
        d = 1.0 / min(r - k.cutoff, k.nearest)
        e, e1, e2, e3, e4 = exponential_derivatives(k.decay, d)
        _, g1, g2, g3, g4 = exponential_derivatives(k.double_decay, d)
        # p = repulsion r^-4 - attraction and its derivatives
        power = k.repulsion * inverse * inverse
        p = power - k.attraction
        p1 = -4.0 * power * inverse * r
        p2 = 20.0 * power * inverse
        p3 = -120.0 * power * inverse * inverse * r
        p4 = 840.0 * power * inverse * inverse
        first = p1 * e + p * e1 - k.itself * g1
        second = p2 * e + 2.0 * p1 * e1 + p * e2 - k.itself * g2
        third = p3 * e + 3.0 * p2 * e1 + 3.0 * p1 * e2 + p * e3 - k.itself * g3
        fourth = p4 * e + 4.0 * p3 * e1 + 6.0 * p2 * e2 + 4.0 * p1 * e3 + p * e4 - k.itself * g4
        return first * inverse * r, second, third * inverse * r, fourth

    return PairLaw(mix, value, slope, derivatives, uniform_strength=True)
