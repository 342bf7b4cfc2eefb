"""Trajectories of one glass explored side by side, as SIMD lanes.

Dynamics and the first stretch of each descent are shared work in single precision; the end of each
descent, which decides what is one minimum, is that of a trajectory alone, in double precision. What
a trajectory gets depends neither on the others nor on how many quenches are asked for at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from glasswells.core.masses import mass_weights
from glasswells.core.outcomes import Outcome
from glasswells.core.progress import Report, silent
from glasswells.core.records import Configuration
from glasswells.landscape.trajectory import ExplorationSettings, ExplorationState, Trajectory
from glasswells.minimization.lane_descent import LaneDescents
from glasswells.model.interactions import PairInteractions
from glasswells.model.pair_model import Interactions
from glasswells.sampling.lane_dynamics import LaneTrajectories

NEWTON_TOLERANCE = 0.005
"""Of the Newton steps: the region where a lane ends is harmonic enough for fewer, better ones."""
MOST_ROUNDS = 50
"""Quenches of each trajectory that descend together: their starts are held in memory."""


def goes_in_lanes(
    interactions: Interactions | None, glass: Configuration, settings: ExplorationSettings
) -> TypeGuard[PairInteractions]:
    """Whether the settings ask for lanes, and energy, masses and dynamics have that route."""
    return (
        settings.lanes > 1
        and isinstance(interactions, PairInteractions)
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
    trajectories = [Trajectory(state, settings) for state in states]
    motion = LaneTrajectories(
        interactions, [state.dynamics for state in states], settings.time_step
    )
    descents = LaneDescents(interactions, settings.minimizer)
    minimizer = replace(
        settings.minimizer,
        stop_interval=1,  # known minima are recognized where the lane ended
        newton_tolerance=min(settings.minimizer.newton_tolerance, NEWTON_TOLERANCE),
    )
    for done in range(0, quenches, MOST_ROUNDS):
        met: list[list[NDArray[np.int64]]] = [[] for _ in trajectories]
        for _ in range(min(MOST_ROUNDS, quenches - done)):
            motion.advance(settings.interval)
            for b, starts in enumerate(met):
                if not motion.is_blown(b):
                    starts.append(motion.units(b))
        arrivals = iter(descents.descend([start for starts in met for start in starts]))
        for trajectory, starts in zip(trajectories, met, strict=True):
            for arrival in islice(arrivals, len(starts)):
                trajectory.quench(
                    interactions.afresh(), arrival.positions, minimizer, arrival.evaluations
                )
                report(1, f"{len(trajectory)} structures")
    for b, trajectory in enumerate(trajectories):
        trajectory.dynamics = motion.checkpoint(b)
        if motion.is_blown(b):
            trajectory.outcome = Outcome.NOT_FINITE
    return [trajectory.state() for trajectory in trajectories]
