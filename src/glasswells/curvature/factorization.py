"""The Hessian minus a shift, factorized: solutions, and how many eigenvalues lie below."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.linalg

from glasswells.core.errors import InputError
from glasswells.core.records import Array

BACKWARD_ERROR = 1e-11
"""Largest relative backward error of a factorization whose inertia is believed: 1e-15 is usual,
and shifts keep a hundred times this distance from eigenvalues."""


class Factorization:
    """L D L^T of M - shift, for a shift that is no eigenvalue.

    Raises
    ------
    InputError
        If the shift is an eigenvalue to all digits.
    """

    def __init__(self, matrix: scipy.sparse.csc_array, scale: float, shift: float) -> None:
        self._matrix = scipy.sparse.csc_array(
            matrix - shift * scipy.sparse.eye_array(matrix.shape[0], format="csc")
        )
        self._scale = scale
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
