"""Derivatives by finite differences of forces, with the steps that rounding allows.

Let k be a curvature of the energy, l the length over which it changes, so that the n-th derivative
of a force is of order k l^(1 - n), and eps k l the rounding noise of a force. A stencil with the
noise factor a/h^m and the truncation b h^p has the relative error

    a eps (l/h)^m + b (h/l)^p,   least at   h = l (m a eps / (p b))^(1/(m + p)).

Potentials are cut off, and their higher derivatives jump there: a pair that crosses the cutoff
within a step spoils the difference, and the longer the step, the more pairs do. So a step is not
longer than it takes to bring the noise a eps (l/h)^m down to a stated target.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from glasswells.core.records import Array

Forces = Callable[[Array], Array]
"""Positions (N, 3) to forces (N, 3)."""


class Stencil(NamedTuple):
    """f^(m)(0) = sum of weights f(places h) / h^m, up to b h^p f^(m + p)."""

    order: int
    """M."""
    places: tuple[int, ...]
    weights: tuple[float, ...]
    accuracy: int
    """P."""
    truncation: float
    """B."""
    target: float
    """Relative noise that is good enough, for steps that cross few cutoffs."""

    @property
    def amplitude(self) -> float:
        """A: how independent noise of the forces adds up."""
        return float(np.linalg.norm(self.weights))

    def step(self, noise: float) -> float:
        """The step h/l for forces with the relative noise eps."""
        m, p, a = self.order, self.accuracy, self.amplitude
        best = (m * a * noise / (p * self.truncation)) ** (1 / (m + p))
        return float(min(best, (a * noise / self.target) ** (1 / m)))

    def error(self, noise: float) -> float:
        """Expected relative error at that step, away from cutoffs."""
        h = self.step(noise)
        return self.amplitude * noise / h**self.order + self.truncation * h**self.accuracy


FIRST = Stencil(1, (-1, 1), (-1 / 2, 1 / 2), 2, 1 / 6, 1e-9)
"""For Hessian products: an error of 1e-9 costs Newton's method no step."""
SECOND = Stencil(2, (-2, -1, 0, 1, 2), (-1 / 12, 4 / 3, -5 / 2, 4 / 3, -1 / 12), 4, 1 / 90, 1e-8)
"""For U:zz."""
THIRD = Stencil(
    3, (-3, -2, -1, 1, 2, 3), (1 / 8, -1.0, 13 / 8, -13 / 8, 1.0, -1 / 8), 4, 7 / 120, 1e-6
)
"""For T:zzzz."""


def directional(
    forces: Forces, positions: Array, field: Array, stencil: Stencil, step: float
) -> Array:
    """The derivative d^m F / ds^m (N, 3) of the forces at positions + s field, s = 0.

    Parameters
    ----------
    forces
        The force field.
    positions, field
        (N, 3).
    stencil
        Which derivative.
    step
        Length by which the particle that the field moves most is displaced.
    """
    largest = float(np.sqrt((field**2).sum(axis=1).max()))
    if largest == 0:
        return np.zeros_like(field)
    h = step / largest
    total = np.zeros_like(field)
    for place, weight in zip(stencil.places, stencil.weights, strict=True):
        total += weight * forces(positions + (place * h) * field)
    result: Array = total / h**stencil.order
    return result


def dense_hessian(forces: Forces, positions: Array, step: float) -> Array:
    """The Hessian (3N, 3N), made symmetric, from 6N evaluations of the forces."""
    size = positions.size
    matrix = np.empty((size, size))
    for d in range(size):
        field = np.zeros_like(positions)
        field.flat[d] = 1.0
        matrix[d] = -directional(forces, positions, field, FIRST, step).ravel()
    return 0.5 * (matrix + matrix.T)
