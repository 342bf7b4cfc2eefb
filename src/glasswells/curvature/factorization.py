"""The Hessian minus a shift, factorized: solutions, and how many eigenvalues lie below.

Multifrontal elimination (Duff & Reid, ACM Trans. Math. Softw. 9, 302, 1983): the particles of a
`Front` are eliminated from a dense matrix, which holds their rows and what earlier fronts have
left, and leave a matrix of their neighbors. Nearly all of these matrices are positive definite, as
particles between fixed neighbors are stiff, and Cholesky's factorization serves. One that is not
is halved, down to blocks that are small enough to be diagonalized: their eigenvalues are pivots.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.linalg.blas import dsyrk, dtrsm, dtrsv
from scipy.linalg.lapack import dpotrf

from glasswells.core.errors import InputError
from glasswells.core.one_thread import one_thread
from glasswells.core.records import Array
from glasswells.curvature.dissection import Dissection
from glasswells.curvature.front_kernels import add_columns, add_remainder

BACKWARD_ERROR = 1e-11
"""Largest relative backward error of a factorization whose inertia is believed: 1e-15 is usual,
and shifts keep a hundred times this distance from eigenvalues."""
SMALL = 48
"""Rows of a matrix that is diagonalized if it is not positive definite."""


class _Piece(NamedTuple):
    """Rows that were eliminated together, own = factor pivots factor^T."""

    begin: int
    end: int
    rest: NDArray[np.intp]
    """(m,), later rows that are joined to them."""
    factor: Array
    """(s, s): Cholesky's, lower, where the pivots are 1; else eigenvectors."""
    below: Array
    """(m, s): (later rows) factor^-T."""
    pivots: Array | None
    """(s,), eigenvalues; None if all are 1."""

    @property
    def diagonal(self) -> Array:
        """(s,): its product is the determinant, its signs the inertia."""
        squares: Array = np.diagonal(self.factor) ** 2
        return squares if self.pivots is None else self.pivots


class Factorization:
    """L D L^T of M - shift, for a shift that is no eigenvalue.

    Parameters
    ----------
    matrix
        M (3N, 3N).
    scale
        Its largest entry.
    shift
        The shift.
    dissection
        In which order the particles are eliminated.

    Raises
    ------
    InputError
        If the shift is an eigenvalue to all digits.
    """

    def __init__(
        self, matrix: scipy.sparse.csc_array, scale: float, shift: float, dissection: Dissection
    ) -> None:
        self._matrix, self._scale, self._shift = matrix, scale, shift
        self._order = _rows(dissection.order)
        try:
            with one_thread():
                self._pieces = _eliminated(matrix, shift, dissection)
        except ZeroDivisionError:
            raise InputError(
                f"the shift {float(shift)!r} is an eigenvalue of the Hessian, expected another "
                f"number: move it by a little"
            ) from None

    def solve(self, rhs: Array) -> Array:
        """The field z (N, 3) with (M - shift) z = rhs."""
        z = rhs.ravel()[self._order]
        with one_thread():
            self._substitute(z)
        solution = np.empty_like(z)
        solution[self._order] = z
        return solution.reshape(-1, 3)

    def _substitute(self, z: Array) -> None:
        """Solve in place, in the order of elimination."""
        for piece in self._pieces:
            own = z[piece.begin : piece.end]
            if piece.pivots is None:
                own[:] = dtrsv(piece.factor, own, lower=1)
            else:
                own[:] = (piece.factor.T @ own) / piece.pivots
            z[piece.rest] -= piece.below @ own
        for piece in reversed(self._pieces):
            own = z[piece.begin : piece.end]
            later = z[piece.rest] @ piece.below
            if piece.pivots is None:
                own[:] = dtrsv(piece.factor, own - later, lower=1, trans=1)
            else:
                own[:] = piece.factor @ (own - later / piece.pivots)

    @property
    def pivots(self) -> Array:
        """The diagonal D (3N,): its product is the determinant, its signs the inertia."""
        return np.concatenate([piece.diagonal for piece in self._pieces])

    def negative_count(self) -> int | None:
        """How many eigenvalues of M lie below the shift (Sylvester's law of inertia).

        None if the elimination, which does not look for pivots in other fronts, was not stable
        enough.
        """
        rhs = np.random.default_rng(0).standard_normal(len(self._order))
        solution = self.solve(rhs).ravel()
        error = float(np.linalg.norm(self._matrix @ solution - self._shift * solution - rhs))
        size = self._scale + abs(self._shift)
        if not error <= BACKWARD_ERROR * size * float(np.linalg.norm(solution)):
            return None
        return int(np.count_nonzero(self.pivots < 0))


