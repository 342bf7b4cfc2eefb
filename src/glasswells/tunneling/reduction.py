r"""The two lowest states as two localized ones: asymmetry Delta and tunneling amplitude Delta_0.

Within the two lowest states the localized basis (L, R) is the one that diagonalizes the
projector on the side of A, left of the top of the barrier. There

.. math:: H = \begin{pmatrix} \bar E - \Delta/2 & -\Delta_0/2 \\ -\Delta_0/2 & \bar E + \Delta/2
          \end{pmatrix}, \qquad E^2 = \Delta^2 + \Delta_0^2 .

(W. A. Phillips, Rep. Prog. Phys. 50, 1657 (1987).)
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.tunneling.schroedinger import Solution

Array = NDArray[np.float64]


class TwoLevels(NamedTuple):
    """The reduction of the two lowest states."""

    asymmetry: float
    """Delta: energy of the state in well B minus that of the state in well A."""
    amplitude: float
    """Delta_0 >= 0."""
    is_one_sided: bool
    """Both states live in one well: neither quantity has a meaning, only their E has."""
    rotation: Array
    """(2, 2), columns L and R in the basis of the two lowest states."""

    @property
    def splitting(self) -> float:
        """E = sqrt(Delta^2 + Delta_0^2)."""
        return math.hypot(self.asymmetry, self.amplitude)


def two_levels(solution: Solution) -> TwoLevels:
    """Reduce the two lowest states to a two-level system.

    Delta_0 is not taken from the difference of two levels, which cannot resolve it below
    eps * ||H||, but from the wave functions at the top of the barrier, see `_amplitude`.
    """
    states = solution.states[:, :2]
    left = states.T @ (solution.left_weights[:, None] * states)
    weights, vectors = np.linalg.eigh(left)
    rotation = vectors[:, ::-1]
    gap = float(solution.levels[1] - solution.levels[0])
    # The lower state is (cos, sin) in the basis (L, R): H is diagonal in the lower and upper one.
    cosine = rotation[1, 1] ** 2 - rotation[1, 0] ** 2
    is_one_sided = not weights[0] < 0.5 < weights[1]
    if is_one_sided:
        amplitude = gap * 2 * abs(rotation[1, 0] * rotation[1, 1])
    else:
        amplitude = _amplitude(solution, rotation)
    return TwoLevels(float(gap * cosine), float(amplitude), is_one_sided, rotation)


def _amplitude(solution: Solution, rotation: Array) -> float:
    r"""Delta_0 from the current through the top of the barrier.

    With H L = E_L L + t R and H R = t L + E_R R, the integral of R H L - L H R over the left side
    is t (<R|R> - <L|L>) + (E_L - E_R) <L|R>, each overlap over that side; and H being local, it
    is a boundary term: Herring's formula (C. Herring, Rev. Mod. Phys. 34, 631 (1962)). Here it is
    written for the matrices of the discretization, for which it is an identity too: the boundary
    term is the coupling between functions left and right of the top. It holds products of two
    small tails, so the relative error of t is eps over the amplitude of a tail, about the square
    root of that of a difference of levels. Delta_0 = 2 |t|.
    """
    n = solution.n_left
    low, high = solution.levels[:2]
    mean, gap = (low + high) / 2, high - low
    localized = solution.vectors[:, :2] @ rotation
    half = gap * (rotation[1] ** 2 - rotation[0] ** 2) / 2
    energy_l, energy_r = mean + half
    l_left, l_right = localized[:n, 0], localized[n:, 0]
    r_left, r_right = localized[:n, 1], localized[n:, 1]
    coupling = solution.matrix[:n, n:] - energy_r * solution.mass[:n, n:]
    inside = solution.mass[:n, :n]
    current = r_left @ coupling @ l_right - l_left @ coupling @ r_right
    mass_l, mass_r = inside @ l_left, inside @ r_left
    across = solution.mass[:n, n:]
    overlap = r_left @ (mass_l + across @ l_right)
    weight = r_left @ (mass_r + across @ r_right) - l_left @ (mass_l + across @ l_right)
    return 2 * abs(float((current - (energy_l - energy_r) * overlap) / weight))
