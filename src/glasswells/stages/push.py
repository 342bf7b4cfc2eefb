"""Stage `push`: minima of a glass pushed over their saddles along modes; off unless asked for.

It takes the trajectories, pushes the lowest minima that they met, one in each chunk, and leaves
what it met to the library of the glass.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glasswells.core.records import Configuration, InherentStructure
from glasswells.landscape.explore import merge_explorations
from glasswells.landscape.pushed import Pushed, continue_pushing, start_pushing
from glasswells.landscape.trajectory import ExplorationSettings
from glasswells.model.pair_model import Model
from glasswells.plan.explore import ExploreSection
from glasswells.plan.model import build_model
from glasswells.plan.plan import Plan
from glasswells.plan.push import PushSection
from glasswells.stages.explore import exploration_settings
from glasswells.stages.settled import settled_minimum
from glasswells.store.pipeline import Stage
from glasswells.store.tasks import FollowUp, Ref, TaskFailedError, TaskInput, TaskOutput


def push_parameters(plan: Plan) -> dict[str, Any]:
    """What the products of this stage depend on."""
    return {
        "model": plan.model_parameters,
        "explore": plan.explore.parameters(),
        "push": plan.push.parameters(),
    }


def push_task(plan: Plan, glass: str, trajectories: tuple[Ref, ...]) -> FollowUp:
    """The pushes of a glass."""
    return FollowUp(
        stage="push",
        glass=glass,
        number=0,
        inputs=trajectories,
        parameters=push_parameters(plan),
        label=push_label(glass),
        chunks=plan.push.minima,
    )


def push_label(glass: str) -> str:
    """What the library of a glass calls its pushes."""
    return f"{glass} push"


def run_push(task: TaskInput) -> TaskOutput:
    """One more minimum pushed."""
    p = task.parameters
    model, section = build_model(p["model"]), PushSection(**p["push"])
    explored = exploration_settings(ExploreSection(**p["explore"]))
    before: Pushed | None = task.state
    if before is None:
        states = [state for group in task.inputs for state in group]
        if not any(state.structures for state in states):
            return TaskOutput(counts={"pushed_minima": 0})
        box = states[0].dynamics.box
        met = merge_explorations(states, box, explored.identity).structures
        lowest = sorted(met, key=lambda s: (s.energy, s.index))[: section.minima]
        before = start_pushing(model, _minima(model, lowest, explored), explored.identity)
    found = continue_pushing(
        model,
        before,
        section.settings,
        identity=explored.identity,
        minimizer=explored.minimizer,
    )
    counts = {
        "pushed_minima": len(found.done) - len(before.done),
        "attempts": found.attempts - before.attempts,
        "saddles": len(found.saddles) - len(before.saddles),
        "structures": len(found.structures) - len(before.structures),
    }
    left = section.minima - len(found.done)
    if left > 0 and len(found.done) > len(before.done):
        return TaskOutput(counts=counts, state=found, chunks_left=left)
    return TaskOutput(products=(("pushed", found),), counts=counts)


def _minima(
    model: Model, kept: Sequence[InherentStructure], settings: ExplorationSettings
) -> list[Configuration]:
    """The minima of which places were kept, without those that are not found again from there.

    Raises
    ------
    TaskFailedError
        If none is found again: with the reason of the last.
    """
    found, lost = list[Configuration](), None
    for structure in kept:
        try:
            found.append(settled_minimum(model, structure, settings.minimizer.max_force))
        except TaskFailedError as error:
            lost = error
    if lost is not None and not found:
        raise lost
    return found


PUSH = Stage(
    name="push",
    title="minima pushed over saddles",
    run=run_push,
    reads_late=True,
    settings={"push": PushSection},
    takes=("trajectory",),
    gives={"pushed": Pushed},
    states=(Pushed,),
    cites=(
        "G. T. Barkema, N. Mousseau, Event-based relaxation of continuous disordered systems, "
        "Phys. Rev. Lett. 77, 4358 (1996): activation of a minimum until it is unstable.",
        "C. J. Cerjan, W. H. Miller, On finding transition states, J. Chem. Phys. 75, 2800 (1981): "
        "mode following.",
        "L. Gartner, E. Lerner, Nonlinear plastic modes in disordered solids, Phys. Rev. E 93, "
        "011001 (2016): cubic modes.",
    ),
)
