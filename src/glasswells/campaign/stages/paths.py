"""Stage `paths`: the chain of double wells between the two minima of a pair."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from glasswells.campaign.plan import ModelSection, PathsSection, Plan
from glasswells.campaign.stages.modes import follow_double_wells
from glasswells.campaign.stages.splittings import splittings_parameters
from glasswells.campaign.tasks import SELF, FollowUp, Ref, Task, TaskInput, TaskOutput
from glasswells.core.records import DoubleWell
from glasswells.paths import find_double_wells


def paths_parameters(plan: Plan) -> dict[str, Any]:
    """What the products of this stage depend on."""
    return {
        "model": plan.model.model_dump(mode="json"),
        "paths": plan.paths.model_dump(mode="json"),
    }


def run_paths(task: TaskInput) -> TaskOutput:
    """The path of one pair; minima found between split it into several double wells."""
    ((a,), (b,)) = task.inputs
    p = task.parameters
    model = ModelSection(**p["model"]).build()
    section = PathsSection(**p["paths"])

    chain = find_double_wells(
        model,
        a.configuration,
        b.configuration,
        rho=section.rho,
        images=section.images,
        method=section.method,
        max_minima=section.max_intermediates,
        max_force=section.max_force,
    )
    products: list[tuple[str, Any]] = []
    counts: Counter[str] = Counter()
    for link in chain.links:
        if isinstance(link, DoubleWell):
            products.append(("double_well", link))
            counts["double_wells"] += 1
            counts[f"route_{link.route}"] += 1
        else:
            products.append(("path_failure", link))
            counts[link.outcome.name.lower()] += 1
    counts["intermediate_minima"] = len(chain.minima) - 2
    return TaskOutput(products=tuple(products), counts=dict(counts))


def follow_paths(plan: Plan, task: Task, output: TaskOutput) -> Sequence[FollowUp]:
    """Splittings, modes and overlaps, if there is a double well."""
    links = [record for _, record in output.products]
    if not any(isinstance(link, DoubleWell) for link in links):
        return []
    return [
        FollowUp(
            stage="splittings",
            glass=task.glass,
            number=task.number,
            inputs=(Ref(chain=SELF, kind="double_well"),),
            parameters=splittings_parameters(plan),
        ),
        *follow_double_wells(plan, task, links),
    ]
