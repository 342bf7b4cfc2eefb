"""Krylov subspaces of the Hessian: linear solves and extreme eigenvalues.

The Lanczos recursion turns M into a small tridiagonal matrix T on the span of z, M z, M M z, ...;
whatever function of M acts on z is approximated by that of T. No vectors are orthogonalized
again: solves, exponentials and extreme eigenvalues do not suffer from it.
"""

from __future__ import annotations

from collections.abc import Callable
from math import hypot

import numpy as np
from scipy.linalg import eigh_tridiagonal

from glasswells.core.compiler import lean_kernel
from glasswells.core.records import Array

Product = Callable[[Array], Array]
"""z (3N,) -> M z (3N,)."""
Projector = Callable[[Array], Array]
"""Removes symmetry directions from a flat field (3N,), in place, and returns it."""


INVARIANT = 1e-7
"""A new basis vector shorter than this, relative to the entries of T, is noise: the space was
invariant. Products by finite differences are no better; going on would bring back vectors that
are in the space already."""


class Lanczos:
    """The recursion M V = V T + beta v e^T from a start vector, grown step by step.

    Attributes
    ----------
    size
        k, the dimension reached.
    norm
        |start|.
    exhausted
        The subspace is invariant: T is exact, and no further step is possible.
    """

    def __init__(self, product: Product, start: Array, project: Projector, most: int) -> None:
        self._product = product
        self._project = project
        self.most = min(most, len(start))
        # All at once: what is not written takes no memory, and growth would copy and clear pages.
        self._basis = np.empty((self.most + 1, len(start)))
        self._alpha = np.empty(self.most)
        self._beta = np.empty(self.most)
        self._scale = 0.0
        self.size = 0
        self.norm = float(np.linalg.norm(start))
        self.exhausted = self.norm == 0.0
        if not self.exhausted:
            self._basis[0] = start / self.norm

    @property
    def diagonal(self) -> Array:
        """(k,) diagonal of T."""
        return self._alpha[: self.size]

    @property
    def off_diagonal(self) -> Array:
        """(k,) entries beside the diagonal of T; the last couples to the next basis vector."""
        return self._beta[: self.size]

    @property
    def vectors(self) -> Array:
        """(k + 1, 3N): V and the next vector; (k, 3N) if the subspace is invariant."""
        return self._basis[: self.size + (not self.exhausted)]

    def coupling(self) -> Array:
        """(k + 1, k), or (k, k): M V in terms of the `vectors`."""
        k = self.size
        found = np.zeros((k + 1, k))
        steps = np.arange(k)
        found[steps, steps] = self.diagonal
        found[steps + 1, steps] = self.off_diagonal
        found[steps[:-1], steps[1:]] = self.off_diagonal[:-1]
        return found[: len(self.vectors)]

    def step(self) -> None:
        """Add one dimension."""
        k = self.size
        v = self._basis[k]
        w = self._project(self._product(v))
        before, vector_before = (self._beta[k - 1], self._basis[k - 1]) if k > 0 else (0.0, v)
        alpha, beta = lanczos_step(w, vector_before, v, before)
        self._alpha[k], self._beta[k] = alpha, beta
        self.size = k + 1
        self._scale = max(self._scale, abs(alpha), beta)
        self.exhausted = beta <= INVARIANT * self._scale or self.size == len(v)
        if not self.exhausted:
            self._basis[k + 1] = w

    @property
    def can_grow(self) -> bool:
        """Whether another step is possible and allowed."""
        return not self.exhausted and self.size < self.most

    def ritz(self) -> tuple[Array, Array]:
        """Eigenvalues (k,), ascending, and eigenvectors (k, k) of T."""
        if self.size == 1:
            return self.diagonal.copy(), np.ones((1, 1))
        values, vectors = eigh_tridiagonal(  # type: ignore[call-overload]
            self.diagonal, self.off_diagonal[:-1], check_finite=False, lapack_driver="stevd"
        )
        return values, vectors

    def combine(self, coefficients: Array) -> Array:
        """The vector (3N,) with these coefficients (k,) in the basis."""
        return coefficients @ self._basis[: len(coefficients)]


