"""Columns of a double well that depend on the unit set, once for each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from glasswells.core.splittings import TunnelSplitting
from glasswells.tunneling import CONTINUATIONS
from glasswells.tunneling.units import UnitSystem


@dataclass(frozen=True, kw_only=True, slots=True)
class SplittingColumn:
    """A quantity of a double well that depends on the unit set."""

    name: str
    unit: str
    meaning: str
    value: Callable[[TunnelSplitting, UnitSystem], Any]
    missing: Any = np.nan
    """What stands where no splitting was solved for."""


def _continuation_column(continuation: str, part: str, meaning: str) -> SplittingColumn:
    """A number that is known for each continuation beyond A and B: why E moves between them."""

    def value(splitting: TunnelSplitting, units: UnitSystem) -> float:
        found = splitting.continuations.get(continuation)
        return np.nan if found is None else getattr(found, part)

    return SplittingColumn(
        name=f"{part}_{continuation}",
        unit="epsilon",
        meaning=f"{meaning}, continuation {continuation}",
        value=value,
    )


SPLITTING_COLUMNS: tuple[SplittingColumn, ...] = (
    SplittingColumn(
        name="splitting",
        unit="epsilon",
        meaning="E = E_2 - E_1 of the one-dimensional Schroedinger equation on the path",
        value=lambda s, units: s.splitting,
    ),
    SplittingColumn(
        name="splitting_kelvin",
        unit="K",
        meaning="E / k_B",
        value=lambda s, units: units.energy_kelvin(s.splitting),
    ),
    SplittingColumn(
        name="error",
        unit="epsilon",
        meaning="numerical error of E",
        value=lambda s, units: s.error,
    ),
    SplittingColumn(
        name="spread",
        unit="epsilon",
        meaning="half the range of E over the continuations beyond A and B",
        value=lambda s, units: s.spread,
    ),
    SplittingColumn(
        name="delta",
        unit="epsilon",
        meaning="Delta in the localized basis of the two lowest states",
        value=lambda s, units: s.asymmetry,
    ),
    SplittingColumn(
        name="delta_0",
        unit="epsilon",
        meaning="tunneling amplitude Delta_0, E^2 = Delta^2 + Delta_0^2",
        value=lambda s, units: s.tunneling_amplitude,
    ),
    SplittingColumn(
        name="is_two_level",
        unit="",
        meaning="whether E is below the threshold of the unit set, resolved, and no single well "
        "in disguise",
        value=lambda s, units: s.is_two_level,
        missing=False,
    ),
    SplittingColumn(
        name="flags",
        unit="",
        meaning="any of unresolved, single_well, short_path, extrapolated",
        value=lambda s, units: " ".join(s.flags),
        missing="",
    ),
    *(
        _continuation_column(name, part, meaning)
        for name in CONTINUATIONS
        for part, meaning in (
            ("splitting", "E"),
            ("zero_point_a", "zero-point energy in A"),
            ("zero_point_b", "zero-point energy in B"),
        )
    ),
)
"""Once for each unit set."""
