"""Counts, distributions and densities of double wells with error bars from glass to glass."""

from glasswells.statistics.bootstrap import (
    Distribution,
    Estimate,
    Resampling,
    count_per_glass,
    distribution,
    mean,
    rank_correlation,
)
from glasswells.statistics.counts import PAPER_COUNTS, PaperCounts, TlsCounts, count_tls
from glasswells.statistics.duplicates import DuplicateRule, duplicates
from glasswells.statistics.splitting_density import (
    CumulativeDensity,
    TlsDensity,
    cumulative_density,
    heat_capacity,
    splitting_density,
    tls_density,
)
from glasswells.statistics.well_summary import WellSummary, summarize_well

__all__ = [
    "PAPER_COUNTS",
    "CumulativeDensity",
    "Distribution",
    "DuplicateRule",
    "Estimate",
    "PaperCounts",
    "Resampling",
    "TlsCounts",
    "TlsDensity",
    "WellSummary",
    "count_per_glass",
    "count_tls",
    "cumulative_density",
    "distribution",
    "duplicates",
    "heat_capacity",
    "mean",
    "rank_correlation",
    "splitting_density",
    "summarize_well",
    "tls_density",
]
