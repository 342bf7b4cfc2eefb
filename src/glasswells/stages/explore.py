"""Stages `explore` and `library`: trajectories of a glass, then all that they met together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from glasswells.core.outcomes import Outcome
from glasswells.core.records import Configuration, InherentStructure
from glasswells.landscape.explore import (
    Exploration,
    continue_explorations,
    merge_explorations,
    start_exploration,
    why_nothing,
)
from glasswells.landscape.library import Identity
from glasswells.landscape.pushed import Pushed, with_pushed
from glasswells.landscape.trajectory import ExplorationSettings, ExplorationState, TrajectoryGroup
from glasswells.minimization import MinimizerSettings
from glasswells.model.lane_vectors import LANES
from glasswells.model.pair_model import Model
from glasswells.plan.explore import ExploreSection
from glasswells.plan.model import build_model
from glasswells.plan.plan import Plan
from glasswells.store.pipeline import Stage
from glasswells.store.tasks import Task, TaskFailedError, TaskInput, TaskOutput, canonical

COUNTED = {
    "quenches": "quenches",
    "evaluations": "evaluations",
    "recognized": "recognized",
    "failed_quenches": "failures",
}
"""Counts of the stage, by what they are in the state of a trajectory."""
LENGTHS = {"quenches", "chunk_quenches"}
"""Settings on which only the length of a trajectory depends, and where it is cut into chunks."""
LANE_FORMAT = 4
"""Raise it when lanes would no longer give the same trajectories from the same seeds."""


def explore_parameters(
    plan: Plan, first: int = 0, count: int = 1, lanes: int | None = None
) -> dict[str, Any]:
    """What the products of `explore` depend on: of one trajectory, or of those side by side.

    Parameters
    ----------
    plan
        The campaign.
    first, count
        Number of the task's first trajectory, and how many it carries.
    lanes
        How many it might carry; None: as the plan says.
    """
    lanes = plan.explore.lanes if lanes is None else lanes
    parameters = {"model": plan.model_parameters, "explore": plan.explore.parameters()}
    if lanes > 1:
        parameters["lanes"] = {"first": first, "count": count, "format": LANE_FORMAT}
    return parameters


def library_parameters(plan: Plan) -> dict[str, Any]:
    """What the products of `library` depend on."""
    return {"explore": plan.explore.parameters()}


def run_explore(task: TaskInput) -> TaskOutput:
    """One chunk of one trajectory, or of several; at the end the library of each."""
    model = build_model(task.parameters["model"])
    section = ExploreSection(**task.parameters["explore"])
    together = task.parameters.get("lanes")
    settings = replace(exploration_settings(section), lanes=LANES if together else 1)
    before = states_before(task, model, settings)
    done = max(state.quenches for state in before)
    quenches = min(section.chunk_quenches, section.quenches - done)
    states = continue_explorations(model, before, settings, quenches)
    counts = {
        name: sum(getattr(s, of) for s in states) - sum(getattr(s, of) for s in before)
        for name, of in COUNTED.items()
    }
    left = section.quenches - max(state.quenches for state in states)
    if left > 0 and any(state.outcome is Outcome.COMPLETED for state in states):
        chunks = -(-left // section.chunk_quenches)
        state = join_trajectories(states) if together else states[0]
        return TaskOutput(counts=counts, state=state, chunks_left=chunks)
    if not any(state.structures for state in states):
        raise TaskFailedError("no_structures", why_nothing(model, states, settings))
    return TaskOutput(products=tuple(("trajectory", state) for state in states), counts=counts)


def states_before(
    task: TaskInput, model: Model, settings: ExplorationSettings
) -> tuple[ExplorationState, ...]:
    """The trajectories of a task as its chunk finds them."""
    if task.state is not None:
        state: ExplorationState | TrajectoryGroup = task.state
        return state.trajectories if isinstance(state, TrajectoryGroup) else (state,)
    ((glass,),) = task.inputs
    together = task.parameters.get("lanes")
    seeds = [task.seed]
    if together:
        # Each has the seed of a trajectory that has a task of its own.
        stage, name, _, chunk = task.seed.spawn_key
        first, last = together["first"], together["first"] + together["count"]
        keys = [(stage, name, k, chunk) for k in range(first, last)]
        seeds = [np.random.SeedSequence(task.seed.entropy, spawn_key=key) for key in keys]
    start = glass.configuration.at_hand()
    return tuple(start_exploration(model, start, settings, seed) for seed in seeds)


def begins_exploration(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether a trajectory is the beginning of another one: that has at least as many quenches.

    Where it was cut into chunks does not matter: n quenches and m more are n + m, bit for bit.
    """
    one, other = first["explore"], second["explore"]
    return one["quenches"] <= other["quenches"] and _without(first, LENGTHS) == _without(
        second, LENGTHS
    )


