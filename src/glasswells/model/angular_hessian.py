"""Second derivatives of the angular energy as blocks; notation of `angular_kernels`.

The energy of an atom is quadratic in its moments, so that the block of two of its bonds r and s is
the product of the moments' slopes by them; the block of a bond with itself has the moments' second
derivatives, too. With alpha_m = 2 G_m' of each bond and p = r.s the product is

    1/(lambda epsilon) K_rs = [c^2 a0 a0 - 2 c a1 a1 p + a2 a2 p^2] r s + 2 G2 G2 s r
                              + [-2 c a1 G1 + 2 p a2 G2] r r + [-2 c G1 a1 + 2 p G2 a2] s s
                              + [-2 c G1 G1 + 2 G2 G2 p] 1,

the first factor of a pair belonging to r, the second to s.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse

from glasswells.core.compiler import kernel
from glasswells.core.records import Array
from glasswells.model.angular_kernels import (
    MOMENTS,
    bond_kernel,
    moment_kernel,
    moment_weight,
    symmetric_product,
    weight_functions,
)

WEIGHTS = weight_functions(2)
FIND_BONDS = bond_kernel(0, False)
FIND_MOMENTS = moment_kernel(0)


class Neighborhoods(NamedTuple):
    """The bonds of all atoms, each from both of its ends."""

    start: Any
    """(N + 1,): the neighbors of i are partner[start[i]:start[i + 1]]."""
    partner: Any
    vector_pc: Any
    """(P, 3), from the atom to its neighbor."""
    g_pmd: Any
    """(P, 3, 3): G0, G1, G2, with first and second derivatives by q."""


@kernel
def neighborhoods(bonds, n, k):  # type: ignore[no-untyped-def]
    """Sort the bonds by atom."""
    start = np.zeros(n + 1, np.int64)
    count = bonds.first.shape[0]
    for b in range(count):
        start[bonds.first[b] + 1] += 1
        start[bonds.second[b] + 1] += 1
    for i in range(n):
        start[i + 1] += start[i]
    filled = start[:n].copy()
    partner = np.empty(2 * count, np.int64)
    vector_pc, g_pmd = np.empty((2 * count, 3)), np.empty((2 * count, 3, 3))
    for b in range(count):
        for end in range(2):
            i = bonds.first[b] if end == 0 else bonds.second[b]
            p = filled[i]
            filled[i] += 1
            partner[p] = bonds.second[b] if end == 0 else bonds.first[b]
            r2 = 0.0
            for c in range(3):
                vector_pc[p, c] = bonds.vector_bc[b, c] if end == 0 else -bonds.vector_bc[b, c]
                r2 += vector_pc[p, c] ** 2
            WEIGHTS(r2, k, g_pmd[p])
    return Neighborhoods(start, partner, vector_pc, g_pmd)


@kernel
def add_product_block(r, s, g, h, k, block):  # type: ignore[no-untyped-def]
    """Add K_rs to a block (3, 3); g and h hold G_m and derivatives of the two bonds."""
    p = r[0] * s[0] + r[1] * s[1] + r[2] * s[2]
    a0, a1, a2 = 2.0 * g[0, 1], 2.0 * g[1, 1], 2.0 * g[2, 1]
    b0, b1, b2 = 2.0 * h[0, 1], 2.0 * h[1, 1], 2.0 * h[2, 1]
    odd = -2.0 * k.cosine
    rs = k.cosine**2 * a0 * b0 + odd * a1 * b1 * p + a2 * b2 * p * p
    sr = 2.0 * g[2, 0] * h[2, 0]
    rr = odd * a1 * h[1, 0] + 2.0 * p * a2 * h[2, 0]
    ss = odd * g[1, 0] * b1 + 2.0 * p * g[2, 0] * b2
    one = odd * g[1, 0] * h[1, 0] + sr * p
    for c in range(3):
        for d in range(3):
            value = rs * r[c] * s[d] + sr * s[c] * r[d] + rr * r[c] * r[d] + ss * s[c] * s[d]
            if c == d:
                value += one
            block[c, d] += k.strength * value


@kernel
def add_own_block(r, g, a_mk, w, block):  # type: ignore[no-untyped-def]
    """Add adjoint times second derivatives of the moments by one bond; w is workspace (3,)."""
    symmetric_product(a_mk, 0, r, w)
    linear = a_mk[1, 0] * r[0] + a_mk[2, 0] * r[1] + a_mk[3, 0] * r[2]
    square = w[0] * r[0] + w[1] * r[1] + w[2] * r[2]
    second = 4.0 * (g[0, 2] * a_mk[0, 0] + g[1, 2] * linear + g[2, 2] * square)
    first = 2.0 * (g[0, 1] * a_mk[0, 0] + g[1, 1] * linear + g[2, 1] * square)
    for c in range(3):
        vector_c = 2.0 * g[1, 1] * a_mk[1 + c, 0] + 4.0 * g[2, 1] * w[c]
        for d in range(3):
            vector_d = 2.0 * g[1, 1] * a_mk[1 + d, 0] + 4.0 * g[2, 1] * w[d]
            block[c, d] += second * r[c] * r[d] + vector_c * r[d] + vector_d * r[c]
        block[c, c] += first + 2.0 * g[2, 0] * a_mk[4 + c, 0]
        e, f = (c + 1) % 3, (c + 2) % 3
        block[e, f] += 2.0 * g[2, 0] * a_mk[7 + c, 0]
        block[f, e] += 2.0 * g[2, 0] * a_mk[7 + c, 0]


@kernel
def fill_blocks(r_nc, box_c, pairs, k):  # type: ignore[no-untyped-def]
    """Rows, columns and blocks (3, 3) of the Hessian; blocks of one place are to be added."""
    n = r_nc.shape[0]
    bonds = FIND_BONDS(r_nc, box_c, pairs, k, r_nc, np.zeros((3, 3)))
    adjoint_nmk = FIND_MOMENTS(bonds, n)
    for m in range(MOMENTS):
        adjoint_nmk[:, m] *= moment_weight(m, k)
    near = neighborhoods(bonds, n, k)
    most = 0
    for i in range(n):
        most += (near.start[i + 1] - near.start[i] + 1) ** 2
    rows, columns = np.empty(most, np.int64), np.empty(most, np.int64)
    block_pcd = np.zeros((most, 3, 3))
    block, w = np.empty((3, 3)), np.empty(3)
    found = 0
    for i in range(n):
        begin, size = near.start[i], near.start[i + 1] - near.start[i]
        # block number (size + 1) a + b of the atom: a, b = 0 for itself, then its neighbors
        for a in range(size + 1):
            for b in range(size + 1):
                rows[found + (size + 1) * a + b] = i if a == 0 else near.partner[begin + a - 1]
                columns[found + (size + 1) * a + b] = i if b == 0 else near.partner[begin + b - 1]
        for a in range(size):
            for b in range(size):
                r, s = near.vector_pc[begin + a], near.vector_pc[begin + b]
                block[:] = 0.0
                add_product_block(r, s, near.g_pmd[begin + a], near.g_pmd[begin + b], k, block)
                if a == b:
                    add_own_block(r, near.g_pmd[begin + a], adjoint_nmk[i], w, block)
                for c in range(3):
                    for d in range(3):
                        block_pcd[found + (size + 1) * (a + 1) + b + 1, c, d] += block[c, d]
                        block_pcd[found + (size + 1) * (a + 1), c, d] -= block[c, d]
                        block_pcd[found + b + 1, c, d] -= block[c, d]
                        block_pcd[found, c, d] += block[c, d]
        found += (size + 1) ** 2
    return rows, columns, block_pcd


def angular_hessian(positions: Array, box: Array, pairs: Any, k: Any) -> scipy.sparse.csc_array:
    """The Hessian (3N, 3N) of the angular energy."""
    rows, columns, blocks = fill_blocks(positions, box, pairs, k)
    one = np.arange(3)
    full_rows = 3 * rows[:, None, None] + one[:, None] + 0 * one
    full_columns = 3 * columns[:, None, None] + 0 * one[:, None] + one
    return scipy.sparse.csc_array(
        (blocks.ravel(), (full_rows.ravel(), full_columns.ravel())),
        shape=(positions.size, positions.size),
    )
