"""Numbers of two-level systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from glasswells.core.splittings import TunnelSplitting
from glasswells.statistics.bootstrap import (
    DEFAULT_RESAMPLING,
    Estimate,
    Resampling,
    count_per_glass,
)
from glasswells.statistics.duplicates import DuplicateRule, duplicates
from glasswells.statistics.well_summary import WellSummary
from glasswells.tunneling.units import UnitSystem

SLOW = 1e-3
"""Part of the threshold below which Delta_0 counts as small: such a system has its states in one
well each, and passes from one to the other a million times more slowly than one with Delta_0 at the
threshold, because rates go as its square. Then E is what asymmetry and zero-point energies say."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsCounts:
    """Two-level systems of one preparation temperature under one unit set."""

    units: str
    solved: int
    """Double wells whose splitting was solved for."""
    unresolved: int
    """Of these, with a splitting that is not above its numerical error; no two-level systems."""
    raw: int
    """Active two-level systems, every double well counted."""
    distinct: int
    """The same core in different backgrounds counted once."""
    slow: int
    """Those of `raw` whose Delta_0 is below `SLOW` times the threshold."""
    by_continuation: Mapping[str, int]
    """What `raw` would be under each continuation beyond the two minima."""
    in_all: int
    """Those that are active under every continuation that their profile allows."""
    in_some: int
    """Those that are under at least one."""
    at_hbar_limits: tuple[int, ...]
    """(2,), `raw` at the smallest and the largest constant that the unit set's error allows; empty
    if it states none."""
    per_glass: Estimate
    """`raw` per glass."""

    @property
    def spread(self) -> tuple[int, int]:
        """Smallest and largest raw count over the continuations."""
        numbers = [self.raw, *self.by_continuation.values()]
        return min(numbers), max(numbers)


def count_tls(
    glasses: Sequence[Sequence[WellSummary]],
    units: UnitSystem,
    resampling: Resampling = DEFAULT_RESAMPLING,
    rule: DuplicateRule | None = None,
) -> TlsCounts:
    """Count the active two-level systems among the double wells of each glass.

    Parameters
    ----------
    glasses
        For each glass its double wells; a glass without any counts.
    units
        The unit set, whose threshold decides.
    resampling
        Of the error bars.
    rule
        When two double wells are one.
    """
    solved = [[w for w in wells if units.name in w.splittings] for wells in glasses]
    found = [w.splittings[units.name] for wells in solved for w in wells]
    active = [two_level(wells, units) for wells in solved]
    names = dict.fromkeys(name for s in found for name in s.by_continuation)
    statuses = [active_under(s, units.tls_threshold) for s in found]
    return TlsCounts(
        units=units.name,
        solved=len(found),
        unresolved=sum("unresolved" in s.flags for s in found),
        raw=sum(len(wells) for wells in active),
        distinct=sum(len(first_of_each_core(wells, rule)) for wells in active),
        slow=sum(
            w.splittings[units.name].tunneling_amplitude < SLOW * units.tls_threshold
            for wells in active
            for w in wells
        ),
        # A profile that does not allow a continuation keeps its own.
        by_continuation={
            name: sum(
                status.get(name, s.is_two_level) for status, s in zip(statuses, found, strict=True)
            )
            for name in names
        },
        in_all=sum(all(status.values()) for status in statuses),
        in_some=sum(any(status.values()) for status in statuses),
        at_hbar_limits=_at_hbar_limits(found, units),
        per_glass=count_per_glass(np.array([len(wells) for wells in active]), resampling),
    )


def two_level(wells: Sequence[WellSummary], units: UnitSystem) -> list[WellSummary]:
    """Those that are active two-level systems under a unit set."""
    return [
        w for w in wells if units.name in w.splittings and w.splittings[units.name].is_two_level
    ]


def first_of_each_core(
    wells: Sequence[WellSummary], rule: DuplicateRule | None = None
) -> list[WellSummary]:
    """Each core once, by the first double well that has it."""
    firsts = duplicates(wells, rule)
    return [well for place, well in enumerate(wells) if firsts[place] == place]


def active_under(splitting: TunnelSplitting, threshold: float) -> dict[str, bool]:
    """Whether a double well is an active two-level system, under each continuation it allows.

    Whether it is a single well is known for each, except in records of versions that kept it
    for the named one only; whether it is resolved is known for the named one.
    """
    unresolved = "unresolved" in splitting.flags
    found = {}
    for name, value in splitting.by_continuation.items():
        part = splitting.continuations.get(name)
        single = "single_well" in splitting.flags if part is None else part.is_single_well
        found[name] = value < threshold and not unresolved and not single
    return found | {splitting.continuation: splitting.is_two_level}


def _at_hbar_limits(found: Sequence[TunnelSplitting], units: UnitSystem) -> tuple[int, ...]:
    """Counts with the splittings at the limits; flags are those at the constant itself."""
    if units.reduced_hbar_limits is None:
        return ()
    usable = [s for s in found if s.is_of_two_wells]
    return tuple(
        sum(s.at_hbar_limits[k] < units.tls_threshold for s in usable if s.at_hbar_limits)
        for k in range(2)
    )
