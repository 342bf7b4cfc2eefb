"""From a plan and what is known about costs and yields to an estimate; no disk, no clock."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from functools import reduce

from glasswells.core.errors import InputError
from glasswells.estimation.amounts import Amount, mean_below
from glasswells.estimation.records import (
    NOTHING,
    Estimate,
    Known,
    Range,
    Rate,
    StageEstimate,
)
from glasswells.estimation.reference import TRANSITIONS
from glasswells.estimation.sizes import Group, groups, n_particles
from glasswells.plan.couplings import CouplingsSection
from glasswells.plan.plan import Plan
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.pipeline import Stage

GROWTH = 0.7
"""Pairs of a glass grow as this power of its quenches, ..."""
GROWTH_SPREAD = 0.35
"""... give or take: from 2000 to 12 000 quenches of six glasses of 0.07 their linked pairs grew
with powers between 0.3 and 1.2."""
SPECTRUM_MATRICES = 5
"""Dense matrices of (3N)^2 numbers in a full spectrum: 0.8 GB for 1500 particles."""
MEGABYTE = 1e6
COORDINATOR_BYTES, WORKER_BYTES = 250 * MEGABYTE, 520 * MEGABYTE
"""Of a process with compilers and solvers: 190 MB, and places that were looked at last; 520 MB
while 16 trajectories of 1500 particles went on side by side, 460 MB while paths were searched."""
COORDINATOR_PER_MINIMUM, WORKER_PER_MINIMUM = 4.2e3, 5.8e3
"""Bytes for each minimum of a glass, whose place is in the store: by the growth from 5000 to 20 000
minima (`benchmarks/bench_pooling.py`)."""
NEW_PER_PARTICLE = 30.0
"""Bytes for each minimum that a worker met since the last checkpoint: its place, 24, and packed."""
ESTIMATED = (
    *("prepare", "explore", "push", "library", "pairs", "screening"),
    *("paths", "splittings", "couplings", "modes", "overlaps"),
)
"""Stages whose costs are known."""
NOTE_YIELDS = (
    "rounds, paths, splittings, modes and overlaps are extrapolated from other glasses, which "
    "differ by factors of 10 to 100: that is most of the interval"
)
NOTE_INTERVAL = (
    "intervals hold nine times of ten if these glasses differ as the measured ones did, and "
    "nothing else runs on the machine"
)


def estimate_campaign(plan: Plan, known: Known, workers: int) -> Estimate:
    """What a campaign will need.

    Parameters
    ----------
    plan
        The campaign, with the contents of its files.
    known
        Rates; at least all names of `reference.reference_rates`.
    workers
        Tasks at once, each on a core of its own.

    Returns
    -------
    Estimate
        The wall time is between the work shared out evenly and Graham's bound for any order of
        tasks, W/n + (1 - 1/n) C with all work W and the longest chain C (R. L. Graham, SIAM J.
        Appl. Math. 17, 416, 1969).

    Raises
    ------
    InputError
        For plans with numbers beyond those of double precision.
    """
    try:
        return _estimate(plan, known, workers)
    except OverflowError:
        raise InputError(
            "the plan has numbers that are too large to be estimated, such as quenches or "
            "min_transitions: expected at most some billions"
        ) from None


def _estimate(plan: Plan, known: Known, workers: int) -> Estimate:
    exact = Counter[str]()
    for item in PIPELINE.roots(plan):
        exact[item.stage] += item.chunks
    works = [_GroupWork(plan, known, group) for group in groups(plan)]
    stages = []
    for stage in PIPELINE.stages:
        costs = [work.costs[stage.name] for work in works]
        amounts = [amount for work in works for amount in work.stored[stage.name]]
        is_exact = stage.name in ("prepare", "explore", "push", "library")
        tasks = [work.tasks[stage.name] for work in works] if not is_exact else []
        sources = (s for amount in (*_flat(costs), *amounts) for s in amount.sources)
        stages.append(
            StageEstimate(
                stage=stage.name,
                title=stage.title,
                tasks=Range.exactly(exact[stage.name]) if is_exact else _total(tasks),
                cpu_seconds=_total(amount.range() for amount in _flat(costs)),
                stored_bytes=_total(amount.range() for amount in amounts),
                sources=tuple(dict.fromkeys(sources)),
            )
        )
    cpu = _total(stage.cpu_seconds for stage in stages)
    chains = [work.chain() for work in works]
    return Estimate(
        stages=tuple(stages),
        workers=workers,
        cpu_seconds=cpu,
        wall_seconds=_wall(cpu, chains, workers),
        stored_bytes=_total(stage.stored_bytes for stage in stages),
        memory_bytes=_memory(plan, works, workers),
        notes=(*([NOTE_YIELDS] if plan.pairs.rules else []), NOTE_INTERVAL, *left_out(plan)),
    )


def left_out(plan: Plan, stages: Iterable[Stage] = PIPELINE.stages) -> list[str]:
    """A note on stages of which nothing is known; none if the plan asks for no such work."""
    titles = [
        stage.title
        for stage in stages
        if stage.name not in ESTIMATED
        and stage.parameters is not None
        and stage.parameters(plan) is not None
    ]
    return [f"nothing is known of the work on {', '.join(titles)}, which is left out"] * bool(
        titles
    )


class _GroupWork:
    """Tasks, costs and volume of the glasses of one preparation temperature, by stage."""

    def __init__(self, plan: Plan, known: Known, group: Group) -> None:
        self.plan, self.known, self.group = plan, known, group
        self.costs: dict[str, list[Amount]] = {s.name: [] for s in PIPELINE.stages}
        self.stored: dict[str, list[Amount]] = {s.name: [] for s in PIPELINE.stages}
        self.tasks: dict[str, Range] = {s.name: NOTHING for s in PIPELINE.stages}
        self.rounds = Range.exactly(0.0)
        glasses = self._exactly(group.glasses)
        if plan.glasses.source == "prepare":
            self._cost("prepare", self._exactly(group.sweeps).times(self._rate("sweep")))
            self._cost("prepare", glasses.times(self._rate("finish")))
        elif plan.glasses.source == "melt_quench":
            blocks = plan.melt_quench.settings(group.temperature).blocks
            self._cost("prepare", glasses.scaled(blocks).times(self._rate("block")))
        else:
            self._cost("prepare", glasses.times(self._rate("glass")))
        self.stored["prepare"].append(glasses.times(self._rate("glass_bytes")))
        quenches = glasses.scaled(group.quenches)
        self._cost("explore", quenches.times(self._rate("quench")))
        self.own = quenches.times(self._rate("new"))
        self.stored["explore"].append(self.own.times(self._rate("structure_bytes")))
        self.attempts = self._attempts()
        self._cost("push", self.attempts.times(self._rate("push")))
        saddles = self.attempts.times(self._rate("saddles"))
        self.stored["push"].append(saddles.times(self._rate("structure_bytes")))
        self._cost("library", self.own.times(self._rate("pooling")))
        self.stored["library"].append(self.own.times(self._rate("library_bytes")))
        if plan.pairs.rules:
            self._add_searches()

    def _attempts(self) -> Amount:
        """Modes that pushes follow, one way each."""
        section = self.plan.push
        each = section.modes * (4 if section.cubic else 2) if section.enabled else 0
        return self._exactly(self.group.glasses).scaled(section.minima * each)

    def _add_searches(self) -> None:
        names = ("pairs",) if "pairs" in self.known else self.plan.pairs.rules
        pairs = [self._pairs(name) for name in names]
        searches = reduce(Amount.__add__, pairs).times(self._rate("searches"))
        wells = searches.times(self._rate("wells"))
        self.rounds = self._rounds(searches.range())
        self.tasks |= {"pairs": self.rounds, "paths": searches.range(), "splittings": wells.range()}
        self._cost("pairs", self.own.times(self._rate("choosing")))
        if "screened" in self.plan.pairs.rules:  # a round of all glasses is one task
            together = self.rounds.scaled(1 / self.group.glasses)
            self.tasks["screening"] = together
            self._cost("screening", self._exactly(together.value).times(self._rate("learning")))
        self.stored["pairs"].append(searches.times(self._rate("round_bytes")))
        self._cost("paths", searches.times(self._rate("search")))
        self.stored["paths"].append(searches.times(self._rate("search_bytes")))
        solved = wells.scaled(len(self.plan.splittings.units))
        self._cost("splittings", solved.times(self._rate("splitting")))
        self.stored["splittings"].append(solved.times(self._rate("splitting_bytes")))
        if self.plan.table(CouplingsSection).enabled:
            self._add_couplings(wells)
        if self.plan.modes.enabled:
            self._add_vibrations(wells)

    def _add_couplings(self, wells: Amount) -> None:
        self.tasks["couplings"] = wells.range()
        self._cost("couplings", wells.times(self._rate("strain")))
        if self.plan.table(CouplingsSection).vineyard:
            self._cost("couplings", wells.times(self._rate("attempts")))
        self.stored["couplings"].append(wells.times(self._rate("coupling_bytes")))

    def _add_vibrations(self, wells: Amount) -> None:
        section, n = self.plan.modes, self.group.glasses
        studied = wells.limited(n * section.max_pairs) if section.max_pairs else wells
        full = studied.limited(n * section.full_spectra)
        studies = studied.limited(n * section.tangent_studies)
        partial = studied.scaled(1 - full.value / studied.value) if studied.value else studied
        minima = partial.times(self._rate("minima"))
        self.tasks |= {"modes": minima.range(), "overlaps": studied.range()}
        self._cost("modes", minima.times(self._rate("modes")))
        self.stored["modes"].append(minima.times(self._rate("modes_bytes")))
        self._cost("overlaps", studied.times(self._rate("overlap")))
        self._cost("overlaps", full.times(self._rate("full_spectrum")))
        self._cost("overlaps", studies.times(self._rate("tangent_study")))
        self.stored["overlaps"].append(studied.times(self._rate("overlap_bytes")))

    def _pairs(self, name: str) -> Amount:
        """Pairs of a rule, or of all (`pairs`), in all glasses, limited in each."""
        if name == "pushed":
            return self.attempts.times(self._rate("saddles"))
        rate, group = self._rate(name), self.group
        limit = group.max_pairs * (len(self.plan.pairs.rules) if name == "pairs" else 1)
        depth = group.quenches / rate.depth if rate.depth else 1.0
        mean = mean_below(rate.value * depth**GROWTH, rate.spread, limit)
        found = self._exactly(group.glasses).times(rate)
        log_variance = (GROWTH_SPREAD * math.log(depth)) ** 2
        if name == "linked":  # counted for one threshold only
            least = max(1, self.plan.pairs.min_transitions)
            log_variance += math.log(least / TRANSITIONS) ** 2
        return replace(found, value=group.glasses * mean, log_variance=log_variance)

    def _rounds(self, searches: Range) -> Range:
        n, batch = self.group.glasses, self.plan.pairs.batch
        value, low, high = (
            float(n * rounds(x / n, batch)) for x in (searches.value, searches.low, searches.high)
        )
        return Range(value=value, low=low, high=high)

    def chain(self) -> Range:
        """The longest chain of tasks that wait for each other: that of one liquid and glass."""
        of_glass = 1 / self.group.glasses
        fractions = {
            "prepare": self.group.longest,
            "explore": of_glass / -(-self.group.trajectories // self.group.lanes),
            "push": of_glass,
            "library": of_glass,
            "pairs": of_glass,
        }
        parts = [
            amount.range().scaled(fraction)
            for stage, fraction in fractions.items()
            for amount in self.costs[stage]
        ]
        search = self._rate("search").value
        return _total([*parts, self.rounds.scaled(search / self.group.glasses)])

    def _exactly(self, value: float) -> Amount:
        return Amount(value=value, glasses=self.group.glasses)

    def _cost(self, stage: str, amount: Amount) -> None:
        self.costs[stage].append(amount)

    def _rate(self, name: str) -> Rate:
        return self.known.rate(name, self.group.temperature)


def rounds(searches: float, batch: int) -> int:
    """Rounds of a glass: each asks for `batch` searches or a quarter of those before.

    The last one finds nothing to ask for.
    """
    done, n = 0.0, 1
    while done < searches:
        done += max(batch, done / 4)
        n += 1
    return n


def _wall(cpu: Range, chains: list[Range], workers: int) -> Range:
    longest = max(chains, key=lambda chain: chain.value)
    n = workers
    return Range(
        value=max(cpu.value / n, longest.value),
        low=max(cpu.low / n, longest.low),
        high=cpu.high / n + (1 - 1 / n) * longest.high,
    )


def _memory(plan: Plan, works: list[_GroupWork], workers: int) -> float:
    n = n_particles(plan)
    minima, new = 0.0, 0.0
    for work in works:
        of_glass = work.own.range().value / work.group.glasses
        chunk = work.group.lanes * plan.explore.chunk_quenches
        minima = max(minima, of_glass)
        new = max(new, min(of_glass, of_glass * chunk / work.group.quenches))
    spectrum = 0.0
    if plan.pairs.rules and plan.modes.enabled and plan.modes.full_spectra:
        spectrum = SPECTRUM_MATRICES * 8.0 * (3 * n) ** 2
    worker = WORKER_BYTES + WORKER_PER_MINIMUM * minima + NEW_PER_PARTICLE * n * new + spectrum
    return COORDINATOR_BYTES + COORDINATOR_PER_MINIMUM * minima + workers * worker


def _flat(costs: Iterable[list[Amount]]) -> list[Amount]:
    return [amount for amounts in costs for amount in amounts]


def _total(ranges: Iterable[Range]) -> Range:
    return reduce(Range.__add__, ranges, NOTHING)
