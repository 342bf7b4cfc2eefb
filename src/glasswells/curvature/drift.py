"""The uniform translation of a field, which costs no energy, and its removal.

In mass-weighted coordinates a translation t moves particle i by w_i t.
"""

from __future__ import annotations

from glasswells.core.compiler import lean_kernel


@lean_kernel
def subtract_mean(field_nc):  # type: ignore[no-untyped-def]
    """Remove the mean over particles, in place."""
    n = field_nc.shape[0]
    x, y, z = 0.0, 0.0, 0.0
    for i in range(n):
        x += field_nc[i, 0]
        y += field_nc[i, 1]
        z += field_nc[i, 2]
    x, y, z = x / n, y / n, z / n
    for i in range(n):
        field_nc[i, 0] -= x
        field_nc[i, 1] -= y
        field_nc[i, 2] -= z


@lean_kernel
def subtract_translation(field_nc, weight_n1):  # type: ignore[no-untyped-def]
    """Remove the part of a mass-weighted field along w_i t, t uniform, in place."""
    n = field_nc.shape[0]
    x, y, z, total = 0.0, 0.0, 0.0, 0.0
    for i in range(n):
        w = weight_n1[i, 0]
        x += w * field_nc[i, 0]
        y += w * field_nc[i, 1]
        z += w * field_nc[i, 2]
        total += w * w
    x, y, z = x / total, y / total, z / total
    for i in range(n):
        w = weight_n1[i, 0]
        field_nc[i, 0] -= w * x
        field_nc[i, 1] -= w * y
        field_nc[i, 2] -= w * z
