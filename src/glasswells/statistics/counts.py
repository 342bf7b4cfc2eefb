"""Numbers of two-level systems, and those of the paper to set beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from glasswells.core.records import TunnelSplitting
from glasswells.statistics.bootstrap import (
    DEFAULT_RESAMPLING,
    Estimate,
    Resampling,
    count_per_glass,
)
from glasswells.statistics.duplicates import DuplicateRule, duplicates
from glasswells.statistics.well_summary import WellSummary
from glasswells.tunneling.units import UnitSystem


@dataclass(frozen=True, kw_only=True, slots=True)
class PaperCounts:
    """What the paper found at one preparation temperature."""

    glasses: int
    double_wells: int
    tls: Mapping[str, int]
    """By the name of the unit set."""


PAPER_COUNTS: Mapping[float, PaperCounts] = MappingProxyType(
    {
        temperature: PaperCounts(
            glasses=glasses,
            double_wells=wells,
            tls=MappingProxyType({"argon": argon, "NiP": nip}),
        )
        for temperature, glasses, wells, argon, nip in (
            (0.062, 200, 14_202, 61, 28),
            (0.07, 50, 21_109, 291, 46),
            (0.092, 10, 117_339, 1_008, 248),
        )
    }
)
"""Khomenko, Reichman, Zamponi (2021), by preparation temperature."""


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
    by_continuation: Mapping[str, int]
    """What `raw` would be under each continuation beyond the two minima."""
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
    active = [[w for w in wells if w.splittings[units.name].is_two_level] for wells in solved]
    names = dict.fromkeys(name for s in found for name in s.by_continuation)
    distinct = 0
    for wells in active:
        kinds = duplicates(wells, rule)
        distinct += len(set(kinds))
    return TlsCounts(
        units=units.name,
        solved=len(found),
        unresolved=sum("unresolved" in s.flags for s in found),
        raw=sum(len(wells) for wells in active),
        distinct=distinct,
        by_continuation={
            name: sum(_is_active(s, name, units.tls_threshold) for s in found) for name in names
        },
        per_glass=count_per_glass(np.array([len(wells) for wells in active]), resampling),
    )


def _is_active(splitting: TunnelSplitting, continuation: str, threshold: float) -> bool:
    """Whether a double well counts under another continuation.

    A profile that does not allow it keeps its own. Flags are known for the named one only.
    """
    if continuation == splitting.continuation:
        return splitting.is_two_level
    if {"unresolved", "single_well"} & set(splitting.flags):
        return False
    return splitting.by_continuation.get(continuation, splitting.splitting) < threshold
