"""The derivatives of all pair energies at one place, and loops over them that know no pair law.

Notation of the formulas as in `kernels`: r the pair vector from i to j, n = r/|r|, u = z_j - z_i
the difference of a field, p = u.n, t = u - p n, D = v'' - v'/r. The loops use a = p/|r| = u.r/r^2
and e = D/r^2, in which nothing needs a square root.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from glasswells.core.compiler import kernel, lean_kernel
from glasswells.core.records import Array
from glasswells.model.kernels import add_to_both, field_difference, pair_vector
from glasswells.model.law import PairLaw


class FrozenPairs(NamedTuple):
    """Interacting pairs at one place; the arrays may be longer than there are pairs.

    Keeping them makes a Hessian product four times as fast as a loop over the pair law, and one
    pass over the law serves all orders.
    """

    start: NDArray[np.int64]
    """(N + 1,): the partners of i are partner[start[i]:start[i + 1]], all above i."""
    partner: NDArray[np.uint32]
    """(P,)."""
    second_pf: Array
    """(P, 5): the pair vector x, y, z, then v'/r and D/r^2."""
    higher_pf: Array
    """(P, 2): v'''/r and v''''."""


def empty_frozen_pairs(n_particles: int, capacity: int) -> FrozenPairs:
    """Room for `capacity` pairs of so many particles."""
    return FrozenPairs(
        start=np.zeros(n_particles + 1, dtype=np.int64),
        partner=np.zeros(capacity, dtype=np.uint32),
        second_pf=np.empty((capacity, 5)),
        higher_pf=np.empty((capacity, 2)),
    )


@cache
def freezing_kernel(law: PairLaw) -> Any:
    """(r_nc, box_c, pairs, k, frozen): fills `FrozenPairs` with the listed pairs that interact."""
    derivatives = law.derivatives

    @lean_kernel
    def freeze_pairs(r_nc, box_c, pairs, k, frozen):  # type: ignore[no-untyped-def]
        found = 0
        for i in range(r_nc.shape[0]):
            frozen.start[i] = found
            for p in range(pairs.start[i], pairs.start[i + 1]):
                x, y, z, r2 = pair_vector(r_nc, box_c, i, pairs.partner[p])
                inverse_range2 = pairs.inverse_range2[p]
                x2 = r2 * inverse_range2
                if x2 >= k.cutoff2:
                    continue
                u_1, u_2, u_3, u_4 = derivatives(x2, 1.0 / x2, k)
                curvature = pairs.strength[p] * inverse_range2
                b = curvature * u_1
                second, higher = frozen.second_pf[found], frozen.higher_pf[found]
                second[0], second[1], second[2] = x, y, z
                second[3] = b
                second[4] = (curvature * u_2 - b) / r2
                higher[0] = curvature * inverse_range2 * u_3
                higher[1] = curvature * inverse_range2 * u_4
                frozen.partner[found] = pairs.partner[p]
                found += 1
        frozen.start[r_nc.shape[0]] = found

    return freeze_pairs


@lean_kernel
def pair_product(start, partner, second_pf, z_nc, out_nc):  # type: ignore[no-untyped-def]
    """Fill M:z by pairs: D p n + (v'/r) u, on j and its opposite on i."""
    out_nc[:] = 0.0
    for i in range(start.shape[0] - 1):
        xi, yi, zi = z_nc[i, 0], z_nc[i, 1], z_nc[i, 2]
        fx, fy, fz = 0.0, 0.0, 0.0
        for p in range(start[i], start[i + 1]):
            j = partner[p]
            ux, uy, uz = z_nc[j, 0] - xi, z_nc[j, 1] - yi, z_nc[j, 2] - zi
            x, y, z = second_pf[p, 0], second_pf[p, 1], second_pf[p, 2]
            b, along = second_pf[p, 3], second_pf[p, 4] * (x * ux + y * uy + z * uz)
            wx, wy, wz = along * x + b * ux, along * y + b * uy, along * z + b * uz
            out_nc[j, 0] += wx
            out_nc[j, 1] += wy
            out_nc[j, 2] += wz
            fx += wx
            fy += wy
            fz += wz
        out_nc[i, 0] -= fx
        out_nc[i, 1] -= fy
        out_nc[i, 2] -= fz


