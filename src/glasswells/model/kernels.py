"""Loops over pairs for energy and forces, and what all loops over pairs share.

Suffixes: n particle, c Cartesian, p pair.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from glasswells.core.compiler import kernel, lean_kernel
from glasswells.model.law import PairLaw


@lean_kernel
def pair_vector(r_nc, box_c, i, j):  # type: ignore[no-untyped-def]
    """Minimum-image vector from i to j, and its square."""
    x = r_nc[j, 0] - r_nc[i, 0]
    y = r_nc[j, 1] - r_nc[i, 1]
    z = r_nc[j, 2] - r_nc[i, 2]
    x -= box_c[0] * np.rint(x / box_c[0])
    y -= box_c[1] * np.rint(y / box_c[1])
    z -= box_c[2] * np.rint(z / box_c[2])
    return x, y, z, x * x + y * y + z * z


@lean_kernel
def field_difference(z_nc, i, j):  # type: ignore[no-untyped-def]
    """U = z_j - z_i."""
    return z_nc[j, 0] - z_nc[i, 0], z_nc[j, 1] - z_nc[i, 1], z_nc[j, 2] - z_nc[i, 2]


@lean_kernel
def add_to_both(out_nc, i, j, x, y, z):  # type: ignore[no-untyped-def]
    """Add a pair's vector to particle j and its opposite to i."""
    out_nc[j, 0] += x
    out_nc[j, 1] += y
    out_nc[j, 2] += z
    out_nc[i, 0] -= x
    out_nc[i, 1] -= y
    out_nc[i, 2] -= z


@lean_kernel
def largest_displacement2(r_nc, reference_nc):  # type: ignore[no-untyped-def]
    """Square of the largest distance of a particle from its place in `reference_nc`.

    NaN if a position is: a maximum alone would pass over it.
    """
    largest, total = 0.0, 0.0
    for i in range(r_nc.shape[0]):
        x = r_nc[i, 0] - reference_nc[i, 0]
        y = r_nc[i, 1] - reference_nc[i, 1]
        z = r_nc[i, 2] - reference_nc[i, 2]
        distance2 = x * x + y * y + z * z
        largest = max(largest, distance2)
        total += distance2
    return largest if np.isfinite(total) else np.nan


BLOCK = 512
"""Pairs whose vectors are kept at once, 12 kB: they stay in the first level cache."""


@lean_kernel
def longest_row(start):  # type: ignore[no-untyped-def]
    """Length of the longest row of a list."""
    longest = 0
    for i in range(start.shape[0] - 1):
        longest = max(longest, start[i + 1] - start[i])
    return longest


@lean_kernel
def gather_vectors(r_nc, pairs, first, last, x, y, z):  # type: ignore[no-untyped-def]
    """Vectors r_j - r_i of the pairs in rows first..last - 1."""
    offset = pairs.start[first]
    for row in range(first, last):
        i = np.uint64(row)
        xi, yi, zi = r_nc[i, 0], r_nc[i, 1], r_nc[i, 2]
        for p in range(pairs.start[row], pairs.start[row + 1]):
            j = pairs.partner[np.uint64(p)]
            slot = np.uint64(p - offset)
            x[slot] = r_nc[j, 0] - xi
            y[slot] = r_nc[j, 1] - yi
            z[slot] = r_nc[j, 2] - zi


@lean_kernel
def scatter_forces(pairs, first, last, x, y, z, force_nc):  # type: ignore[no-untyped-def]
    """Add the pair forces of rows first..last - 1 to i and their opposites to j."""
    offset = pairs.start[first]
    for row in range(first, last):
        i = np.uint64(row)
        fx, fy, fz = 0.0, 0.0, 0.0
        for p in range(pairs.start[row], pairs.start[row + 1]):
            j = pairs.partner[np.uint64(p)]
            slot = np.uint64(p - offset)
            gx, gy, gz = x[slot], y[slot], z[slot]
            fx += gx
            fy += gy
            fz += gz
            force_nc[j, 0] -= gx
            force_nc[j, 1] -= gy
            force_nc[j, 2] -= gz
        force_nc[i, 0] += fx
        force_nc[i, 1] += fy
        force_nc[i, 2] += fz


@cache
def force_kernel(law: PairLaw) -> Any:
    """Energy and forces of one pair law: f_i = sum_j (v'/r) r_ij, from a half list.

    The pairs pass in blocks through three loops: gather the pair vectors, turn them into forces,
    scatter these. The middle loop has all the arithmetic and neither indices nor branches, so it
    runs in vector registers, which makes the whole twice as fast as one loop over pairs.
    """
    pair_forces = _pair_forces(law)

    @kernel
    def energy_and_forces(r_nc, box_c, pairs, k, force_nc):  # type: ignore[no-untyped-def]
        n = r_nc.shape[0]
        capacity = max(BLOCK, longest_row(pairs.start))
        x, y, z = np.empty(capacity), np.empty(capacity), np.empty(capacity)
        force_nc[:] = 0.0
        energy = 0.0
        first = np.int64(0)  # 0 alone is a type of its own, for which callees are compiled, too
        while first < n:
            begin = pairs.start[first]
            last = first + 1
            while last < n and pairs.start[last + 1] - begin <= capacity:
                last += 1
            end = pairs.start[last]
            gather_vectors(r_nc, pairs, first, last, x, y, z)
            energy += pair_forces(
                box_c, pairs.inverse_range2[begin:end], pairs.strength[begin:end], k, x, y, z
            )
            scatter_forces(pairs, first, last, x, y, z, force_nc)
            first = last
        return energy

    return energy_and_forces


def _pair_forces(law: PairLaw) -> Any:
    """(box_c, inverse_range2, strength, k, x, y, z) -> energy; vectors become (v'/r) vectors."""
    slope = law.slope
    uniform = law.uniform_strength

    @lean_kernel
    def pair_forces(box_c, inverse_range2, strength, k, x, y, z):  # type: ignore[no-untyped-def]
        bx, by, bz = box_c[0], box_c[1], box_c[2]
        ix, iy, iz = 1.0 / bx, 1.0 / by, 1.0 / bz
        energy = 0.0
        for p in range(inverse_range2.shape[0]):
            dx = x[p] - bx * np.rint(x[p] * ix)
            dy = y[p] - by * np.rint(y[p] * iy)
            dz = z[p] - bz * np.rint(z[p] * iz)
            x2 = (dx * dx + dy * dy + dz * dz) * inverse_range2[p]
            # A factor, where a selection would keep the sum out of vector registers; it also
            # lets a NaN through.
            inside = 1.0 if x2 < k.cutoff2 else 0.0
            if not uniform:
                inside *= strength[p]
            u, u_1 = slope(x2, 1.0 / x2, k)
            energy += inside * u
            w = inside * u_1 * inverse_range2[p]
            x[p] = w * dx
            y[p] = w * dy
            z[p] = w * dz
        return energy

    return pair_forces


@kernel
def closest(r_nc, box_c, pairs):  # type: ignore[no-untyped-def]
    """The closest listed pair (i, j) and its distance; (-1, -1, inf) in an empty list."""
    nearest2, first, second = np.inf, np.int64(-1), np.int64(-1)
    for i in range(r_nc.shape[0]):
        for p in range(pairs.start[i], pairs.start[i + 1]):
            _, _, _, r2 = pair_vector(r_nc, box_c, i, pairs.partner[p])
            if r2 < nearest2:
                nearest2, first, second = r2, np.int64(i), np.int64(pairs.partner[p])
    return first, second, np.sqrt(nearest2)
