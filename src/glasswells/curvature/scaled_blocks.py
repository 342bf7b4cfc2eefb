"""The Hessian in coordinates in which each particle's own block is the unit matrix.

A particle's own block of M is C C^T; with G = C^-1 of all particles, G M G^T = I + L + U. This is
the private form of `conjugate_gradients`, which costs about four products to make. Suffixes:
n particle, c Cartesian, p pair, d degree of freedom, f entry of a lower triangle in the order 00,
10, 11, 20, 21, 22.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.core.compiler import lean_kernel
from glasswells.core.records import Array
from glasswells.curvature.blocks import PAIR_ENTRIES, Blocks, diagonal_of
from glasswells.curvature.copies import copy_field
from glasswells.model.frozen_pairs import pair_diagonal

SMALLEST_PIVOT = 1e-2
"""Pivots of the particles' own blocks are kept above this fraction of the block's trace: smaller
ones belong to particles that hardly anything touches."""
LIFTED = 1e-6
"""An own block that differs from the unit matrix by more than this after scaling had a pivot
lifted; rounding gives 1e-13."""


class ScaledBlocks(NamedTuple):
    """G M G^T of interacting pairs, and a workspace; the arrays may be longer than needed."""

    start: NDArray[np.int64]
    """(N + 1,): the partners of i are partner[start[i]:start[i + 1]], all above i."""
    partner: NDArray[np.uint32]
    block_pcc: Array
    """-G_i M_ij G_j^T of each pair."""
    scaling_nf: Array
    """G of each particle, lower triangular."""
    weight_n: Array
    """(N,), w: a uniform translation t moves particle i by w_i t; zero if it is no symmetry."""
    lifted: NDArray[np.int64]
    """(K,), particles whose own block G M G^T is not the unit matrix."""
    excess_kcc: Array
    """What it is beyond that."""
    vector_vd: Array
    """Residual, direction, sweep, product and solution of the conjugate gradients."""


def empty_scaled_blocks(blocks: Blocks, weights: Array | None = None) -> ScaledBlocks:
    """Room for the scaled form of these blocks, on the same pairs."""
    n, capacity = len(blocks.start) - 1, len(blocks.partner)
    return ScaledBlocks(
        start=blocks.start,
        partner=blocks.partner,
        block_pcc=np.empty((capacity, 3, 3)),
        scaling_nf=np.empty((n, 6)),
        weight_n=np.ones(n) if weights is None else np.ascontiguousarray(weights[:, 0]),
        lifted=np.empty(0, dtype=np.int64),
        excess_kcc=np.empty((0, 3, 3)),
        vector_vd=np.empty((5, 3 * n)),
    )


def scaled_blocks(blocks: Blocks, weights: Array | None) -> ScaledBlocks:
    """The scaled form of M itself, to whatever particles a lifted pivot belongs."""
    scaled = empty_scaled_blocks(blocks, weights)
    scale_blocks(blocks, scaled)
    own = diagonal_of(blocks)[:, [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(-1, 3, 3)
    factor = np.zeros_like(own)
    factor[:, [0, 1, 1, 2, 2, 2], [0, 0, 1, 0, 1, 2]] = scaled.scaling_nf
    excess = np.einsum("nab,nbc,ndc->nad", factor, own, factor) - np.eye(3)
    lifted = np.flatnonzero(np.abs(excess).max(axis=(1, 2)) > LIFTED)
    return scaled._replace(lifted=lifted, excess_kcc=excess[lifted])


@lean_kernel
def scale_blocks(blocks, scaled):  # type: ignore[no-untyped-def]
    """Fill the blocks and the scaling."""
    own_nf, start, partner = scaled.scaling_nf, scaled.start, scaled.partner
    is_pairs = blocks.block_pf.shape[1] == PAIR_ENTRIES
    if is_pairs:
        pair_diagonal(start, partner, blocks.block_pf, own_nf)
    else:
        copy_field(blocks.diagonal_n6, own_nf)
    invert_factors(own_nf)
    for i in range(start.shape[0] - 1):
        for p in range(start[i], start[i + 1]):
            if is_pairs:
                scale_pair(blocks.block_pf[p], own_nf, i, partner[p], scaled.block_pcc[p])
            else:
                scale_block(blocks.block_pf[p], own_nf, i, partner[p], scaled.block_pcc[p])


@lean_kernel
def invert_factors(own_nf):  # type: ignore[no-untyped-def]
    """Replace each symmetric block, xx, xy, xz, yy, yz, zz, by G, pivots kept positive."""
    for i in range(own_nf.shape[0]):
        trace = own_nf[i, 0] + own_nf[i, 3] + own_nf[i, 5]
        floor = SMALLEST_PIVOT * trace if trace > 0.0 else 1.0
        g00 = 1.0 / np.sqrt(max(own_nf[i, 0], floor))
        l10, l20 = own_nf[i, 1] * g00, own_nf[i, 2] * g00
        g11 = 1.0 / np.sqrt(max(own_nf[i, 3] - l10 * l10, floor))
        l21 = (own_nf[i, 4] - l20 * l10) * g11
        g22 = 1.0 / np.sqrt(max(own_nf[i, 5] - l20 * l20 - l21 * l21, floor))
        own_nf[i, 0] = g00
        own_nf[i, 1] = -l10 * g00 * g11
        own_nf[i, 2] = g11
        own_nf[i, 3] = (l10 * l21 * g11 - l20) * g00 * g22
        own_nf[i, 4] = -l21 * g11 * g22
        own_nf[i, 5] = g22


@lean_kernel
def scale(scaling_nf, i, x, y, z):  # type: ignore[no-untyped-def]
    """G v."""
    return (
        scaling_nf[i, 0] * x,
        scaling_nf[i, 1] * x + scaling_nf[i, 2] * y,
        scaling_nf[i, 3] * x + scaling_nf[i, 4] * y + scaling_nf[i, 5] * z,
    )


@lean_kernel
def scale_transposed(scaling_nf, i, x, y, z):  # type: ignore[no-untyped-def]
    """G^T v."""
    return (
        scaling_nf[i, 0] * x + scaling_nf[i, 1] * y + scaling_nf[i, 3] * z,
        scaling_nf[i, 2] * y + scaling_nf[i, 4] * z,
        scaling_nf[i, 5] * z,
    )


@lean_kernel
def scale_pair(second_f, scaling_nf, i, j, out_cc):  # type: ignore[no-untyped-def]
    """Fill out_cc with G_i (d r r^T + b) G_j^T for the five numbers of a pair."""
    x, y, z, b, d = second_f[0], second_f[1], second_f[2], second_f[3], second_f[4]
    ax, ay, az = scale(scaling_nf, i, d * x, d * y, d * z)
    bx, by, bz = scale(scaling_nf, j, x, y, z)
    u00, u10, u11 = b * scaling_nf[i, 0], b * scaling_nf[i, 1], b * scaling_nf[i, 2]
    u20, u21, u22 = b * scaling_nf[i, 3], b * scaling_nf[i, 4], b * scaling_nf[i, 5]
    v00, v10, v11 = scaling_nf[j, 0], scaling_nf[j, 1], scaling_nf[j, 2]
    v20, v21, v22 = scaling_nf[j, 3], scaling_nf[j, 4], scaling_nf[j, 5]
    out_cc[0, 0] = ax * bx + u00 * v00
    out_cc[0, 1] = ax * by + u00 * v10
    out_cc[0, 2] = ax * bz + u00 * v20
    out_cc[1, 0] = ay * bx + u10 * v00
    out_cc[1, 1] = ay * by + u10 * v10 + u11 * v11
    out_cc[1, 2] = ay * bz + u10 * v20 + u11 * v21
    out_cc[2, 0] = az * bx + u20 * v00
    out_cc[2, 1] = az * by + u20 * v10 + u21 * v11
    out_cc[2, 2] = az * bz + u20 * v20 + u21 * v21 + u22 * v22


@lean_kernel
def scale_block(block_f, scaling_nf, i, j, out_cc):  # type: ignore[no-untyped-def]
    """Fill out_cc with -G_i M_ij G_j^T for the nine numbers of a block."""
    for c in range(3):
        x, y, z = scale(scaling_nf, i, -block_f[c], -block_f[3 + c], -block_f[6 + c])
        out_cc[0, c], out_cc[1, c], out_cc[2, c] = x, y, z
    for a in range(3):
        out_cc[a, 0], out_cc[a, 1], out_cc[a, 2] = scale(
            scaling_nf, j, out_cc[a, 0], out_cc[a, 1], out_cc[a, 2]
        )
