r"""A chain of beads in imaginary time: its action, the beads that make it least, its determinant.

The paths x(t) from A to B at equal steps h of imaginary time have the action

.. math:: S = \sum_i \frac{|x_{i+1} - x_i|^2}{2h} + h \sum_i V(x_i)

(the ring polymer of Richardson & Althorpe, J. Chem. Phys. 134, 054109, 2011, cut open, because both
ends lie in minima). h S'' is block tridiagonal, 2 + h^2 V'' on the diagonal and -1 beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.interpolate import CubicSpline
from scipy.linalg import lu_factor, lu_solve

from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array

PLACES = 25
"""Of the path, where second derivatives are taken; a cubic spline gives those between."""
MOST_STEPS = 40
TOLERANCE = 1e-7
"""Largest last step of a bead, relative to the distance of A and B. The action's error is of second
order in it."""
NOISE = 1e-9
"""Of the action, by which a step may raise it: energies of thousands of particles are so noisy."""
SHORTEST = 2.0**-10
"""Of a step, the least fraction that is tried before it is damped."""
DAMPING = 1e-2
"""First shift of the eigenvalues of h S'' for a step that would not lower the action. The softest
of a chain are of this size."""
STIFFEST = 1e3
"""Largest shift, far above all eigenvalues: then a step follows the slope."""


class Landscape(Protocol):
    """A potential energy of f mass-weighted coordinates."""

    def energies(self, places: Array) -> tuple[Array, Array]:
        """V (K,) and its gradient (K, f) at places (K, f)."""
        ...

    def curvatures(self, places: Array) -> Array:
        """The second derivatives (K, f, f) there."""
        ...


class Tridiagonal:
    """The symmetric matrix with the blocks (n, f, f) on its diagonal and -1 beside it."""

    def __init__(self, blocks: Array) -> None:
        n, f, _ = blocks.shape
        self._inverses = np.empty_like(blocks)
        self.log_determinant = 0.0
        """ln of the absolute determinant."""
        before = np.zeros((f, f))
        for k in range(n):
            factors = lu_factor(blocks[k] - before)
            before = self._inverses[k] = lu_solve(factors, np.eye(f))
            self.log_determinant += float(np.log(np.abs(np.diag(factors[0]))).sum())

    def solve(self, right: Array) -> Array:
        """The solution (n, f) for a right-hand side (n, f)."""
        found = right.copy()
        for k in range(1, len(found)):
            found[k] += self._inverses[k - 1] @ found[k - 1]
        found[-1] = self._inverses[-1] @ found[-1]
        for k in range(len(found) - 2, -1, -1):
            found[k] = self._inverses[k] @ (found[k] + found[k + 1])
        return found

    def softest(self, start: Array) -> tuple[float, Array]:
        """The eigenvalue nearest to 0 and its unit vector (n, f), from a vector close to it."""
        vector, value = start / np.linalg.norm(start), 0.0
        for _ in range(4):
            solution = self.solve(vector)
            value = 1 / float(np.sum(vector * solution))
            vector = solution / np.linalg.norm(solution)
        return value, vector


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Kink:
    """The chain of least action from A to B, its shift in time aside."""

    beads: Array
    """(n + 2, f), the first A, the last B."""
    step: float
    """h."""
    action: float
    """S."""
    square: float
    """The sum of |x_{i+1} - x_i|^2/h: the integral of the squared speed, S where h is small."""
    log_determinant: float
    """ln of the determinant of h S'' without its eigenvalue nearest to 0, that of the shift."""
    outcome: Outcome


def relax_chain(landscape: Landscape, beads: Array, step: float) -> Kink:
    """The chain of least action near a first one, by Newton steps across its shift in time.

    Where the action curves down in another direction, too, as on a path with a shoulder, a Newton
    step leads uphill. Such a step is damped: eigenvalues are shifted up until it leads down.
    """
    x = beads.copy()
    size = float(np.linalg.norm(x[-1] - x[0]))
    action, slope = _action(landscape, x, step)
    outcome = Outcome.STEP_LIMIT
    for _ in range(MOST_STEPS):
        blocks = _blocks(landscape, x, step)
        matrix = Tridiagonal(blocks)
        value, shift = matrix.softest((x[2:] - x[:-2]) / 2)
        across = slope - shift * np.sum(shift * slope)
        move = _across(matrix, shift, across)
        here, length, damping = (action, slope), float(np.abs(move).max()), 0.0
        # Near the end noise decides the sign of what a step gains.
        goes_down = length <= TOLERANCE * size or float(np.sum(across * move)) < 0
        x, action, slope, fraction = (
            _descend(landscape, x, step, move, here) if goes_down else (x, *here, 0.0)
        )
        while fraction == 0 and length > TOLERANCE * size and damping < STIFFEST:
            damping = max(DAMPING, 10 * damping)
            damped = Tridiagonal(blocks + damping * np.eye(x.shape[1]))
            move = _across(damped, shift, across)
            x, action, slope, fraction = _descend(landscape, x, step, move, here)
        if length <= TOLERANCE * size or fraction == 0:
            outcome = Outcome.CONVERGED if length <= TOLERANCE * size else _stuck(action)
            break
    return Kink(
        beads=x,
        step=step,
        action=action,
        square=float(np.sum(np.diff(x, axis=0) ** 2)) / step,
        log_determinant=matrix.log_determinant - math.log(abs(value)),
        outcome=outcome,
    )


def _across(matrix: Tridiagonal, shift: Array, slope: Array) -> Array:
    """The step down a slope that is across the shift in time, across it as well."""
    move = -matrix.solve(slope)
    return move - shift * np.sum(shift * move)


def _stuck(action: float) -> Outcome:
    return Outcome.LINE_SEARCH_FAILED if math.isfinite(action) else Outcome.NOT_FINITE


def _descend(
    landscape: Landscape, x: Array, step: float, move: Array, here: tuple[float, Array]
) -> tuple[Array, float, Array, float]:
    """The chain after the largest fraction of a move that does not raise the action; 0 for none."""
    fraction = 1.0
    while fraction >= SHORTEST:
        trial = x.copy()
        trial[1:-1] += fraction * move
        action, slope = _action(landscape, trial, step)
        if action <= here[0] + NOISE * abs(here[0]):
            return trial, action, slope, fraction
        fraction /= 2
    return x, *here, 0.0


def _action(landscape: Landscape, x: Array, step: float) -> tuple[float, Array]:
    """S, and h times its gradient by the inner beads (n, f)."""
    energies, gradients = landscape.energies(x[1:-1])
    stretched = np.diff(x, axis=0)
    action = float(np.sum(stretched**2)) / (2 * step) + step * float(energies.sum())
    return action, -np.diff(stretched, axis=0) + step**2 * gradients


def _blocks(landscape: Landscape, x: Array, step: float) -> Array:
    """2 + h^2 V'' (n, f, f) at the inner beads."""
    s = np.concatenate([[0.0], np.linalg.norm(np.diff(x, axis=0), axis=1).cumsum()])
    wanted = np.linspace(0, s[-1], PLACES)
    places = np.stack([np.interp(wanted, s, column) for column in x.T], axis=1)
    blocks: Array = step**2 * CubicSpline(wanted, landscape.curvatures(places))(s[1:-1])
    blocks += 2 * np.eye(x.shape[1])
    return blocks
