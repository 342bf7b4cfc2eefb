"""Stages `modes` and `overlaps`: vibrations of minima, and how double wells relate to them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from glasswells.core.one_thread import one_thread
from glasswells.core.records import Configuration, DoubleWell, NormalModes
from glasswells.model.pair_model import Model
from glasswells.modes import Stiffness, normal_modes
from glasswells.plan.model import build_model
from glasswells.plan.modes import ModesSection
from glasswells.plan.plan import Plan
from glasswells.stages.kept_records import kept_minimum_vibrations, kept_well_vibrations
from glasswells.stages.settled import settled_minimum
from glasswells.store.pipeline import Stage
from glasswells.store.tasks import FollowUp, Ref, TaskInput, TaskOutput
from glasswells.vibrations.attempts import attempt
from glasswells.vibrations.minimum import minimum_vibrations
from glasswells.vibrations.records import MinimumVibrations, TangentStudy, WellVibrations
from glasswells.vibrations.tangents import tangent_study
from glasswells.vibrations.well import unrelated_well, well_vibrations


def modes_parameters(plan: Plan) -> dict[str, Any]:
    """What the products of `modes` depend on."""
    limits = {"count", "participation_limit", "frequency_limit"}
    return {
        "model": plan.model_parameters,
        "modes": plan.modes.model_dump(mode="json", include=limits),
    }


def overlaps_parameters(plan: Plan, place: int) -> dict[str, Any]:
    """What the products of `overlaps` depend on, for the double well of this place in its glass."""
    study = None
    if place < plan.modes.tangent_studies:
        study = {
            "rhos": list(plan.modes.rhos),
            "images": list(plan.modes.images),
            "band_force": plan.modes.band_force,
            "band_iterations": plan.modes.band_iterations,
        }
    return {
        **modes_parameters(plan),
        "full_spectrum": place < plan.modes.full_spectra,
        "study": study,
    }


def follow_double_well(
    plan: Plan, glass: str, number: int, place: int, well: Ref, minimum: tuple[int, Ref]
) -> list[FollowUp]:
    """The modes of a double well's minimum A, then all overlaps.

    Modes are asked for by minimum: where another double well asked for the same one before, it is
    the same task. With a full spectrum the minimum is left to `overlaps`.

    Parameters
    ----------
    plan, glass
        Of the campaign.
    number, place
        Of the path search, and which of the glass's double wells it is.
    well
        The double well.
    minimum
        Number and record of its minimum A.
    """
    if not plan.modes.enabled or 0 < plan.modes.max_pairs <= place:
        return []
    overlaps = overlaps_parameters(plan, place)
    modes = FollowUp(
        stage="modes",
        glass=glass,
        number=minimum[0],
        inputs=(minimum[1],),
        parameters=modes_parameters(plan),
        label=f"modes {number}",
    )
    of_minimum = Ref(chain=f"modes {number}", kind="minimum_vibrations", optional=True)
    asked = [] if overlaps["full_spectrum"] else [modes]
    return [
        *asked,
        FollowUp(
            stage="overlaps",
            glass=glass,
            number=number,
            inputs=(well, *([of_minimum] if asked else [])),
            parameters=overlaps,
        ),
    ]


def run_modes(task: TaskInput) -> TaskOutput:
    """The soft modes of one minimum."""
    ((source,),) = task.inputs
    model = build_model(task.parameters["model"])
    with one_thread():  # more threads add up in another order
        minimum = settled_minimum(model, source)
        found = _vibrations(model, minimum, task.parameters["modes"])
    kept = kept_minimum_vibrations(found)
    return TaskOutput(products=(("minimum_vibrations", kept),), counts=_minimum_counts(found))


def run_overlaps(task: TaskInput) -> TaskOutput:
    """A double well against the modes of its minimum A.

    If it defies everything, its record says why.
    """
    ((well,), *of_minimum) = task.inputs
    p = task.parameters
    model = build_model(p["model"])
    given = [found for group in of_minimum for found in group]
    if not given and not p["full_spectrum"]:
        return TaskOutput(counts={"wells_without_modes": 1})
    minimum = given[0] if given else None
    failures: list[str] = []
    relate = partial(_relate, model, well, minimum, p["modes"], p["study"])
    with one_thread():
        found = attempt("vibrations", relate, failures)
    record, spectrum = found or (unrelated_well(0, failures), None)
    products: list[tuple[str, Any]] = [("well_vibrations", kept_well_vibrations(record))]
    if spectrum is not None:
        products.insert(0, ("minimum_vibrations", kept_minimum_vibrations(spectrum)))
    counts = {**_well_counts(record), "full_spectra": len(products) - 1}
    return TaskOutput(products=tuple(products), counts=counts)


def _relate(
    model: Model,
    well: DoubleWell,
    minimum: MinimumVibrations | None,
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
        number=0,
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


GARTNER_LERNER = (
    "L. Gartner, E. Lerner, Nonlinear plastic modes in disordered solids, Phys. Rev. E 93, "
    "011001 (2016): cubic modes and their barrier function."
)
MODES = Stage(
    name="modes",
    title="modes of minima",
    run=run_modes,
    code_format=3,
    settings={"modes": ModesSection},
    takes=("structure", "path_minimum"),
    gives={"minimum_vibrations": MinimumVibrations},
    cites=(GARTNER_LERNER,),
)
OVERLAPS = Stage(
    name="overlaps",
    title="double wells and modes",
    run=run_overlaps,
    code_format=3,
    settings={"modes": ModesSection},
    takes=("double_well", "minimum_vibrations"),
    gives={"minimum_vibrations": MinimumVibrations, "well_vibrations": WellVibrations},
    about_wells=frozenset({"well_vibrations"}),
    cites=(GARTNER_LERNER,),
)
