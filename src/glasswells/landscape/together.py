"""Trajectories of one glass explored side by side, as SIMD lanes.

Dynamics and the first stretch of each descent are shared work in single precision. The end of each
descent decides what is one minimum: its forces are those of a trajectory alone, in double
precision, and only the equations of its Newton steps are solved together. What a trajectory gets
depends neither on the others nor on how many quenches are asked for at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from glasswells.core.masses import mass_weights
from glasswells.core.outcomes import Outcome
from glasswells.core.progress import Report, silent
from glasswells.core.records import Configuration
from glasswells.landscape.known_places import KnownPlaces
from glasswells.landscape.recognition import are_apart
from glasswells.landscape.trajectory import ExplorationSettings, ExplorationState, Trajectory
from glasswells.minimization.lane_descent import LaneDescents
from glasswells.minimization.lane_newton import Landing, LaneEnds
from glasswells.minimization.lane_truncated_newton import Arrival
from glasswells.minimization.settings import Descent
from glasswells.model.interactions import PairInteractions
from glasswells.model.pair_model import Interactions
from glasswells.sampling.lane_dynamics import LaneTrajectories

NEWTON_TOLERANCE = 0.005
"""Of the Newton steps: the region where a lane ends is harmonic enough for fewer, better ones."""
MOST_ROUNDS = 50
"""Quenches of each trajectory that descend together: their starts are held in memory."""
END_SKIN = 0.1
"""Of the lists at the end of a descent, where particles hardly move any more."""
LOOKAHEAD, ENOUGH = 8, 32
"""Quenches of one trajectory whose ends are sought together at most, and how many of all
trajectories are enough: two for each lane."""


def goes_in_lanes(
    interactions: Interactions | None, glass: Configuration, settings: ExplorationSettings
) -> TypeGuard[PairInteractions]:
    """Whether the settings ask for lanes, and energy, masses and dynamics have that route.

    An energy that jumps does not: how far it does is seen by descents one by one, and tells which
    energies of minima are the same.
    """
    return (
        settings.lanes > 1
        and isinstance(interactions, PairInteractions)
        and interactions.is_continuous
        and mass_weights(glass) is None
        and settings.friction == 0
        and settings.minimizer.method == "lbfgs"
    )


def continue_in_lanes(
    interactions: PairInteractions,
    states: Sequence[ExplorationState],
    settings: ExplorationSettings,
    quenches: int,
    report: Report = silent,
) -> list[ExplorationState]:
    """Go on with up to sixteen trajectories for some more quenches each; see `goes_in_lanes`."""
    places = KnownPlaces()
    trajectories = [Trajectory(state, settings, interactions, places) for state in states]
    motion = LaneTrajectories(
        interactions, [state.dynamics for state in states], settings.time_step
    )
    descents = LaneDescents(interactions, settings.minimizer)
    ends = _Ends(interactions, trajectories, settings)
    for done in range(0, quenches, MOST_ROUNDS):
        met: list[list[NDArray[np.int64]]] = [[] for _ in trajectories]
        for _ in range(min(MOST_ROUNDS, quenches - done)):
            motion.advance(settings.interval)
            for b, starts in enumerate(met):
                if not motion.is_blown(b):
                    starts.append(motion.units(b))
        # In the order of time: so lanes hold all trajectories, and few pairs come and go.
        order = sorted((k, b) for b, starts in enumerate(met) for k in range(len(starts)))
        found = descents.descend([met[b][k] for k, b in order])
        arrived: list[list[Arrival]] = [[] for _ in trajectories]
        for (_, b), arrival in zip(order, found, strict=True):
            arrived[b].append(arrival)
        ends.take(arrived, report)
    for b, trajectory in enumerate(trajectories):
        # Lanes compute forces anew wherever they begin.
        trajectory.dynamics = replace(motion.checkpoint(b), forces=None)
        if motion.is_blown(b):
            trajectory.outcome = Outcome.NOT_FINITE
    return [trajectory.state() for trajectory in trajectories]


@dataclass(slots=True, eq=False)
class _Quench:
    """A quench that waits for its end."""

    arrival: Arrival
    landing: Landing | None = None
    """The same in double precision."""
    known: int | None = None
    """The structure that is there, among the first `looked_up` of the trajectory."""
    looked_up: int = -1
    is_ended: bool = False
    descent: Descent | None = None
    """Its end, if it is one by Newton steps alone."""


class _Ends:
    """Ends of descents, taken by each trajectory in the order of time.

    A minimum that one quench finds is known to the next, and what is known needs no end. So ends
    are sought together only for arrivals that their trajectory does not know yet, some turns ahead;
    what turns out to be known by then is forgotten. Either way the trajectory gets the same.
    """

    def __init__(
        self,
        interactions: PairInteractions,
        trajectories: Sequence[Trajectory],
        settings: ExplorationSettings,
    ) -> None:
        self._trajectories = trajectories
        self._box = interactions.box
        self._recognition = settings.recognition
        self._minimizer = replace(
            settings.minimizer,
            stop_interval=1,  # known minima are recognized where the lane ended
            newton_tolerance=min(settings.minimizer.newton_tolerance, NEWTON_TOLERANCE),
        )
        self._together = LaneEnds(interactions, self._minimizer)
        # Each trajectory keeps a wide list of its own: where others are, it would not hold.
        self._interactions = [interactions.apart(END_SKIN) for _ in trajectories]

    def take(self, arrived: Sequence[Sequence[Arrival]], report: Report) -> None:
        """The next quenches of each trajectory."""
        queues = [deque(_Quench(arrival) for arrival in those) for those in arrived]
        while any(queues):
            wanted = self._wanted(queues)
            descents = self._together.finish([landing for _, landing in wanted])
            for (quench, _), descent in zip(wanted, descents, strict=True):
                quench.descent, quench.is_ended = descent, True
            for b, queue in enumerate(queues):
                while queue and self._note(b, queue[0]):
                    queue.popleft()
                    report(1, f"{len(self._trajectories[b])} structures")

    def _wanted(self, queues: Sequence[deque[_Quench]]) -> list[tuple[_Quench, Landing]]:
        """Ends to seek now: those that trajectories wait for, and some that they will."""
        wanted: list[tuple[_Quench, Landing]] = []
        for turn in range(LOOKAHEAD):
            for b, queue in enumerate(queues):
                if turn >= len(queue) or (turn > 0 and len(wanted) >= ENOUGH):
                    continue
                landing = self._look_up(b, queue[turn])
                if queue[turn].known is None and not queue[turn].is_ended:
                    earlier = (quench.landing for quench in islice(queue, turn))
                    if not any(other and self._look_alike(landing, other) for other in earlier):
                        wanted.append((queue[turn], landing))
        return wanted

    def _look_up(self, b: int, quench: _Quench) -> Landing:
        """Where a lane ended in double precision, and whether it is known what is there."""
        trajectory, positions = self._trajectories[b], quench.arrival.positions
        if quench.landing is None:
            interactions = self._interactions[b].afresh()
            energy, forces = interactions.energy_and_forces(positions)
            quench.landing = Landing(interactions, positions, energy, forces)
        if quench.looked_up != len(trajectory):
            recognizer = trajectory.recognizer()
            recognizer(positions, quench.landing.energy, quench.landing.forces, 1)
            quench.known, quench.looked_up = recognizer.index, len(trajectory)
        return quench.landing

    def _look_alike(self, one: Landing, other: Landing) -> bool:
        """Whether both may be recognized as one minimum, so that one end is enough."""
        return abs(one.energy - other.energy) < self._recognition.height and not are_apart(
            one.positions, other.positions, self._box, 2 * self._recognition.displacement
        )

    def _note(self, b: int, quench: _Quench) -> bool:
        """Note where a quench ended; False if that is not known yet."""
        landing, trajectory = self._look_up(b, quench), self._trajectories[b]
        spent = quench.arrival.evaluations
        if quench.known is not None:
            trajectory.note(None, quench.known, spent + 1)
        elif quench.descent is not None:
            trajectory.note(quench.descent, None, spent + quench.descent.evaluations)
        elif quench.is_ended:
            interactions = self._interactions[b].afresh()
            trajectory.quench(interactions, landing.positions, self._minimizer, spent)
        return quench.known is not None or quench.is_ended
