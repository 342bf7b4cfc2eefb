"""Stages `explore` and `library`: trajectories of a glass, then all that they met together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from glasswells.core.outcomes import Outcome
from glasswells.landscape.explore import (
    ExplorationSettings,
    ExplorationState,
    continue_exploration,
    merge_explorations,
    start_exploration,
)
from glasswells.landscape.library import Identity
from glasswells.minimization import MinimizerSettings
from glasswells.plan.explore import ExploreSection
from glasswells.plan.model import build_model
from glasswells.plan.plan import Plan
from glasswells.store.tasks import TaskInput, TaskOutput


def explore_parameters(plan: Plan) -> dict[str, Any]:
    """What the products of `explore` depend on."""
    return {
        "model": plan.model_parameters,
        "explore": plan.explore.parameters(),
    }


def library_parameters(plan: Plan) -> dict[str, Any]:
    """What the products of `library` depend on."""
    return {"explore": plan.explore.parameters()}


def run_explore(task: TaskInput) -> TaskOutput:
    """One chunk of one trajectory; at the end the whole trajectory's library."""
    model = build_model(task.parameters["model"])
    section = ExploreSection(**task.parameters["explore"])
    settings = exploration_settings(section)
    if task.state is None:
        ((glass,),) = task.inputs
        state = start_exploration(model, glass.configuration, settings, task.seed)
    else:
        state = task.state
    quenches = min(section.chunk_quenches, section.quenches - state.quenches)
    before = state
    state = continue_exploration(model, state, settings, quenches)
    counts = {
        "quenches": state.quenches - before.quenches,
        "evaluations": state.evaluations - before.evaluations,
        "recognized": state.recognized - before.recognized,
        "failed_quenches": state.failures - before.failures,
    }
    left = section.quenches - state.quenches
    if left > 0 and state.outcome is Outcome.COMPLETED:
        chunks = -(-left // section.chunk_quenches)
        return TaskOutput(counts=counts, state=state, chunks_left=chunks)
    return TaskOutput(products=(("trajectory", state),), counts=counts)


def begins_exploration(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """Whether a trajectory is the beginning of another one: that has at least as many quenches.

    Where it was cut into chunks does not matter: n quenches and m more are n + m, bit for bit.
    """
    free = {"quenches", "chunk_quenches"}
    one, other = first["explore"], second["explore"]
    return one["quenches"] <= other["quenches"] and _without(first, free) == _without(second, free)


def _without(parameters: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    kept = {name: value for name, value in parameters["explore"].items() if name not in names}
    return {**parameters, "explore": kept}


def run_library(task: TaskInput) -> TaskOutput:
    """Pool the trajectories of a glass."""
    identity = exploration_settings(ExploreSection(**task.parameters["explore"])).identity
    states: list[ExplorationState] = [state for group in task.inputs for state in group]
    if not states:
        return TaskOutput(counts={"structures": 0})
    pooled = merge_explorations(states, states[0].dynamics.box, identity)
    products = (
        ("exploration", replace(pooled, structures=())),
        *(("structure", structure) for structure in pooled.structures),
    )
    return TaskOutput(products=products, counts={"structures": len(pooled.structures)})


def exploration_settings(section: ExploreSection) -> ExplorationSettings:
    """The plan's table as settings of the exploration."""
    section = section.own_units
    return ExplorationSettings(
        temperature=section.exploration_temperature,
        interval=section.interval,
        time_step=section.time_step,
        friction=section.friction,
        identity=Identity(
            energy=section.energy_tolerance, displacement=section.displacement_tolerance
        ),
        minimizer=MinimizerSettings(max_force=section.max_force),
    )
