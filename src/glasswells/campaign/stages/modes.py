"""Stages `modes` and `overlaps`: vibrations of minima, and how double wells relate to them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from glasswells.campaign.plan import ModelSection, Plan
from glasswells.campaign.tasks import SELF, FollowUp, Ref, Task, TaskInput, TaskOutput
from glasswells.core.records import Configuration, DoubleWell, NormalModes, PathFailure
from glasswells.model.pair_model import Model
from glasswells.modes import Stiffness, normal_modes
from glasswells.vibrations.attempts import attempt
from glasswells.vibrations.minimum import minimum_vibrations
from glasswells.vibrations.records import MinimumVibrations, TangentStudy, WellVibrations
from glasswells.vibrations.tangents import tangent_study
from glasswells.vibrations.well import unrelated_well, well_vibrations

BETWEEN = 1_000_000
"""Numbers of the minima between A and B begin here, above those of any library."""
LINKS = 1000
"""Room for the double wells of one pair in those numbers."""


def modes_parameters(plan: Plan) -> dict[str, Any]:
    """What the products of `modes` depend on."""
    limits = {"count", "participation_limit", "frequency_limit"}
    return {
        "model": plan.model.model_dump(mode="json"),
        "modes": plan.modes.model_dump(mode="json", include=limits),
    }


def overlaps_parameters(plan: Plan, number: int) -> dict[str, Any]:
    """What the products of `overlaps` depend on, for the pair of this number."""
    study = None
    if number < plan.modes.tangent_studies:
        study = {
            "rhos": list(plan.modes.rhos),
            "images": list(plan.modes.images),
            "band_force": plan.modes.band_force,
            "band_iterations": plan.modes.band_iterations,
        }
    return {
        **modes_parameters(plan),
        "full_spectrum": number < plan.modes.full_spectra,
        "study": study,
    }


def follow_double_wells(
    plan: Plan, task: Task, links: Sequence[DoubleWell | PathFailure]
) -> list[FollowUp]:
    """The modes of each double well's minimum A, then all overlaps of the pair.

    Modes are asked for by minimum: where another pair asked for the same one before, it is the
    same task. The first minimum of a pair with a full spectrum is left to `overlaps`.
    """
    number = task.number
    wells = [place for place, link in enumerate(links) if isinstance(link, DoubleWell)]
    beyond_limit = 0 < plan.modes.max_pairs <= number
    if not plan.modes.enabled or not wells or beyond_limit:
        return []
    overlaps = overlaps_parameters(plan, number)
    modes = []
    for item, place in enumerate(wells):
        if item == 0 and overlaps["full_spectrum"]:
            continue
        minimum, source = _minimum_a(task, place, item)
        modes.append(
            FollowUp(
                stage="modes",
                glass=task.glass,
                number=minimum,
                inputs=(source,),
                parameters=modes_parameters(plan),
                label=f"modes {item}",
            )
        )
    of_minima = [Ref(chain=str(m.label), kind="minimum_vibrations", optional=True) for m in modes]
    return [
        *modes,
        FollowUp(
            stage="overlaps",
            glass=task.glass,
            number=number,
            inputs=(Ref(chain=SELF, kind="double_well"), *of_minima),
            parameters=overlaps,
        ),
    ]


def _minimum_a(task: Task, place: int, item: int) -> tuple[int, Ref]:
    """Number and record of the minimum A of a path's link `place`, its double well `item`.

    The first link starts in a minimum of the library, the others where the last one ended.
    """
    structure = task.inputs[0]
    if place == 0 and structure.item is not None:
        return structure.item, structure
    return BETWEEN + LINKS * task.number + item, Ref(chain=SELF, kind="double_well", item=item)


def run_modes(task: TaskInput) -> TaskOutput:
    """The soft modes of one minimum."""
    ((source,),) = task.inputs
    configuration = source.minimum_a if isinstance(source, DoubleWell) else source.configuration
    model = ModelSection(**task.parameters["model"]).build()
    with threadpool_limits(limits=1):  # more threads add up in another order
        found = _vibrations(model, configuration, task.parameters["modes"])
    return TaskOutput(products=(("minimum_vibrations", found),), counts=_minimum_counts(found))


def run_overlaps(task: TaskInput) -> TaskOutput:
    """All double wells of one pair against the modes of their minima.

    A double well that defies everything costs its own record only, which then says why.
    """
    (wells, *of_minima) = task.inputs
    p = task.parameters
    model = ModelSection(**p["model"]).build()
    given: list[MinimumVibrations | None] = [found[0] if found else None for found in of_minima]
    products: list[tuple[str, Any]] = []
    counts: Counter[str] = Counter()
    if p["full_spectrum"]:
        given.insert(0, None)
    for number, (well, minimum) in enumerate(zip(wells, given, strict=True)):
        is_full, study = p["full_spectrum"] and number == 0, p["study"] if number == 0 else None
        if minimum is None and not is_full:
            counts["wells_without_modes"] += 1
            continue
        failures: list[str] = []
        relate = partial(_relate, model, well, minimum, number, p["modes"], study)
        with threadpool_limits(limits=1):
            found = attempt("vibrations", relate, failures)
        record, spectrum = found or (unrelated_well(number, failures), None)
        if spectrum is not None:
            products.append(("minimum_vibrations", spectrum))
            counts["full_spectra"] += 1
        products.append(("well_vibrations", record))
        counts.update(_well_counts(record))
    return TaskOutput(products=tuple(products), counts=dict(counts))


def _relate(
    model: Model,
    well: DoubleWell,
    minimum: MinimumVibrations | None,
    number: int,
    section: dict[str, Any],
    study: dict[str, Any] | None,
) -> tuple[WellVibrations, MinimumVibrations | None]:
    """One double well; without the vibrations of its minimum also its full spectrum."""
    a = well.minimum_a
    stiffness = Stiffness(model, a)
    n_soft = min(section["count"], 3 * a.n_particles)
    modes = normal_modes(model, a, n_soft if minimum else None, stiffness=stiffness)
    spectrum = None
    if minimum is None:
        spectrum = minimum = _vibrations(model, a, section, modes, stiffness)
    failures: list[str] = []
    tangents: TangentStudy | None = None
    if study is not None:
        soft = _softest(modes, n_soft)
        tangents = attempt(
            "tangent study", partial(tangent_study, model, well, soft, **study), failures
        )
    record = well_vibrations(
        model,
        well,
        minimum,
        number=number,
        count=n_soft,
        modes=modes,
        stiffness=stiffness,
        tangents=tangents,
    )
    return replace(record, failures=(*record.failures, *failures)), spectrum


def _vibrations(
    model: Model,
    configuration: Configuration,
    section: dict[str, Any],
    modes: NormalModes | None = None,
    stiffness: Stiffness | None = None,
) -> MinimumVibrations:
    return minimum_vibrations(
        model,
        configuration,
        min(section["count"], 3 * configuration.n_particles),
        participation_limit=section["participation_limit"],
        frequency_limit=section["frequency_limit"],
        modes=modes,
        stiffness=stiffness,
    )


def _softest(modes: NormalModes, count: int) -> NormalModes:
    """The first `count` of these modes."""
    return replace(
        modes,
        frequencies=modes.frequencies[:count],
        fields=modes.fields[:count],
        participation_ratios=modes.participation_ratios[:count],
        complete=count == len(modes.frequencies) and modes.complete,
    )


def _minimum_counts(found: MinimumVibrations) -> dict[str, int]:
    return {
        "quasilocalized_modes": len(found.quasilocalized),
        "minima_without_quasilocalized": int(not found.quasilocalized),
        "cubic_modes": sum(item.mode.outcome.converged for item in found.cubic_modes),
        "double_wells_along": sum(item.is_double_well for item in found.cubic_modes),
        "incomplete": int(bool(found.failures)),
    }


def _well_counts(found: WellVibrations) -> dict[str, int]:
    seeded = found.seeded("displacement_ab")
    return {
        "double_wells": 1,
        "certified_overlaps": sum(item.certified for item in found.directions),
        "uncertified_overlaps": sum(not item.certified for item in found.directions),
        "cubic_modes": int(seeded is not None and seeded.outcome.converged),
        "double_wells_along": int(seeded is not None and seeded.is_double_well),
        "tangent_studies": int(found.tangents is not None),
        "incomplete": int(bool(found.failures)),
    }
