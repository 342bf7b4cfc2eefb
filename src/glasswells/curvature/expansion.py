"""`expand`: the energy around one place, with its translations and masses."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import scipy.sparse

from glasswells.core.records import Array
from glasswells.curvature.blocks import Blocks, blocks_of, blocks_of_matrix, diagonal_of, times
from glasswells.curvature.conjugate_gradients import advance, begin, finish, residual_norm
from glasswells.curvature.dissection import Dissection, dissect
from glasswells.curvature.drift import subtract_mean, subtract_translation
from glasswells.curvature.factorization import Factorization
from glasswells.curvature.operator import Operator
from glasswells.curvature.scaled_blocks import ScaledBlocks, scaled_blocks
from glasswells.curvature.spectral_measure import SpectralMeasure
from glasswells.model.frozen_pairs import PairDerivatives
from glasswells.model.mass_weighted import weights_of
from glasswells.model.pair_model import Interactions

MOST_PRODUCTS = 20
"""Products per coordinate that a solution may take; near a minimum a few hundred in all do."""
TIGHTER = 0.3
"""By how much the preconditioned residual aims below what the plain one still lacks."""


class Expansion(Operator):
    """M, U and T of an energy at one place, and what follows from M.

    Fields z are (N, 3). With the interactions of `MassWeighted` they are mass-weighted, z_i =
    w_i u_i for a displacement u, and M is M_ij / (w_i w_j): the dynamical matrix for w_i =
    sqrt(m_i). Products of sums over pairs are exact and cheap; those of other energies are asked
    of them one by one, until something needs the matrix, which serves from then on.

    Parameters
    ----------
    interactions
        The energy.
    positions
        (N, 3), the place; of Q = w r if they are mass-weighted.
    translations
        Whether a common translation leaves the energy unchanged: it is then kept out of solutions
        and eigenvectors.

    Attributes
    ----------
    places
        (N, 3), where the particles are in space: factorizations are fastest where particles that
        interact are close to each other there. By default the positions.
    """

    def __init__(
        self, interactions: Interactions, positions: Array, *, translations: bool = True
    ) -> None:
        self.derivatives = interactions.derivatives(positions)
        self.weights = weights_of(interactions)
        self.size = positions.size
        self.places = positions
        self._has_translations = translations
        self._blocks: Blocks | None = None
        if isinstance(self.derivatives, PairDerivatives):
            self._blocks = blocks_of(self.derivatives)

    @property
    def n_particles(self) -> int:
        """N."""
        return self.size // 3

    @cached_property
    def matrix(self) -> scipy.sparse.csc_array:
        """M (3N, 3N)."""
        return scipy.sparse.csc_array(self.derivatives.matrix())

    @property
    def blocks(self) -> Blocks:
        """M as blocks, for compiled loops."""
        if self._blocks is None:
            self._blocks = blocks_of_matrix(self.matrix)
        return self._blocks

    @cached_property
    def scale(self) -> float:
        """The largest entry of the particles' own blocks of M, which no entry exceeds."""
        return float(np.abs(diagonal_of(self.blocks)).max())

    def product(self, field: Array) -> Array:
        """M:z, in the shape of the field: (N, 3) or (3N,)."""
        z = np.ascontiguousarray(field).reshape(-1, 3)
        if self._blocks is None:
            return self.derivatives.product(z).reshape(field.shape)
        out = np.empty_like(z)
        times(self._blocks, z, out)
        return out.reshape(field.shape)

    def third(self, field: Array) -> tuple[Array, float]:
        """U:zz (N, 3) and U:zzz."""
        return self.derivatives.third(field)

    def fourth(self, field: Array) -> tuple[Array, float]:
        """T:zzz (N, 3) and T:zzzz."""
        return self.derivatives.fourth(field)

    def translations(self) -> Array:
        """The three uniform translations (3, N, 3), of unit norm."""
        weights = np.ones((self.n_particles, 1)) if self.weights is None else self.weights
        fields: Array = np.eye(3)[:, None, :] * weights / np.sqrt(np.sum(weights**2))
        return fields

    def project(self, field: Array) -> Array:
        """Remove the translation of a field (3N,) or (N, 3) in place, if it is a symmetry."""
        if self._has_translations and self.weights is None:
            subtract_mean(field.reshape(-1, 3))
        elif self._has_translations and self.weights is not None:
            subtract_translation(field.reshape(-1, 3), self.weights)
        return field

    def without_drift(self, field: Array) -> Array:
        """The field (N, 3) without its translation."""
        return self.project(np.array(field, order="C"))

    def weighted(self, displacement: Array) -> Array:
        """The field w_i u_i (N, 3) of a displacement."""
        return displacement if self.weights is None else self.weights * displacement

    def displacement(self, field: Array) -> Array:
        """The displacement (N, 3) behind a field."""
        return field if self.weights is None else field / self.weights

    def solve(
        self, rhs: Array, guess: Array | None = None, tolerance: float = 1e-12
    ) -> Array | None:
        """The drift-free z (N, 3) with M z = rhs, for a rhs without drift, where M is positive.

        By conjugate gradients, to a residual of tolerance |rhs|; about as long as a triangular
        solve takes, without the factorization. None if M has a negative direction, or if they do
        not converge. `minres` solves for any M, with more products.
        """
        target = tolerance * float(np.linalg.norm(rhs))
        scaled, found = self._scaled, np.zeros_like(rhs)
        rest = rhs if guess is None else rhs - self.product(guess)
        square = begin(scaled, np.ascontiguousarray(rest).ravel())
        products, left = MOST_PRODUCTS * rhs.size, residual_norm(scaled)
        while left > target:
            goal = square * (TIGHTER * target / left) ** 2
            spent, square = advance(scaled, square, goal, products)
            products -= spent
            if spent <= 0 or products <= 0:
                return None
            left = residual_norm(scaled)
        finish(scaled, found.reshape(-1))
        return found if guess is None else self.project(found + guess)

    @cached_property
    def _scaled(self) -> ScaledBlocks:
        weights = self.weights if self._has_translations else np.zeros((self.n_particles, 1))
        return scaled_blocks(self.blocks, weights)

    def below(self, shift: float) -> Factorization:
        """The factorization of M - shift, which counts the eigenvalues below the shift.

        Raises
        ------
        InputError
            If the shift is an eigenvalue to all digits.
        """
        return Factorization(self.matrix, self.scale, shift, self._dissection)

    @cached_property
    def _dissection(self) -> Dissection:
        return dissect(self.matrix, self.places)

    def measure(self, field: Array) -> SpectralMeasure:
        """The spectral measure of a field (N, 3)."""
        return SpectralMeasure(self.blocks, self.scale, field)


def expand(interactions: Interactions, positions: Array, *, translations: bool = True) -> Expansion:
    """The energy around one place (paper, eq. 2); see `Expansion`.

    All that needs a Hessian asks here, once per place.
    """
    return Expansion(interactions, positions, translations=translations)
