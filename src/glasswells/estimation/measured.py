"""Costs and yields of a campaign that exists, by its finished tasks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from statistics import fmean, stdev

from glasswells.estimation.records import Known, Rate
from glasswells.estimation.reference import for_particles, reference_rates
from glasswells.estimation.sizes import groups, n_particles
from glasswells.plan.plan import Plan
from glasswells.stages.pipeline import PIPELINE
from glasswells.stages.table import read_stored_plan
from glasswells.store.reader import CONTINUED, DONE, ENDED, StoreReader

FEWEST = 3
"""Glasses whose scatter says something; of fewer, that of the reference is taken."""
OTHERWISE = 0.5
"""Scatter, at least, of costs and finds of explorations with other settings."""


@dataclass(kw_only=True, slots=True)
class _Glass:
    """Sums over the tasks of one glass, by stage."""

    cpu: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    tasks: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    is_finished: bool = True
    """Whether all tasks that it has asked for have ended."""

    def count(self, stage: str, name: str) -> int:
        return self.counts.get(stage, {}).get(name, 0)


def measured_rates(store: StoreReader, plan: Plan, name: str, *, volumes: bool = True) -> Known:
    """What the finished tasks of a campaign tell about the costs of another plan, or of its own.

    Parameters
    ----------
    store
        The campaign.
    plan
        To be estimated.
    name
        Of the campaign, for the sources.
    volumes
        Whether bytes are counted too, which takes time in a large store.

    Returns
    -------
    Known
        Rates of those names for which something has finished; numbers of pairs only if its plan
        has the same rules, and did not cut them where the other one would not.
    """
    own_plan: Plan = read_stored_plan(store.property("plan"))
    with store.snapshot():
        glasses = _glasses(store)
        stored = store.stored_bytes() if volumes else {}
    reference = reference_rates(own_plan)
    groups = _by_temperature(own_plan, glasses)
    rates: dict[tuple[str, float | None], Rate] = {}
    for temperature, members in groups.items():
        found: dict[str, list[float]] = defaultdict(list)
        for glass in members:
            for key, value in _rates_of(glass, own_plan, reference):
                found[key].append(value)
        for key, values in found.items():
            spread = stdev(values) / fmean(values) if len(values) >= FEWEST and any(values) else 0.0
            if len(values) < FEWEST:
                spread = reference.rate(key if key in reference else "linked").spread
            rates[key, temperature] = Rate(
                value=fmean(values), spread=spread, glasses=len(values), source=f"measured: {name}"
            )
    rates |= {(key, None): rate for key, rate in _volumes(stored, glasses, name)}
    most = max((glass.count("pairs", "pairs") for glass in glasses.values()), default=0)
    is_cut = most >= _limit(own_plan) and _limit(plan) > _limit(own_plan)
    if is_cut or _rules(own_plan) != _rules(plan):
        rates = {key: rate for key, rate in rates.items() if key[0] != "pairs"}
    return _for_plan(Known(rates=rates), own_plan, plan)


def _glasses(store: StoreReader) -> dict[str, _Glass]:
    found: dict[str, _Glass] = defaultdict(_Glass)
    for row in store.summary():
        glass, stage = found[row["glass"]], row["stage"]
        if row["status"] in (DONE, CONTINUED):
            glass.cpu[stage] += row["cpu_seconds"]
            glass.tasks[stage] += row["tasks"]
        if row["status"] not in (*ENDED, CONTINUED):
            glass.is_finished = False
    for name, counts in store.glass_counts().items():
        found[name].counts = counts
    return dict(found)


def _by_temperature(plan: Plan, glasses: Mapping[str, _Glass]) -> dict[float | None, list[_Glass]]:
    """The glasses of each preparation temperature; all under None."""
    found: dict[float | None, list[_Glass]] = {None: list(glasses.values())}
    for k, temperature in enumerate(plan.preparations):
        names = [plan.glass_name(k, index) for index in plan.glasses.indices(k)]
        found[temperature] = [glasses[name] for name in names if name in glasses]
    return found


def _rates_of(glass: _Glass, plan: Plan, reference: Known) -> Iterator[tuple[str, float]]:
    """Costs of what one glass has done, and its numbers once it has ended."""
    cpu, tasks = glass.cpu, glass.tasks
    sweeps = glass.count("prepare", "sweeps")
    if sweeps:
        yield "sweep", cpu["prepare"] / (sweeps + plan.prepare.melt_sweeps + plan.prepare.burn_in)
        yield "finish", 0.0  # is part of the sweeps
    elif glass.count("prepare", "blocks"):
        yield "block", cpu["prepare"] / glass.count("prepare", "blocks")
    elif tasks["prepare"]:
        yield "glass", cpu["prepare"] / tasks["prepare"]
    quenches = glass.count("explore", "quenches")
    if quenches:
        yield "quench", cpu["explore"] / quenches
        lost = glass.count("explore", "recognized") + glass.count("explore", "failed_quenches")
        yield "new", (quenches - lost) / quenches
        own = quenches - lost
        if tasks["library"] and own:
            yield "pooling", cpu["library"] / own
        if glass.is_finished and tasks["pairs"] and own:
            yield "choosing", cpu["pairs"] / own
    attempts = glass.count("push", "attempts")
    if attempts:
        yield "push", cpu["push"] / attempts
        yield "saddles", glass.count("push", "saddles") / attempts
    for name, stage in (("search", "paths"), ("modes", "modes")):
        if tasks[stage]:
            yield name, cpu[stage] / tasks[stage]
    solved = glass.count("splittings", "splittings")
    if solved:
        yield "splitting", cpu["splittings"] / solved
    yield from _overlap_costs(glass, reference)
    if glass.is_finished and tasks["pairs"]:
        yield from _yields(glass)


def _overlap_costs(glass: _Glass, reference: Known) -> Iterator[tuple[str, float]]:
    """Parts of the stage's costs in the proportions of the reference, as tasks have several."""
    parts = {
        "overlap": glass.tasks["overlaps"],
        "full_spectrum": glass.count("overlaps", "full_spectra"),
        "tangent_study": glass.count("overlaps", "tangent_studies"),
    }
    expected = sum(n * reference.rate(name).value for name, n in parts.items())
    if expected:
        factor = glass.cpu["overlaps"] / expected
        for name, n in parts.items():
            if n:
                yield name, factor * reference.rate(name).value