def _rows(particles: NDArray[np.intp]) -> NDArray[np.intp]:
    """The rows of particles, three of each."""
    rows: NDArray[np.intp] = (3 * particles[:, None] + np.arange(3)).ravel()
    return rows


def _eliminated(
    matrix: scipy.sparse.csc_array, shift: float, dissection: Dissection
) -> list[_Piece]:
    """The pieces of all fronts, in the order of elimination."""
    order = _rows(dissection.order)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    local, pieces = np.full(len(order), -1), list[_Piece]()
    left: dict[int, Array] = {}
    for number, front in enumerate(dissection.fronts):
        rest = _rows(front.rest)
        begin, end = 3 * front.begin, 3 * front.end
        size, m = end - begin, len(rest)
        own, below, remainder = (np.zeros(n, order="F") for n in ((size, size), (m, size), (m, m)))
        columns = order[begin:end]
        local[columns] = np.arange(size)
        local[order[rest]] = size + np.arange(m)
        add_columns(matrix.indptr, matrix.indices, matrix.data, columns, local, shift, own, below)
        for part in front.parts:
            where = local[order[_rows(dissection.fronts[part].rest)]]
            add_remainder(left.pop(part), where, own, below, remainder)
        local[columns] = -1
        first = len(pieces)
        _factorize(own, below, begin, rest, pieces)
        left[number] = _remainder(remainder, pieces[first:])
    return pieces


def _factorize(
    own: Array, below: Array, begin: int, rest: NDArray[np.intp], pieces: list[_Piece]
) -> None:
    """Append the pieces of rows from `begin` on; of `own` the lower part is read.

    Raises
    ------
    ZeroDivisionError
        If a pivot is zero.
    """
    size = len(own)
    end, half = begin + size, size // 2
    factor, failure = dpotrf(own, lower=1)
    if failure == 0:
        if len(rest):
            below = dtrsm(1.0, factor, below, side=1, lower=1, trans_a=1, overwrite_b=1)
        pieces.append(_Piece(begin, end, rest, factor, below, None))
        return
    if size <= SMALL:
        pivots, vectors = np.linalg.eigh(own)
        if not pivots.all():
            raise ZeroDivisionError
        pieces.append(_Piece(begin, end, rest, vectors, below @ vectors, pivots))
        return
    first, beyond = len(pieces), np.concatenate([np.arange(begin + half, end), rest])
    joined = np.concatenate([own[half:], below])
    _factorize(
        np.asfortranarray(own[:half, :half]),
        np.asfortranarray(joined[:, :half]),
        begin,
        beyond,
        pieces,
    )
    x, over_pivots = _joined(pieces[first:], len(beyond))
    changed = joined[:, half:] - over_pivots @ x[: size - half].T
    own, below = (np.asfortranarray(c) for c in (changed[: size - half], changed[size - half :]))
    _factorize(own, below, begin + half, rest, pieces)


def _joined(pieces: list[_Piece], rows: int) -> tuple[Array, Array]:
    """The last rows of L in the columns of some pieces, as they are and over the pivots."""
    columns = [piece.below[len(piece.below) - rows :] for piece in pieces]
    over = [
        x if piece.pivots is None else x / piece.pivots
        for x, piece in zip(columns, pieces, strict=True)
    ]
    return np.concatenate(columns, axis=1), np.concatenate(over, axis=1)


def _remainder(remainder: Array, pieces: list[_Piece]) -> Array:
    """What the elimination of the pieces of a front leaves of the lower part of later rows."""
    if len(remainder) == 0:
        return remainder
    if len(pieces) == 1 and pieces[0].pivots is None:
        found: Array = dsyrk(-1.0, pieces[0].below, beta=1.0, c=remainder, lower=1, overwrite_c=1)
        return found
    x, over_pivots = _joined(pieces, len(remainder))
    return np.asfortranarray(remainder - over_pivots @ x.T)
