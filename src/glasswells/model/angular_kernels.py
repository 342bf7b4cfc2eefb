"""Loops for the angular energy of Stillinger and Weber, written as moments of each atom's bonds.

For an atom i with bonds r_j, unit vectors n_j and weights g_j = exp(gamma sigma/(r_j - a sigma)),
and c the cosine that costs nothing, the square in the sum over pairs of bonds opens up,

    sum_{jk} g_j g_k (n_j.n_k - c)^2 = M2:M2 - 2 c M1.M1 + c^2 M0^2,
    M0 = sum g_j,   M1 = sum g_j n_j,   M2 = sum g_j n_j n_j,

so that energy and derivatives take one loop over bonds and none over pairs of them. The terms
j = k, which do not belong to the sum, are a function of one distance: the pair law takes them off.

All derivatives along a field come from one loop in truncated power series of s, r(s) = r + s u with
u = z_j - z_i + e r (e a strain): with the functions G_m = g/r^m, m = 0, 1, 2, of q = r^2, the
gradient of a bond is (2 G0' a0 + 2 G1' a1.r + 2 G2' r.a2 r) r + G1 a1 + 2 G2 a2 r, a prime for
d/dq, where the adjoint a is the derivative of the energy by the moments, that of i plus that of j,
the odd one with a minus.

Suffixes: n atom, c Cartesian, b bond, k order in s, m moment (0; 1-3; 4-9 in the order xx yy zz yz
xz xy).
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from glasswells.core.compiler import kernel
from glasswells.model.kernels import add_to_both, pair_vector

MOMENTS = 10


class AngularConstants(NamedTuple):
    """Numbers of the angular energy."""

    cutoff2: float
    """Square of the distance from which g is zero to all digits."""
    cutoff: float
    """The cutoff a sigma."""
    decay: float
    """Gamma sigma."""
    strength: float
    """Lambda epsilon."""
    cosine: float
    """C = cos(theta_0)."""


class Bonds(NamedTuple):
    """The bonds of one place."""

    first: Any
    second: Any
    vector_bc: Any
    """(B, 3), from first to second."""
    change_bc: Any
    """(B, 3), u."""
    radial_bgk: Any
    """(B, 6, order + 1): series of G0, G1, G2 and of their derivatives by q."""


@cache
def weight_functions(highest: int) -> Any:
    """(r2, k, g_md): fills the derivatives by q = r^2, up to order `highest`, of G_m = g/r^m.

    d/dq = (1/2r) d/dr turns those of g by r into those by q; the product rule gives G1 and G2.
    """

    @kernel
    def weights(r2, k, g_md):  # type: ignore[no-untyped-def]
        r = np.sqrt(r2)
        inverse = 1.0 / r
        d = 1.0 / (r - k.cutoff)
        y = k.decay * d
        g = np.exp(y)
        g_md[0, 0] = g
        if highest > 0:
            y1 = -y * d
            f1 = y1 * g
            g_md[0, 1] = 0.5 * f1 * inverse
        if highest > 1:
            y2 = -2.0 * y1 * d
            f2 = (y2 + y1 * y1) * g
            g_md[0, 2] = 0.25 * (f2 - f1 * inverse) * inverse**2
        if highest > 2:
            y3 = -3.0 * y2 * d
            f3 = (y3 + 3.0 * y1 * y2 + y1**3) * g
            g_md[0, 3] = (f3 - 3.0 * f2 * inverse + 3.0 * f1 * inverse**2) * inverse**3 / 8.0
        if highest > 3:
            y4 = -4.0 * y3 * d
            f4 = (y4 + 4.0 * y1 * y3 + 3.0 * y2 * y2 + 6.0 * y1 * y1 * y2 + y1**4) * g
            inner = f4 - 6.0 * f3 * inverse + 15.0 * f2 * inverse**2 - 15.0 * f1 * inverse**3
            g_md[0, 4] = inner * inverse**4 / 16.0
        for m in range(1, 3):
            for order in range(highest + 1):
                # sum over the product rule of g and q^(-m/2)
                power, total, binomial = inverse**m, 0.0, 1.0
                for j in range(order + 1):
                    total += binomial * g_md[0, order - j] * power
                    power *= (-0.5 * m - j) * inverse * inverse
                    binomial = binomial * (order - j) / (j + 1)
                g_md[m, order] = total

    return weights


@kernel
def raise_powers(q1, q2, power_kj):  # type: ignore[no-untyped-def]
    """Fill power_kj with the coefficients of s^k in (q1 s + q2 s^2)^j / j!; that of j = 0 is 1."""
    order = power_kj.shape[0] - 1
    for j in range(order):
        for k in range(1, order + 1):
            power_kj[k, j + 1] = q1 * power_kj[k - 1, j] / (j + 1)
            if k > 1:
                power_kj[k, j + 1] += q2 * power_kj[k - 2, j] / (j + 1)


@cache
def bond_kernel(order: int, slopes: bool) -> Any:
    """(r_nc, box_c, pairs, k, z_nc, strain_cc) -> the bonds with their series to order s^order.

    `slopes`: whether the series of the derivatives by q are wanted, too.
    """
    highest = order + 1 if slopes else order
    weights = weight_functions(highest)
    derivatives = 2 if slopes else 1

    @kernel
    def find_bonds(r_nc, box_c, pairs, k, z_nc, strain_cc):  # type: ignore[no-untyped-def]
        n = r_nc.shape[0]
        most = pairs.start[n]
        first, second = np.empty(most, np.int64), np.empty(most, np.int64)
        vector_bc, change_bc = np.empty((most, 3)), np.zeros((most, 3))
        radial_bgk = np.empty((most, 6, order + 1))
        g_md = np.empty((3, highest + 1))
        power_kj = np.zeros((order + 1, order + 1))
        power_kj[0, 0] = 1.0
        b = 0
        for i in range(n):
            for p in range(pairs.start[i], pairs.start[i + 1]):
                j = np.int64(pairs.partner[p])
                x, y, z, r2 = pair_vector(r_nc, box_c, i, j)
                if r2 >= k.cutoff2:
                    continue
                first[b], second[b] = i, j
                vector_bc[b, 0], vector_bc[b, 1], vector_bc[b, 2] = x, y, z
                weights(r2, k, g_md)
                q1, q2 = 0.0, 0.0
                if order > 0:
                    for c in range(3):
                        u = z_nc[j, c] - z_nc[i, c]
                        u += strain_cc[c, 0] * x + strain_cc[c, 1] * y + strain_cc[c, 2] * z
                        change_bc[b, c] = u
                        q1 += 2.0 * u * vector_bc[b, c]
                        q2 += u * u
                raise_powers(q1, q2, power_kj)
                for slope in range(derivatives):
                    for m in range(3):
                        for a in range(order + 1):
                            total = 0.0
                            for e in range(a + 1):
                                total += g_md[m, slope + e] * power_kj[a, e]
                            radial_bgk[b, 3 * slope + m, a] = total
                b += 1
        return Bonds(first[:b], second[:b], vector_bc[:b], change_bc[:b], radial_bgk[:b])

    return find_bonds


@cache
def moment_kernel(order: int) -> Any:
    """(bonds, n) -> the moments (N, 10, order + 1) of all atoms."""

    @kernel
    def moments(bonds, n):  # type: ignore[no-untyped-def]
        moment_nmk = np.zeros((n, MOMENTS, order + 1))
        product_mk = np.empty((MOMENTS, 3))  # powers of r(s): r_a and r_a r_b are polynomials
        for b in range(bonds.first.shape[0]):
            i, j = bonds.first[b], bonds.second[b]
            r, u = bonds.vector_bc[b], bonds.change_bc[b]
            vector_products(r, u, product_mk)
            for m in range(MOMENTS):
                kind = 0 if m == 0 else (1 if m < 4 else 2)
                sign = -1.0 if kind == 1 else 1.0
                for a in range(order + 1):
                    value = 0.0
                    for e in range(min(a, kind) + 1):
                        value += bonds.radial_bgk[b, kind, a - e] * product_mk[m, e]
                    moment_nmk[i, m, a] += value
                    moment_nmk[j, m, a] += sign * value
        return moment_nmk

    return moments


@kernel
def vector_products(r, u, product_mk):  # type: ignore[no-untyped-def]
    """Fill the series in s of 1, r_a and r_a r_b, r(s) = r + s u."""
    product_mk[0, 0] = 1.0
    for a in range(3):
        product_mk[1 + a, 0] = r[a]
        product_mk[1 + a, 1] = u[a]
        product_mk[4 + a, 0] = r[a] * r[a]
        product_mk[4 + a, 1] = 2.0 * r[a] * u[a]
        product_mk[4 + a, 2] = u[a] * u[a]
        c, d = (a + 1) % 3, (a + 2) % 3
        product_mk[7 + a, 0] = r[c] * r[d]
        product_mk[7 + a, 1] = r[c] * u[d] + u[c] * r[d]
        product_mk[7 + a, 2] = u[c] * u[d]


@kernel
def moment_weight(m, k):  # type: ignore[no-untyped-def]
    """What a moment is multiplied by in the adjoint: c^2, -2 c, 1 times lambda epsilon."""
    if m == 0:
        return k.strength * k.cosine * k.cosine
    return -2.0 * k.strength * k.cosine if m < 4 else k.strength


@cache
def gradient_kernel(order: int) -> Any:
    """(r_nc, box_c, pairs, k, z_nc, strain_cc, out_nc, virial_cc) -> energy.

    Fills the coefficients of s^order of the gradient dV/dr and of the virial sum (dV/dr_b) r_b.
    Order 0: the gradient itself; 1: the product with the Hessian; 2: half of U:zz; 3: a sixth of
    T:zzz.
    """
    find_bonds = bond_kernel(order, True)
    moments = moment_kernel(order)

    @kernel
    def gradient(  # type: ignore[no-untyped-def]
        r_nc, box_c, pairs, k, z_nc, strain_cc, out_nc, virial_cc
    ):
        n = r_nc.shape[0]
        bonds = find_bonds(r_nc, box_c, pairs, k, z_nc, strain_cc)
        adjoint_nmk = moments(bonds, n)
        energy = 0.0
        for i in range(n):
            for m in range(MOMENTS):
                twice = 2.0 if m >= 7 else 1.0
                weight = moment_weight(m, k)
                energy += 0.5 * twice * weight * adjoint_nmk[i, m, 0] ** 2
                for a in range(order + 1):
                    adjoint_nmk[i, m, a] *= weight
        out_nc[:] = 0.0
        virial_cc[:] = 0.0
        a_mk = np.empty((MOMENTS, order + 1))
        along_kc = np.empty((order + 1, 3))
        radial_k = np.empty(order + 1)
        g = np.empty(3)
        for b in range(bonds.first.shape[0]):
            i, j = bonds.first[b], bonds.second[b]
            for m in range(MOMENTS):
                sign = -1.0 if 1 <= m < 4 else 1.0
                for a in range(order + 1):
                    a_mk[m, a] = adjoint_nmk[i, m, a] + sign * adjoint_nmk[j, m, a]
            bond_gradient(
                bonds.vector_bc[b], bonds.change_bc[b], bonds.radial_bgk[b], a_mk,
                along_kc, radial_k, g,
            )  # fmt: skip
            add_to_both(out_nc, i, j, g[0], g[1], g[2])
            for c in range(3):
                for d in range(3):
                    virial_cc[c, d] += g[c] * bonds.vector_bc[b, d]
        return energy

    return gradient


@kernel
def bond_gradient(r, u, radial_gk, a_mk, along_kc, radial_k, g):  # type: ignore[no-untyped-def]
    """Fill g (3,): the highest coefficient of the gradient of one bond.

    Parameters
    ----------
    r, u
        The bond and its change.
    radial_gk
        Series of G0, G1, G2 and their derivatives.
    a_mk
        Series of the adjoint.
    along_kc, radial_k
        Workspace: the series of a2 r, and of the factor of r.
    """
    order = radial_k.shape[0] - 1
    for a in range(order + 1):
        symmetric_product(a_mk, a, r, along_kc[a])
        if a > 0:
            for c in range(3):
                along_kc[a, c] += symmetric_row(a_mk, a - 1, u, c)
    for a in range(order + 1):
        total = 0.0
        for e in range(a + 1):
            f = a - e
            linear = a_mk[1, f] * r[0] + a_mk[2, f] * r[1] + a_mk[3, f] * r[2]
            square = along_kc[f, 0] * r[0] + along_kc[f, 1] * r[1] + along_kc[f, 2] * r[2]
            if f > 0:
                for c in range(3):
                    linear += a_mk[1 + c, f - 1] * u[c]
                    square += along_kc[f - 1, c] * u[c]
            total += radial_gk[3, e] * a_mk[0, f] + radial_gk[4, e] * linear
            total += radial_gk[5, e] * square
        radial_k[a] = 2.0 * total
    for c in range(3):
        g[c] = radial_k[order] * r[c]
        if order > 0:
            g[c] += radial_k[order - 1] * u[c]
        for e in range(order + 1):
            g[c] += radial_gk[1, e] * a_mk[1 + c, order - e]
            g[c] += 2.0 * radial_gk[2, e] * along_kc[order - e, c]


@kernel
def symmetric_row(a_mk, a, r, c):  # type: ignore[no-untyped-def]
    """Component c of a2 r, for the second moment of order a."""
    if c == 0:
        return a_mk[4, a] * r[0] + a_mk[9, a] * r[1] + a_mk[8, a] * r[2]
    if c == 1:
        return a_mk[9, a] * r[0] + a_mk[5, a] * r[1] + a_mk[7, a] * r[2]
    return a_mk[8, a] * r[0] + a_mk[7, a] * r[1] + a_mk[6, a] * r[2]


@kernel
def symmetric_product(a_mk, a, r, out):  # type: ignore[no-untyped-def]
    """Fill a2 r (3,), for the second moment of order a."""
    for c in range(3):
        out[c] = symmetric_row(a_mk, a, r, c)
