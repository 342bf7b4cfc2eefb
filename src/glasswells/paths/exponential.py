"""One step of the steepest-descent flow dx/dt = f(x), exact on a quadratic surface.

The exponential Rosenbrock method exprb43 of Hochbruck, Ostermann & Schweitzer, SIAM J. Numer.
Anal. 47, 786 (2009), of order four with an embedded solution of order three:

U2 = x + h/2 phi1(hJ/2) f,  U3 = x + h phi1(hJ) (f + D2),
x' = x + h phi1(hJ) f + h phi3(hJ) (16 D2 - 2 D3) + h phi4(hJ) (-48 D2 + 12 D3)

with J = -M the Jacobian of the force at x and D_i = f(U_i) - f - J (U_i - x) what is not linear.
The last term is the difference to the embedded solution. The stiff vibrations, which limit explicit
steps to the inverse of the highest eigenvalue, cost nothing here.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from glasswells.core.records import Array
from glasswells.paths.krylov import Lanczos, Projector, phi_functions
from glasswells.paths.surface import Product, Surface


class Step(NamedTuple):
    """A trial step of the flow."""

    positions: Array
    """(N, 3)."""
    error: Array
    """(N, 3): estimated local error of the positions."""
    products: int


def exponential_step(
    surface: Surface,
    product: Product,
    project: Projector,
    start: tuple[Array, Array],
    duration: float,
    tolerance: float,
    most: int,
) -> Step:
    """Follow the flow from positions and force (N, 3) `start` for a time `duration`.

    Functions of the Hessian are taken in Krylov spaces grown until their error is below
    `tolerance` (length) or to `most` dimensions.
    """
    x, force = start
    f = project(force.ravel().copy())
    h = duration
    flow = _Functions(product, f, project, h, tolerance, most)
    half = 0.5 * h * flow.phi(0, 0.5)
    full = h * flow.phi(0)
    bent_half = _nonlinear(surface, product, project, x, f, half)
    first = _Functions(product, bent_half, project, h, tolerance, most)
    whole = full + h * first.phi(0)
    bent_full = _nonlinear(surface, product, project, x, f, whole)
    second = _Functions(product, bent_full, project, h, tolerance, most)
    error = h * (12 * second.phi(3) - 48 * first.phi(3))
    move = full + h * (16 * first.phi(2) - 2 * second.phi(2)) + error
    return Step(
        x + move.reshape(-1, 3),
        error.reshape(-1, 3),
        flow.size + first.size + second.size + 2,
    )


def _nonlinear(
    surface: Surface, product: Product, project: Projector, x: Array, f: Array, move: Array
) -> Array:
    """What the force at x + move has beyond the linear part."""
    _, force = surface.interactions.energy_and_forces(x + move.reshape(-1, 3))
    return project(force.ravel().copy()) - f + product(move)


class _Functions:
    """phi_k(-h M) applied to one vector, for several k, from one Krylov space."""

    def __init__(
        self,
        product: Product,
        vector: Array,
        project: Projector,
        duration: float,
        tolerance: float,
        most: int,
    ) -> None:
        self._space = Lanczos(product, vector, project, most)
        self._zero = np.zeros_like(vector)
        self._duration = duration
        check = 6
        while self._space.can_grow:
            self._space.step()
            if self._space.size < check and self._space.can_grow:
                continue
            check = int(1.25 * self._space.size) + 1
            self._values, self._vectors = self._space.ritz()
            # The weight of the last two basis vectors is about what further ones would add.
            last = self._coefficients(0, 1.0)[-2:]
            if duration * np.abs(last).max() <= 0.1 * tolerance:
                break

    @property
    def size(self) -> int:
        return self._space.size

    def phi(self, order: int, fraction: float = 1.0) -> Array:
        """phi_{order + 1}(-fraction h M) on the vector."""
        if self.size == 0:
            return self._zero
        return self._space.combine(self._coefficients(order, fraction))

    def _coefficients(self, order: int, fraction: float) -> Array:
        phi = phi_functions(-fraction * self._duration * self._values)[order]
        return self._space.norm * (self._vectors @ (phi * self._vectors[0]))
