"""The pipeline as a table: from `prepare` and `explore` to `splittings` and `overlaps`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from glasswells.core.unit_words import unit_of_material
from glasswells.plan.base import of_preparation
from glasswells.plan.differences import plan_differences
from glasswells.plan.glass_files import complete_plan
from glasswells.plan.lanes import lanes_of
from glasswells.plan.model import ASE, CALCULATORS, LAMMPS
from glasswells.plan.plan import Plan
from glasswells.stages.explore import explore_parameters, library_parameters
from glasswells.stages.found import campaign_overview
from glasswells.stages.histories import HISTORIES
from glasswells.stages.names import PIPELINE_NAME
from glasswells.stages.pairs import first_label, first_round, pairs_parameters
from glasswells.stages.prepare import glass_before, prepare_chunks, prepare_parameters
from glasswells.stages.push import push_label, push_task
from glasswells.stages.screened import screens
from glasswells.stages.screening import first_screening_round
from glasswells.stages.table import STAGES, read_kept_plan, read_plan, read_stored_plan, spell_out
from glasswells.stages.units import UNITS
from glasswells.stages.well_places import double_well_keys
from glasswells.store.pipeline import Pipeline
from glasswells.store.reader import StoreReader
from glasswells.store.record_types import codec_of
from glasswells.store.tasks import FollowUp, Ref, Task

FIELD_UNITS = {**UNITS, **{name: unit for stage in STAGES for name, unit in stage.units.items()}}
"""Of all stages' records, in reduced units."""
ALL = "all"
"""In the place of a glass's number: all of a preparation temperature."""


def roots(plan: Plan) -> Sequence[FollowUp]:
    """For each glass: its preparation, its trajectories, their library and the first pairs."""
    tasks: list[FollowUp] = []
    for preparation in range(len(plan.glasses.counts)):
        for index in plan.glasses.indices(preparation):
            tasks += _glass_tasks(plan, preparation, index)
        if screens(plan.pairs):
            tasks += _screening_tasks(plan, preparation)
    return tasks


def identity(plan: Plan) -> tuple[str, int]:
    """Name and seed of a campaign."""
    return plan.campaign.name, plan.campaign.seed


def task_limit(plan: Plan) -> float:
    """Seconds after which a task hangs; none for energies of this package."""
    return plan.model.task_limit if plan.model.kind in CALCULATORS else 0.0


def foreign_code(plan: Plan) -> str:
    """The calculator of a plan, or LAMMPS' commands."""
    if plan.model.kind == ASE:
        return plan.model.calculator
    return f"LAMMPS' commands of {plan.model.commands}" if plan.model.kind == LAMMPS else ""


def permits(plan: Plan, task: Task) -> bool:
    """Whether a task has no calculator but that of the plan."""
    model = task.parameters.get("model", {})
    return model.get("kind") not in CALCULATORS or model == plan.model_parameters


def units_in(store: StoreReader) -> dict[str, str]:
    """Units of a campaign's records: of a material electronvolts, angstroms and atomic masses."""
    if not read_stored_plan(store.property("plan")).model.is_material:
        return FIELD_UNITS
    return {name: unit_of_material(unit) for name, unit in FIELD_UNITS.items()}


def _glass_tasks(plan: Plan, preparation: int, index: int) -> list[FollowUp]:
    n_trajectories = of_preparation(plan.explore.trajectories, preparation)
    name = plan.glass_name(preparation, index)
    chunks = -(-plan.explore.quenches // plan.explore.chunk_quenches)
    lanes = lanes_of(plan, preparation)
    firsts = range(0, n_trajectories, lanes)
    trajectories = [
        FollowUp(
            stage="explore",
            glass=name,
            number=k,
            inputs=(Ref(chain=f"{name} prepare", kind="glass", item=0),),
            parameters=explore_parameters(plan, k, min(lanes, n_trajectories - k), lanes),
            label=f"{name} explore {k}",
            chunks=chunks,
        )
        for k in firsts
    ]
    met = tuple(Ref(chain=f"{name} explore {k}", kind="trajectory", optional=True) for k in firsts)
    pushes = [push_task(plan, name, met)] if plan.push.enabled else []
    pushed = (Ref(chain=push_label(name), kind="pushed", optional=True),) if pushes else ()
    library = FollowUp(
        stage="library",
        glass=name,
        number=0,
        inputs=(*met, *pushed),
        parameters=library_parameters(plan),
        label=f"{name} library",
    )
    tasks = [_prepare_task(plan, preparation, index), *trajectories, *pushes, library]
    if plan.pairs.rules:
        tasks.append(first_round(name, f"{name} library", pairs_parameters(plan, preparation)))
    return tasks


def _prepare_task(plan: Plan, preparation: int, index: int) -> FollowUp:
    temperature, name = plan.preparations[preparation], plan.glass_name(preparation, index)
    before = glass_before(plan, temperature, index)
    liquid = () if before is None else (f"{plan.glass_name(preparation, before)} prepare",)
    return FollowUp(
        stage="prepare",
        glass=name,
        number=0,
        inputs=tuple(Ref(chain=label, kind="liquid", item=0) for label in liquid),
        parameters=prepare_parameters(plan, temperature, index),
        label=f"{name} prepare",
        chunks=prepare_chunks(plan, temperature, index),
    )


def _screening_tasks(plan: Plan, preparation: int) -> list[FollowUp]:
    """The first round of all glasses of the k-th preparation."""
    names = [plan.glass_name(preparation, k) for k in plan.glasses.indices(preparation)]
    if not names:
        return []
    return [
        first_screening_round(
            plan.glass_name(preparation, ALL),
            [(f"{name} library", first_label(name)) for name in names],
            {**pairs_parameters(plan, preparation), "glasses": names},
        )
    ]


KHOMENKO = (
    "D. Khomenko, D. R. Reichman, F. Zamponi, Relationship between two-level systems and "
    "quasilocalized normal modes in glasses, Phys. Rev. Materials 5, 055602 (2021): the "
    "pipeline as a whole."
)
PIPELINE = Pipeline(
    name=PIPELINE_NAME,
    stages=STAGES,
    codec=codec_of((record for stage in STAGES for record in stage.saves), HISTORIES),
    read_plan=read_plan,
    read_kept_plan=read_kept_plan,
    read_stored_plan=read_stored_plan,
    roots=roots,
    identity=identity,
    grows=Plan.grows_to,
    differences=plan_differences,
    keys=double_well_keys,
    units=units_in,
    spell_out=spell_out,
    complete_plan=partial(complete_plan, read=read_plan),
    task_limit=task_limit,
    foreign_code=foreign_code,
    permits=permits,
    overview=campaign_overview,
    cites=(KHOMENKO,),
)
"""What `glasswells run` runs."""
