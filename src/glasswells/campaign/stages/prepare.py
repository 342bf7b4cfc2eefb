"""Stage `prepare`: equilibrated glasses, from scratch or from those that ship."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from glasswells.campaign.plan import ModelSection, Plan, PrepareSection
from glasswells.campaign.tasks import TaskInput, TaskOutput
from glasswells.interchange.shipped import glass as shipped_glass
from glasswells.landscape.preparation import (
    PreparationSettings,
    PreparedGlass,
    continue_preparation,
    finish_preparation,
    start_preparation,
)


def prepare_parameters(plan: Plan, temperature: float, index: int) -> dict[str, Any]:
    """What the products of this stage depend on."""
    common = {"source": plan.glasses.source, "temperature": temperature}
    if plan.glasses.source == "shipped":
        return {**common, "index": index}
    return {
        **common,
        "model": plan.model.model_dump(mode="json"),
        "prepare": plan.prepare.model_dump(mode="json"),
    }


def prepare_chunks(plan: Plan) -> int:
    """Chunks that one glass takes."""
    if plan.glasses.source == "shipped":
        return 1
    return -(-plan.prepare.sweeps // plan.prepare.chunk_sweeps)


def run_prepare(task: TaskInput) -> TaskOutput:
    """One chunk of equilibration; at the end the glass and its report."""
    p = task.parameters
    if p["source"] == "shipped":
        return TaskOutput(products=(("glass", _shipped(p)),))
    model = ModelSection(**p["model"]).build()
    section = PrepareSection(**p["prepare"])
    settings = PreparationSettings(
        n_particles=section.n_particles,
        density=section.density,
        diameters=section.diameters,
        diameter_limits=section.diameter_limits,
        unit_mean=section.unit_mean,
        melt_temperature=section.melt_temperature,
        melt_sweeps=section.melt_sweeps,
        swap_probability=section.swap_probability,
        partner_window=section.partner_window,
        burn_in=section.burn_in,
    )
    state = task.state or start_preparation(model, p["temperature"], settings, task.seed)
    sweeps = min(section.chunk_sweeps, section.sweeps - state.checkpoint.sweeps)
    state = continue_preparation(model, state, settings, sweeps)
    left = section.sweeps - state.checkpoint.sweeps
    if left > 0:
        return TaskOutput(
            counts={"sweeps": sweeps}, state=state, chunks_left=-(-left // section.chunk_sweeps)
        )
    return TaskOutput(
        products=(("glass", finish_preparation(model, state)),), counts={"sweeps": sweeps}
    )


def _shipped(parameters: Mapping[str, Any]) -> PreparedGlass:
    glass = shipped_glass(parameters["temperature"], parameters["index"])
    return PreparedGlass(
        configuration=glass.configuration,
        preparation_temperature=glass.preparation_temperature,
        report=glass.report,
    )
