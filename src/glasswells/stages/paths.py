"""Stage `paths`: the path between two minima, a double well or the reason why it is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from glasswells.core.records import DoubleWell, InherentStructure, PathFailure
from glasswells.landscape.links import DOUBLE_WELL, SearchResult
from glasswells.landscape.places import kept_place, unit_of
from glasswells.model.functions import energy
from glasswells.paths import find_double_well
from glasswells.plan.model import build_model
from glasswells.plan.plan import PathsSection, Plan
from glasswells.stages.kept_records import kept_double_well
from glasswells.stages.settled import settled_minimum
from glasswells.store.pipeline import Stage
from glasswells.store.tasks import TaskInput, TaskOutput


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
    first, second = (settled_minimum(model, minimum, section.max_force) for minimum in (a, b))
    found = find_double_well(
        model,
        first,
        second,
        rho=section.rho,
        images=section.images,
        method=section.method,
        max_force=section.max_force,
    )
    if isinstance(found, DoubleWell):
        result = SearchResult(outcome=DOUBLE_WELL)
        return TaskOutput(
            products=(("double_well", kept_double_well(model, found)), ("search", result)),
            counts={"double_wells": 1, f"route_{found.route}": 1},
        )
    outcome = found.outcome.name.lower()
    interactions = model.interactions(a.configuration)
    unit = unit_of(a.configuration)  # so that the library tells from its minima what is one
    places = tuple(
        kept_place(interactions, minimum, section.max_force, unit)
        for minimum in found.intermediates
    )
    minima = [
        InherentStructure(index=k, configuration=place, energy=energy(model, minimum), visits=0)
        for k, (place, minimum) in enumerate(zip(places, found.intermediates, strict=True))
    ]
    failure = replace(
        found,
        minimum_a=a.configuration,
        minimum_b=b.configuration,
        intermediates=places,
    )
    return TaskOutput(
        products=(
            ("path_failure", failure),
            ("search", SearchResult(outcome=outcome)),
            *(("path_minimum", minimum) for minimum in minima),
        ),
        counts={outcome: 1, "minima_met": len(minima)},
    )


PATHS = Stage(
    name="paths",
    title="minimum energy paths",
    run=run_paths,
    settings={"paths": PathsSection},
    code_format=7,
    takes=("structure", "path_minimum"),
    gives={
        "double_well": DoubleWell,
        "path_failure": PathFailure,
        "path_minimum": InherentStructure,
        "search": SearchResult,
    },
    cites=(
        "G. Henkelman, H. Jonsson, Improved tangent estimate in the nudged elastic band method, "
        "J. Chem. Phys. 113, 9978 (2000).",
        "G. Henkelman, B. P. Uberuaga, H. Jonsson, A climbing image nudged elastic band method, "
        "J. Chem. Phys. 113, 9901 (2000).",
    ),
)
