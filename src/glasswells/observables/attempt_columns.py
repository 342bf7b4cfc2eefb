"""Attempt frequencies and activated times as columns of tables of double wells."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from glasswells.observables.attempts import AttemptFrequencies
from glasswells.observables.relaxation import log_activated_time
from glasswells.statistics.well_summary import WellSummary
from glasswells.statistics.well_table import Column, WellRow, heading
from glasswells.tunneling.units import UnitSystem

KELVIN = 4.0
"""Of the activated times in tables. It lies above the crossover to tunneling of most two-level
systems of argon and NiP; at other temperatures the time follows from barriers and attempts."""


def attempts_of(well: WellSummary) -> AttemptFrequencies | None:
    """Vineyard's attempt frequencies as a campaign stored them; None if it did not."""
    a, b = (well.numbers.get(f"attempt_frequency_{side}", math.nan) for side in "ab")
    return None if math.isnan(a) or math.isnan(b) else AttemptFrequencies(a=a, b=b)


def attempt_columns(units: Sequence[UnitSystem]) -> tuple[Column, ...]:
    """For tables of campaigns that stored attempt frequencies; NaN for double wells without them.

    Parameters
    ----------
    units
        Unit sets; each has an activated time of its own.
    """
    return (
        *(_attempt_column(side) for side in ("a", "b")),
        *(_time_column(each) for each in units),
    )


def _attempt_column(side: str) -> Column:
    name = f"attempt_frequency_{side}"

    def value(row: WellRow) -> float:
        return row.well.numbers.get(name, np.nan)

    return Column(
        name=name,
        unit="sqrt(epsilon/m)/sigma",
        meaning=f"angular attempt frequency of {side.upper()} over the saddle from all modes, by "
        "Vineyard",
        value=value,
    )


def _time_column(units: UnitSystem) -> Column:
    temperature = float(units.energy_from_kelvin(KELVIN))

    def value(row: WellRow) -> float:
        attempts = attempts_of(row.well)
        if attempts is None:
            return math.nan
        well = row.well
        reduced = log_activated_time(well.barrier, well.asymmetry, attempts, temperature)
        return (reduced + math.log(units.time_second)) / math.log(10.0)

    return Column(
        name=heading(f"log10_activated_time_{KELVIN:g}k", units),
        unit="log10(s)",
        meaning=f"decimal logarithm of the classical relaxation time over the barrier at "
        f"{KELVIN:g} K in seconds, attempts by Vineyard; unit set {units.name}",
        value=value,
    )
