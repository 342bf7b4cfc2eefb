"""What a report is about, as plain records: where they come from is not its concern."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from glasswells.content.vibrations import VibrationContent
from glasswells.core.records import (
    Array,
    DoubleWell,
    InherentStructure,
    Transition,
    freeze,
)
from glasswells.core.splittings import TunnelSplitting
from glasswells.landscape.library import Identity
from glasswells.landscape.quench_report import MeltQuenchReport
from glasswells.model.pair_model import Model
from glasswells.observables.attempt_columns import attempts_of
from glasswells.observables.summary import Observables
from glasswells.sampling.equilibrium import EquilibrationReport
from glasswells.screening.rounds import ScreeningRound
from glasswells.statistics import (
    MinimumVibrationColumns,
    Overview,
    WellSummary,
    WellVibrationColumns,
    common_complete_below,
    first_of_each_core,
    overview,
    two_level,
)
from glasswells.store.pipeline import RecordTable
from glasswells.tunneling.units import UnitSystem


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """Something that did not come out, and why."""

    stage: str
    glass: str
    subject: str
    """What it was about, such as `pair 3-17`."""
    reason: str
    """One word, by which failures are counted."""
    text: str = ""
    """The same at length, with what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageCost:
    """What one stage of a campaign has cost."""

    stage: str
    done: int
    failed: int
    left: int
    cpu_seconds: float
    wall_seconds: float
    """Summed over workers."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ExplorationContent:
    """The inherent structures of a glass and the transitions between them."""

    energies: Array
    """(S,), total potential energies."""
    visits: Array
    """(S,), how many quenches ended in each."""
    transitions: tuple[Transition, ...]
    quenches: int
    marks: Array | None = None
    """(S, K), length, of `joined_exploration.marks`; None if the particles are not known."""
    identity: Identity = field(default_factory=Identity)
    """By which its inherent structures were told apart."""

    def __post_init__(self) -> None:
        freeze(
            self,
            energies=np.array(self.energies, dtype=np.float64),
            visits=np.array(self.visits, dtype=np.float64),
            marks=None if self.marks is None else np.array(self.marks, dtype=np.float64),
        )

    @classmethod
    def of(
        cls, structures: Sequence[InherentStructure], transitions: Iterable[Transition]
    ) -> ExplorationContent:
        """Without the particles, which a report does not need."""
        visits = [structure.visits for structure in structures]
        return cls(
            energies=np.array([structure.energy for structure in structures]),
            visits=np.array(visits, dtype=np.float64),
            transitions=tuple(transitions),
            quenches=sum(visits),
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class GlassContent:
    """What was found in one glass."""

    name: str
    n_particles: int
    volume: float
    digest: str = ""
    """Of its particles and box: equal for the same glass under another name; empty if unknown."""
    equilibration: EquilibrationReport | MeltQuenchReport | None = None
    """How it was prepared; None for a glass that came from elsewhere."""
    trajectories: frozenset[str] = frozenset()
    """Names of those that explore it: equal where one is another one, or its beginning."""
    exploration: ExplorationContent | None = None
    """None before the glass was explored."""
    n_pairs: int = 0
    """Pairs that were sent on the search for a path."""
    pairs_by_rule: Mapping[str, int] = field(default_factory=dict)
    """The same for each rule that chose some; empty where no rules are known."""
    searches_by_rule: Mapping[str, int] = field(default_factory=dict)
    """Path searches on the ways of these pairs; one on the ways of several counts once."""
    detours_by_rule: Mapping[str, int] = field(default_factory=dict)
    """Pairs that are a detour over a known minimum, for each rule that would have chosen some."""
    rules_by_well: Mapping[int, frozenset[str]] = field(default_factory=dict)
    """Of the double wells, by number, the rules that chose a pair whose way passes them."""
    screening: tuple[ScreeningRound, ...] = ()
    """Rounds of screened pairs, in order; none without that rule."""
    wells: tuple[WellSummary, ...] = ()
    keys: Mapping[int, str] = field(default_factory=dict)
    """Of the double wells, by number, their names in every table of the campaign."""
    minima: MinimumVibrationColumns | None = None
    """Normal modes of its inherent structures; None before any is known."""
    vibrations: WellVibrationColumns | None = None
    """How its double wells relate to them; None before any is known."""
    numbers: Mapping[str, Array] = field(default_factory=dict)
    """Of the tables that stages declare, by the kind of their records, (R, K): K of each record."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ShownWell:
    """A double well that is shown with its profile and displacement field."""

    title: str
    """Why it was chosen, such as `smallest splitting`."""
    glass: str
    number: int
    preparation_temperature: float
    well: DoubleWell
    splittings: Mapping[str, TunnelSplitting] = field(default_factory=dict)
    """By the name of the unit set."""

    def __post_init__(self) -> None:
        freeze(self, splittings=dict(self.splittings))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Preparation:
    """All glasses of one preparation temperature, or of one rate of cooling."""

    temperature: float
    """Or, of glasses by melt and quench, the rate in K/s."""
    glasses: tuple[GlassContent, ...]

    @property
    def wells(self) -> list[tuple[WellSummary, ...]]:
        """The double wells of each glass that was explored."""
        return [g.wells for g in self.explored]

    @property
    def explored(self) -> tuple[GlassContent, ...]:
        """Glasses that count: those that were explored, whatever was found in them."""
        return tuple(g for g in self.glasses if g.exploration is not None)

    @property
    def is_quenched(self) -> bool:
        """Whether the glasses are by melt and quench."""
        return any(isinstance(g.equilibration, MeltQuenchReport) for g in self.glasses)

    @property
    def are_equilibrated(self) -> bool:
        """False if any explored glass is known not to be."""
        reports = [g.equilibration for g in self.explored if g.equilibration is not None]
        return all(
            isinstance(report, EquilibrationReport) and report.is_equilibrated for report in reports
        )

    @property
    def rules(self) -> tuple[str | None, ...]:
        """Rules that chose pairs here, the paper's first; None: no rule is known."""
        names = {name for g in self.explored for name in g.pairs_by_rule}
        return tuple(sorted(names, key=lambda name: (name != "linked", name))) or (None,)

    def chosen_by(self, rule: str | None) -> list[tuple[WellSummary, ...]]:
        """The double wells of each explored glass for which a rule was the reason to look."""
        if rule is None:
            return self.wells
        return [
            tuple(w for w in g.wells if rule in g.rules_by_well.get(w.number, ()))
            for g in self.explored
        ]

    def splittings(self, units: str) -> list[list[float]]:
        """Of each explored glass those that are resolved and of no single well in disguise."""
        return [
            [w.splittings[units].splitting for w in wells if w.tunnels(units)]
            for wells in self.wells
        ]

    def distinct_splittings(self, units: UnitSystem, rule: str | None = None) -> list[list[float]]:
        """Of each explored glass those of its two-level systems, each core once.

        Parameters
        ----------
        units
            The unit set.
        rule
            Of the pairs that count, if they are known by rules; None: all.
        """
        chosen = self.chosen_by(None if self.rules == (None,) else rule)
        return [
            [w.splitting(units.name) for w in first_of_each_core(two_level(wells, units))]
            for wells in chosen
        ]

    @property
    def vibrations(self) -> list[WellVibrationColumns]:
        """Of each explored glass where any are known, its distinct double wells."""
        return [g.distinct() for g in self.vibrations_with_copies]

    @property
    def vibrations_with_copies(self) -> list[WellVibrationColumns]:
        """The same with one core as often as it was met, in one background or another."""
        return [g.vibrations for g in self.explored if g.vibrations]

    @property
    def minima(self) -> list[MinimumVibrationColumns]:
        """Of each explored glass where any are known, its inherent structures' normal modes."""
        return [g.minima for g in self.explored if g.minima]

    @property
    def volumes(self) -> Array:
        """(G,), of the explored glasses."""
        return np.array([g.volume for g in self.explored])


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ReportContent:
    """Everything that a report shows."""

    name: str
    """Of the campaign."""
    preparations: tuple[Preparation, ...]
    units: tuple[UnitSystem, ...]
    plan: str = ""
    """Text of the plan file."""
    provenance: tuple[Mapping[str, str], ...] = ()
    """For each run of the campaign: versions, seed, machine, times."""
    costs: tuple[StageCost, ...] = ()
    shown: tuple[ShownWell, ...] = ()
    failures: tuple[Failure, ...] = ()
    vibrations: VibrationContent | None = None
    """None if no modes were computed."""
    search_counts: Mapping[str, int] = field(default_factory=dict)
    """What the rounds of path searches counted; empty without rounds."""
    observables: tuple[Observables, ...] = ()
    """What experiments would measure, for each preparation temperature and unit set."""
    tasks_left: int = 0
    """Of a campaign that is not finished."""
    model: Model | None = None
    """The potential energy; None if it is not known."""
    calculator: str = ""
    """All that tasks know of a calculator, as JSON; empty if `model` is the potential energy."""
    is_material: bool = False
    """Whether energies are electronvolts and lengths angstroms."""
    tables: tuple[RecordTable, ...] = ()
    """That stages declare; their numbers are in `GlassContent.numbers`."""
    parts: tuple[ReportContent, ...] = ()
    """The campaigns that are shown together; empty for one alone."""

    @property
    def is_quenched(self) -> bool:
        """Whether glasses are by melt and quench: a rate stands in place of a temperature."""
        return any(
            isinstance(g.equilibration, MeltQuenchReport)
            for p in self.preparations
            for g in p.glasses
        )

    @property
    def has_bonds(self) -> bool:
        """Whether it is known how double wells change the bonds of atoms."""
        return any(w.mechanism for p in self.preparations for g in p.glasses for w in g.wells)

    @property
    def has_attempts(self) -> bool:
        """Whether the campaign stored attempt frequencies from all modes."""
        wells = (w for p in self.preparations for g in p.glasses for w in g.wells)
        return any(attempts_of(w) is not None for w in wells)

    @property
    def overview(self) -> Overview:
        """What was found, in a few numbers and sentences."""
        glasses = [g.wells for p in self.preparations for g in p.explored]
        solved = [[w for w in wells if w.splittings] for wells in glasses]
        unsolved = sum(map(len, glasses)) - sum(map(len, solved))
        return overview(solved, self.units, self.tasks_left, unsolved)

    @property
    def has_smallest(self) -> bool:
        """Whether the first double well shown is that of the smallest splitting of two wells."""
        units = self.units[:1]
        return any(
            w.tunnels(u.name)
            for u in units
            for p in self.preparations
            for g in p.glasses
            for w in g.wells
        ) and bool(self.shown)

    @property
    def complete_below(self) -> float:
        """Frequency below which the modes of all inherent structures are known."""
        return common_complete_below(m for p in self.preparations for m in p.minima)


def choose_wells(wells: Sequence[WellSummary], units: str) -> list[tuple[str, WellSummary]]:
    """A few double wells worth a look: smallest and median splitting, largest barrier.

    The barrier is that from the upper minimum: from the lower one a mere shoulder of a deep well
    may be high.

    Each with a title that says why; none twice. Splittings of single wells in disguise, and such
    as are not resolved, do not count.
    """
    tunneling = sorted((w for w in wells if w.tunnels(units)), key=lambda w: w.splitting(units))
    chosen: list[tuple[str, WellSummary]] = []
    if tunneling:
        chosen.append((f"smallest splitting, {units}", tunneling[0]))
        chosen.append((f"median splitting, {units}", tunneling[len(tunneling) // 2]))
    if wells:
        chosen.append(("largest barrier", max(wells, key=lambda w: w.barrier_from_upper)))
    seen: set[tuple[str, int]] = set()
    result = []
    for title, well in chosen:
        if (well.glass, well.number) not in seen:
            seen.add((well.glass, well.number))
            result.append((title, well))
    return result
