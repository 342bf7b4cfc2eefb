"""Stage `paths`: the path between two minima, a double well or the reason why it is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from glasswells.core.records import DoubleWell, InherentStructure
from glasswells.landscape.links import DOUBLE_WELL, SearchResult
from glasswells.model.functions import energy
from glasswells.paths import find_double_well
from glasswells.plan.model import build_model
from glasswells.plan.plan import PathsSection, Plan
from glasswells.stages.splittings import splittings_parameters
from glasswells.store.tasks import SELF, FollowUp, Ref, Task, TaskInput, TaskOutput


def paths_parameters(plan: Plan) -> dict[str, Any]:
    """What the products of this stage depend on; how many minima a way may have is not among it."""
    return {
        "model": plan.model_parameters,
        "paths": plan.paths.model_dump(mode="json", exclude={"max_intermediates"}),
    }


def run_paths(task: TaskInput) -> TaskOutput:
    """One path search; minima that the path passes become products of their own.

    They are named by this search and their place on the path, so that a search between them is
    the same task whatever else the campaign has searched.
    """
    ((a,), (b,)) = task.inputs
    p = task.parameters
    model = build_model(p["model"])
    section = PathsSection(**p["paths"])
    found = find_double_well(
        model,
        a.configuration,
        b.configuration,
        rho=section.rho,
        images=section.images,
        method=section.method,
        max_force=section.max_force,
    )
    if isinstance(found, DoubleWell):
        result = SearchResult(outcome=DOUBLE_WELL)
        return TaskOutput(
            products=(("double_well", found), ("search", result)),
            counts={"double_wells": 1, f"route_{found.route}": 1},
        )
    outcome = found.outcome.name.lower()
    minima = [
        InherentStructure(index=k, configuration=c, energy=energy(model, c), visits=0)
        for k, c in enumerate(found.intermediates)
    ]
    return TaskOutput(
        products=(
            ("path_failure", found),
            ("search", SearchResult(outcome=outcome)),
            *(("path_minimum", minimum) for minimum in minima),
        ),
        counts={outcome: 1, "minima_met": len(minima)},
    )


def follow_paths(plan: Plan, task: Task, output: TaskOutput) -> Sequence[FollowUp]:
    """The splittings of a double well; its modes are asked for by the round that comes next."""
    if not any(isinstance(record, DoubleWell) for _, record in output.products):
        return []
    return [
        FollowUp(
            stage="splittings",
            glass=task.glass,
            number=task.number,
            inputs=(Ref(chain=SELF, kind="double_well"),),
            parameters=splittings_parameters(plan),
        )
    ]
