r"""How the zero-point energy of a minimum follows strain.

With M the dynamical matrix, the sum of all frequencies is tr sqrt(M), and

.. math:: \frac{d}{de} \sum_k \omega_k = \frac{1}{2} \mathrm{tr}\Big(M^{-1/2} \frac{dM}{de}\Big),

from d tr f(M) = tr(f'(M) dM). M changes with strain by the affine displacements and by the
non-affine ones, which follow from the minimum alone as they do for elastic moduli.
"""

from __future__ import annotations

import numpy as np

from glasswells.core.errors import InputError
from glasswells.core.records import Array
from glasswells.mechanics.derivatives import strain_derivatives
from glasswells.mechanics.moduli import non_affine
from glasswells.model.strain import StrainedHessian
from glasswells.modes.stiffness import Stiffness

ZERO = 1e-10
"""Eigenvalues below this fraction of the largest are those of the translations."""
CHUNK = 200
"""Pairs treated at once: some tens of megabytes for 1500 particles."""


def frequency_slopes(stiffness: Stiffness) -> Array:
    """d(sum of omega)/de (6,) of a minimum, all particles relaxed.

    From the dense spectrum: (3N)^2 numbers, three times, and half a minute of CPU for 1500
    particles.

    Raises
    ------
    InputError
        For an energy that does not know how its Hessian changes with strain, and where the
        configuration is no minimum.
    """
    interactions = stiffness.interactions
    if not isinstance(interactions, StrainedHessian):
        raise InputError(
            f"{type(interactions).__name__} does not know how its Hessian changes with strain, "
            f"expected a pair model: leave out reduced_hbar for the classical part"
        )
    positions = stiffness.configuration.positions
    fields = non_affine(stiffness, strain_derivatives(interactions, positions).mixed)
    moves = np.array([-stiffness.displacement(field) for field in fields])
    change = interactions.strained_blocks(positions, moves)
    roots = _quarter_roots(stiffness)
    total = np.zeros(6)
    for start in range(0, len(change.first), CHUNK):
        p = slice(start, start + CHUNK)
        # Of M^-1/2: its blocks (i, i) and (j, j) less those at (i, j) and (j, i).
        apart = roots[change.second[p]] - roots[change.first[p]]
        blocks = apart @ apart.transpose(0, 2, 1)
        total += np.einsum("kpab,pab->k", change.blocks[:, p], blocks)
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
