"""The Hessian as 3 x 3 blocks, each pair of particles once: what compiled loops multiply with.

Suffixes: n particle, c Cartesian, p pair, f entry.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from glasswells.core.compiler import lean_kernel
from glasswells.core.records import Array
from glasswells.model.frozen_pairs import PairDerivatives, pair_diagonal, pair_product
from glasswells.model.pair_model import Derivatives

PAIR_ENTRIES = 5
"""Numbers that a block takes in a sum over pairs."""


class Blocks(NamedTuple):
    """A symmetric matrix of 3 x 3 blocks, in one of two forms.

    In general each block (i, j), i < j, keeps its nine numbers and serves (j, i) as its transpose.
    For a sum over pairs, M z is a sum over differences z_j - z_i, and five numbers per pair do,
    those of `FrozenPairs`: 40 % less to read, and uniform fields give zero to all digits.
    """

    start: NDArray[np.int64]
    """(N + 1,): the pairs of i are start[i]:start[i + 1]."""
    partner: NDArray[np.uint32]
    """(P,): j of each pair."""
    block_pf: Array
    """(P, 9), row by row; or (P, 5)."""
    diagonal_n6: Array
    """(N, 6), in the order xx, xy, xz, yy, yz, zz; empty where (P, 5) say it all."""


def blocks_of(derivatives: Derivatives) -> Blocks:
    """The blocks at the place of these derivatives."""
    if isinstance(derivatives, PairDerivatives):
        pairs = derivatives.pairs
        return Blocks(pairs.start, pairs.partner, pairs.second_pf, np.empty((0, 6)))
    return blocks_of_matrix(derivatives.matrix())


def blocks_of_matrix(matrix: Any) -> Blocks:
    """The blocks on and above the diagonal of a sparse symmetric (3N, 3N) matrix."""
    # The transpose of a symmetric CSC array is the same matrix in CSR: no conversion.
    csr = scipy.sparse.csc_array(matrix).T
    blocks = scipy.sparse.bsr_array(csr.tobsr(blocksize=(3, 3)))
    blocks.sort_indices()
    n = matrix.shape[0] // 3
    rows = np.repeat(np.arange(n), np.diff(blocks.indptr))
    columns = blocks.indices
    diagonal = np.zeros((n, 6))
    on = rows == columns
    diagonal[rows[on]] = blocks.data[on][:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]]
    above = (columns > rows) & blocks.data.any(axis=(1, 2))
    return Blocks(
        start=np.concatenate([[0], np.cumsum(np.bincount(rows[above], minlength=n))]).astype(
            np.int64
        ),
        partner=columns[above].astype(np.uint32),
        block_pf=np.ascontiguousarray(blocks.data[above].reshape(-1, 9)),
        diagonal_n6=diagonal,
    )


def diagonal_of(blocks: Blocks) -> Array:
    """The blocks on the diagonal (N, 6), whatever the form."""
    if len(blocks.diagonal_n6) > 0:
        return blocks.diagonal_n6
    diagonal = np.empty((len(blocks.start) - 1, 6))
    pair_diagonal(blocks.start, blocks.partner, blocks.block_pf, diagonal)
    return diagonal


@lean_kernel
def times(blocks, x_nc, out_nc):  # type: ignore[no-untyped-def]
    """Fill out_nc with M x."""
    if blocks.block_pf.shape[1] == PAIR_ENTRIES:
        pair_product(blocks.start, blocks.partner, blocks.block_pf, x_nc, out_nc)
    else:
        block_product(blocks, x_nc, out_nc)


@lean_kernel
def block_product(blocks, x_nc, out_nc):  # type: ignore[no-untyped-def]
    """Fill out_nc with M x, for blocks of nine numbers."""
    n = x_nc.shape[0]
    h = blocks.block_pf
    for i in range(n):
        out_nc[i, 0], out_nc[i, 1], out_nc[i, 2] = symmetric_times(blocks.diagonal_n6, x_nc, i)
    for i in range(n):
        u, v, w = x_nc[i, 0], x_nc[i, 1], x_nc[i, 2]
        a, b, c = 0.0, 0.0, 0.0
        for p in range(blocks.start[i], blocks.start[i + 1]):
            j = blocks.partner[p]
            x, y, z = x_nc[j, 0], x_nc[j, 1], x_nc[j, 2]
            a += h[p, 0] * x + h[p, 1] * y + h[p, 2] * z
            b += h[p, 3] * x + h[p, 4] * y + h[p, 5] * z
            c += h[p, 6] * x + h[p, 7] * y + h[p, 8] * z
            out_nc[j, 0] += h[p, 0] * u + h[p, 3] * v + h[p, 6] * w
            out_nc[j, 1] += h[p, 1] * u + h[p, 4] * v + h[p, 7] * w
            out_nc[j, 2] += h[p, 2] * u + h[p, 5] * v + h[p, 8] * w
        out_nc[i, 0] += a
        out_nc[i, 1] += b
        out_nc[i, 2] += c


@lean_kernel
def symmetric_times(d_n6, x_nc, i):  # type: ignore[no-untyped-def]
    """The product of the i-th symmetric 3 x 3 block with the i-th vector."""
    x, y, z = x_nc[i, 0], x_nc[i, 1], x_nc[i, 2]
    return (
        d_n6[i, 0] * x + d_n6[i, 1] * y + d_n6[i, 2] * z,
        d_n6[i, 1] * x + d_n6[i, 3] * y + d_n6[i, 4] * z,
        d_n6[i, 2] * x + d_n6[i, 4] * y + d_n6[i, 5] * z,
    )
