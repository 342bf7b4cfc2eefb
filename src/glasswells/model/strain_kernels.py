"""Loops over pairs for derivatives by strain; notation of `kernels`, strains in Voigt's order."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from glasswells.core.compiler import kernel
from glasswells.model.kernels import pair_derivative_function, pair_vector
from glasswells.model.law import PairLaw


@kernel
def strain_vectors(x, y, z, out_kc):  # type: ignore[no-untyped-def]
    """Fill out_kc (6, 3) with e_k r, the change of a vector r under each unit strain."""
    out_kc[:] = 0.0
    out_kc[0, 0] = x
    out_kc[1, 1] = y
    out_kc[2, 2] = z
    out_kc[3, 1], out_kc[3, 2] = 0.5 * z, 0.5 * y
    out_kc[4, 0], out_kc[4, 2] = 0.5 * z, 0.5 * x
    out_kc[5, 0], out_kc[5, 1] = 0.5 * y, 0.5 * x


@cache
def strain_gradient_kernel(law: PairLaw) -> Any:
    """(r_nc, box_c, pairs, k, gradient_k): fills sum (v'/r) r_a r_b, the virial."""
    slope = law.slope

    @kernel
    def strain_gradient(r_nc, box_c, pairs, k, gradient_k):  # type: ignore[no-untyped-def]
        gradient_k[:] = 0.0
        for i in range(r_nc.shape[0]):
            for p in range(pairs.start[i], pairs.start[i + 1]):
                x, y, z, r2 = pair_vector(r_nc, box_c, i, pairs.partner[p])
                x2 = r2 * pairs.inverse_range2[p]
                if x2 >= k.cutoff2:
                    continue
                _, u_1 = slope(x2, 1.0 / x2, k)
                b = pairs.strength[p] * pairs.inverse_range2[p] * u_1
                gradient_k[0] += b * x * x
                gradient_k[1] += b * y * y
                gradient_k[2] += b * z * z
                gradient_k[3] += b * y * z
                gradient_k[4] += b * x * z
                gradient_k[5] += b * x * y

    return strain_gradient


@cache
def strain_derivatives_kernel(law: PairLaw) -> Any:
    """(r_nc, box_c, pairs, k, gradient_k, curvature_kl, mixed_knc) of one pair law.

    The vector of a pair changes by w_k = e_k r; with the block K = D n n + (v'/r) of the pair the
    contributions are (v'/r) r.w_k, w_k.K w_l, and K w_k to the gradient of particle j.
    """
    pair_derivatives = pair_derivative_function(law)

    @kernel
    def strain_derivatives(  # type: ignore[no-untyped-def]
        r_nc, box_c, pairs, k, gradient_k, curvature_kl, mixed_knc
    ):
        gradient_k[:] = 0.0
        curvature_kl[:] = 0.0
        mixed_knc[:] = 0.0
        w_kc, force_kc = np.empty((6, 3)), np.empty((6, 3))
        vector = np.empty(3)
        for i in range(r_nc.shape[0]):
            for p in range(pairs.start[i], pairs.start[i + 1]):
                j = pairs.partner[p]
                vector[0], vector[1], vector[2], r2 = pair_vector(r_nc, box_c, i, j)
                if r2 * pairs.inverse_range2[p] >= k.cutoff2:
                    continue
                b, v2, _, _ = pair_derivatives(r2, pairs, p, k)
                d = (v2 - b) / r2
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

    return strain_derivatives
