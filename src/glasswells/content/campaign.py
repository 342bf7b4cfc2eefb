"""From a campaign's store to what a report shows."""

from __future__ import annotations

import hashlib
import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from glasswells.campaign.elasticity import medium_of
from glasswells.content.joined_exploration import mark_weights, marks
from glasswells.content.record_numbers import record_numbers
from glasswells.content.records import (
    ExplorationContent,
    Failure,
    GlassContent,
    Preparation,
    ReportContent,
    ShownWell,
    StageCost,
    choose_wells,
)
from glasswells.content.stored_pairs import StoredPairs, pair_subjects
from glasswells.content.stored_vibrations import StoredVibrations
from glasswells.core.configuration import Configuration
from glasswells.core.errors import InputError
from glasswells.core.progress import Progress, Report, reporting
from glasswells.core.splittings import TunnelSplitting
from glasswells.landscape.library import Identity
from glasswells.landscape.preparation import PreparedGlass
from glasswells.landscape.quench_report import MeltQuenchReport
from glasswells.observables.summary import Observables, observables_of
from glasswells.plan.glass_files import readable_plan
from glasswells.plan.model import ModelSection
from glasswells.plan.plan import Plan
from glasswells.stages.explore import exploration_settings, trajectory_names
from glasswells.stages.pipeline import PIPELINE
from glasswells.stages.splittings import solved_units
from glasswells.stages.stored_couplings import StoredCouplings
from glasswells.stages.table import read_stored_plan, spell_out_stored
from glasswells.stages.well_places import WellPlace, well_chains
from glasswells.statistics import WellSummary, summarize_well
from glasswells.store.reader import CONTINUED, DONE, FAILED, StoreReader
from glasswells.store.tasks import Ref, canonical
from glasswells.tunneling.units import METAL, UnitSystem


def campaign_content(store: StoreReader, progress: Progress = False) -> ReportContent:
    """Everything that a report shows of a campaign, finished or not.

    Double wells are read one after the other and kept as summaries; only those that are shown
    are read again in full.

    Parameters
    ----------
    store
        The campaign.
    progress
        As for `gw.explore`: steps are double wells.

    Raises
    ------
    DamagedStoreError
        If something in the store is not what was written.
    """
    with store.snapshot():
        text = store.property("plan")
        plan = read_stored_plan(text)
        units = solved_units(store, plan)
        splittings = _splittings(store)
        origins: dict[tuple[str, int], WellPlace] = {}
        vibrations = StoredVibrations(store)
        number = store.product_counts().get("double_well", 0)
        with reporting(progress, "reading double wells", number) as report:
            preparations = _preparations(store, splittings, vibrations, origins, plan, report)
        return ReportContent(
            name=plan.campaign.name,
            preparations=preparations,
            units=units,
            plan=readable_plan(spell_out_stored(text)),
            provenance=tuple(
                {"seed": str(plan.campaign.seed)} | _provenance(session)
                for session in store.sessions()
            ),
            costs=_costs(store),
            shown=_shown(store, preparations, units, origins),
            tasks_left=store.open_tasks(),
            failures=(*_failed_tasks(store), *_failed_paths(store)),
            search_counts=store.counts().get("pairs", {}),
            model=plan.model.native,
            calculator="" if plan.model.native else canonical(plan.model_parameters),
            is_material=plan.model.is_material,
            tables=PIPELINE.tables,
            observables=tuple(_observables(store, plan.model, preparations, units)),
            vibrations=vibrations.content(plan.paths.rho, units[0].name, origins, plan.modes),
        )


def _splittings(store: StoreReader) -> dict[WellPlace, dict[str, TunnelSplitting]]:
    """By double well, then by unit set."""
    paths = well_chains(store, "splitting")
    found: defaultdict[WellPlace, dict[str, TunnelSplitting]] = defaultdict(dict)
    for item in store.records("splitting"):
        origin = WellPlace(chain=paths[item.chain], item=item.record.double_well)
        splitting: TunnelSplitting = item.record.splitting
        found[origin][splitting.units] = splitting
    return found


