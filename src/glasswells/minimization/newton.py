"""Truncated Newton steps for pair models: conjugate gradients on the frozen Hessian.

Close to a minimum the forces are nearly linear, and a product with a Hessian whose pair terms
are kept costs half of a force evaluation. M d = f is solved by conjugate gradients with the
symmetric Gauss-Seidel preconditioner in the form of Eisenstat (SIAM J. Sci. Stat. Comput. 2, 1,
1981): in coordinates scaled by G = C^-1, C C^T being a particle's own 3 x 3 block of M,
G M G^T = I + L + U, and (I + L)^-1 (I + L + U) (I + U)^-1 costs one backward and one forward
sweep over the pairs, no more than a product with M alone.

Suffixes: n particle, c Cartesian, p pair, d degree of freedom, f entry of a lower triangle in the
order 00, 10, 11, 20, 21, 22.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.core.compiler import kernel
from glasswells.core.records import Array
from glasswells.model.interactions import PairInteractions
from glasswells.model.kernels import pair_vector
from glasswells.model.law import PairLaw

SMALLEST_PIVOT = 1e-2
"""Pivots of the particles' own blocks are kept above this fraction of the block's trace: smaller
ones belong to particles that hardly anything touches."""


class FrozenHessian(NamedTuple):
    """Pair terms of the Hessian at one place, interacting pairs only, and a workspace."""

    start: NDArray[np.int64]
    """(N + 1,): the partners of i are partner[start[i]:start[i + 1]], all above i."""
    partner: NDArray[np.uint32]
    block_pcc: Array
    """G_i K G_j^T of each pair, K = v'' n n + (v'/r)(1 - n n)."""
    scaling_nf: Array
    """G of each particle, lower triangular."""
    vector_vd: Array
    """Residual, direction, sweep, product and solution of the conjugate gradients."""


class NewtonSolver:
    """Solves M d = f at given positions for one set of particles; keeps its workspace."""

    def __init__(self, interactions: PairInteractions, most_products: int) -> None:
        self._interactions = interactions
        self._freeze = freeze_kernel(interactions.model.law)
        self._most_products = most_products
        self._frozen: FrozenHessian | None = None

    def solve(self, positions: Array, force_d: Array, tolerance: float, out_d: Array) -> int:
        """Fill the Newton displacement (3N,); see `conjugate_gradients` for the rest."""
        interactions = self._interactions
        pairs = interactions.pairs(positions)
        n, capacity = len(positions), len(pairs.partner)
        if self._frozen is None or len(self._frozen.partner) < capacity:
            self._frozen = FrozenHessian(
                start=np.zeros(n + 1, dtype=np.int64),
                partner=np.zeros(capacity, dtype=np.uint32),
                block_pcc=np.empty((capacity, 3, 3)),
                scaling_nf=np.zeros((n, 6)),
                vector_vd=np.zeros((5, 3 * n)),
            )
        self._freeze(positions, interactions.box, pairs, interactions.constants, self._frozen)
        return int(
            conjugate_gradients(self._frozen, force_d, tolerance, self._most_products, out_d)
        )


@cache
def freeze_kernel(law: PairLaw) -> Any:
    """(r_nc, box_c, pairs, k, frozen): fills all but the workspace of a `FrozenHessian`."""
    derivatives = law.derivatives

    @kernel
    def freeze(r_nc, box_c, pairs, k, frozen):  # type: ignore[no-untyped-def]
        n = r_nc.shape[0]
        start, partner, block, own_nf = (
            frozen.start,
            frozen.partner,
            frozen.block_pcc,
            frozen.scaling_nf,
        )
        own_nf[:] = 0.0
        found = 0
        for i in range(n):
            start[i] = found
            for p in range(pairs.start[i], pairs.start[i + 1]):
                j = pairs.partner[p]
                x, y, z, r2 = pair_vector(r_nc, box_c, i, j)
                inverse_range2 = pairs.inverse_range2[p]
                x2 = r2 * inverse_range2
                if x2 >= k.cutoff2:
                    continue
                inverse = 1.0 / x2
                u_1, u_2, _, _ = derivatives(x2, inverse, k)
                curvature = pairs.strength[p] * inverse_range2
                b = curvature * u_1
                d = (curvature * u_2 - b) * inverse * inverse_range2
                add_to_triangle(own_nf, i, x, y, z, d, b)
                add_to_triangle(own_nf, j, x, y, z, d, b)
                partner[found] = j
                block[found, 0, 0], block[found, 0, 1], block[found, 0, 2] = x, y, z
                block[found, 1, 0], block[found, 1, 1] = d, b
                found += 1
        start[n] = found
        invert_factors(own_nf)
        for i in range(n):
            for p in range(start[i], start[i + 1]):
                scale_block(block, p, own_nf, i, partner[p])

    return freeze


@kernel
def add_to_triangle(own_nf, i, x, y, z, d, b):  # type: ignore[no-untyped-def]
    """Add d r r^T + b to the lower triangle of a particle's own block."""
    own_nf[i, 0] += d * x * x + b
    own_nf[i, 1] += d * x * y
    own_nf[i, 2] += d * y * y + b
    own_nf[i, 3] += d * x * z
    own_nf[i, 4] += d * y * z
    own_nf[i, 5] += d * z * z + b


@kernel
def invert_factors(own_nf):  # type: ignore[no-untyped-def]
    """Replace each symmetric block by the inverse of its Cholesky factor, pivots kept positive."""
    for i in range(own_nf.shape[0]):
        trace = own_nf[i, 0] + own_nf[i, 2] + own_nf[i, 5]
        floor = SMALLEST_PIVOT * trace if trace > 0.0 else 1.0
        g00 = 1.0 / np.sqrt(max(own_nf[i, 0], floor))
        l10, l20 = own_nf[i, 1] * g00, own_nf[i, 3] * g00
        g11 = 1.0 / np.sqrt(max(own_nf[i, 2] - l10 * l10, floor))
        l21 = (own_nf[i, 4] - l20 * l10) * g11
        g22 = 1.0 / np.sqrt(max(own_nf[i, 5] - l20 * l20 - l21 * l21, floor))
        own_nf[i, 0] = g00
        own_nf[i, 1] = -l10 * g00 * g11
        own_nf[i, 2] = g11
        own_nf[i, 3] = (l10 * l21 * g11 - l20) * g00 * g22
        own_nf[i, 4] = -l21 * g11 * g22
        own_nf[i, 5] = g22


@kernel
def scale(scaling_nf, i, x, y, z):  # type: ignore[no-untyped-def]
    """G v."""
    return (
        scaling_nf[i, 0] * x,
        scaling_nf[i, 1] * x + scaling_nf[i, 2] * y,
        scaling_nf[i, 3] * x + scaling_nf[i, 4] * y + scaling_nf[i, 5] * z,
    )


@kernel
def scale_transposed(scaling_nf, i, x, y, z):  # type: ignore[no-untyped-def]
    """G^T v."""
    return (
        scaling_nf[i, 0] * x + scaling_nf[i, 1] * y + scaling_nf[i, 3] * z,
        scaling_nf[i, 2] * y + scaling_nf[i, 4] * z,
        scaling_nf[i, 5] * z,
    )


@kernel
def scale_block(block_pcc, p, scaling_nf, i, j):  # type: ignore[no-untyped-def]
    """Replace r, d, b of a pair by G_i (d r r^T + b) G_j^T."""
    x, y, z = block_pcc[p, 0, 0], block_pcc[p, 0, 1], block_pcc[p, 0, 2]
    d, b = block_pcc[p, 1, 0], block_pcc[p, 1, 1]
    ax, ay, az = scale(scaling_nf, i, d * x, d * y, d * z)
    bx, by, bz = scale(scaling_nf, j, x, y, z)
    u00, u10, u11 = b * scaling_nf[i, 0], b * scaling_nf[i, 1], b * scaling_nf[i, 2]
    u20, u21, u22 = b * scaling_nf[i, 3], b * scaling_nf[i, 4], b * scaling_nf[i, 5]
    v00, v10, v11 = scaling_nf[j, 0], scaling_nf[j, 1], scaling_nf[j, 2]
    v20, v21, v22 = scaling_nf[j, 3], scaling_nf[j, 4], scaling_nf[j, 5]
    block_pcc[p, 0, 0] = ax * bx + u00 * v00
    block_pcc[p, 0, 1] = ax * by + u00 * v10
    block_pcc[p, 0, 2] = ax * bz + u00 * v20
    block_pcc[p, 1, 0] = ay * bx + u10 * v00
    block_pcc[p, 1, 1] = ay * by + u10 * v10 + u11 * v11
    block_pcc[p, 1, 2] = ay * bz + u10 * v20 + u11 * v21
    block_pcc[p, 2, 0] = az * bx + u20 * v00
    block_pcc[p, 2, 1] = az * by + u20 * v10 + u21 * v11
    block_pcc[p, 2, 2] = az * bz + u20 * v20 + u21 * v21 + u22 * v22


@kernel
def sweep_back(frozen, in_d, out_d):  # type: ignore[no-untyped-def]
    """(I + U)^-1 v; the off-diagonal blocks of the Hessian are the negative pair blocks."""
    start, partner, block = frozen.start, frozen.partner, frozen.block_pcc
    for i in range(start.shape[0] - 2, -1, -1):
        x, y, z = in_d[3 * i], in_d[3 * i + 1], in_d[3 * i + 2]
        for p in range(start[i], start[i + 1]):
            j = 3 * partner[p]
            a, b, c = out_d[j], out_d[j + 1], out_d[j + 2]
            x += block[p, 0, 0] * a + block[p, 0, 1] * b + block[p, 0, 2] * c
            y += block[p, 1, 0] * a + block[p, 1, 1] * b + block[p, 1, 2] * c
            z += block[p, 2, 0] * a + block[p, 2, 1] * b + block[p, 2, 2] * c
        out_d[3 * i], out_d[3 * i + 1], out_d[3 * i + 2] = x, y, z


@kernel
def sweep_forth(frozen, in_out_d):  # type: ignore[no-untyped-def]
    """(I + L)^-1 v, in place."""
    start, partner, block = frozen.start, frozen.partner, frozen.block_pcc
    for i in range(start.shape[0] - 1):
        x, y, z = in_out_d[3 * i], in_out_d[3 * i + 1], in_out_d[3 * i + 2]
        for p in range(start[i], start[i + 1]):
            j = 3 * partner[p]
            in_out_d[j] += block[p, 0, 0] * x + block[p, 1, 0] * y + block[p, 2, 0] * z
            in_out_d[j + 1] += block[p, 0, 1] * x + block[p, 1, 1] * y + block[p, 2, 1] * z
            in_out_d[j + 2] += block[p, 0, 2] * x + block[p, 1, 2] * y + block[p, 2, 2] * z


@kernel
def conjugate_gradients(frozen, force_d, tolerance, most_products, displacement_d):  # type: ignore[no-untyped-def]
    """Solve M d = f until the residual has fallen by the factor `tolerance`.

    Fills the displacement d without its uniform part, on which pair forces do no work; the
    rounding of their sum is taken out, for M cannot answer it. Returns
    the number of products spent; its negative if a direction of negative curvature appeared:
    d then solves the equation on the directions before it.
    """
    n = frozen.start.shape[0] - 1
    residual, direction, sweep = frozen.vector_vd[0], frozen.vector_vd[1], frozen.vector_vd[2]
    product, solution = frozen.vector_vd[3], frozen.vector_vd[4]
    fx, fy, fz = mean_vector(force_d)
    for d in range(0, 3 * n, 3):
        residual[d], residual[d + 1], residual[d + 2] = scale(
            frozen.scaling_nf, d // 3, force_d[d] - fx, force_d[d + 1] - fy, force_d[d + 2] - fz
        )
    sweep_forth(frozen, residual)
    square = 0.0
    for d in range(3 * n):
        direction[d] = residual[d]
        solution[d] = 0.0
        square += residual[d] * residual[d]
    goal = tolerance * tolerance * square
    spent = 0
    is_convex = True
    while spent < most_products and square > goal:
        sweep_back(frozen, direction, sweep)
        for d in range(3 * n):
            product[d] = direction[d] - sweep[d]
        sweep_forth(frozen, product)
        curvature = 0.0
        for d in range(3 * n):
            product[d] += sweep[d]
            curvature += direction[d] * product[d]
        spent += 1
        if not curvature > 0.0:
            is_convex = False
            break
        a = square / curvature
        new_square = 0.0
        for d in range(3 * n):
            solution[d] += a * direction[d]
            residual[d] -= a * product[d]
            new_square += residual[d] * residual[d]
        b = new_square / square
        square = new_square
        for d in range(3 * n):
            direction[d] = residual[d] + b * direction[d]
    sweep_back(frozen, solution, sweep)
    unscale(frozen, sweep, displacement_d)
    return spent if is_convex else -spent


@kernel
def unscale(frozen, scaled_d, out_d):  # type: ignore[no-untyped-def]
    """The displacement G^T v without its uniform part."""
    for d in range(0, out_d.shape[0], 3):
        out_d[d], out_d[d + 1], out_d[d + 2] = scale_transposed(
            frozen.scaling_nf, d // 3, scaled_d[d], scaled_d[d + 1], scaled_d[d + 2]
        )
    x, y, z = mean_vector(out_d)
    for d in range(0, out_d.shape[0], 3):
        out_d[d] -= x
        out_d[d + 1] -= y
        out_d[d + 2] -= z


@kernel
def mean_vector(field_d):  # type: ignore[no-untyped-def]
    """Mean of the vectors of a flat field."""
    x, y, z = 0.0, 0.0, 0.0
    for d in range(0, field_d.shape[0], 3):
        x += field_d[d]
        y += field_d[d + 1]
        z += field_d[d + 2]
    n = field_d.shape[0] // 3
    return x / n, y / n, z / n