def minres(
    product: Product, right: Array, project: Projector, tolerance: float, most: int
) -> tuple[Array, int]:
    """MINRES solution z of M z = right to |M z - right| <= tolerance |right|, and products spent.

    Paige & Saunders, SIAM J. Numer. Anal. 12, 617 (1975): M may be indefinite. The solution grows
    along directions that follow from the last two and the newest vector of the recursion, so that
    no basis is kept: it would be written and read from outside of the cache.
    """
    size = len(right)
    solution, norm = np.zeros(size), float(np.linalg.norm(right))
    if norm == 0.0:
        return solution, 0
    before, v, directions = np.zeros(size), right / norm, np.zeros((2, size))
    rest, beta, scale, spent = norm, 0.0, 0.0, 0
    cosine, sine, cosine_before, sine_before = 1.0, 0.0, 1.0, 0.0
    while abs(rest) > tolerance * norm and spent < min(most, size):
        w = project(product(v))
        # The new column of T after the two rotations before this one, then this one.
        first, top = sine_before * beta, cosine_before * beta
        alpha, beta = lanczos_step(w, before, v, beta)
        spent += 1
        second, here = cosine * top + sine * alpha, cosine * alpha - sine * top
        corner = hypot(here, beta)
        if corner == 0.0:
            break
        cosine_before, sine_before = cosine, sine
        cosine, sine = here / corner, beta / corner
        oldest = directions[spent % 2]
        add_direction(
            v, oldest, directions[1 - spent % 2], first, second, corner, cosine * rest, solution
        )
        rest *= -sine
        scale = max(scale, abs(alpha), beta)
        if beta <= INVARIANT * scale:
            break
        before, v = v, w
    return solution, spent


@lean_kernel
def lanczos_step(product_d, before_d, v_d, beta_before):  # type: ignore[no-untyped-def]
    """Turn M v into the next vector of the recursion, of unit norm; alpha = v.M v, and beta.

    `beta_before` couples v to the vector before it.
    """
    alpha = 0.0
    for d in range(v_d.shape[0]):
        product_d[d] -= beta_before * before_d[d]
        alpha += product_d[d] * v_d[d]
    square = 0.0
    for d in range(v_d.shape[0]):
        product_d[d] -= alpha * v_d[d]
        square += product_d[d] * product_d[d]
    beta = np.sqrt(square)
    inverse = 1.0 / beta if beta > 0.0 else 0.0
    for d in range(v_d.shape[0]):
        product_d[d] *= inverse
    return alpha, beta


@lean_kernel
def add_direction(v_d, oldest_d, last_d, first, second, corner, length, solution_d):  # type: ignore[no-untyped-def]
    """Put the next direction of MINRES in the place of the last but one, and go along it."""
    for d in range(v_d.shape[0]):
        oldest_d[d] = (v_d[d] - first * oldest_d[d] - second * last_d[d]) / corner
        solution_d[d] += length * oldest_d[d]


def softest(
    product: Product,
    start: Array,
    project: Projector,
    most: int,
    tolerance: float,
    least: int = 20,
) -> tuple[float, Array, float]:
    """The lowest eigenvalue of M on the projected space, its unit vector and its residual.

    Stops when |M v - lambda v| <= tolerance |lambda|. A random start has a component along every
    eigenvector; a start near the wanted one converges sooner.
    """
    space = Lanczos(product, project(start.copy()), project, most)
    check, value, residual, vector = least, 0.0, 0.0, np.ones(1)
    while space.can_grow:
        space.step()
        if space.size < check and space.can_grow:
            continue
        check = int(1.25 * space.size) + 1
        values, vectors = space.ritz()
        value, vector = float(values[0]), vectors[:, 0]
        residual = abs(float(space.off_diagonal[-1] * vector[-1]))
        if residual <= tolerance * abs(value):
            break
    field = space.combine(vector)
    return value, field / np.linalg.norm(field), residual
