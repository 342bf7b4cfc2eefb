"""Energy and forces of Stillinger and Weber in one go: what quenches, bands and dynamics ask for.

The same as the pair law plus order 0 of `angular_kernels`, from loops that share distances and
exponentials: take the bonds out of the list, without a branch; distances, in vector registers;
exponentials; moments; forces. With the direction n, g' = dg/dr, and the adjoint a of a bond, its
gradient is

    [v' + g' (a0 + a1.n + n.a2 n) - (g/r) (a1.n + 2 n.a2 n)] n + (g/r) (a1 + 2 a2 n).

Suffixes as in `angular_kernels`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from glasswells.core.compiler import kernel, lean_kernel
from glasswells.model.kernels import add_to_both


class BondTable(NamedTuple):
    """Workspace: the bonds of one place, B of them in use."""

    first: Any
    second: Any
    x: Any
    """(P,): components of n, for the first loop of r; y and z alike."""
    y: Any
    z: Any
    inverse: Any
    """(P,), 1/r; for the first loop r^2."""
    d: Any
    """(P,), 1/(r - a sigma)."""
    two_body: Any
    """(P,), exp(sigma d)."""
    weight: Any
    """(P,), g = exp(gamma sigma d)."""


@kernel
def bond_table(most):  # type: ignore[no-untyped-def]
    """Room for a number of bonds, and one place more for a pair that is none."""
    size = most + 1
    return BondTable(
        np.empty(size, np.int64), np.empty(size, np.int64),
        np.empty(size), np.empty(size), np.empty(size), np.empty(size),
        np.empty(size), np.empty(size), np.empty(size),
    )  # fmt: skip


@lean_kernel
def take_bonds(r_nc, box_c, pairs, cutoff2, table):  # type: ignore[no-untyped-def]
    """Copy the pairs within the cutoff to the table; return their number."""
    bx, by, bz = box_c[0], box_c[1], box_c[2]
    ix, iy, iz = 1.0 / bx, 1.0 / by, 1.0 / bz
    found = 0
    for i in range(r_nc.shape[0]):
        xi, yi, zi = r_nc[i, 0], r_nc[i, 1], r_nc[i, 2]
        for p in range(pairs.start[i], pairs.start[i + 1]):
            j = pairs.partner[p]
            x = r_nc[j, 0] - xi
            y = r_nc[j, 1] - yi
            z = r_nc[j, 2] - zi
            x -= bx * np.rint(x * ix)
            y -= by * np.rint(y * iy)
            z -= bz * np.rint(z * iz)
            r2 = x * x + y * y + z * z
            b = np.uint64(found)
            table.first[b], table.second[b] = i, j
            table.x[b], table.y[b], table.z[b] = x, y, z
            table.inverse[b] = r2
            found += 1 if not r2 >= cutoff2 else 0  # a NaN is taken, and seen in the energy
    return found


@lean_kernel
def set_distances(table, count, cutoff):  # type: ignore[no-untyped-def]
    """Turn vectors into directions, squares into 1/r and d."""
    x, y, z = table.x[:count], table.y[:count], table.z[:count]
    inverse, d = table.inverse[:count], table.d[:count]
    for b in range(count):
        r = np.sqrt(inverse[b])
        one_over = 1.0 / r
        d[b] = 1.0 / (r - cutoff)
        inverse[b] = one_over
        x[b] *= one_over
        y[b] *= one_over
        z[b] *= one_over


@lean_kernel
def set_exponentials(table, count, k, angular):  # type: ignore[no-untyped-def]
    """Fill the two exponentials of each bond."""
    for b in range(count):
        table.two_body[b] = np.exp(k.decay * table.d[b])
        table.weight[b] = np.exp(angular.decay * table.d[b])


@lean_kernel
def add_moments(table, count, moment_nm):  # type: ignore[no-untyped-def]
    """Add g, g n and g n n of each bond to both of its atoms."""
    for b in range(count):
        g, x, y, z = table.weight[b], table.x[b], table.y[b], table.z[b]
        own, other = moment_nm[table.first[b]], moment_nm[table.second[b]]
        gx, gy, gz = g * x, g * y, g * z
        own[0] += g
        own[1] += gx
        own[2] += gy
        own[3] += gz
        own[4] += gx * x
        own[5] += gy * y
        own[6] += gz * z
        own[7] += gy * z
        own[8] += gx * z
        own[9] += gx * y
        other[0] += g
        other[1] -= gx
        other[2] -= gy
        other[3] -= gz
        other[4] += gx * x
        other[5] += gy * y
        other[6] += gz * z
        other[7] += gy * z
        other[8] += gx * z
        other[9] += gx * y


@lean_kernel
def make_adjoints(moment_nm, angular):  # type: ignore[no-untyped-def]
    """Turn the moments into the energy's derivatives by them; return the angular energy."""
    energy = 0.0
    even = angular.strength * angular.cosine * angular.cosine
    odd = -2.0 * angular.strength * angular.cosine
    for i in range(moment_nm.shape[0]):
        m = moment_nm[i]
        energy += even * m[0] * m[0] + odd * (m[1] * m[1] + m[2] * m[2] + m[3] * m[3])
        square = m[4] * m[4] + m[5] * m[5] + m[6] * m[6]
        square += 2.0 * (m[7] * m[7] + m[8] * m[8] + m[9] * m[9])
        energy += angular.strength * square
        m[0] *= even
        for a in range(1, 4):
            m[a] *= odd
        for a in range(4, 10):
            m[a] *= angular.strength
    return 0.5 * energy


