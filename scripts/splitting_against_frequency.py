"""Rank correlation of E with omega, under each unit set and continuation, as a CSV table.

    python scripts/splitting_against_frequency.py campaigns/paper fig6.csv [--figure fig6.png]

The paper's Fig. 6 finds that the frequency along the path in A is anticorrelated with the
splitting. Whether that holds may depend on what a splitting is: on hbar, on what lies beyond A and
B, on which double wells count and on how the glass was prepared. Each row is one combination, over
distinct double wells, with a bootstrap interval over glasses. Three selections: all resolved
splittings; those of two wells, without single wells in disguise; two-level systems. Beside omega
stands the asymmetry Delta, which E may follow instead. The figure has a point for each distinct
double well under the first unit set and its own continuation.
"""

from __future__ import annotations

import argparse
import csv
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import NullFormatter

import glasswells as gw
from glasswells.core.splittings import ContinuedSplitting, TunnelSplitting
from glasswells.statistics.ranks import rank_correlation
from glasswells.statistics.well_summary import WellSummary

COLUMNS = (
    "preparation_temperature", "units", "continuation", "selection", "double_wells", "glasses",
    "with_omega", "omega_low", "omega_high", "with_delta", "delta_low", "delta_high",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Point:
    """A double well under one unit set and one continuation."""

    splitting: float
    threshold: float
    omega: float
    asymmetry: float
    is_single_well: bool


SELECTIONS: dict[str, Callable[[Point], bool]] = {
    "all resolved": lambda point: True,
    "two wells": lambda point: not point.is_single_well,
    "two-level systems": lambda point: (
        not point.is_single_well and point.splitting < point.threshold
    ),
}


def main() -> None:
    """Write the table and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("campaign", type=Path)
    parser.add_argument("table", type=Path)
    parser.add_argument("--figure", type=Path)
    arguments = parser.parse_args()
    campaign = gw.open_campaign(arguments.campaign)
    if arguments.figure is not None:
        draw(campaign, arguments.figure)
    with arguments.table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows(campaign):
            writer.writerow(row)
            print(*row)


def draw(campaign: gw.Catalog, path: Path) -> None:
    """E against omega, a panel for each preparation temperature."""
    units = campaign.units[0]
    found = distinct_wells(campaign)
    figure, axes = plt.subplots(
        1, len(found), figsize=(3.4 * len(found), 3.2), sharey=True, layout="constrained"
    )
    for axis, (temperature, glasses) in zip(np.atleast_1d(axes), found.items(), strict=True):
        points = [
            point
            for wells in glasses
            for well in wells
            if (point := solved(well, units, units.continuation)) is not None
        ]
        for name, color in (("single wells", "0.7"), ("two wells", "C0"), ("two-level", "C3")):
            some = [p for p in points if kind(p) == name]
            axis.loglog(
                [p.omega for p in some],
                [p.splitting for p in some],
                ".",
                color=color,
                markersize=3,
                label=f"{name}: {len(some)}",
            )
        axis.axhline(units.tls_threshold, color="C3", linewidth=0.5)
        axis.set(title=f"$T_f$ = {temperature:g}", xlabel=r"$\omega$ along the path in A")
        axis.xaxis.set_minor_formatter(NullFormatter())
        axis.legend(loc="lower left", fontsize="x-small")
    np.atleast_1d(axes)[0].set_ylabel(f"E under {units.name}, $\\epsilon$")
    figure.savefig(path, dpi=160)


def kind(point: Point) -> str:
    """What a double well is, in the words of the figure."""
    if point.is_single_well:
        return "single wells"
    return "two-level" if point.splitting < point.threshold else "two wells"


def rows(campaign: gw.Catalog) -> Iterator[tuple[object, ...]]:
    """The correlations of each combination; empty fields where fewer than four double wells are."""
    for temperature, glasses in distinct_wells(campaign).items():
        for units in campaign.units:
            for continuation in ("straight", "harmonic", "walls"):
                points = [
                    [
                        point
                        for well in wells
                        if (point := solved(well, units, continuation)) is not None
                    ]
                    for wells in glasses
                ]
                for name, selected in SELECTIONS.items():
                    chosen = [[point for point in glass if selected(point)] for glass in points]
                    yield (
                        temperature, units.name, continuation, name,
                        sum(map(len, chosen)), sum(bool(glass) for glass in chosen),
                        *correlation(chosen, lambda point: point.omega),
                        *correlation(chosen, lambda point: abs(point.asymmetry)),
                    )  # fmt: skip


def distinct_wells(campaign: gw.Catalog) -> dict[float, list[list[WellSummary]]]:
    """By preparation temperature and glass: the first double well of each core."""
    table = campaign.double_wells
    found: dict[float, dict[str, list[WellSummary]]] = defaultdict(lambda: defaultdict(list))
    columns = (table["preparation_temperature"], table["repeats"], campaign.summaries)
    for temperature, repeats, well in zip(*columns, strict=True):
        if int(repeats) == well.number:
            found[float(temperature)][well.glass].append(well)
    return {temperature: list(found[temperature].values()) for temperature in sorted(found)}


def solved(well: WellSummary, units: gw.UnitSystem, continuation: str) -> Point | None:
    """A double well under a unit set and a continuation; None if it has no resolved splitting."""
    found: TunnelSplitting | None = well.splittings.get(units.name)
    if found is None or "unresolved" in found.flags or not np.isfinite(well.frequency_a):
        return None
    part: ContinuedSplitting | None = found.continuations.get(continuation)
    if part is None:
        return None
    return Point(
        splitting=found.by_continuation[continuation],
        threshold=units.tls_threshold,
        omega=well.frequency_a,
        asymmetry=part.asymmetry,
        is_single_well=part.is_single_well,
    )


def correlation(
    glasses: Sequence[Sequence[Point]], quantity: Callable[[Point], float]
) -> tuple[str, str, str]:
    """Spearman's coefficient of E and a quantity with the ends of its interval."""
    found = rank_correlation(
        [[point.splitting for point in glass] for glass in glasses],
        [[quantity(point) for point in glass] for glass in glasses],
    )
    if found is None:
        return "", "", ""
    return f"{found.value:.3f}", f"{found.low:.3f}", f"{found.high:.3f}"


if __name__ == "__main__":
    main()