def _preparations(
    store: StoreReader,
    splittings: Mapping[WellPlace, Mapping[str, TunnelSplitting]],
    vibrations: StoredVibrations,
    origins: dict[tuple[str, int], WellPlace],
    plan: Plan,
    report: Report,
) -> tuple[Preparation, ...]:
    """By temperature; fills `origins` by glass and number of double well."""
    groups: defaultdict[float, list[GlassContent]] = defaultdict(list)
    identity = exploration_settings(plan.explore).identity
    couplings = StoredCouplings(store, plan.model.native)
    searches = {row.task.chain: row.task.number for row in store.tasks(stage="paths")}
    trajectories: defaultdict[str, set[str]] = defaultdict(set)
    for row in store.tasks(stage="explore"):
        trajectories[row.task.glass].update(trajectory_names(row.task))
    for item in store.records("glass"):
        glass = item.record
        temperature, n = preparation_label(glass), glass.configuration.n_particles
        wells = tuple(_wells(store, item.glass, splittings, couplings, origins, plan.model, report))
        pairs = StoredPairs.of(store, item.glass)
        found = vibrations.wells(item.glass, temperature, wells, origins)
        groups[temperature].append(
            GlassContent(
                name=item.glass,
                n_particles=n,
                volume=float(np.prod(glass.configuration.box)),
                digest=_digest(glass.configuration),
                equilibration=glass.report,
                trajectories=frozenset(trajectories[item.glass]),
                exploration=_exploration(store, item.glass, glass.configuration, identity),
                n_pairs=pairs.count,
                pairs_by_rule=pairs.by_rule,
                searches_by_rule=pairs.searches,
                detours_by_rule=pairs.detours,
                rules_by_well=pairs.rules_by_well(
                    {w.number: origins[item.glass, w.number] for w in wells}, searches
                ),
                screening=tuple(
                    round_.record for round_ in store.records("screening_round", glass=item.glass)
                ),
                wells=tuple(
                    replace(w, numbers={**w.numbers, **vibrations.numbers_of(item.glass, w.number)})
                    for w in wells
                ),
                keys={w.number: origins[item.glass, w.number].key for w in wells},
                minima=vibrations.minima(item.glass, temperature, n),
                vibrations=found,
                numbers=record_numbers(store, item.glass, PIPELINE.tables),
            )
        )
    return tuple(
        Preparation(temperature=temperature, glasses=tuple(glasses))
        for temperature, glasses in sorted(groups.items())
    )


def preparation_label(glass: PreparedGlass) -> float:
    """The preparation temperature, or the rate of cooling in K/s."""
    if isinstance(glass.report, MeltQuenchReport):
        kelvin = METAL.energy_kelvin(glass.report.rate) / METAL.time_second
        return float(f"{kelvin:.6g}")
    return glass.preparation_temperature


def _digest(configuration: Configuration) -> str:
    parts = (
        configuration.positions, configuration.diameters, configuration.box, configuration.masses,
    )  # fmt: skip
    return hashlib.sha256(b"".join(part.tobytes() for part in parts)).hexdigest()


def _exploration(
    store: StoreReader, glass: str, start: Configuration, identity: Identity
) -> ExplorationContent | None:
    pooled = next(store.records("exploration", glass=glass), None)
    if pooled is None:
        return None
    energies, visits, rows = [], [], []
    weights = mark_weights(start.n_particles)
    for item in store.records("structure", glass=glass):
        energies.append(item.record.energy)
        visits.append(item.record.visits)
        end = item.record.configuration.positions
        rows.append(marks(weights, start.positions, end, start.box))
    return ExplorationContent(
        energies=np.array(energies),
        visits=np.array(visits),
        transitions=pooled.record.transitions,
        quenches=pooled.record.quenches,
        marks=np.array(rows).reshape(len(rows), len(weights)),
        identity=identity.within(pooled.record.energy_resolution, start.n_particles),
    )