@lean_kernel
def pair_diagonal(start, partner, second_pf, out_n6):  # type: ignore[no-untyped-def]
    """Fill the particles' own blocks of M, xx, xy, xz, yy, yz, zz: sum of D n n + v'/r."""
    out_n6[:] = 0.0
    for i in range(start.shape[0] - 1):
        for p in range(start[i], start[i + 1]):
            x, y, z = second_pf[p, 0], second_pf[p, 1], second_pf[p, 2]
            b, e = second_pf[p, 3], second_pf[p, 4]
            for own in (out_n6[i], out_n6[partner[p]]):
                own[0] += e * x * x + b
                own[1] += e * x * y
                own[2] += e * x * z
                own[3] += e * y * y + b
                own[4] += e * y * z
                own[5] += e * z * z + b


@lean_kernel
def pair_third_order(frozen, z_nc, out_nc):  # type: ignore[no-untyped-def]
    """Fill U:zz = n [v''' p^2 + (D/r) t^2] + 2 (D/r) p t; returns U:zzz."""
    out_nc[:] = 0.0
    total = 0.0
    for i in range(z_nc.shape[0]):
        for p in range(frozen.start[i], frozen.start[i + 1]):
            j = frozen.partner[p]
            x, y, z = frozen.second_pf[p, 0], frozen.second_pf[p, 1], frozen.second_pf[p, 2]
            e, third = frozen.second_pf[p, 4], frozen.higher_pf[p, 0]
            r2 = x * x + y * y + z * z
            ux, uy, uz = field_difference(z_nc, i, j)
            a = (ux * x + uy * y + uz * z) / r2
            p2 = a * a * r2
            t2 = ux * ux + uy * uy + uz * uz - p2
            across = 2.0 * e * a * r2
            along = third * p2 + e * t2 - across * a  # the part of u that is not in t
            add_to_both(
                out_nc,
                i,
                j,
                along * x + across * ux,
                along * y + across * uy,
                along * z + across * uz,
            )
            total += a * r2 * (third * p2 + 3.0 * e * t2)
    return total


@lean_kernel
def pair_fourth_order(frozen, z_nc, out_nc):  # type: ignore[no-untyped-def]
    """Fill T:zzz, a quarter of the gradient of T:zzzz; returns T:zzzz.

    T:zzzz = v'''' p^4 + 6 (v''' - 2 D/r) p^2 t^2 / r + 3 D t^4 / r^2,
    T:zzz = n [v'''' p^3 + 3 (v''' - 2 D/r) p t^2 / r]
            + t [3 (v''' - 2 D/r) p^2 / r + 3 D t^2 / r^2].
    """
    out_nc[:] = 0.0
    total = 0.0
    for i in range(z_nc.shape[0]):
        for p in range(frozen.start[i], frozen.start[i + 1]):
            j = frozen.partner[p]
            x, y, z = frozen.second_pf[p, 0], frozen.second_pf[p, 1], frozen.second_pf[p, 2]
            e, fourth = frozen.second_pf[p, 4], frozen.higher_pf[p, 1]
            mixed = frozen.higher_pf[p, 0] - 2.0 * e
            r2 = x * x + y * y + z * z
            ux, uy, uz = field_difference(z_nc, i, j)
            a = (ux * x + uy * y + uz * z) / r2
            p2 = a * a * r2
            t2 = ux * ux + uy * uy + uz * uz - p2
            across = 3.0 * (mixed * p2 + e * t2)
            along = a * (fourth * p2 + 3.0 * mixed * t2 - across)
            add_to_both(
                out_nc,
                i,
                j,
                along * x + across * ux,
                along * y + across * uy,
                along * z + across * uz,
            )
            total += fourth * p2 * p2 + 6.0 * mixed * p2 * t2 + 3.0 * e * t2 * t2
    return total


@lean_kernel
def strain_vectors(x, y, z, out_kc):  # type: ignore[no-untyped-def]
    """Fill out_kc (6, 3) with e_k r, the change of a vector r under each unit strain."""
    out_kc[:] = 0.0
    out_kc[0, 0] = x
    out_kc[1, 1] = y
    out_kc[2, 2] = z
    out_kc[3, 1], out_kc[3, 2] = 0.5 * z, 0.5 * y
    out_kc[4, 0], out_kc[4, 2] = 0.5 * z, 0.5 * x
    out_kc[5, 0], out_kc[5, 1] = 0.5 * y, 0.5 * x


