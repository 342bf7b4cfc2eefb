"""Lanczos recurrence and Gauss quadrature; suffixes: n particle, c Cartesian, k Krylov step."""

from __future__ import annotations

import numpy as np

from glasswells.core.compiler import lean_kernel
from glasswells.curvature.blocks import times


@lean_kernel
def dot(x_nc, y_nc):  # type: ignore[no-untyped-def]
    """Scalar product x . y over all particles."""
    total = 0.0
    for i in range(x_nc.shape[0]):
        total += x_nc[i, 0] * y_nc[i, 0] + x_nc[i, 1] * y_nc[i, 1] + x_nc[i, 2] * y_nc[i, 2]
    return total


@lean_kernel
def lanczos_steps(blocks, x_nc, before_nc, work_nc, alpha_k, beta_k, first, last, tiny):  # type: ignore[no-untyped-def]
    """Go on with the Lanczos recurrence from step `first` up to `last`; returns the steps done.

    x_nc holds the current unit vector, before_nc the one before. Stops when the next vector is
    shorter than `tiny`: the Krylov space is then invariant.
    """
    n = x_nc.shape[0]
    for k in range(first, last):
        times(blocks, x_nc, work_nc)
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


@lean_kernel
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
