"""The pipeline as a table: from `prepare` and `explore` to `splittings` and `overlaps`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

import numpy as np

from glasswells.core.outcomes import Outcome
from glasswells.core.records import (
    Configuration,
    CubicMode,
    DoubleWell,
    EnergyProfile,
    FieldProfile,
    InherentStructure,
    Pair,
    PathFailure,
    Transition,
)
from glasswells.core.splittings import ContinuedSplitting, TunnelSplitting
from glasswells.landscape.candidates import Candidates, ChosenPair
from glasswells.landscape.detours import Detour
from glasswells.landscape.explore import Exploration
from glasswells.landscape.links import Link, SearchResult
from glasswells.landscape.melt_quench import MeltQuench
from glasswells.landscape.preparation import Preparation, PreparedGlass
from glasswells.landscape.quench_report import MeltQuenchReport
from glasswells.landscape.search import Asked, FollowedPair, PairSearch
from glasswells.landscape.trajectory import ExplorationState, TrajectoryGroup
from glasswells.plan.base import of_preparation
from glasswells.plan.differences import plan_differences
from glasswells.plan.file import parse_plan
from glasswells.plan.glass_files import complete_plan
from glasswells.plan.model import ASE, CALCULATORS, LAMMPS
from glasswells.plan.plan import Plan
from glasswells.sampling.equilibrium import EquilibrationReport, Measured
from glasswells.sampling.molecular_dynamics import DynamicsCheckpoint
from glasswells.sampling.swap_lists import SwapState
from glasswells.sampling.swap_monte_carlo import SwapCheckpoint
from glasswells.screening.glass_rounds import Findings, GlassRound
from glasswells.screening.records import Importance, KeptTrees, Searched
from glasswells.screening.rounds import Screening, ScreeningRound
from glasswells.stages.explore import (
    begins_exploration,
    explore_parameters,
    join_trajectories,
    library_parameters,
    run_explore,
    run_library,
)
from glasswells.stages.found import campaign_overview
from glasswells.stages.modes import run_modes, run_overlaps
from glasswells.stages.pairs import (
    first_label,
    first_round,
    follow_pairs,
    pairs_parameters,
    run_pairs,
)
from glasswells.stages.paths import follow_paths, run_paths
from glasswells.stages.prepare import prepare_chunks, prepare_parameters, run_prepare
from glasswells.stages.products import UNITS, double_well_keys
from glasswells.stages.screened import screens
from glasswells.stages.screening import (
    first_screening_round,
    follow_screening,
    run_screening,
)
from glasswells.stages.splittings import (
    WellSplitting,
    run_splittings,
    upgrade_splitting,
)
from glasswells.statistics import WellSummary
from glasswells.store.codec import AddedField, Codec, RecordType
from glasswells.store.tasks import FollowUp, Pipeline, Ref, Stage, Task
from glasswells.vibrations.records import (
    DirectionOverlap,
    MinimumVibrations,
    ProfiledMode,
    SeededMode,
    TangentStudy,
    WellVibrations,
)


def _all_one(masses: Any) -> bool:
    return bool((masses == 1).all())


def _with_masses(cls: type[Any]) -> RecordType:
    """A record that is saved with masses only where they are not all 1, as before it had any."""
    added = {"masses": AddedField(version=2, is_implied=_all_one)}
    return RecordType(cls=cls, name=cls.__name__, version=2, added=added)


def _all_unknown(numbers: Any) -> bool:
    return bool(np.isnan(numbers).all())


SAVED: tuple[type[Any] | type[Enum] | RecordType, ...] = (
    Asked,
    Candidates,
    ChosenPair,
    _with_masses(Configuration),
    ContinuedSplitting,
    CubicMode,
    Detour,
    DirectionOverlap,
    DoubleWell,
    _with_masses(DynamicsCheckpoint),
    EnergyProfile,
    EquilibrationReport,
    Exploration,
    ExplorationState,
    FieldProfile,
    Findings,
    FollowedPair,
    GlassRound,
    Importance,
    InherentStructure,
    KeptTrees,
    Link,
    Measured,
    MeltQuench,
    MeltQuenchReport,
    MinimumVibrations,
    Outcome,
    Pair,
    PairSearch,
    PathFailure,
    Preparation,
    PreparedGlass,
    ProfiledMode,
    Screening,
    ScreeningRound,
    SearchResult,
    Searched,
    SeededMode,
    _with_masses(SwapCheckpoint),
    SwapState,
    TangentStudy,
    TrajectoryGroup,
    Transition,
    RecordType(cls=TunnelSplitting, name="TunnelSplitting", version=2, upgrade=upgrade_splitting),
    WellSplitting,
    RecordType(
        cls=WellSummary,
        name="WellSummary",
        version=2,
        added={"deformation_potential": AddedField(version=2, is_implied=_all_unknown)},
    ),
    WellVibrations,
)
"""Every type that a campaign may save."""


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


def _glass_tasks(plan: Plan, preparation: int, index: int) -> list[FollowUp]:
    n_trajectories = of_preparation(plan.explore.trajectories, preparation)
    name = plan.glass_name(preparation, index)
    prepare = FollowUp(
        stage="prepare",
        glass=name,
        number=0,
        parameters=prepare_parameters(plan, plan.preparations[preparation], index),
        label=f"{name} prepare",
        chunks=prepare_chunks(plan, plan.preparations[preparation]),
    )
    chunks = -(-plan.explore.quenches // plan.explore.chunk_quenches)
    lanes = plan.explore.lanes
    firsts = range(0, n_trajectories, lanes)
    trajectories = [
        FollowUp(
            stage="explore",
            glass=name,
            number=k,
            inputs=(Ref(chain=f"{name} prepare", kind="glass", item=0),),
            parameters=explore_parameters(plan, k, min(lanes, n_trajectories - k)),
            label=f"{name} explore {k}",
            chunks=chunks,
        )
        for k in firsts
    ]
    library = FollowUp(
        stage="library",
        glass=name,
        number=0,
        inputs=tuple(
            Ref(chain=f"{name} explore {k}", kind="trajectory", optional=True) for k in firsts
        ),
        parameters=library_parameters(plan),
        label=f"{name} library",
    )
    tasks = [prepare, *trajectories, library]
    if plan.pairs.rules:
        tasks.append(first_round(name, f"{name} library", pairs_parameters(plan, preparation)))
    return tasks


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


PIPELINE = Pipeline(
    name="glasswells",
    stages=(
        Stage(name="prepare", title="glasses", run=run_prepare),
        Stage(
            name="explore",
            title="trajectories",
            run=run_explore,
            begins=begins_exploration,
            join=join_trajectories,
        ),
        Stage(name="library", title="libraries", run=run_library, is_swift=True),
        Stage(
            name="pairs",
            title="rounds of pairs",
            run=run_pairs,
            follow=follow_pairs,
            code_format=3,
            is_swift=True,
        ),
        Stage(
            name="screening",
            title="rounds of screening",
            run=run_screening,
            follow=follow_screening,
            is_swift=True,
        ),
        Stage(
            name="paths",
            title="minimum energy paths",
            run=run_paths,
            follow=follow_paths,
            code_format=2,
        ),
        Stage(name="splittings", title="tunnel splittings", run=run_splittings),
        Stage(name="modes", title="modes of minima", run=run_modes),
        Stage(name="overlaps", title="double wells and modes", run=run_overlaps),
    ),
    codec=Codec(SAVED),
    read_plan=parse_plan,
    roots=roots,
    identity=identity,
    grows=Plan.grows_to,
    differences=plan_differences,
    keys=double_well_keys,
    units=UNITS,
    complete_plan=complete_plan,
    task_limit=task_limit,
    foreign_code=foreign_code,
    permits=permits,
    overview=campaign_overview,
)
"""What `glasswells run` runs."""
