"""The end of up to sixteen descents on one glass at once: Newton steps solved in lanes.

Forces are those of each configuration alone, in double precision; the linear equations are solved
in single precision, which costs digits of a step but none of the end: the next step starts from
the force that is left. A descent that meets anything but a clean end is given back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array
from glasswells.curvature.lane_curvature import LaneCurvature
from glasswells.minimization.kernels import (
    ENERGY_NOISE,
    LARGEST_NEW_SLOPE,
    SUFFICIENT_DECREASE,
    largest_component,
)
from glasswells.minimization.settings import Descent, MinimizerSettings
from glasswells.model.interactions import PairInteractions
from glasswells.model.lane_vectors import LANES
from glasswells.model.lanes import fixed_point, low_half

TOLERANCE = 1e-3
"""Of the linear equations: a step leaves this fraction of the force, or what is not linear."""
MOST_PRODUCTS = 64
"""Of one step: the few lanes that would need more do not keep the others waiting."""
MOST_STEPS = 12
"""Of one descent; four are usual."""


class Landing(NamedTuple):
    """Where a descent arrived: the force is small, and only the digits are missing."""

    interactions: PairInteractions
    """Of its own, so that its list depends on nothing else."""
    positions: Array
    """(N, 3)."""
    energy: float
    forces: Array
    """(N, 3)."""


class LaneEnds:
    """Ends of descents on one set of particles.

    Parameters
    ----------
    interactions
        Of these particles.
    settings
        Of the whole descents. Where the largest force component is not below `newton_below` there
        is no Newton step, as elsewhere; one takes `newton_products` or `MOST_PRODUCTS` products,
        whichever is less.
    """

    def __init__(self, interactions: PairInteractions, settings: MinimizerSettings) -> None:
        self._box = interactions.box
        self._n = len(interactions.diameters)
        self._settings = settings
        self._curvature = LaneCurvature(interactions)
        self._r = np.zeros((3, self._n, LANES), dtype=np.int32)

    def finish(self, landings: Sequence[Landing]) -> list[Descent | None]:
        """The minimum below each landing; None where Newton steps do not lead there straight."""
        ends = [_End.at(landing) for landing in landings]
        waiting = [k for k, end in enumerate(ends) if self._goes_on(end)][::-1]
        lanes: dict[int, int] = {}
        while lanes or waiting:
            for b in range(LANES):
                if b not in lanes and waiting:
                    lanes[b] = waiting.pop()
            moved, products = self._solve({b: ends[k] for b, k in lanes.items()})
            for b, k in list(lanes.items()):
                interactions = landings[k].interactions
                ends[k] = self._step(ends[k], interactions, moved[b], int(products[b]))
                if not self._goes_on(ends[k]):
                    del lanes[b]
        return [end.descent(self._settings.max_force) for end in ends]

    def _goes_on(self, end: _End) -> bool:
        is_far = self._settings.max_force < end.max_force
        is_near = end.max_force < self._settings.newton_below
        return end.is_clean and is_far and is_near and end.evaluations <= MOST_STEPS

    def _solve(self, ends: Mapping[int, _End]) -> tuple[Array, NDArray[np.int64]]:
        force, tolerance = np.zeros((LANES, self._n, 3)), np.ones(LANES)
        somewhere = next(iter(ends.values()))
        for b in range(LANES):
            # Lanes to spare rest where they need no pairs of their own.
            end = ends.get(b, somewhere)
            self._r[:, :, b] = low_half(fixed_point(end.positions, self._box)).T
            if b in ends:
                force[b] = end.forces
                tolerance[b] = max(TOLERANCE, 0.1 * self._settings.max_force / end.max_force)
        most = min(MOST_PRODUCTS, self._settings.newton_products)
        return self._curvature.solve(self._r.reshape(-1), force, tolerance, most)

    def _step(self, end: _End, interactions: PairInteractions, moved: Array, products: int) -> _End:
        moved = moved - moved.mean(axis=0)  # on a uniform part forces do no work
        longest2 = float(np.einsum("nc,nc->n", moved, moved).max())
        is_useless = products in (0, -1)  # the very first direction curves down
        if is_useless or not longest2 <= self._settings.largest_step**2:
            return replace(end, is_clean=False)
        positions = end.positions + moved
        energy, forces = interactions.energy_and_forces(positions)
        slope, new_slope = -float(np.vdot(end.forces, moved)), -float(np.vdot(forces, moved))
        rise = energy - end.energy
        is_clean = rise <= SUFFICIENT_DECREASE * slope or (
            abs(rise) <= ENERGY_NOISE * abs(energy) and new_slope <= -LARGEST_NEW_SLOPE * slope
        )
        return _End(
            positions=positions,
            energy=energy,
            forces=forces,
            max_force=float(largest_component(forces.reshape(-1))),
            evaluations=end.evaluations + 1,
            products=end.products + abs(products),
            is_clean=is_clean,
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _End:
    """A descent on its last steps."""

    positions: Array
    energy: float
    forces: Array
    max_force: float
    evaluations: int
    products: int
    is_clean: bool

    @classmethod
    def at(cls, landing: Landing) -> _End:
        return cls(
            positions=landing.positions,
            energy=landing.energy,
            forces=landing.forces,
            max_force=float(largest_component(landing.forces.reshape(-1))),
            evaluations=1,
            products=0,
            is_clean=bool(np.isfinite(landing.energy)),
        )

    def descent(self, goal: float) -> Descent | None:
        if not (self.is_clean and self.max_force <= goal):
            return None
        return Descent(
            positions=self.positions,
            forces=self.forces,
            energy=self.energy,
            max_force=self.max_force,
            evaluations=self.evaluations,
            hessian_products=self.products,
            outcome=Outcome.CONVERGED,
        )
