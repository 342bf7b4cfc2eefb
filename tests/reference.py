"""Slow twins: the model in plain NumPy over all pairs, written from the published equations.

Nothing here comes from the package. A pair function is a sum of powers of x = r/range, whose
derivatives are exact by the power rule; the smooth cutoff solves its three conditions; minimum
images are found by trying them all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np


class PairFunction(NamedTuple):
    """v(r) = sum of coefficient x^power for x = r/range < cutoff, zero beyond."""

    range: float
    terms: tuple[tuple[float, int], ...]
    cutoff: float

    def derivative(self, r: float, order: int) -> float:
        """d^order v / dr^order."""
        x = r / self.range
        if x >= self.cutoff:
            return 0.0
        total = sum(a * falling(p, order) * x ** (p - order) for a, p in self.terms)
        return float(total / self.range**order)


Mixing = Callable[[float, float], PairFunction]
"""The pair function of two particles of given diameters."""


def falling(power: int, order: int) -> int:
    """power (power - 1) ... (power - order + 1), the factor of the power rule."""
    product = 1
    for k in range(order):
        product *= power - k
    return product


def with_smooth_cutoff(
    bare: tuple[tuple[float, int], ...], cutoff: float
) -> tuple[tuple[float, int], ...]:
    """Add c0 + c2 x^2 + c4 x^4 such that v, v' and v'' vanish at the cutoff."""
    conditions = np.array(
        [[falling(p, m) * cutoff ** (p - m) for p in (0, 2, 4)] for m in range(3)]
    )
    right = [-sum(a * falling(p, m) * cutoff ** (p - m) for a, p in bare) for m in range(3)]
    c0, c2, c4 = np.linalg.solve(conditions, right)
    return (*bare, (float(c0), 0), (float(c2), 2), (float(c4), 4))


def soft_spheres(exponent: int = 12, nonadditivity: float = 0.2, cutoff: float = 1.25) -> Mixing:
    """Eq. 1 of the paper with the mixing rule of Ninarello et al., PRX 2017."""
    terms = with_smooth_cutoff(((1.0, -exponent),), cutoff)

    def mixing(a: float, b: float) -> PairFunction:
        sigma = (a + b) / 2 * (1 - nonadditivity * abs(a - b))
        return PairFunction(sigma, terms, cutoff)

    return mixing


def kob_andersen(cutoff: float = 2.5) -> Mixing:
    """4 epsilon (x^-12 - x^-6) with a smooth cutoff; Kob & Andersen, PRE 51, 4626 (1995)."""
    unit = with_smooth_cutoff(((1.0, -12), (-1.0, -6)), cutoff)
    sigma = {"AA": 1.0, "AB": 0.8, "BB": 0.88}
    epsilon = {"AA": 1.0, "AB": 1.5, "BB": 0.5}
    functions = {
        species: PairFunction(
            sigma[species], tuple((4 * epsilon[species] * c, p) for c, p in unit), cutoff
        )
        for species in sigma
    }

    def mixing(a: float, b: float) -> PairFunction:
        return functions["".join(sorted("A" if d == 1.0 else "B" for d in (a, b)))]

    return mixing


def nearest_images(vectors: np.ndarray, box: np.ndarray) -> np.ndarray:
    """The shortest periodic image of each vector (P, 3), by trying many along each edge."""
    images = vectors[..., None] + np.arange(-6, 7) * box[:, None]
    shortest = np.abs(images).argmin(axis=-1)
    return np.take_along_axis(images, shortest[..., None], axis=-1)[..., 0]


def all_pairs(positions, diameters, box, mixing: Mixing):
    """(i, j, vector from i to j, distance, pair function) of every two particles, i < j."""
    first, second = np.triu_indices(len(positions), k=1)
    vectors = nearest_images(positions[second] - positions[first], box)
    distances = np.sqrt((vectors**2).sum(axis=1))
    for i, j, vector, r in zip(first, second, vectors, distances, strict=True):
        yield int(i), int(j), vector, float(r), mixing(diameters[i], diameters[j])


class Bond(NamedTuple):
    """Two interacting particles: unit vector n from i to j and derivatives of v(r)."""

    i: int
    j: int
    r: float
    n: np.ndarray
    v: tuple[float, float, float, float, float]


def bonds(mixing: Mixing, positions, diameters, box) -> list[Bond]:
    """All pairs within their cutoff."""
    return [
        Bond(i, j, r, vector / r, tuple(pair.derivative(r, order) for order in range(5)))
        for i, j, vector, r, pair in all_pairs(positions, diameters, box, mixing)
        if r < pair.cutoff * pair.range
    ]


def energy(pairs: list[Bond]) -> float:
    """V = sum v."""
    return sum(b.v[0] for b in pairs)


def forces(pairs: list[Bond], n: int) -> np.ndarray:
    """-dV/dr (N, 3)."""
    result = np.zeros((n, 3))
    for b in pairs:
        result[b.j] -= b.v[1] * b.n
        result[b.i] += b.v[1] * b.n
    return result


def hessian(pairs: list[Bond], n: int) -> np.ndarray:
    """Dense (3N, 3N); the block of a pair is -(v'' n n + (v'/r)(1 - n n))."""
    blocks = np.zeros((n, 3, n, 3))
    for b in pairs:
        nn = np.outer(b.n, b.n)
        block = b.v[2] * nn + b.v[1] / b.r * (np.eye(3) - nn)
        blocks[b.i, :, b.j] -= block
        blocks[b.j, :, b.i] -= block
        blocks[b.i, :, b.i] += block
        blocks[b.j, :, b.j] += block
    return blocks.reshape(3 * n, 3 * n)


def third_order(pairs: list[Bond], field: np.ndarray) -> tuple[np.ndarray, float]:
    """U:zz (N, 3) and U:zzz from the full tensor of each pair, contracted with u = z_j - z_i."""
    vector, scalar = np.zeros_like(field), 0.0
    for b in pairs:
        u = field[b.j] - field[b.i]
        uu = np.einsum("abc,b,c->a", third_derivatives(b), u, u)
        vector[b.j] += uu
        vector[b.i] -= uu
        scalar += float(uu @ u)
    return vector, scalar


def third_derivatives(b: Bond) -> np.ndarray:
    """d3 v(|x|) / dx dx dx (3, 3, 3).

    v''' nnn + (v'' - v'/r)/r (delta n - n n n summed over the three places of n).
    """
    n, eye = b.n, np.eye(3)
    nnn = np.einsum("a,b,c->abc", n, n, n)
    mixed = (
        np.einsum("ab,c->abc", eye, n)
        + np.einsum("ac,b->abc", eye, n)
        + np.einsum("bc,a->abc", eye, n)
    )
    return b.v[3] * nnn + (b.v[2] - b.v[1] / b.r) / b.r * (mixed - 3 * nnn)


def fourth_order(pairs: list[Bond], field: np.ndarray) -> float:
    """T:zzzz = sum v'''' p^4 + 6 (v''' - 2 D/r) p^2 t^2 / r + 3 D t^4 / r^2, D = v'' - v'/r."""
    total = 0.0
    for b in pairs:
        u = field[b.j] - field[b.i]
        p = float(u @ b.n)
        t = u - p * b.n
        t2 = float(t @ t)
        d = b.v[2] - b.v[1] / b.r
        total += (
            b.v[4] * p**4 + 6 * (b.v[3] - 2 * d / b.r) * p**2 * t2 / b.r + 3 * d * t2**2 / b.r**2
        )
    return total
