"""Loops of this room: a filter of soft modes, and the form of pseudo-harmonic modes.

Suffixes: n particle, c Cartesian, p pair.
"""

from __future__ import annotations

from glasswells.core.compiler import lean_kernel
from glasswells.curvature.blocks import times
from glasswells.curvature.copies import copy_field
from glasswells.model.kernels import add_to_both, field_difference


@lean_kernel
def chebyshev_filter(blocks, x_nc, out_nc, a_nc, b_nc, degree, low, high):  # type: ignore[no-untyped-def]
    """Fill out_nc with T_degree((2 M - low - high) / (high - low)) x: damps [low, high]."""
    n = x_nc.shape[0]
    center, scale = 0.5 * (low + high), 2.0 / (high - low)
    a_nc[:] = 0.0
    copy_field(x_nc, b_nc)
    for k in range(degree):
        times(blocks, b_nc, out_nc)
        slope = scale if k == 0 else 2.0 * scale
        for i in range(n):
            for c in range(3):
                following = slope * (out_nc[i, c] - center * b_nc[i, c]) - a_nc[i, c]
                a_nc[i, c] = b_nc[i, c]
                b_nc[i, c] = following
    copy_field(b_nc, out_nc)


@lean_kernel
def pair_fourth_powers(blocks, z_nc, out_nc):  # type: ignore[no-untyped-def]
    """Fill out_nc with sum_j |u|^2 u, u = z_j - z_i; returns sum over pairs |u|^4."""
    out_nc[:] = 0.0
    total = 0.0
    for i in range(z_nc.shape[0]):
        for p in range(blocks.start[i], blocks.start[i + 1]):
            j = blocks.partner[p]
            x, y, z = field_difference(z_nc, i, j)
            u2 = x * x + y * y + z * z
            add_to_both(out_nc, i, j, u2 * x, u2 * y, u2 * z)
            total += u2 * u2
    return total
