"""What a campaign has found, in a few numbers and a few sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from glasswells.statistics.counts import TlsCounts, count_tls
from glasswells.statistics.duplicates import duplicates
from glasswells.statistics.well_summary import WellSummary
from glasswells.tunneling.units import UnitSystem


@dataclass(frozen=True, kw_only=True, slots=True)
class UnitsOverview:
    """What was found under one unit set."""

    tls: TlsCounts
    single_wells: int
    """Single wells in disguise: level 2 lies above the barrier, or there is none."""
    asymmetric: int
    """Two wells, so unequal that both of the lowest states live in the lower one."""
    smallest: float | None
    """Smallest splitting that is resolved and no single well's, reduced energy; None if there is
    none."""
    smallest_kelvin: float | None
    """The same in kelvin."""

    @property
    def sentence(self) -> str:
        """All of it in words."""
        tls, parts = self.tls, []
        if tls.raw:
            parts.append(f"{tls.distinct} distinct")
        if len(tls.by_continuation) > 1:
            low, high = tls.spread
            parts.append(
                f"{low} to {high} by continuation, {tls.in_all} under all, {tls.in_some} under some"
            )
        if tls.at_hbar_limits:
            low, high = sorted(tls.at_hbar_limits)
            parts.append(f"{low} to {high} within the error of the constant")
        words = f"{tls.units}: {counted(tls.raw, 'two-level system')}"
        words += f" ({'; '.join(parts)})" if parts else ""
        words += f", {counted(self.single_wells, 'single well')} in disguise"
        if self.asymmetric:
            words += f", {self.asymmetric} with both states in one of two wells"
        if tls.unresolved:
            words += f", {tls.unresolved} unresolved"
        if self.smallest is None:
            return f"{words}; no splitting of two wells."
        return (
            f"{words}; smallest E of two wells {self.smallest:.3g} epsilon = "
            f"{self.smallest_kelvin:.3g} K."
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """What a campaign has found so far."""

    glasses: int
    """That were explored."""
    double_wells: int
    solved: int
    """Of these, with splittings; only they are known well enough for the numbers below."""
    distinct: int
    """The same core in different backgrounds counted once."""
    two_level_systems: int
    """Double wells that are one under at least one unit set."""
    units: tuple[UnitsOverview, ...]
    tasks_left: int
    """Of an unfinished campaign."""

    @property
    def headline(self) -> str:
        """The count of two-level systems, such as `2 two-level systems (argon 0, NiP 2)`."""
        words = counted(self.two_level_systems, "two-level system")
        by_units = ", ".join(f"{u.tls.units} {u.tls.raw}" for u in self.units)
        return f"{words} ({by_units})" if by_units else words

    @property
    def numbers(self) -> dict[str, Any]:
        """All of it by name, for JSON."""
        return {**asdict(self), "headline": self.headline}

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of it in words, the count of two-level systems last."""
        found = (
            f"{counted(self.glasses, 'explored glass', 'explored glasses')}: "
            f"{counted(self.double_wells, 'double well')}, "
        )
        if self.solved < self.double_wells:
            found += f"{self.double_wells - self.solved} without splittings, of the others "
        found += f"{self.distinct} distinct."
        left = self.tasks_left
        unfinished = (f"unfinished: {counted(left, 'task')} left",) if left else ()
        by_units = tuple(u.sentence for u in self.units) if self.solved else ()
        return (found, *by_units, *unfinished, self.headline)


def overview(
    glasses: Sequence[Sequence[WellSummary]],
    units: Sequence[UnitSystem],
    tasks_left: int = 0,
    unsolved: int = 0,
) -> Overview:
    """Sum up what was found.

    Parameters
    ----------
    glasses
        For each explored glass its double wells.
    units
        The unit sets that splittings were solved under.
    tasks_left
        How many tasks have not ended.
    unsolved
        How many more double wells there are, of which no splitting is known.
    """
    wells = [w for each in glasses for w in each]
    names = [u.name for u in units]
    return Overview(
        glasses=len(glasses),
        double_wells=len(wells) + unsolved,
        solved=len(wells),
        distinct=sum(len(set(duplicates(each))) for each in glasses),
        two_level_systems=sum(
            any(w.splittings[n].is_two_level for n in names if n in w.splittings) for w in wells
        ),
        units=tuple(_units_overview(glasses or [()], u) for u in units),
        tasks_left=tasks_left,
    )


def counted(number: int, noun: str, plural: str | None = None) -> str:
    """A number and its noun."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def _units_overview(glasses: Sequence[Sequence[WellSummary]], units: UnitSystem) -> UnitsOverview:
    solved = [
        (w, w.splittings[units.name]) for g in glasses for w in g if units.name in w.splittings
    ]
    found = [splitting for _, splitting in solved]
    # Both are flagged alike, as neither tunnels between two wells; levels are counted from V(A).
    single = [(w, s) for w, s in solved if "single_well" in s.flags]
    asymmetric = sum(bool(s.levels[1] < w.barrier) for w, s in single)
    true = [s.splitting for s in found if s.is_of_two_wells]
    smallest = float(np.min(true)) if true else None
    return UnitsOverview(
        tls=count_tls(glasses, units),
        single_wells=len(single) - asymmetric,
        asymmetric=asymmetric,
        smallest=smallest,
        smallest_kelvin=None if smallest is None else units.energy_kelvin(smallest),
    )
