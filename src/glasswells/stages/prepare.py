"""Stage `prepare`: equilibrated glasses, from scratch, those that ship, or your own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from glasswells.core.errors import InputError
from glasswells.interchange.shipped import EDITIONS
from glasswells.interchange.shipped import glass as shipped_glass
from glasswells.landscape.melt_quench import (
    MeltQuench,
    continue_melt_quench,
    finish_melt_quench,
    start_melt_quench,
)
from glasswells.landscape.preparation import (
    PreparationSettings,
    PreparationState,
    PreparedGlass,
    continue_preparation,
    finish_preparation,
    start_preparation,
)
from glasswells.model.functions import energy
from glasswells.model.pair_model import Model, PairModel
from glasswells.plan.glasses import GlassesSection, StoredGlass
from glasswells.plan.melt_quench import MeltQuenchSection
from glasswells.plan.model import build_model
from glasswells.plan.plan import Plan
from glasswells.plan.prepare import LiquidSweeps, PrepareSection
from glasswells.sampling.equilibrium import EquilibrationReport, Measured
from glasswells.sampling.structure import crystalline_fraction, fractionation
from glasswells.store.pipeline import Stage
from glasswells.store.tasks import TaskFailedError, TaskInput, TaskOutput

LENGTHS = {"sweeps", "glasses_per_liquid", "sweeps_between"}
"""Settings that say how long liquids are sampled, and may differ between temperatures."""


def prepare_parameters(plan: Plan, temperature: float, index: int) -> dict[str, Any]:
    """What the products of this stage depend on; of a rate of cooling if glasses are melted."""
    common = {"source": plan.glasses.source, "temperature": temperature}
    if plan.glasses.source == "shipped":
        edition = EDITIONS.get(temperature)
        return {**common, "index": index, **({"edition": edition} if edition else {})}
    if plan.glasses.source == "files":
        return {
            **common,
            "model": plan.model_parameters,
            "glass": _stored(plan, temperature, index),
        }
    if plan.glasses.source == "melt_quench":
        return {
            "source": "melt_quench",
            "rate": temperature,
            "model": plan.model_parameters,
            "masses": plan.model.element_masses,
            "melt_quench": plan.melt_quench.model_dump(mode="json", exclude={"rates"}),
        }
    sweeps = _sweeps(plan, temperature)
    settings = plan.prepare.model_dump(mode="json", exclude=LENGTHS)
    number = index % sweeps.glasses
    liquid = {"number": number, "glasses": sweeps.glasses, "sweeps_between": sweeps.between}
    return {
        **common,
        "model": plan.model_parameters,
        "prepare": {**settings, "sweeps": sweeps.first},
        **({"liquid": liquid} if sweeps.glasses > 1 else {}),
    }


def glass_before(plan: Plan, temperature: float, index: int) -> int | None:
    """Index of the glass from whose liquid this one is taken later on; None if from none."""
    if plan.glasses.source != "prepare":
        return None
    return index - 1 if index % _sweeps(plan, temperature).glasses else None


def prepare_chunks(plan: Plan, temperature: float, index: int) -> int:
    """Chunks that one glass takes; of a rate of cooling if it is melted."""
    if plan.glasses.source == "melt_quench":
        blocks = plan.melt_quench.settings(temperature).blocks
        return -(-blocks // plan.melt_quench.chunk_blocks)
    if plan.glasses.source != "prepare":
        return 1
    sweeps, chunk = _sweeps(plan, temperature), plan.prepare.chunk_sweeps
    number = index % sweeps.glasses
    begin = sweeps.first + (number - 1) * sweeps.between if number else 0
    end = sweeps.first + number * sweeps.between
    return -(-end // chunk) - begin // chunk


def _sweeps(plan: Plan, temperature: float) -> LiquidSweeps:
    return plan.prepare.sweeps_of(plan.preparations.index(temperature))


def run_prepare(task: TaskInput) -> TaskOutput:
    """One chunk of a preparation; at the end the glass and its report."""
    p = task.parameters
    if p["source"] == "shipped":
        return TaskOutput(products=(("glass", _shipped(p)),))
    model = build_model(p["model"])
    if p["source"] == "files":
        return TaskOutput(products=(("glass", _from_file(model, p)),))
    if p["source"] == "melt_quench":
        return _run_melt_quench(model, task)
    if not isinstance(model, PairModel):
        raise TaskFailedError("no_swaps", "swap Monte Carlo needs a pair model")
    return _run_swaps(model, task)


def _run_swaps(model: PairModel, task: TaskInput) -> TaskOutput:
    p = task.parameters
    section = PrepareSection(**p["prepare"])
    settings = section.record(PreparationSettings)
    place = p.get("liquid", {"number": 0, "glasses": 1, "sweeps_between": 0})
    goes_on = place["number"] > 0
    if task.state is not None:
        state = task.state
    elif goes_on:
        ((state,),) = task.inputs
    else:
        state = start_preparation(model, p["temperature"], settings, task.seed)
    done, chunk = state.checkpoint.sweeps, section.chunk_sweeps
    wanted = p["prepare"]["sweeps"] + place["number"] * place["sweeps_between"]
    # Up to the next multiple of the chunk, also where a glass was taken in between: frames stay
    # evenly spaced.
    sweeps = min(chunk - done % chunk, wanted - done)
    state = continue_preparation(model, state, settings, sweeps)
    left = wanted - state.checkpoint.sweeps
    if left > 0:
        return TaskOutput(counts={"sweeps": sweeps}, state=state, chunks_left=-(-left // chunk))
    apart = place["sweeps_between"] if goes_on else None
    glass = finish_preparation(model, state, sweeps_apart=apart)
    is_last = place["number"] + 1 == place["glasses"]
    liquid = () if is_last else (("liquid", state),)
    return TaskOutput(products=(("glass", glass), *liquid), counts={"sweeps": sweeps})


def _run_melt_quench(model: Model, task: TaskInput) -> TaskOutput:
    p = task.parameters
    section = MeltQuenchSection(**p["melt_quench"], rates=(p["rate"],))
    settings = section.settings(p["rate"])
    state = task.state
    if state is None:
        places, velocities = task.seed.spawn(2)
        start = section.start(p["masses"], places)
        state = start_melt_quench(model, start, settings, velocities)
    before = state.blocks
    state = continue_melt_quench(model, state, settings, section.chunk_blocks)
    counts = {"blocks": state.blocks - before}
    left = settings.blocks - state.blocks
    if left > 0:
        return TaskOutput(counts=counts, state=state, chunks_left=-(-left // section.chunk_blocks))
    glass = finish_melt_quench(model, state, settings)
    return TaskOutput(products=(("glass", glass),), counts=counts)


def _shipped(parameters: Mapping[str, Any]) -> PreparedGlass:
    glass = shipped_glass(parameters["temperature"], parameters["index"])
    return PreparedGlass(
        configuration=glass.configuration,
        preparation_temperature=glass.preparation_temperature,
        report=glass.report,
    )


def _stored(plan: Plan, temperature: float, index: int) -> dict[str, Any]:
    """The contents of a glass's file; its name is left out, as results do not depend on it."""
    if not plan.stored_glasses:
        raise InputError(
            "the plan names glasses.files, but has not read them: start it by start_campaign, or "
            "complete its text by complete_plan"
        )
    glass = plan.stored_glasses[plan.glasses.place(temperature, index)]
    return glass.model_dump(exclude={"file"}, exclude_defaults=True)


