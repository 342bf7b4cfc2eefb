"""Loops of this room: products with a block Hessian, Krylov recurrences, quadrature, T:zzz.

Suffixes: n particle, c Cartesian, p pair, k Krylov step. The diagonal blocks of a Hessian are
symmetric and keep six numbers (xx, xy, xz, yy, yz, zz); a block (i, j), i < j, keeps all nine and
serves (j, i) as its transpose.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.core.compiler import kernel
from glasswells.core.records import Array
from glasswells.model.kernels import add_to_both, field_difference, pair_vector
from glasswells.model.law import PairLaw


class HalfBlocks(NamedTuple):
    """A symmetric matrix of 3 x 3 blocks, each pair (i, j) stored once: half the memory traffic."""

    diagonal: Array
    """(N, 6)."""
    upper: Array
    """(P, 9), row by row, of the pairs i < j."""
    partner: NDArray[np.uint32]
    """(P,): j of each pair, grouped by i."""
    start: NDArray[np.int64]
    """(N + 1,): the pairs of i are start[i]:start[i + 1]."""


@kernel
def symmetric_times(d_n6, x_nc, i):  # type: ignore[no-untyped-def]
    """The product of the i-th symmetric 3 x 3 block with the i-th vector."""
    x, y, z = x_nc[i, 0], x_nc[i, 1], x_nc[i, 2]
    return (
        d_n6[i, 0] * x + d_n6[i, 1] * y + d_n6[i, 2] * z,
        d_n6[i, 1] * x + d_n6[i, 3] * y + d_n6[i, 4] * z,
        d_n6[i, 2] * x + d_n6[i, 4] * y + d_n6[i, 5] * z,
    )


@kernel
def hessian_times(blocks, x_nc, out_nc):  # type: ignore[no-untyped-def]
    """Fill out_nc with M x."""
    n = x_nc.shape[0]
    h = blocks.upper
    for i in range(n):
        out_nc[i, 0], out_nc[i, 1], out_nc[i, 2] = symmetric_times(blocks.diagonal, x_nc, i)
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


@kernel
def dot(x_nc, y_nc):  # type: ignore[no-untyped-def]
    """Scalar product x . y over all particles."""
    total = 0.0
    for i in range(x_nc.shape[0]):
        total += x_nc[i, 0] * y_nc[i, 0] + x_nc[i, 1] * y_nc[i, 1] + x_nc[i, 2] * y_nc[i, 2]
    return total


@kernel
def chebyshev_filter(blocks, x_nc, out_nc, a_nc, b_nc, degree, low, high):  # type: ignore[no-untyped-def]
    """Fill out_nc with T_degree((2 M - low - high) / (high - low)) x: damps [low, high]."""
    n = x_nc.shape[0]
    center, scale = 0.5 * (low + high), 2.0 / (high - low)
    a_nc[:] = x_nc
    hessian_times(blocks, a_nc, b_nc)
    for i in range(n):
        for c in range(3):
            b_nc[i, c] = scale * (b_nc[i, c] - center * a_nc[i, c])
    for _ in range(degree - 1):
        hessian_times(blocks, b_nc, out_nc)
        for i in range(n):
            for c in range(3):
                following = 2.0 * scale * (out_nc[i, c] - center * b_nc[i, c]) - a_nc[i, c]
                a_nc[i, c] = b_nc[i, c]
                b_nc[i, c] = following
    out_nc[:] = b_nc


@kernel
def lanczos_steps(blocks, x_nc, before_nc, work_nc, alpha_k, beta_k, first, last, tiny):  # type: ignore[no-untyped-def]
    """Go on with the Lanczos recurrence from step `first` up to `last`; returns the steps done.

    x_nc holds the current unit vector, before_nc the one before. Stops when the next vector is
    shorter than `tiny`: the Krylov space is then invariant.
    """
    n = x_nc.shape[0]
    for k in range(first, last):
        hessian_times(blocks, x_nc, work_nc)
        beta = beta_k[k - 1] if k > 0 else 0.0
        for i in range(n):
            for c in range(3):
                work_nc[i, c] -= beta * before_nc[i, c]
        alpha = dot(work_nc, x_nc)
        for i in range(n):
            for c in range(3):
                work_nc[i, c] -= alpha * x_nc[i, c]
        norm = np.sqrt(dot(work_nc, work_nc))
        alpha_k[k], beta_k[k] = alpha, norm
        if norm <= tiny:
            return k + 1
        for i in range(n):
            for c in range(3):
                before_nc[i, c] = x_nc[i, c]
                x_nc[i, c] = work_nc[i, c] / norm
    return last


@kernel
def gauss_quadrature(d_k, e_k, first_k, last_k, limit):  # type: ignore[no-untyped-def]
    """Eigenvalues of a symmetric tridiagonal matrix, with the ends of its eigenvectors.

    d_k (diagonal) becomes the eigenvalues, unordered; e_k (off-diagonal, m entries, the last
    unused) is destroyed; first_k and last_k become the first and last component of each
    eigenvector. Implicit QL (Golub & Welsch 1969), O(m^2). Returns False if it does not converge.
    """
    m = d_k.shape[0]
    first_k[:] = 0.0
    last_k[:] = 0.0
    first_k[0] = 1.0
    last_k[m - 1] = 1.0
    e_k[m - 1] = 0.0
    norm = 0.0
    for i in range(m):
        norm = max(norm, abs(d_k[i]) + abs(e_k[i]))
    negligible = 1e-15 * norm
    for low in range(m):
        for sweep in range(limit + 1):
            high = low
            while high < m - 1:
                if abs(e_k[high]) <= negligible:
                    break
                high += 1
            if high == low:
                break
            if sweep == limit:
                return False
            g = (d_k[low + 1] - d_k[low]) / (2.0 * e_k[low])
            r = np.sqrt(g * g + 1.0)
            g = d_k[high] - d_k[low] + e_k[low] / (g + (r if g >= 0.0 else -r))
            s, c, p = 1.0, 1.0, 0.0
            underflow = False
            for i in range(high - 1, low - 1, -1):
                f, b = s * e_k[i], c * e_k[i]
                r = np.sqrt(f * f + g * g)
                e_k[i + 1] = r
                if r == 0.0:
                    d_k[i + 1] -= p
                    e_k[high] = 0.0
                    underflow = True
                    break
                s, c = f / r, g / r
                g = d_k[i + 1] - p
                r = (d_k[i] - g) * s + 2.0 * c * b
                p = s * r
                d_k[i + 1] = g + p
                g = c * r - b
                f = first_k[i + 1]
                first_k[i + 1] = s * first_k[i] + c * f
                first_k[i] = c * first_k[i] - s * f
                f = last_k[i + 1]
                last_k[i + 1] = s * last_k[i] + c * f
                last_k[i] = c * last_k[i] - s * f
            if not underflow:
                d_k[low] -= p
                e_k[low] = g
                e_k[high] = 0.0
    return True


@kernel
def conjugate_gradients(blocks, inverse_n6, rhs_nc, x_nc, work, tolerance, limit):  # type: ignore[no-untyped-def]
    """Solve M x = rhs from the guess in x_nc, preconditioned by the diagonal blocks.

    work is (4, N, 3); returns the iterations, -1 where M has a negative direction, -2 at the
    limit. The residual ends below tolerance |rhs|.
    """
    n = rhs_nc.shape[0]
    r_nc, z_nc, p_nc, q_nc = work[0], work[1], work[2], work[3]
    hessian_times(blocks, x_nc, q_nc)
    for i in range(n):
        for c in range(3):
            r_nc[i, c] = rhs_nc[i, c] - q_nc[i, c]
            p_nc[i, c] = 0.0
    target = tolerance * tolerance * dot(rhs_nc, rhs_nc)
    rho = 1.0
    for iteration in range(limit):
        if dot(r_nc, r_nc) <= target:
            return iteration
        for i in range(n):
            z_nc[i, 0], z_nc[i, 1], z_nc[i, 2] = symmetric_times(inverse_n6, r_nc, i)
        rho_before = rho
        rho = dot(r_nc, z_nc)
        ratio = rho / rho_before if iteration > 0 else 0.0
        for i in range(n):
            for c in range(3):
                p_nc[i, c] = z_nc[i, c] + ratio * p_nc[i, c]
        hessian_times(blocks, p_nc, q_nc)
        curvature = dot(p_nc, q_nc)
        if not (curvature > 0.0 and rho > 0.0):
            return -1
        step = rho / curvature
        for i in range(n):
            for c in range(3):
                x_nc[i, c] += step * p_nc[i, c]
                r_nc[i, c] -= step * q_nc[i, c]
    return -2


@kernel
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


@cache
def fourth_order_vector(law: PairLaw) -> Any:
    """The kernel that fills T:zzz for one pair law.

    Per pair, with D = v'' - v'/r and the notation of `model.kernels`:
    T:zzz = n [v'''' p^3 + 3 (v''' - 2D/r) p t^2 / r] + t [3 (v''' - 2D/r) p^2 / r + 3 D t^2 / r^2],
    a quarter of the gradient of T:zzzz = v'''' p^4 + 6 (v''' - 2D/r) p^2 t^2 / r + 3 D t^4 / r^2.
    """
    derivatives = law.derivatives

    @kernel
    def fill(r_nc, box_c, pairs, k, z_nc, out_nc):  # type: ignore[no-untyped-def]
        out_nc[:] = 0.0
        for i in range(r_nc.shape[0]):
            for p in range(pairs.start[i], pairs.start[i + 1]):
                j = pairs.partner[p]
                x, y, z, r2 = pair_vector(r_nc, box_c, i, j)
                inverse_range2 = pairs.inverse_range2[p]
                x2 = r2 * inverse_range2
                if x2 >= k.cutoff2:
                    continue
                u_1, u_2, u_3, u_4 = derivatives(x2, 1.0 / x2, k)
                s2 = pairs.strength[p] * inverse_range2
                s4 = s2 * inverse_range2
                d = s2 * (u_2 - u_1)  # v'' - v'/r
                mixed = s4 * u_3 - 2.0 * d / r2  # (v''' - 2 D/r) / r
                ux, uy, uz = field_difference(z_nc, i, j)
                along = (ux * x + uy * y + uz * z) / r2  # p / r
                q2 = along * along * r2
                t2 = ux * ux + uy * uy + uz * uz - q2
                normal = along * (s4 * u_4 * q2 + 3.0 * mixed * t2)
                transverse = 3.0 * mixed * q2 + 3.0 * d * t2 / r2
                normal -= transverse * along  # the part of u that is not in t
                add_to_both(
                    out_nc,
                    i,
                    j,
                    normal * x + transverse * ux,
                    normal * y + transverse * uy,
                    normal * z + transverse * uz,
                )

    return fill
