"""Up to sixteen descents on one glass at once, as SIMD lanes, until only digits are missing.

Each lane goes downhill by L-BFGS, with forces in single precision, until its largest force
component is small; a lane that has arrived takes the next start. Truncated Newton steps follow.
The way of a lane does not depend on the others. The end of each descent, in double precision, is
`minimize_positions` from where its lane arrived.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.core.compiler import kernel, lean_kernel
from glasswells.core.records import Array
from glasswells.minimization.kernels import (
    ACCEPTED,
    REJECTED,
    STATE,
    Workspace,
    begin,
    empty_states,
    judge,
    propose,
)
from glasswells.minimization.lane_truncated_newton import Arrival, TruncatedNewton
from glasswells.minimization.settings import MinimizerSettings
from glasswells.model.interactions import PairInteractions
from glasswells.model.lane_lists import LaneLists, has_strayed
from glasswells.model.lane_vectors import LANES
from glasswells.model.lanes import (
    ENERGY_NOISE,
    WHOLE,
    floating_point,
    lane_force_kernel,
    low_half,
)
from glasswells.model.law import PairLaw, single_precision

NEWTON_BELOW = 0.1
"""Largest force component at which truncated Newton steps take over."""
ARRIVAL = 2e-3
"""Largest force component at which a lane has arrived; rounding leaves 2e-5."""
LANE_HISTORY = 4
"""Pairs that L-BFGS remembers in lanes at most: six of them do not fit into the caches, and save
two evaluations in a hundred."""
REFILLED = 4
"""Lanes that take new starts together: each time the list is made anew."""
EMPTY, FRESH, DESCENDING, ENDED = 0, 1, 2, 3
"""What a lane is doing."""


class Fleet(NamedTuple):
    """Arrays of all lanes; b is the lane, other suffixes as in `Workspace`, single precision.

    Positions of a descent are displacements from its start, which keeps their digits.
    """

    r: NDArray[np.int32]
    """(3 N LANES,): trial points, in units of box/2^32, lanes innermost."""
    start: NDArray[np.int32]
    """Where the descents began, alike."""
    force: NDArray[np.float32]
    """(4 N LANES,): forces at the trial points, and energies."""
    force_bd: NDArray[np.float32]
    """The same forces, lane by lane."""
    energy_b: Array
    status_b: NDArray[np.int64]
    evaluations_b: NDArray[np.int64]
    spaces: Workspace
    """Its arrays have one more axis, the lane, in front; its state is (LANES,)."""


def empty_fleet(n: int, history: int) -> Fleet:
    """Lanes for n particles, all empty."""
    d, h = (LANES, 3 * n), (LANES, history, 3 * n)
    single: Any = np.float32
    return Fleet(
        r=np.zeros(3 * n * LANES, dtype=np.int32),
        start=np.zeros(3 * n * LANES, dtype=np.int32),
        force=np.zeros(4 * n * LANES, dtype=single),
        force_bd=np.zeros(d, dtype=single),
        energy_b=np.zeros(LANES),
        status_b=np.zeros(LANES, dtype=np.int64),
        evaluations_b=np.zeros(LANES, dtype=np.int64),
        spaces=Workspace(
            position_d=np.zeros(d, dtype=single),
            force_d=np.zeros(d, dtype=single),
            trial_d=np.zeros(d, dtype=single),
            direction_d=np.zeros(d, dtype=single),
            step_hd=np.zeros(h, dtype=single),
            change_hd=np.zeros(h, dtype=single),
            step_change_hh=np.zeros((LANES, history, history)),
            change_change_hh=np.zeros((LANES, history, history)),
            product_h=np.zeros((LANES, 5, history)),
            state=empty_states(LANES),
        ),
    )


class LaneDescents:
    """Descents on one set of particles.

    Parameters
    ----------
    interactions
        Of these particles.
    settings
        Of the whole descents; `method` must be L-BFGS. Where `newton_below` is 0 there are no
        Newton steps.
    """

    def __init__(self, interactions: PairInteractions, settings: MinimizerSettings) -> None:
        self._box = interactions.box
        self._constants = single_precision(interactions.constants)
        self._descend = lane_descent_kernel(interactions.model.law)
        self._lists = LaneLists(interactions)
        self._settings = settings
        n, history = len(interactions.diameters), min(settings.history, LANE_HISTORY)
        self._fleet = empty_fleet(n, history)
        self._arrival_force = max(ARRIVAL, settings.max_force)
        self._newton: TruncatedNewton | None = None
        if settings.newton_below > 0:
            self._newton = TruncatedNewton(interactions, settings, self._arrival_force)
        x, y, z = (np.float32(WHOLE / edge) for edge in self._box)
        self._per_length = x, y, z

    def descend(self, starts: Sequence[NDArray[np.int64]]) -> list[Arrival]:
        """Go downhill from positions (N, 3) in units of box/2^32; where each arrived, in order."""
        if self._newton is None:
            return self._descend_to(self._arrival_force, starts)
        nearby = max(NEWTON_BELOW, self._arrival_force)
        return self._newton.approach(self._descend_to(nearby, starts))

    def _descend_to(self, goal: float, starts: Sequence[NDArray[np.int64]]) -> list[Arrival]:
        fleet, settings = self._fleet, self._settings
        waiting = list(range(len(starts)))[::-1]
        occupant = [0] * LANES
        arrived: dict[int, Arrival] = {}
        fleet.status_b[:] = EMPTY
        for b in range(len(starts), LANES if starts else 0):
            self._enter(b, starts[0])  # lanes to spare rest where they need no pairs of their own
            fleet.status_b[b] = EMPTY
        while len(arrived) < len(starts):
            for b in range(LANES):
                if fleet.status_b[b] == ENDED:
                    arrived[occupant[b]] = self._arrival(starts[occupant[b]], b)
                    fleet.status_b[b] = EMPTY
                if fleet.status_b[b] == EMPTY and waiting:
                    occupant[b] = waiting.pop()
                    self._enter(b, starts[occupant[b]])
            used = int((fleet.status_b != EMPTY).sum())
            enough = min(REFILLED, used) if waiting else used
            while not self._descend(
                fleet,
                self._lists.pairs,
                self._lists.surroundings,
                self._per_length,
                self._constants,
                settings.largest_step,
                goal,
                settings.max_evaluations,
                settings.patience,
                enough,
            ):
                self._lists.make(fleet.r)
        return [arrived[k] for k in range(len(starts))]

    def _enter(self, b: int, start: NDArray[np.int64]) -> None:
        """A lane begins a descent."""
        fleet, spaces = self._fleet, self._fleet.spaces
        fleet.start.reshape(3, -1, LANES)[:, :, b] = low_half(start.T)
        fleet.status_b[b], fleet.evaluations_b[b] = FRESH, 0
        spaces.position_d[b] = spaces.trial_d[b] = 0
        spaces.state[b] = np.zeros((), STATE)
        state = spaces.state[b]
        state["scale"] = 1.0 / self._settings.stiffness
        state["noise"] = ENERGY_NOISE * np.sqrt(len(start))
        state["least_energy"] = state["least_force"] = np.inf

    def _arrival(self, start: NDArray[np.int64], b: int) -> Arrival:
        moved = self._fleet.spaces.position_d[b].reshape(-1, 3).astype(np.float64)
        positions = floating_point(start, self._box) + moved
        return Arrival(positions, int(self._fleet.evaluations_b[b]))


@cache
def lane_descent_kernel(law: PairLaw) -> Any:
    """(fleet, pairs, around, per_length, k, largest_step, goal, most, patience, enough) -> done.

    Descends until `enough` lanes have ended, or (False) until the list no longer holds.
    """
    forces = lane_force_kernel(law)

    @kernel
    def descend(  # type: ignore[no-untyped-def]
        fleet, pairs, around, per_length, k, largest_step, goal, most, patience, enough
    ):
        ended = 0
        while ended < enough:
            place_trials(fleet.start, fleet.spaces.trial_d, per_length, fleet.r)
            if has_strayed(fleet.r, around.reference, around.unit, around.farthest2):
                return False
            forces(fleet.r, pairs, around.unit, k, around.block, fleet.force)
            collect_forces(fleet.force, fleet.force_bd, fleet.energy_b)
            for b in range(LANES):
                if fleet.status_b[b] == FRESH or fleet.status_b[b] == DESCENDING:
                    go_on(fleet, b, largest_step, goal, most, patience)
            ended = 0
            for b in range(LANES):
                ended += fleet.status_b[b] == ENDED
        return True

    return descend


@kernel
def go_on(fleet, b, largest_step, goal, most, patience):  # type: ignore[no-untyped-def]
    """Judge the trial point of a lane and set the next one, or end the descent."""
    s = fleet.spaces
    w = Workspace(
        s.position_d[b],
        s.force_d[b],
        s.trial_d[b],
        s.direction_d[b],
        s.step_hd[b],
        s.change_hd[b],
        s.step_change_hh[b],
        s.change_change_hh[b],
        s.product_h[b],
        s.state[b : b + 1],
    )
    state = w.state[0]
    verdict = ACCEPTED
    if fleet.status_b[b] == FRESH:
        begin(w, fleet.force_bd[b], fleet.energy_b[b])
        fleet.status_b[b] = DESCENDING
    else:
        verdict = judge(w, fleet.force_bd[b], fleet.energy_b[b], True, False)
    fleet.evaluations_b[b] += 1
    spent = fleet.evaluations_b[b] >= most
    if verdict == ACCEPTED:
        # a force that is no number ends the descent as well
        has_arrived = not state["max_force"] > goal or not np.isfinite(state["max_force"])
        ends = has_arrived or spent or state["idle"] > patience
    elif verdict == REJECTED:
        ends = spent
    else:
        ends = spent or state["held"] == 0
        state["held"] = 0
    if ends:
        fleet.status_b[b] = ENDED
    elif verdict != REJECTED:
        propose(w, largest_step, False)


@lean_kernel
def place_trials(start, trial_bd, per_length, r):  # type: ignore[no-untyped-def]
    """Trial points of all lanes, from displacements, lane by lane, to units of the box."""
    size = r.shape[0] // 3
    for i in range(size // LANES):
        for c in range(3):
            d, e = 3 * i + c, c * size + i * LANES
            for b in range(LANES):
                r[e + b] = start[e + b] + np.int32(np.rint(per_length[c] * trial_bd[b, d]))


@lean_kernel
def collect_forces(force, force_bd, energy_b):  # type: ignore[no-untyped-def]
    """Forces lane by lane, and the energy of each."""
    size = force.shape[0] // 4
    energy_b[:] = 0.0
    for i in range(size // LANES):
        for c in range(3):
            for b in range(LANES):
                force_bd[b, 3 * i + c] = force[c * size + i * LANES + b]
        for b in range(LANES):
            energy_b[b] += np.float64(force[3 * size + i * LANES + b])