@lean_kernel
def pair_strain_gradient(frozen, gradient_k):  # type: ignore[no-untyped-def]
    """Fill gradient_k with sum (v'/r) r_a r_b, the virial."""
    gradient_k[:] = 0.0
    for p in range(frozen.start[-1]):
        x, y, z = frozen.second_pf[p, 0], frozen.second_pf[p, 1], frozen.second_pf[p, 2]
        b = frozen.second_pf[p, 3]
        gradient_k[0] += b * x * x
        gradient_k[1] += b * y * y
        gradient_k[2] += b * z * z
        gradient_k[3] += b * y * z
        gradient_k[4] += b * x * z
        gradient_k[5] += b * x * y


@kernel
def pair_strain_derivatives(frozen, gradient_k, curvature_kl, mixed_knc):  # type: ignore[no-untyped-def]
    """Fill the first and second derivatives by strain of a sum over pairs.

    The vector of a pair changes by w_k = e_k r; with the block K = D n n + (v'/r) of the pair the
    contributions are (v'/r) r.w_k, w_k.K w_l, and K w_k to the gradient of particle j.
    """
    gradient_k[:] = 0.0
    curvature_kl[:] = 0.0
    mixed_knc[:] = 0.0
    w_kc, force_kc = np.empty((6, 3)), np.empty((6, 3))
    for i in range(frozen.start.shape[0] - 1):
        for p in range(frozen.start[i], frozen.start[i + 1]):
            j = frozen.partner[p]
            vector = frozen.second_pf[p, :3]
            b, d = frozen.second_pf[p, 3], frozen.second_pf[p, 4]
            strain_vectors(vector[0], vector[1], vector[2], w_kc)
            for a in range(6):
                along = 0.0
                for c in range(3):
                    along += vector[c] * w_kc[a, c]
                gradient_k[a] += b * along
                for c in range(3):
                    force_kc[a, c] = d * along * vector[c] + b * w_kc[a, c]
                    mixed_knc[a, j, c] += force_kc[a, c]
                    mixed_knc[a, i, c] -= force_kc[a, c]
            for a in range(6):
                for e in range(6):
                    for c in range(3):
                        curvature_kl[a, e] += w_kc[a, c] * force_kc[e, c]


class PairDerivatives:
    """Second to fourth derivatives from frozen pairs; see `Derivatives`."""

    def __init__(self, pairs: FrozenPairs) -> None:
        self.pairs = pairs

    def product(self, field: Array) -> Array:
        """M:z (N, 3) for a field z (N, 3)."""
        out = np.empty_like(field)
        pair_product(self.pairs.start, self.pairs.partner, self.pairs.second_pf, field, out)
        return out

    def third(self, field: Array) -> tuple[Array, float]:
        """U:zz (N, 3) and U:zzz."""
        out = np.empty_like(field)
        return out, float(pair_third_order(self.pairs, field, out))

    def fourth(self, field: Array) -> tuple[Array, float]:
        """T:zzz (N, 3) and T:zzzz."""
        out = np.empty_like(field)
        return out, float(pair_fourth_order(self.pairs, field, out))

    def diagonal(self) -> Array:
        """The particles' own blocks of M (N, 6), in the order xx, xy, xz, yy, yz, zz."""
        out = np.empty((len(self.pairs.start) - 1, 6))
        pair_diagonal(self.pairs.start, self.pairs.partner, self.pairs.second_pf, out)
        return out

    def matrix(self) -> scipy.sparse.csc_array:
        """M (3N, 3N), with blocks on the diagonal and at (i, j), (j, i) of every pair."""
        n = len(self.pairs.start) - 1
        count = int(self.pairs.start[n])
        second = self.pairs.second_pf[:count]
        vectors, b, e = second[:, :3], second[:, 3], second[:, 4]
        # The product of the components first: the block is symmetric to the last bit.
        coupling = -e[:, None, None] * (vectors[:, :, None] * vectors[:, None, :])
        coupling -= b[:, None, None] * np.eye(3)
        own = self.diagonal()[:, [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(n, 3, 3)
        first = np.repeat(np.arange(n), np.diff(self.pairs.start))
        partner = self.pairs.partner[:count].astype(np.int64)
        rows = np.concatenate([np.arange(n), first, partner])
        columns = np.concatenate([np.arange(n), partner, first])
        order = np.lexsort((columns, rows))
        blocks = scipy.sparse.bsr_array(
            (
                np.concatenate([own, coupling, coupling])[order],
                columns[order],
                np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=n))]),
            ),
            shape=(3 * n, 3 * n),
        )
        # The transpose of a symmetric CSR array is the same matrix in CSC: no conversion.
        return scipy.sparse.csc_array(blocks.tocsr().T)