@lean_kernel
def add_bond_forces(table, count, k, angular, adjoint_nm, force_nc):  # type: ignore[no-untyped-def]
    """Add the force of each bond to both of its atoms; return the energy of the pair law."""
    energy = 0.0
    for b in range(count):
        i, j = table.first[b], table.second[b]
        own, other = adjoint_nm[i], adjoint_nm[j]
        x, y, z, inverse, d = table.x[b], table.y[b], table.z[b], table.inverse[b], table.d[b]
        e, g = table.two_body[b], table.weight[b]
        power = k.repulsion * inverse * inverse * inverse * inverse
        bond = (power - k.attraction) * e
        itself = k.itself * g * g
        energy += bond - itself
        slope = -4.0 * power * inverse * e + (k.double_decay * itself - k.decay * bond) * d * d
        a_x, a_y, a_z = own[1] - other[1], own[2] - other[2], own[3] - other[3]
        xx, yy, zz = own[4] + other[4], own[5] + other[5], own[6] + other[6]
        yz, xz, xy = own[7] + other[7], own[8] + other[8], own[9] + other[9]
        wx = xx * x + xy * y + xz * z
        wy = xy * x + yy * y + yz * z
        wz = xz * x + yz * y + zz * z
        linear = a_x * x + a_y * y + a_z * z
        square = wx * x + wy * y + wz * z
        across = g * inverse
        along = slope - angular.decay * d * d * g * (own[0] + other[0] + linear + square)
        along -= across * (linear + 2.0 * square)
        add_to_both(
            force_nc, i, j,
            -along * x - across * (a_x + 2.0 * wx),
            -along * y - across * (a_y + 2.0 * wy),
            -along * z - across * (a_z + 2.0 * wz),
        )  # fmt: skip
    return energy


@kernel
def energy_and_forces(r_nc, box_c, pairs, k, angular, force_nc):  # type: ignore[no-untyped-def]
    """Total energy; fills the forces. `k` and `angular`: constants of pair law and moments."""
    n = r_nc.shape[0]
    table = bond_table(pairs.start[n])
    count = take_bonds(r_nc, box_c, pairs, angular.cutoff2, table)
    set_distances(table, count, angular.cutoff)
    set_exponentials(table, count, k, angular)
    moment_nm = np.zeros((n, 10))
    add_moments(table, count, moment_nm)
    energy = make_adjoints(moment_nm, angular)
    force_nc[:] = 0.0
    return energy + add_bond_forces(table, count, k, angular, moment_nm, force_nc)
