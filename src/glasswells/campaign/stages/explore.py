"""Stages `explore` and `pairs`: trajectories of a glass, then its library and candidate pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from glasswells.campaign.plan import ExploreSection, ModelSection, PairsSection, Plan
from glasswells.campaign.plan_base import of_preparation
from glasswells.campaign.stages.paths import paths_parameters
from glasswells.campaign.tasks import SELF, FollowUp, Ref, Task, TaskInput, TaskOutput
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Pair
from glasswells.landscape.explore import (
    Exploration,
    ExplorationSettings,
    ExplorationState,
    continue_exploration,
    merge_explorations,
    start_exploration,
)
from glasswells.landscape.library import Identity
from glasswells.landscape.pairs import close_pairs, linked_pairs
from glasswells.minimization import MinimizerSettings


def explore_parameters(plan: Plan) -> dict[str, Any]:
    """What the products of `explore` depend on."""
    return {
        "model": plan.model.model_dump(mode="json"),
        # A trajectory is what it is however many there are of them.
        "explore": plan.explore.model_dump(mode="json", exclude={"trajectories"}),
    }


def pairs_parameters(plan: Plan, preparation: int) -> dict[str, Any]:
    """What the products of `pairs` depend on, for glasses of the k-th preparation temperature."""
    limit = of_preparation(plan.pairs.max_pairs, preparation)
    return {
        "explore": plan.explore.model_dump(mode="json", exclude={"trajectories"}),
        "pairs": {**plan.pairs.model_dump(mode="json"), "max_pairs": limit},
    }


def run_explore(task: TaskInput) -> TaskOutput:
    """One chunk of one trajectory; at the end the whole trajectory's library."""
    model = ModelSection(**task.parameters["model"]).build()
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


def run_pairs(task: TaskInput) -> TaskOutput:
    """Pool the trajectories of a glass, and choose the pairs worth a path."""
    identity = exploration_settings(ExploreSection(**task.parameters["explore"])).identity
    section = PairsSection(**task.parameters["pairs"])
    states: list[ExplorationState] = [state for group in task.inputs for state in group]
    if not states:
        return TaskOutput(counts={"structures": 0, "pairs": 0})
    pooled = merge_explorations(states, states[0].dynamics.box, identity)
    pairs = _chosen_pairs(pooled, section)[: task.parameters["pairs"]["max_pairs"]]
    products = (
        ("exploration", replace(pooled, structures=())),
        *(("structure", structure) for structure in pooled.structures),
        *(("pair", pair) for pair in pairs),
    )
    counts = {"structures": len(pooled.structures), "pairs": len(pairs)}
    return TaskOutput(products=products, counts=counts)


def follow_pairs(plan: Plan, task: Task, output: TaskOutput) -> Sequence[FollowUp]:
    """A path for each pair."""
    pairs: list[Pair] = [record for kind, record in output.products if kind == "pair"]
    return [
        FollowUp(
            stage="paths",
            glass=task.glass,
            number=number,
            inputs=(
                Ref(chain=SELF, kind="structure", item=pair.i),
                Ref(chain=SELF, kind="structure", item=pair.j),
            ),
            parameters=paths_parameters(plan),
        )
        for number, pair in enumerate(pairs)
    ]


def exploration_settings(section: ExploreSection) -> ExplorationSettings:
    """The plan's table as settings of the exploration."""
    return ExplorationSettings(
        temperature=section.exploration_temperature,
        interval=section.interval,
        time_step=section.time_step,
        thermostat="langevin" if section.friction > 0 else None,
        friction=section.friction,
        identity=Identity(
            energy=section.energy_tolerance, displacement=section.displacement_tolerance
        ),
        minimizer=MinimizerSettings(max_force=section.max_force),
    )


def _chosen_pairs(pooled: Exploration, section: PairsSection) -> tuple[Pair, ...]:
    found: dict[tuple[int, int], Pair] = {}
    if section.min_transitions > 0:
        linked = linked_pairs(pooled.structures, pooled.transitions, section.min_transitions)
        found |= {(p.i, p.j): p for p in linked}
    if section.max_energy_difference > 0 and section.max_distance > 0:
        close = close_pairs(
            pooled.structures,
            pooled.transitions,
            section.max_energy_difference,
            section.max_distance,
            section.min_distance,
        )
        found |= {(p.i, p.j): p for p in close}
    return tuple(
        sorted(found.values(), key=lambda p: (-(p.forward_count + p.backward_count), p.i, p.j))
    )
