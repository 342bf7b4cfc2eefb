"""Where the wave functions live: the box and its elements, from semiclassical estimates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import cumulative_trapezoid

from glasswells.core.checks import count, positive
from glasswells.core.errors import InputError
from glasswells.tunneling.continuation import Potential, Tail

Array = NDArray[np.float64]

N_LEVELS = 4
"""Levels that are solved for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolution:
    """Settings of the two discretizations: how far the box reaches, how fine the elements are.

    Positions are measured in units of the local action, integral of |p| ds / hb, with p the
    momentum at the energy of level 4, real or imaginary: one unit is a change of the wave
    function by a factor e, or a sixth of a wavelength.

    Raises
    ------
    InputError
        For settings that are not above 0, or degrees below 2.
    """

    decay: float = 14.0
    """Action from the turning point of level 4 to the edge of the box: its density has fallen
    to exp(-28) there, those of the two lowest levels much further."""
    modal_degree: int = 20
    """Polynomial degree of the long elements that give the result."""
    modal_action: float = 10.0
    """Action in one of them."""
    check_decay: float = 17.0
    """As `decay`, for the check: its larger box measures the error of the smaller one."""
    nodal_degree: int = 16
    """Polynomial degree of the shorter elements of the check."""
    nodal_action: float = 7.0
    """Action in one of them."""
    samples: int = 129
    """Points of V on the path and on each tail for the semiclassical estimates."""
    max_unknowns: int = 3000
    """Refuse to diagonalize larger matrices: the wells are too deep, or hb too small."""

    def __post_init__(self) -> None:
        for name in ("decay", "check_decay", "modal_action", "nodal_action"):
            positive(name, getattr(self, name))
        for name in ("modal_degree", "nodal_degree"):
            count(name, getattr(self, name), minimum=2)
        count("samples", self.samples, minimum=9)
        count("max_unknowns", self.max_unknowns, minimum=N_LEVELS)


class Survey(NamedTuple):
    """V on a coarse grid in a box that is large enough, and the action along it."""

    positions: Array
    """(P,), increasing."""
    action: Array
    """(P,), integral of |p| ds / hb from the first point, p at the energy of level 4."""
    forbidden: Array
    """(P,), the same where p is imaginary, constant elsewhere."""
    turning: tuple[float, float]
    """`forbidden` at the outermost turning points."""
    edges: tuple[float, ...]
    """Positions that must be edges of elements."""
    top: float
    """Position of the top of the barrier, one of `edges`."""
    resolution: Resolution


class Mesh(NamedTuple):
    """Elements of one discretization."""

    edges: Array
    """(elements + 1,), increasing."""
    half: Array
    """(elements,), half of each length."""
    n_left: int
    """Elements left of the top of the barrier."""


def survey(potential: Potential, reduced_hbar: float, resolution: Resolution) -> Survey:
    """Sample V, estimate level 4 and the decay beyond it, in a box that is enlarged as needed."""
    length, top = potential.profile.length, potential.profile.barrier_position
    tails = (potential.tail_a, potential.tail_b)
    extents = [min(_first_extent(tail, length, reduced_hbar), tail.wall) for tail in tails]
    wanted = max(resolution.decay, resolution.check_decay)
    while True:
        positions = _sample_positions(extents, length, resolution.samples)
        energies = potential(positions)
        level = _semiclassical_level(positions, energies, reduced_hbar)
        action, forbidden, turning = _actions(positions, energies, level, reduced_hbar)
        decays = (turning[0], float(forbidden[-1]) - turning[1])
        enlarged = [
            min(2 * x, tail.wall) if reached < wanted else x
            for x, tail, reached in zip(extents, tails, decays, strict=True)
        ]
        if enlarged == extents:
            edges = tuple(sorted({*potential.breaks, top}))
            return Survey(positions, action, forbidden, turning, edges, top, resolution)
        extents = enlarged


def mesh(found: Survey, decay: float, action: float, degree: int) -> Mesh:
    """Elements of about equal action, in the box that ends `decay` beyond level 4.

    The positions where a derivative of V jumps are edges too, so that the wave function is
    smooth inside every element; so is the top of the barrier, which parts the two wells.

    Raises
    ------
    InputError
        If elements of this degree have more unknowns than the resolution allows.
    """
    low, high = (
        float(np.interp(value, found.forbidden, found.positions))
        for value in (found.turning[0] - decay, found.turning[1] + decay)
    )
    inner = [edge for edge in found.edges if low < edge < high]
    pieces = [np.array([low])]
    for start, end in zip([low, *inner], [*inner, high], strict=True):
        first, last = np.interp([start, end], found.positions, found.action)
        steps = np.linspace(first, last, max(1, math.ceil((last - first) / action)) + 1)[1:-1]
        pieces += [np.interp(steps, found.action, found.positions), np.array([end])]
    edges = np.concatenate(pieces)
    n_unknowns, allowed = degree * (len(edges) - 1) - 1, found.resolution.max_unknowns
    if n_unknowns > allowed:
        raise InputError(
            f"the profile needs {n_unknowns} unknowns, expected at most {allowed}: check the unit "
            f"of its energy and the reduced_hbar, or raise Resolution.max_unknowns"
        )
    return Mesh(edges, np.diff(edges) / 2, int(np.count_nonzero(edges[1:] <= found.top)))


def _first_extent(tail: Tail, length: float, reduced_hbar: float) -> float:
    if tail.curvature <= 0:
        return length
    # About where the fourth state of a harmonic well has died; too small only costs a doubling.
    return tail.extent + 7.0 * math.sqrt(reduced_hbar / math.sqrt(tail.curvature))


def _sample_positions(extents: list[float], length: float, samples: int) -> Array:
    before, after = extents
    return np.concatenate(
        [
            np.linspace(-before, 0.0, samples)[:-1],
            np.linspace(0.0, length, samples),
            np.linspace(length, length + after, samples)[1:],
        ]
    )


def _semiclassical_level(positions: Array, energies: Array, reduced_hbar: float) -> float:
    """Energy at which the classically allowed action is `N_LEVELS` + 1/2 half wavelengths.

    Slightly above level 4: each of two wells takes half a quantum of its own.
    """
    wanted = (N_LEVELS + 0.5) * math.pi * reduced_hbar
    above = energies - energies.min()
    widths = np.gradient(positions)

    def action(energy: float) -> float:
        return float(widths @ np.sqrt(2 * np.maximum(energy - above, 0.0)))

    low = (wanted / float(positions[-1] - positions[0])) ** 2 / 2
    high = float(above.max()) + 2 * low
    while high > 1.05 * low:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if action(middle) > wanted else (middle, high)
    return float(energies.min()) + high


def _actions(
    positions: Array, energies: Array, level: float, reduced_hbar: float
) -> tuple[Array, Array, tuple[float, float]]:
    kinetic = level - energies
    # A tenth of the level's own kinetic energy keeps elements finite around turning points.
    least = 0.1 * (level - float(energies.min()))
    momentum = np.sqrt(2 * np.maximum(np.abs(kinetic), least)) / reduced_hbar
    imaginary = np.sqrt(2 * np.maximum(-kinetic, 0.0)) / reduced_hbar
    action = cumulative_trapezoid(momentum, positions, initial=0)
    forbidden = cumulative_trapezoid(imaginary, positions, initial=0)
    allowed = np.flatnonzero(kinetic > 0)
    return action, forbidden, (float(forbidden[allowed[0]]), float(forbidden[allowed[-1]]))
