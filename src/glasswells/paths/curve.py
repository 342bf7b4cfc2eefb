"""A smooth curve between two points of the path whose tangents are known.

The cubic Hermite polynomial P(u), 0 <= u <= 1, whose derivatives at the ends are the unit tangents
times L (1 + theta^2/48), where L is the arc length that the curve itself has and theta the angle
between the tangents: the factor lets it follow a circle to sixth order instead of fourth. Lengths
follow from the inner products of three vectors, so that the number of particles costs nothing in
the quadratures.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import brentq

from glasswells.core.records import Array

GAUSS_POINTS, GAUSS_WEIGHTS = (0.5 * v for v in np.polynomial.legendre.leggauss(8))
GAUSS_POINTS = GAUSS_POINTS + 0.5


def slopes(u: Array, pull: float) -> Array:
    """Coefficients (3, len(u)) of chord and tangents in P'(u)."""
    v = 1 - u
    return np.array([6 * u * v, pull * v * (1 - 3 * u), pull * u * (3 * u - 2)])


SHAPES = slopes(GAUSS_POINTS, 1.0)[:, None] * slopes(GAUSS_POINTS, 1.0)[None]
"""(3, 3, 8), products of these for a pull of one."""


class CurvePoint(NamedTuple):
    """A point of the path."""

    positions: Array
    """(N, 3)."""
    tangent: Array
    """(N, 3), unit, forward."""


class Arc:
    """The curve from one point to the next.

    Attributes
    ----------
    length
        L, from integral |P'(u)| du = L.
    """

    def __init__(self, first: CurvePoint, second: CurvePoint) -> None:
        self._origin = first.positions
        chord = second.positions - first.positions
        self._vectors = np.array([chord.ravel(), first.tangent.ravel(), second.tangent.ravel()])
        self._inner = self._vectors @ self._vectors.T
        self.length = float(np.sqrt(self._inner[0, 0]))
        turn2 = self._inner[1, 1] + self._inner[2, 2] - 2 * self._inner[1, 2]
        self._stretch = 1.0 + max(float(turn2), 0.0) / 48
        # |P'|^2 of chord and tangents is a quadratic function of the pull at the ends.
        c = SHAPES * self._inner[:, :, None]
        fixed, linear = c[0, 0], 2 * (c[0, 1] + c[0, 2])
        square = c[1, 1] + c[2, 2] + 2 * c[1, 2]
        for _ in range(12):
            before, pull = self.length, self.length * self._stretch
            speed2 = fixed + pull * (linear + pull * square)
            self.length = float(GAUSS_WEIGHTS @ np.sqrt(np.maximum(speed2, 0.0)))
            if abs(self.length - before) <= 1e-14 * before:
                break

    def length_to(self, u: float) -> float:
        """Arc length from the first point to P(u)."""
        c = slopes(u * GAUSS_POINTS, self.length * self._stretch)
        speed2 = np.einsum("iu,ij,ju->u", c, self._inner, c)
        return u * float(GAUSS_WEIGHTS @ np.sqrt(np.maximum(speed2, 0.0)))

    def point(self, u: float) -> Array:
        """Positions (N, 3) at parameter u."""
        moved: Array = self._origin + (self._values(u) @ self._vectors).reshape(self._origin.shape)
        return moved

    def where_distance(self, center_to_start: Array, distance: float) -> float | None:
        """Parameter u at which |P(u) - center| falls to `distance`; None if it does not.

        `center_to_start` is the field (N, 3) from the center to the first point.
        """
        offset = center_to_start.ravel()
        cross, square = self._vectors @ offset, offset @ offset

        def excess(u: float) -> float:
            c = self._values(u)
            return float(np.sqrt(max(square + 2 * c @ cross + c @ self._inner @ c, 0.0)) - distance)

        if not excess(0.0) > 0 >= excess(1.0):
            return None
        return float(brentq(excess, 0.0, 1.0, xtol=1e-14))

    def _values(self, u: float) -> Array:
        """Coefficients (3,) of chord and tangents in P(u) - P(0)."""
        v, pull = 1 - u, self.length * self._stretch
        return np.array([u * u * (3 - 2 * u), pull * u * v * v, -pull * u * u * v])
