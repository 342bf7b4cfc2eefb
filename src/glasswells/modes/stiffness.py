"""The mass-weighted Hessian of one configuration: products, solutions M z = b, inertia counts.

A product in the block form takes about a hundredth of the time of a triangular solve, so that
iterations on M itself beat shift-invert ones (see `spectrum`, `largest_overlap`).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.linalg

from glasswells.core.errors import InputError
from glasswells.core.geometry import remove_drift
from glasswells.core.masses import mass_weights
from glasswells.core.records import Array, Configuration
from glasswells.model.functions import checked_interactions
from glasswells.model.pair_model import Interactions, Model
from glasswells.modes.kernels import HalfBlocks, conjugate_gradients, hessian_times

TRANSLATION_TOLERANCE = 1e-6
"""Largest allowed |M t| of a uniform field t, relative to the largest entry of M: rounding gives
1e-15, a finite-difference Hessian 1e-8; anything above is no isolated system."""
BACKWARD_ERROR = 1e-11
"""Largest relative backward error of a factorization whose inertia is believed: 1e-15 is usual,
and shifts keep a hundred times this distance from eigenvalues."""


class Stiffness:
    """The dynamical matrix M_ij / sqrt(m_i m_j) of a configuration, for products and solutions.

    It acts on mass-weighted fields, z_i = sqrt(m_i) u_i for a displacement u. Make it once per
    configuration and pass it to every function of this room that takes one.

    Raises
    ------
    InputError
        If the model cannot describe the configuration, or uniform translations cost energy.
    """

    def __init__(self, model: Model, configuration: Configuration) -> None:
        self.model = model
        self.configuration = configuration
        self.interactions: Interactions = checked_interactions(model, configuration)
        self.weights = mass_weights(configuration)
        matrix = scipy.sparse.csc_array(self.interactions.hessian(configuration.positions))
        self.matrix = matrix if self.weights is None else _weighted(matrix, self.weights)
        self.blocks = half_blocks(self.matrix)
        self.scale = float(np.abs(self.blocks.diagonal).max())
        self._inverse_diagonal: Array | None = None
        self._check_translations()

    @property
    def n_particles(self) -> int:
        """N."""
        return self.configuration.n_particles

    def translations(self) -> Array:
        """The three uniform translations (3, N, 3), of unit norm."""
        weights = np.ones((self.n_particles, 1)) if self.weights is None else self.weights
        fields: Array = np.eye(3)[:, None, :] * weights / np.sqrt(np.sum(weights**2))
        return fields

    def without_drift(self, field: Array) -> Array:
        """The field (N, 3) without its translation."""
        if self.weights is None:
            return remove_drift(field)
        w = self.weights
        rest: Array = field - w * (w * field).sum(axis=0) / np.sum(w**2)
        return rest

    def weighted(self, displacement: Array) -> Array:
        """The field sqrt(m_i) u_i (N, 3) of a displacement."""
        return displacement if self.weights is None else self.weights * displacement

    def displacement(self, field: Array) -> Array:
        """The displacement (N, 3) behind a field."""
        return field if self.weights is None else field / self.weights

    def product(self, field: Array) -> Array:
        """M:z (N, 3)."""
        out = np.empty((self.n_particles, 3))
        hessian_times(self.blocks, np.ascontiguousarray(field).reshape(-1, 3), out)
        return out

    def solve(
        self, rhs: Array, guess: Array | None = None, tolerance: float = 1e-12
    ) -> Array | None:
        """The drift-free z (N, 3) with M z = rhs, for a rhs without drift.

        By conjugate gradients, to a residual of tolerance |rhs|; about as long as a triangular
        solve takes, without the factorization. None if M has a negative direction, or if they do
        not converge.
        """
        if self._inverse_diagonal is None:
            self._inverse_diagonal = _inverse_diagonal(self.blocks)
        z = np.zeros_like(rhs) if guess is None else guess.copy()
        limit = 20 * rhs.size
        work = np.empty((4, *rhs.shape))
        iterations = conjugate_gradients(
            self.blocks, self._inverse_diagonal, rhs, z, work, tolerance, limit
        )
        return self.without_drift(z) if iterations >= 0 else None

    def _check_translations(self) -> None:
        for uniform in self.translations():
            resistance = float(np.abs(self.product(uniform / np.abs(uniform).max())).max())
            if not resistance <= TRANSLATION_TOLERANCE * self.scale:
                raise InputError(
                    f"a uniform translation meets a force of {resistance:g} per length, expected "
                    f"none: modes need an energy that depends on relative positions only"
                )


class Factorization:
    """L D L^T of M - shift, for a shift that is no eigenvalue.

    Raises
    ------
    InputError
        If the shift is an eigenvalue to all digits.
    """

    def __init__(self, stiffness: Stiffness, shift: float) -> None:
        matrix = stiffness.matrix
        self._matrix = scipy.sparse.csc_array(
            matrix - shift * scipy.sparse.eye_array(matrix.shape[0], format="csc")
        )
        self._scale = stiffness.scale
        try:
            self._factor: Any = scipy.sparse.linalg.splu(
                self._matrix,
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )
        except RuntimeError:
            raise InputError(
                f"the shift {shift!r} is an eigenvalue of the Hessian, expected another number: "
                f"move it by a little"
            ) from None

    def solve(self, rhs: Array) -> Array:
        """The field z (N, 3) with (M - shift) z = rhs."""
        solution: Array = self._factor.solve(rhs.ravel())
        return solution.reshape(-1, 3)

    @property
    def pivots(self) -> Array:
        """The diagonal D (3N,): its product is the determinant, its signs the inertia."""
        diagonal: Array = self._factor.U.diagonal()
        return diagonal

    def negative_count(self) -> int | None:
        """How many eigenvalues of M lie below the shift (Sylvester's law of inertia).

        None if the elimination, which pivots on the diagonal only, was not stable enough.
        """
        if not np.array_equal(self._factor.perm_r, self._factor.perm_c):
            return None
        rhs = np.random.default_rng(0).standard_normal(self._matrix.shape[0])
        solution = self._factor.solve(rhs)
        error = float(np.linalg.norm(self._matrix @ solution - rhs))
        if not error <= BACKWARD_ERROR * self._scale * float(np.linalg.norm(solution)):
            return None
        return int(np.count_nonzero(self.pivots < 0))


def _weighted(matrix: scipy.sparse.csc_array, weights: Array) -> scipy.sparse.csc_array:
    """M_ij / sqrt(m_i m_j) in the pattern of M."""
    inverse = np.repeat(1.0 / weights[:, 0], 3)
    columns = np.repeat(inverse, np.diff(matrix.indptr))
    result = matrix.copy()
    result.data = matrix.data * inverse[matrix.indices] * columns
    return result


def half_blocks(matrix: Any) -> HalfBlocks:
    """The blocks on and above the diagonal of a sparse symmetric (3N, 3N) matrix."""
    # The transpose of a symmetric CSC array is the same matrix in CSR: no conversion.
    blocks = scipy.sparse.bsr_array(matrix.T.tobsr(blocksize=(3, 3)))
    blocks.sort_indices()
    n = matrix.shape[0] // 3
    rows = np.repeat(np.arange(n), np.diff(blocks.indptr))
    columns = blocks.indices
    diagonal = np.zeros((n, 6))
    on = rows == columns
    diagonal[rows[on]] = blocks.data[on][:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]]
    above = (columns > rows) & blocks.data.any(axis=(1, 2))
    return HalfBlocks(
        diagonal=diagonal,
        upper=np.ascontiguousarray(blocks.data[above].reshape(-1, 9)),
        partner=columns[above].astype(np.uint32),
        start=np.concatenate([[0], np.cumsum(np.bincount(rows[above], minlength=n))]).astype(
            np.int64
        ),
    )


def _inverse_diagonal(blocks: HalfBlocks) -> Array:
    """Inverses of the diagonal blocks (N, 6); unity for blocks that are not positive."""
    full = blocks.diagonal[:, [0, 1, 2, 1, 3, 4, 2, 4, 5]].reshape(-1, 3, 3)
    values, vectors = np.linalg.eigh(full)
    values = np.where(values > 0, values, 1.0)
    inverse: Array = np.einsum("nab,nb,ncb->nac", vectors, 1.0 / values, vectors)
    return np.ascontiguousarray(inverse[:, [0, 0, 0, 1, 1, 2], [0, 1, 2, 1, 2, 2]])


def as_stiffness(
    model: Model, configuration: Configuration, stiffness: Stiffness | None
) -> Stiffness:
    """The stiffness passed, if it belongs to this configuration and model; else a new one."""
    if stiffness is None:
        return Stiffness(model, configuration)
    if stiffness.configuration is not configuration or stiffness.model != model:
        raise InputError(
            "the stiffness belongs to another configuration or model, expected that of the ones "
            "passed beside it: make it with Stiffness(model, configuration)"
        )
    return stiffness