def _from_file(model: Model, parameters: Mapping[str, Any]) -> PreparedGlass:
    """A glass of unknown history: nothing was sampled, so that no relaxation was measured."""
    configuration = StoredGlass(file="", **parameters["glass"]).configuration()
    n = configuration.n_particles
    report = EquilibrationReport(
        temperature=parameters["temperature"],
        n_particles=n,
        sweeps=0.0,
        overlap_time=math.nan,
        diameter_time=math.nan,
        energy=Measured(value=energy(model, configuration) / n, error=math.inf),
        heat_capacity=Measured(value=math.nan, error=math.inf),
        energy_slope=None,
        inherent_energy=None,
        inherent_drift=None,
        from_below=None,
        crystalline_fraction=crystalline_fraction(configuration),
        fractionation=fractionation(configuration),
    )
    return PreparedGlass(
        configuration=configuration,
        preparation_temperature=parameters["temperature"],
        report=report,
    )


PREPARE = Stage(
    name="prepare",
    title="glasses",
    run=run_prepare,
    settings={
        "glasses": GlassesSection,
        "prepare": PrepareSection,
        "melt_quench": MeltQuenchSection,
    },
    takes=("liquid",),
    gives={"glass": PreparedGlass, "liquid": PreparationState},
    states=(PreparationState, MeltQuench),
    cites=(
        "A. Ninarello, L. Berthier, D. Coslovich, Models and algorithms for the next generation "
        "of glass transition studies, Phys. Rev. X 7, 021039 (2017): swap Monte Carlo and the "
        "polydisperse soft spheres.",
    ),
)