def trajectory_names(task: Task) -> frozenset[str]:
    """Names of the trajectories of a task of the stage `explore`, whatever their lengths.

    Of one glass and one model, two trajectories of one name are the same, or one is the beginning
    of the other; so a campaign that goes on with those of another one has their names.
    """
    kept = _without(task.parameters, LENGTHS)
    lanes = kept.get("lanes", {"first": task.number, "count": 1, "format": 0})
    first, count = lanes["first"], lanes["count"]
    return frozenset(
        canonical([task.seed, task.glass, number, kept["explore"], lanes["format"]])
        for number in range(first, first + count)
    )


def _without(parameters: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    kept = {name: value for name, value in parameters["explore"].items() if name not in names}
    return {**parameters, "explore": kept}


def join_trajectories(states: Sequence[ExplorationState]) -> TrajectoryGroup:
    """What the next chunk of several trajectories goes on from."""
    return TrajectoryGroup(trajectories=tuple(states))


def run_library(task: TaskInput) -> TaskOutput:
    """Pool the trajectories of a glass, and what pushes of its minima met."""
    identity = exploration_settings(ExploreSection(**task.parameters["explore"])).identity
    products = [record for group in task.inputs for record in group]
    pushes = [record for record in products if isinstance(record, Pushed)]
    states: list[ExplorationState] = [r for r in products if not isinstance(r, Pushed)]
    if not states:
        return TaskOutput(counts={"structures": 0})
    box = states[0].dynamics.box
    twins: list[tuple[Configuration, Configuration]] = []
    pooled = merge_explorations(states, box, identity, lambda *two: twins.append(two))
    for pushed in pushes:
        pooled = with_pushed(pooled, pushed, box, identity)
    found = (
        ("exploration", replace(pooled, structures=())),
        *(("structure", structure) for structure in pooled.structures),
    )
    counts = {"structures": len(pooled.structures)}
    return TaskOutput(products=found, counts=counts, alike=tuple(twins))


def exploration_settings(section: ExploreSection) -> ExplorationSettings:
    """The plan's table as settings of the exploration."""
    section = section.own_units
    return section.record(
        ExplorationSettings,
        lanes=section.lanes or 1,
        identity=section.record(Identity),
        minimizer=section.record(MinimizerSettings),
        keep_places=True,
    )


EXPLORE = Stage(
    name="explore",
    title="trajectories",
    run=run_explore,
    code_format=2,
    settings={"explore": ExploreSection},
    begins=begins_exploration,
    join=join_trajectories,
    reads_late=True,
    takes=("glass",),
    gives={"trajectory": ExplorationState},
    states=(ExplorationState, TrajectoryGroup),
    cites=(
        "F. H. Stillinger, T. A. Weber, Hidden structure in liquids, Phys. Rev. A 25, 978 (1982): "
        "inherent structures.",
        "D. C. Liu, J. Nocedal, On the limited memory BFGS method for large scale optimization, "
        "Math. Program. 45, 503 (1989): the quench.",
    ),
)
LIBRARY = Stage(
    name="library",
    title="libraries",
    run=run_library,
    settings={"explore": ExploreSection},
    is_swift=True,
    is_light=True,
    takes=("trajectory", "pushed"),
    gives={"exploration": Exploration, "structure": InherentStructure},
)
