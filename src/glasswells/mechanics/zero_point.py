r"""How the zero-point energy of a minimum follows strain.

With M the dynamical matrix, the sum of all frequencies is tr sqrt(M), and

.. math:: \frac{d}{de} \sum_k \omega_k = \frac{1}{2} \mathrm{tr}\Big(M^{-1/2} \frac{dM}{de}\Big),

from d tr f(M) = tr(f'(M) dM). In a sum over pairs the vector r of a pair changes by w = e r + v_j -
v_i, with v the non-affine displacements, and its block K = (D/r^2) r r^T + (v'/r), D = v'' - v'/r,
by

.. math:: dK = f_3 (r.w) r r^T + \frac{D}{r^2} (w r^T + r w^T + r.w), \qquad
          f_3 = \frac{v'''/r - 3 D/r^2}{r^2}.
"""

from __future__ import annotations

import numpy as np

from glasswells.core.errors import InputError
from glasswells.core.records import Array
from glasswells.mechanics.derivatives import strain_derivatives
from glasswells.mechanics.moduli import non_affine
from glasswells.model.frozen_pairs import PairDerivatives
from glasswells.model.strain import UNIT_STRAINS
from glasswells.modes.stiffness import Stiffness

ZERO = 1e-10
"""Eigenvalues below this fraction of the largest are those of the translations."""
CHUNK = 200
"""Pairs treated at once: some tens of megabytes for 1500 particles."""


def frequency_slopes(stiffness: Stiffness) -> Array:
    """d(sum of omega)/de (6,) of a minimum of a pair model, all particles relaxed.

    From the dense spectrum: 3N x 3N numbers, three times, and a minute of CPU for 1500 particles.

    Raises
    ------
    InputError
        For another energy than a sum over pairs, and where the configuration is no minimum.
    """
    interactions, positions = stiffness.interactions, stiffness.configuration.positions
    derivatives = interactions.derivatives(positions)
    if not isinstance(derivatives, PairDerivatives):
        raise InputError(
            f"{type(interactions).__name__} is no sum over pairs, expected one: the zero-point "
            f"part of a deformation potential is known for pair models only"
        )
    fields = non_affine(stiffness, strain_derivatives(interactions, positions).mixed)
    moves = np.array([-stiffness.displacement(field) for field in fields])
    roots = _quarter_roots(stiffness)
    frozen = derivatives.pairs
    count = int(frozen.start[-1])
    first = np.repeat(np.arange(stiffness.n_particles), np.diff(frozen.start))
    second = frozen.partner[:count].astype(np.int64)
    r, b = frozen.second_pf[:count, :3], frozen.second_pf[:count, 4]
    f_3 = (frozen.higher_pf[:count, 0] - 3 * b) / np.sum(r**2, axis=1)
    w = np.einsum("kab,pb->kpa", UNIT_STRAINS, r) + moves[:, second] - moves[:, first]
    along = np.einsum("pa,kpa->kp", r, w)
    total = np.zeros(6)
    for start in range(0, count, CHUNK):
        p = slice(start, start + CHUNK)
        # (M^-1/2)_ii + (M^-1/2)_jj - (M^-1/2)_ij - (M^-1/2)_ji.
        rows = roots[second[p]] - roots[first[p]]
        c = rows @ rows.transpose(0, 2, 1)
        pulled = np.einsum("pab,pb->pa", c, r[p])
        trace = f_3[p] * np.sum(pulled * r[p], axis=1) + b[p] * np.trace(c, axis1=1, axis2=2)
        total += along[:, p] @ trace + 2 * np.einsum("kpa,pa,p->k", w[:, p], pulled, b[p])
    return total / 2


def _quarter_roots(stiffness: Stiffness) -> Array:
    """R (N, 3, 3N) with R R^T = M^-1/2 between displacements, translations left out."""
    values, vectors = np.linalg.eigh(stiffness.matrix.toarray())
    zero = values < ZERO * values[-1]
    if np.count_nonzero(zero) != 3:
        raise InputError(
            f"the Hessian has {np.count_nonzero(zero)} eigenvalues that are not above 0, expected "
            f"the 3 of translations: zero-point energies are those of a minimum"
        )
    values[zero] = np.inf
    vectors *= values**-0.25
    roots = vectors.reshape(stiffness.n_particles, 3, -1)
    if stiffness.weights is not None:
        roots /= stiffness.weights[:, :, None]
    result: Array = roots
    return result
