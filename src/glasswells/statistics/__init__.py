"""Counts, distributions and densities of double wells with error bars from glass to glass."""

from glasswells.statistics.bootstrap import (
    Distribution,
    Estimate,
    Resampling,
    count_per_glass,
    distribution,
    mean,
)
from glasswells.statistics.counts import (
    TlsCounts,
    active_under,
    count_tls,
    first_of_each_core,
    two_level,
)
from glasswells.statistics.duplicates import DuplicateRule, duplicates
from glasswells.statistics.fractions import fraction, with_entries
from glasswells.statistics.minimum_vibration_columns import (
    MinimumVibrationColumns,
    collect_minimum_vibrations,
    common_complete_below,
)
from glasswells.statistics.overview import Overview, UnitsOverview, overview
from glasswells.statistics.ranks import rank_correlation
from glasswells.statistics.splitting_density import (
    CumulativeDensity,
    TlsDensity,
    cumulative_density,
    heat_capacity,
    splitting_density,
    tls_density,
)
from glasswells.statistics.sums import EstimatedCurve, sum_per_volume
from glasswells.statistics.well_summary import WellSummary, summarize_well
from glasswells.statistics.well_vibration_columns import (
    DirectionColumns,
    SeedColumns,
    TangentColumns,
    WellVibrationColumns,
    collect_well_vibrations,
    mobility_range,
)

__all__ = [
    "CumulativeDensity",
    "DirectionColumns",
    "Distribution",
    "DuplicateRule",
    "Estimate",
    "EstimatedCurve",
    "MinimumVibrationColumns",
    "Overview",
    "Resampling",
    "SeedColumns",
    "TangentColumns",
    "TlsCounts",
    "TlsDensity",
    "UnitsOverview",
    "WellSummary",
    "WellVibrationColumns",
    "active_under",
    "collect_minimum_vibrations",
    "collect_well_vibrations",
    "common_complete_below",
    "count_per_glass",
    "count_tls",
    "cumulative_density",
    "distribution",
    "duplicates",
    "first_of_each_core",
    "fraction",
    "heat_capacity",
    "mean",
    "mobility_range",
    "overview",
    "rank_correlation",
    "splitting_density",
    "sum_per_volume",
    "summarize_well",
    "tls_density",
    "two_level",
    "with_entries",
]
