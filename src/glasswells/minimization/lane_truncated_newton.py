"""The second stretch of up to sixteen descents on one glass at once: truncated Newton steps.

Where forces have become small, but the energy still curves down along some directions, a product
with the frozen Hessian costs a fourth of an evaluation with its L-BFGS step, and conjugate
gradients find more with it. They end where they meet a direction of negative curvature, or after a
few products, and what they found so far is the direction of a line search (Nocedal & Wright,
Numerical Optimization, 2nd ed. (2006), section 7.1). All in single precision; the way of a lane
does not depend on the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.core.compiler import lean_kernel
from glasswells.core.records import Array
from glasswells.curvature.lane_curvature import LaneCurvature
from glasswells.minimization.kernels import (
    BLIND_CUT,
    LARGEST_NEW_SLOPE,
    LONGEST_CUT,
    SUFFICIENT_DECREASE,
)
from glasswells.minimization.lane_steps import (
    add_row,
    add_work,
    advance_row,
    choose_row,
    keep_largest,
    place_row,
)
from glasswells.minimization.settings import MinimizerSettings
from glasswells.model.interactions import PairInteractions
from glasswells.model.lane_vectors import LANES
from glasswells.model.lanes import (
    ENERGY_NOISE,
    WHOLE,
    ZERO,
    fixed_point,
    floating_point,
    lane_force_kernel,
    low_half,
)
from glasswells.model.law import single_precision

TOLERANCE = 0.1
"""Of the linear equations: farther from the minimum than this they are not worth more."""
MOST_PRODUCTS = 10
"""Of one direction: lanes wait for each other."""
MOST_EVALUATIONS = 200
"""Of one descent; ten to twenty are usual."""
MOST_BACKTRACKS = 8
"""Shorter and shorter steps along one direction."""
REFILLED = 2
"""Lanes that take new starts together."""
EMPTY, FRESH, ASKING, TRYING, ENDED = 0, 1, 2, 3, 4
"""What a lane is doing: its forces are unknown; it needs a direction; it has one; it is done."""


class Arrival(NamedTuple):
    """Where a lane arrived, or gave up: further down the same way in any case."""

    positions: Array
    """(N, 3), not wrapped: the difference to the start is the displacement."""
    evaluations: int


class Crew(NamedTuple):
    """Fields of all lanes (3 N LANES,), lanes innermost, and numbers of each (LANES,)."""

    start: NDArray[np.int32]
    """Where the lanes began, in units of box/2^32."""
    r: NDArray[np.int32]
    """Where forces are wanted."""
    position: NDArray[np.float32]
    """Displacement from the start of the last accepted point."""
    direction: NDArray[np.float32]
    force: NDArray[np.float32]
    """(4 N LANES,): forces and energies at r."""
    accepted: NDArray[np.float32]
    """Forces at the last accepted point."""
    step: NDArray[np.float32]
    """Length of the step, in units of the direction."""
    which: NDArray[np.float32]
    """1 in lanes that something is done for."""
    first: NDArray[np.float32]
    """1 in lanes whose very first direction curved down."""
    longest: NDArray[np.float32]
    """Largest component of a field, or square of the longest move."""
    drift: Array
    """(3 LANES,): uniform part of the chosen directions."""
    energy: Array
    """At r."""
    work: Array
    """Of the forces at r along the direction."""


def _empty_crew(n: int) -> Crew:
    single: Any = np.float32
    fields = {name: np.zeros(3 * n * LANES, dtype=single) for name in ("position", "direction")}
    rows = {name: np.zeros(LANES, dtype=single) for name in ("step", "which", "first", "longest")}
    return Crew(
        start=np.zeros(3 * n * LANES, dtype=np.int32),
        r=np.zeros(3 * n * LANES, dtype=np.int32),
        **fields,
        force=np.zeros(4 * n * LANES, dtype=single),
        accepted=np.zeros(3 * n * LANES, dtype=single),
        **rows,
        drift=np.zeros(3 * LANES),
        energy=np.zeros(LANES),
        work=np.zeros(LANES),
    )


class TruncatedNewton:
    """Descents on one set of particles from where forces are small.

    Parameters
    ----------
    interactions
        Of these particles.
    settings
        Of the whole descents.
    goal
        Largest force component at which a lane has arrived.
    """

    def __init__(
        self, interactions: PairInteractions, settings: MinimizerSettings, goal: float
    ) -> None:
        n = len(interactions.diameters)
        self._box = interactions.box
        self._settings = settings
        self._goal = goal
        self._noise = ENERGY_NOISE * np.sqrt(n)
        self._constants = single_precision(interactions.constants)
        self._forces = lane_force_kernel(interactions.model.law)
        self._curvature = LaneCurvature(interactions)
        self._crew = _empty_crew(n)
        x, y, z = (np.float32(WHOLE / edge) for edge in self._box)
        self._per_length = x, y, z
        self._status = np.zeros(LANES, dtype=np.int64)
        self._evaluations = np.zeros(LANES, dtype=np.int64)
        self._backtracks = np.zeros(LANES, dtype=np.int64)
        self._energy = np.zeros(LANES)
        self._work = np.zeros(LANES)
        self._length = np.ones(LANES)

    def approach(self, arrivals: Sequence[Arrival]) -> list[Arrival]:
        """Go on from where each arrived; where each is then, in order."""
        waiting = list(range(len(arrivals)))[::-1]
        occupant = [0] * LANES
        done: dict[int, Arrival] = {}
        self._status[:] = EMPTY
        for b in range(len(arrivals), LANES if arrivals else 0):
            self._enter(b, arrivals[0])  # to rest where no pairs of their own are needed
            self._status[b] = EMPTY
        while len(done) < len(arrivals):
            free = np.flatnonzero((self._status == EMPTY) | (self._status == ENDED))
            is_worth_it = len(free) >= REFILLED or len(free) == LANES
            for b in map(int, free):
                if self._status[b] == ENDED:
                    done[occupant[b]] = self._arrival(b, arrivals[occupant[b]])
                    self._status[b] = EMPTY
                if waiting and is_worth_it:
                    occupant[b] = waiting.pop()
                    self._enter(b, arrivals[occupant[b]])
            if (self._status == FRESH).any():
                self._begin()
            self._aim()
            self._try()
        return [done[k] for k in range(len(arrivals))]

    def _enter(self, b: int, arrival: Arrival) -> None:
        crew = self._crew
        units = fixed_point(arrival.positions, self._box)
        crew.start.reshape(3, -1, LANES)[:, :, b] = low_half(units.T)
        crew.position.reshape(-1, LANES)[:, b] = 0
        crew.direction.reshape(-1, LANES)[:, b] = 0
        self._status[b], self._evaluations[b] = FRESH, 0

    def _arrival(self, b: int, begin: Arrival) -> Arrival:
        moved = self._crew.position.reshape(3, -1, LANES)[:, :, b].T.astype(np.float64)
        positions = floating_point(fixed_point(begin.positions, self._box), self._box) + moved
        return Arrival(positions, begin.evaluations + int(self._evaluations[b]))

    def _evaluate(self) -> None:
        """Forces at r, and their sums."""
        crew, lists = self._crew, self._curvature.lists_at(self._crew.r)
        around = lists.surroundings
        self._forces(crew.r, lists.pairs, around.unit, self._constants, around.block, crew.force)
        measure(crew)

    def _begin(self) -> None:
        """The forces where lanes enter."""
        crew, fresh = self._crew, self._status == FRESH
        crew.step[:] = 0
        place(crew, self._per_length)
        self._evaluate()
        crew.which[:] = fresh
        accept(crew)
        self._energy[fresh] = crew.energy[fresh]
        self._evaluations[fresh] = 1
        self._judge(fresh)

    def _judge(self, accepted: NDArray[np.bool_]) -> None:
        """End lanes that have arrived, and those that cannot go on."""
        largest = self._crew.longest
        spent = self._evaluations >= min(MOST_EVALUATIONS, self._settings.max_evaluations)
        ends = accepted & (~(largest > self._goal) | ~np.isfinite(self._energy) | spent)
        self._status[accepted] = ASKING
        self._status[ends] = ENDED

    def _aim(self) -> None:
        """Directions for the lanes that ask for one."""
        crew, asking = self._crew, self._status == ASKING
        if not asking.any():
            return
        crew.step[:] = 0
        place(crew, self._per_length)
        residual = self._curvature.residual
        residual[:] = 0
        crew.which[:] = asking
        choose(crew.which, crew.accepted, residual)
        system = self._curvature.solve_residual(
            crew.r, np.full(LANES, TOLERANCE), min(MOST_PRODUCTS, self._settings.newton_products)
        )
        crew.first[:] = asking & (system.products == -1)
        choose(crew.which, system.solution, crew.direction)
        choose(crew.first, system.direction, crew.direction)
        straighten(crew)
        leads_down = asking & np.isfinite(crew.work) & (crew.work > 0)
        is_lost = asking & ~leads_down
        crew.direction.reshape(-1, LANES)[:, is_lost] = 0
        self._status[is_lost], self._status[leads_down] = ENDED, TRYING
        self._backtracks[leads_down] = 0
        self._work[leads_down] = crew.work[leads_down]
        longest = np.sqrt(crew.longest[leads_down].astype(np.float64))
        self._length[leads_down] = np.minimum(1.0, self._settings.largest_step / longest)

    def _try(self) -> None:
        """Evaluate the trial points, and judge them."""
        crew, trying = self._crew, self._status == TRYING
        if not trying.any():
            return
        crew.step[:] = np.where(trying, self._length, 0)
        place(crew, self._per_length)
        self._evaluate()
        self._evaluations[trying] += 1
        length, slope, new_slope = self._length, -self._work, -crew.work
        rise = np.subtract(crew.energy, self._energy, out=np.zeros(LANES), where=trying)
        falls = rise <= SUFFICIENT_DECREASE * length * slope
        is_level = (np.abs(rise) <= self._noise) & (new_slope <= -LARGEST_NEW_SLOPE * slope)
        accepted = trying & (falls | is_level)
        rejected = trying & ~accepted
        if accepted.any():
            crew.which[:] = accepted
            accept(crew)
            self._energy[accepted] = crew.energy[accepted]
            self._judge(accepted)
        if rejected.any():
            over = rise[rejected] - (length * slope)[rejected]  # above the tangent
            cut = -0.5 * (length * slope)[rejected] / over  # to the minimum of the parabola
            self._length[rejected] *= np.clip(cut, BLIND_CUT, LONGEST_CUT)
            self._backtracks[rejected] += 1
            self._status[rejected & (self._backtracks > MOST_BACKTRACKS)] = ENDED


@lean_kernel
def place(crew, per_length):  # type: ignore[no-untyped-def]
    """The points `step` along the directions, in units of the box."""
    size = crew.r.shape[0] // 3
    for c in range(3):
        for e in range(c * size, (c + 1) * size, LANES):
            place_row(
                crew.start, crew.position, crew.direction, crew.step, per_length[c], e, crew.r
            )


@lean_kernel
def choose(which, one, other):  # type: ignore[no-untyped-def]
    """Copy a field in the chosen lanes."""
    for e in range(0, other.shape[0], LANES):
        choose_row(which, one, e, other)


@lean_kernel
def accept(crew):  # type: ignore[no-untyped-def]
    """Move the chosen lanes to their trial points, and keep the forces there."""
    for e in range(0, crew.accepted.shape[0], LANES):
        advance_row(crew.position, crew.direction, crew.step, crew.which, e)
        choose_row(crew.which, crew.force, e, crew.accepted)


@lean_kernel
def measure(crew):  # type: ignore[no-untyped-def]
    """Energies, work along the directions and largest force components at r."""
    size = crew.accepted.shape[0]
    for b in range(LANES):
        crew.energy[b] = crew.work[b] = 0.0
        crew.longest[b] = ZERO
    for e in range(0, size, LANES):
        add_work(crew.force, crew.direction, e, crew.work)
        keep_largest(crew.force, e, crew.longest)
    for e in range(size, crew.force.shape[0], LANES):
        add_row(crew.force, e, crew.energy)
    for b in range(LANES):
        if not np.isfinite(crew.work[b]):
            crew.energy[b] = np.inf


@lean_kernel
def straighten(crew):  # type: ignore[no-untyped-def]
    """Take the uniform part from the chosen directions; longest moves, and work along them."""
    size = crew.direction.shape[0] // 3
    n = size // LANES
    for b in range(LANES):
        crew.work[b] = 0.0
        crew.longest[b] = ZERO
    for d in range(3 * LANES):
        crew.drift[d] = 0.0
    for c in range(3):
        sums = crew.drift[c * LANES : (c + 1) * LANES]
        for e in range(c * size, (c + 1) * size, LANES):
            add_row(crew.direction, e, sums)
        for b in range(LANES):  # the others stay as they are to the bit
            sums[b] = sums[b] / n if crew.which[b] != ZERO else 0.0
    for i in range(n):
        for b in range(LANES):
            moved2 = ZERO
            for c in range(3):
                e = c * size + i * LANES + b
                moved = crew.direction[e] - np.float32(crew.drift[c * LANES + b])
                crew.direction[e] = moved
                moved2 += moved * moved
            crew.longest[b] = max(crew.longest[b], moved2)
    for e in range(0, 3 * size, LANES):
        add_work(crew.accepted, crew.direction, e, crew.work)
