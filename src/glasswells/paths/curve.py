"""A smooth curve between two points whose tangents and curvatures are known.

The quintic Hermite polynomial P(u), 0 <= u <= 1, with derivatives scaled by the arc length L
that it has itself. All lengths follow from inner products of a handful of vectors, so that the
number of particles costs nothing in the quadratures.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from glasswells.core.records import Array

GAUSS_POINTS, GAUSS_WEIGHTS = (0.5 * v for v in np.polynomial.legendre.leggauss(12))
GAUSS_POINTS = GAUSS_POINTS + 0.5


class CurvePoint(NamedTuple):
    """A point of the path, with what an interpolation needs."""

    positions: Array
    """(N, 3)."""
    tangent: Array
    """(N, 3), unit, forward."""
    bending: Array
    """(N, 3): d tangent / d arc length."""


def _basis(u: Array) -> Array:
    """Values (5, len(u)) that multiply x1 - x0, L t0, L t1, L^2 b0, L^2 b1."""
    v = 1 - u
    return np.array(
        [
            u**3 * (10 - 15 * u + 6 * u**2),
            u * v**3 * (1 + 3 * u),
            -v * u**3 * (1 + 3 * v),
            0.5 * u**2 * v**3,
            0.5 * v**2 * u**3,
        ]
    )


def _slopes(u: Array) -> Array:
    """Derivatives of `_basis`."""
    v = 1 - u
    return np.array(
        [
            30 * u**2 * v**2,
            v**2 * (1 + 2 * u - 15 * u**2),
            u**2 * (1 + 2 * v - 15 * v**2),
            0.5 * u * v**2 * (2 - 5 * u),
            0.5 * v * u**2 * (3 - 5 * u),
        ]
    )


class Arc:
    """The curve from one point to the next."""

    def __init__(self, first: CurvePoint, second: CurvePoint) -> None:
        self._origin = first.positions
        self._vectors = np.array(
            [
                (second.positions - first.positions).ravel(),
                first.tangent.ravel(),
                second.tangent.ravel(),
                first.bending.ravel(),
                second.bending.ravel(),
            ]
        )
        self._inner = self._vectors @ self._vectors.T
        self.length = self._own_length()

    def _scales(self, length: float) -> Array:
        return np.array([1.0, length, length, length**2, length**2])

    def _own_length(self) -> float:
        """L with integral |P'(u)| du = L."""
        slopes = _slopes(GAUSS_POINTS)
        length = float(np.sqrt(self._inner[0, 0]))
        for _ in range(8):
            c = slopes * self._scales(length)[:, None]
            speed2 = np.einsum("iu,ij,ju->u", c, self._inner, c)
            longer = float(GAUSS_WEIGHTS @ np.sqrt(np.maximum(speed2, 0.0)))
            if abs(longer - length) <= 1e-13 * length:
                break
            length = longer
        return length

    def point(self, u: float) -> Array:
        """Positions (N, 3) at parameter u."""
        c = _basis(np.array([u]))[:, 0] * self._scales(self.length)
        return self._origin + (c @ self._vectors).reshape(self._origin.shape)

    def where_distance(self, center_to_start: Array, distance: float) -> float | None:
        """Parameter u at which |P(u) - center| falls to `distance`; None if it does not.

        `center_to_start` is the field (N, 3) from the center to the first point.
        """
        offset = center_to_start.ravel()
        cross, square = self._vectors @ offset, offset @ offset

        def excess(u: float) -> float:
            c = _basis(np.array([u]))[:, 0] * self._scales(self.length)
            return float(np.sqrt(max(square + 2 * c @ cross + c @ self._inner @ c, 0.0)) - distance)

        if not excess(0.0) > 0 >= excess(1.0):
            return None
        return float(brentq(excess, 0.0, 1.0, xtol=1e-14))