def _yields(glass: _Glass) -> Iterator[tuple[str, float]]:
    tasks, pairs = glass.tasks, glass.count("pairs", "pairs")
    yield "pairs", pairs
    if pairs:
        yield "searches", tasks["paths"] / pairs
    if tasks["paths"]:
        yield "wells", glass.count("paths", "double_wells") / tasks["paths"]
    partial = tasks["overlaps"] - glass.count("overlaps", "full_spectra")
    if partial > 0:
        yield "minima", tasks["modes"] / partial


def _volumes(
    stored: Mapping[str, float], glasses: Mapping[str, _Glass], name: str
) -> Iterator[tuple[str, Rate]]:
    """Bytes of the file for each thing that a stage stores."""
    own = sum(
        glass.count("explore", "quenches")
        - glass.count("explore", "recognized")
        - glass.count("explore", "failed_quenches")
        for glass in glasses.values()
    )
    tasks = {s.name: sum(g.tasks[s.name] for g in glasses.values()) for s in PIPELINE.stages}
    solved = sum(glass.count("splittings", "splittings") for glass in glasses.values())
    for key, stage, number in (
        # What is screened together has the name of a glass, and is none.
        ("glass_bytes", "prepare", sum(glass.tasks["prepare"] > 0 for glass in glasses.values())),
        ("structure_bytes", "explore", own),
        ("library_bytes", "library", own if tasks["library"] else 0),
        ("round_bytes", "pairs", tasks["paths"]),
        ("search_bytes", "paths", tasks["paths"]),
        ("splitting_bytes", "splittings", solved),
        ("modes_bytes", "modes", tasks["modes"]),
        ("overlap_bytes", "overlaps", tasks["overlaps"]),
    ):
        if number and stage in stored:
            each = stored[stage] / number
            yield (
                key,
                Rate(value=each, spread=0.1, glasses=len(glasses), source=f"measured: {name}"),
            )


def _for_plan(known: Known, own: Plan, plan: Plan) -> Known:
    """The same for another plan: other sizes, settings and rules."""
    ratio = n_particles(plan) / n_particles(own)
    rates = dict(for_particles(known, ratio).rates)
    for key, rate in rates.items():
        if key[0] == "pairs":
            rates[key] = replace(rate, depth=_depth(own, key[1]))
        elif key[0] in ("quench", "new") and _settings(own) != _settings(plan):
            rates[key] = replace(
                rate,
                spread=max(rate.spread, OTHERWISE),
                source=f"{rate.source}, with other settings of the exploration",
            )
    return Known(rates=rates)


def _rules(plan: Plan) -> object:
    return plan.pairs.model_copy(update={"max_pairs": 1, "batch": 1})


def _limit(plan: Plan) -> int:
    """The smallest number of pairs of a rule at which one of its glasses is cut."""
    return min(group.max_pairs for group in groups(plan))


def _settings(plan: Plan) -> tuple[object, object]:
    numbers = {"trajectories": 1, "quenches": 1, "chunk_quenches": 1}
    return plan.explore.model_copy(update=numbers), plan.model


def _depth(plan: Plan, temperature: float | None) -> float:
    """Quenches of a glass."""
    found = [g.quenches for g in groups(plan) if temperature in (None, g.temperature)]
    return fmean(found)
