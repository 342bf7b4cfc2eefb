"""The spectral measure of a field under the Hessian, by Lanczos: nodes, weights and bounds."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.core.errors import ConvergenceError
from glasswells.core.records import Array
from glasswells.curvature.blocks import Blocks
from glasswells.curvature.measure_kernels import gauss_quadrature, lanczos_steps

INVARIANT = 1e-13
"""A Lanczos vector shorter than this, relative to the largest entry of M, is rounding noise."""
QL_SWEEPS = 60
"""QL needs about two sweeps per eigenvalue."""
SAME_LEVEL = 1e-9
"""Eigenvalues closer than this times the largest entry of M are one degenerate level: double
precision does not define their eigenvectors to better than 1e-6 each, only their span."""
RESOLVED = 1e-10
"""Ritz residual, in the same unit, below which a node is an eigenvalue (level) of M."""


class Quadrature(NamedTuple):
    """Gauss quadrature of a spectral measure: nodes ascending."""

    nodes: Array
    """(m,), Ritz values."""
    weights: Array
    """(m,), squared components of the field along the Ritz vectors; they sum to 1."""
    residuals: Array
    """(m,), |M y - theta y| of the Ritz vectors y."""


class Levels(NamedTuple):
    """Nodes of a quadrature, merged where closer than `SAME_LEVEL`; ascending."""

    nodes: Array
    weights: Array
    resolved: NDArray[np.bool_]
    """Whether an eigenvalue of M is known to lie here, and the weight to be its mode's c^2."""


class SpectralMeasure:
    """mu = sum_alpha c_alpha^2 delta(lambda - lambda_alpha) of one field, step by step.

    The Lanczos recurrence without reorthogonalization. In finite precision its tridiagonal
    matrix is that of an exact recurrence for a measure in which each eigenvalue is replaced by a
    tight cluster that carries the same weight (Greenbaum, Linear Algebra Appl. 113, 7, 1989):
    copies of an eigenvalue that appear are parts of its cluster, and merged.

    Parameters
    ----------
    blocks
        M.
    scale
        Its largest entry.
    field
        (N, 3).
    """

    def __init__(self, blocks: Blocks, scale: float, field: Array) -> None:
        self._blocks, self._scale = blocks, scale
        self._current = field / np.linalg.norm(field)
        self._before = np.zeros_like(self._current)
        self._work = np.empty_like(self._current)
        self._alpha = np.empty(0)
        self._beta = np.empty(0)
        self.steps = 0
        self.is_invariant = False

    def extend(self, steps: int) -> None:
        """Go on to `steps` steps in all, or to the end of the Krylov space."""
        if self.is_invariant or steps <= self.steps:
            return
        more = steps - len(self._alpha)
        self._alpha = np.concatenate([self._alpha, np.zeros(more)])
        self._beta = np.concatenate([self._beta, np.zeros(more)])
        tiny = INVARIANT * self._scale
        self.steps = lanczos_steps(
            self._blocks,
            self._current,
            self._before,
            self._work,
            self._alpha,
            self._beta,
            self.steps,
            steps,
            tiny,
        )
        self.is_invariant = bool(self._beta[self.steps - 1] <= tiny)

    def quadrature(self) -> Quadrature:
        """The Gauss quadrature of the steps done so far."""
        m = self.steps
        nodes, off_diagonal = self._alpha[:m].copy(), self._beta[:m].copy()
        first, last = np.empty(m), np.empty(m)
        if not gauss_quadrature(nodes, off_diagonal, first, last, QL_SWEEPS):
            raise ConvergenceError(f"QL found no eigenvalues of a {m} x {m} tridiagonal matrix")
        order = np.argsort(nodes, kind="stable")
        beta = 0.0 if self.is_invariant else float(self._beta[m - 1])
        return Quadrature(nodes[order], first[order] ** 2, beta * np.abs(last[order]))

    def levels(self) -> Levels:
        """The nodes as levels, with those marked that are eigenvalues of M."""
        nodes, weights, residuals = self.quadrature()
        scale = self._scale
        group = np.concatenate([[0], np.cumsum(np.diff(nodes) > SAME_LEVEL * scale)])
        size = int(group[-1]) + 1
        total: Array = np.bincount(group, weights, size).astype(np.float64)
        smallest = np.full(size, np.inf)
        np.minimum.at(smallest, group, residuals)
        # The node of least residual stands for its level.
        leader = np.lexsort((residuals, group))[np.searchsorted(np.sort(group), np.arange(size))]
        return Levels(nodes[leader], total, smallest <= RESOLVED * scale)


def with_level(levels: Levels, eigenvalue: float, weight: float) -> Levels:
    """The same with one more resolved level: an eigenvalue of M whose weight is known otherwise.

    What the nearest unresolved node and its two neighbors have beyond this weight is left to one
    node in their place. An interval that ends there stands for the one that ends at the farthest
    of the three: it contains the eigenvalue, so that `bound_of_others` still holds.
    """
    unresolved = np.flatnonzero(~levels.resolved)
    if len(unresolved) == 0:
        return levels
    nearest = int(np.argmin(np.abs(levels.nodes[unresolved] - eigenvalue)))
    three = unresolved[max(nearest - 1, 0) : nearest + 2]
    left = max(float(levels.weights[three].sum()) - weight, 0.0)
    nodes = np.concatenate(
        [np.delete(levels.nodes, three), [levels.nodes[unresolved[nearest]], eigenvalue]]
    )
    weights = np.concatenate([np.delete(levels.weights, three), [left, weight]])
    resolved = np.concatenate([np.delete(levels.resolved, three), [False, True]])
    order = np.argsort(nodes, kind="stable")
    return Levels(nodes[order], weights[order], resolved[order])


def bound_of_others(levels: Levels) -> float:
    """Upper bound of the weight of any single mode that is not one of the resolved levels.

    By the separation theorem of Chebyshev, Markov and Stieltjes (Szego, Orthogonal Polynomials,
    3.41) the measure of the closed interval between two nodes is at most the sum of the weights
    in it. Taken from one unresolved node to the next, where every resolved level between keeps
    its own weight, this leaves the two end weights for all other modes together. It holds for
    intervals, so that no mode can hide at a point; and an eigenvalue within rounding of an
    unresolved node is bounded by that node's weight alone.
    """
    unresolved = np.concatenate([[0.0], levels.weights[~levels.resolved], [0.0]])
    return float((unresolved[1:] + unresolved[:-1]).max())