def _wells(
    store: StoreReader,
    glass: str,
    splittings: Mapping[WellPlace, Mapping[str, TunnelSplitting]],
    couplings: StoredCouplings,
    origins: dict[tuple[str, int], WellPlace],
    energy: ModelSection,
    report: Report,
) -> Iterator[WellSummary]:
    items: defaultdict[str, int] = defaultdict(int)
    for number, stored in enumerate(store.records("double_well", glass=glass)):
        origin = WellPlace(chain=stored.chain, item=items[stored.chain])
        items[stored.chain] += 1
        origins[glass, number] = origin
        report(1, glass)
        summary = summarize_well(
            stored.record,
            glass,
            number,
            splittings.get(origin),
            bond_length=energy.bond_length,
            deformation_potential=couplings.deformation_potential(origin, stored.record),
        )
        yield replace(summary, numbers={**summary.numbers, **couplings.numbers(origin)})


def _observables(
    store: StoreReader,
    energy: ModelSection,
    preparations: tuple[Preparation, ...],
    units: tuple[UnitSystem, ...],
) -> Iterator[Observables]:
    """Of the preparations with double wells; none of glasses that resist no strain.

    Not of calculators, which reading a campaign does not run.
    """
    model = energy.native
    if model is None:
        return
    for p in preparations:
        names = [g.name for g in p.explored]
        if not any(p.wells):
            continue
        try:
            medium = medium_of(store, model, names)
        except InputError:
            continue
        for each in units:
            yield observables_of(
                p.wells,
                [g.volume for g in p.explored],
                medium,
                each,
                preparation_temperature=math.nan if p.is_quenched else p.temperature,
                cooling_rate=p.temperature if p.is_quenched else math.nan,
            )


def _shown(
    store: StoreReader,
    preparations: tuple[Preparation, ...],
    units: tuple[UnitSystem, ...],
    origins: Mapping[tuple[str, int], WellPlace],
) -> tuple[ShownWell, ...]:
    """The chosen double wells of all temperatures together, in full."""
    temperatures = {g.name: p.temperature for p in preparations for g in p.glasses}
    wells = [w for p in preparations for glass in p.glasses for w in glass.wells]
    shown = []
    for title, summary in choose_wells(wells, units[0].name):
        origin = origins[summary.glass, summary.number]
        (well,) = store.products(Ref(chain=origin.chain, kind="double_well", item=origin.item))
        shown.append(
            ShownWell(
                title=title,
                glass=summary.glass,
                number=summary.number,
                preparation_temperature=temperatures[summary.glass],
                well=well,
                splittings={
                    u.name: summary.splittings[u.name]
                    for u in units
                    if u.name in summary.splittings
                },
            )
        )
    return tuple(shown)


def _costs(store: StoreReader) -> tuple[StageCost, ...]:
    stages: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in store.summary():
        stages[row["stage"]].append(row)
    return tuple(
        StageCost(
            stage=stage,
            done=sum(r["tasks"] for r in rows if r["status"] in (DONE, CONTINUED)),
            failed=sum(r["tasks"] for r in rows if r["status"] == FAILED),
            left=sum(r["chunks_left"] for r in rows),
            cpu_seconds=sum(r["cpu_seconds"] for r in rows),
            wall_seconds=sum(r["wall_seconds"] for r in rows),
        )
        for stage, rows in stages.items()
    )


def _failed_tasks(store: StoreReader) -> Iterator[Failure]:
    for row in store.tasks(FAILED):
        yield Failure(
            stage=row.task.stage,
            glass=row.task.glass,
            subject=f"task {row.task.number}, seed {row.task.seed_path}",
            reason=row.reason,
            text=row.error,
        )


def _failed_paths(store: StoreReader) -> Iterator[Failure]:
    """Pairs that are no double well."""
    subjects: dict[str, dict[int, str]] = {}
    for item in store.records("path_failure"):
        if item.glass not in subjects:
            subjects[item.glass] = pair_subjects(store, item.glass)
        yield Failure(
            stage=item.stage,
            glass=item.glass,
            # A round of screening names its pairs when its searches have ended.
            subject=subjects[item.glass].get(item.number, f"path search {item.number}"),
            reason=item.record.outcome.name.lower(),
            text=item.record.message,
        )


def _provenance(session: Mapping[str, Any]) -> dict[str, str]:
    return {key: _words(value) for key, value in session.items() if value not in (None, "")}


def _words(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items())
    return str(value)
