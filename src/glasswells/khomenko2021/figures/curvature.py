"""Splitting against the frequency along the path: the paper's Fig. 6."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from glasswells.content.records import Preparation, ReportContent
from glasswells.core.records import Array
from glasswells.khomenko2021.figures.overlaps import distinct_words, label_x, panel_grid
from glasswells.khomenko2021.verdicts import frequency_correlation, splitting_and_frequency
from glasswells.report.picture import Picture, plain, temperature_colors
from glasswells.report.plotting import describe
from glasswells.report.section import ReportFigure
from glasswells.statistics import Estimate, mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SINGLE = "0.6"
DECADES = 30.0
"""Ratio of largest and smallest E beyond which powers of ten are labels enough."""
CLOUD_LOOKS = {300: (4.0, 0.6), 3000: (2.5, 0.5), 30_000: (1.5, 0.3), np.inf: (1.0, 0.1)}
"""Size and opacity of the points by their largest number."""
MEANS, LEAST_IN_BIN = 6, 5
"""Bins of equal numbers of double wells whose mean log E is drawn, and the fewest in one."""


def curvature_pictures(content: ReportContent) -> Iterator[Picture]:
    """E against omega in A, for each unit set and temperature; none if neither is known."""
    preparations = [p for p in content.preparations if p.vibrations]
    names = [u.name for u in content.units]
    if not any(splitting_and_frequency(p.vibrations, n)[0] for p in preparations for n in names):
        return
    figure, panels = panel_grid(len(names), preparations)
    colors = temperature_colors(p.temperature for p in preparations)
    words = []
    for row, units in enumerate(content.units):
        for column, p in enumerate(preparations):
            axes = panels[row][column]
            x, y = splitting_and_frequency(p.vibrations, units.name)
            found = frequency_correlation(p.vibrations, units.name)
            true = [g.where(g.tunneling(units.name)).distinct() for g in p.vibrations_with_copies]
            true_x, true_y = splitting_and_frequency(true, units.name)
            tunneling = frequency_correlation(true, units.name)
            _plot_cloud(axes, y, x, SINGLE)
            _plot_cloud(axes, true_y, true_x, colors[p.temperature])
            _plot_means(axes, y, x)
            axes.axhline(units.tls_threshold, color="0.4", ls="--", lw=1)
            axes.set_title(_title(p, found), fontsize=9)
            words.append(_words(p, units.name, (x, true_x), tunneling))
        panels[row][0].set_ylabel(r"$E\,/\,\epsilon$, " + plain(units.name))
    label_x(panels, r"frequency $\omega$ in $A$")
    rho = "" if content.vibrations is None else f" at a distance of {content.vibrations.rho:g}"
    yield Picture(
        slug="splitting_frequency",
        title="Tunnel splitting against the frequency along the path in A",
        caption=f"\N{GREEK SMALL LETTER OMEGA}: from the curvature along the path in A{rho}. "
        f"r_s: Spearman's rank correlation with its 95 % interval, bootstrap over glasses; a star "
        f"marks a single glass, or no scatter between glasses: its interval takes double wells as "
        f"independent. Colored: no single wells in disguise; gray, where a core's first double "
        f"well is one. Black: means of log E over as many double wells each, with their intervals. "
        f"Dashed: threshold of an active two-level system. {describe(preparations)} "
        f"{distinct_words(preparations)} {' '.join(words)}",
        figure=figure,
    )


def _plot_cloud(axes: Axes, omega: list[Array], splitting: list[Array], color: str) -> None:
    if omega:
        x, y = np.concatenate(omega), np.concatenate(splitting)
        size, alpha = next(look for most, look in CLOUD_LOOKS.items() if len(x) <= most)
        axes.plot(x, y, "o", ms=size, color=color, alpha=alpha, mew=0, rasterized=len(x) > 1000)


def _plot_means(axes: Axes, omega: list[Array], splitting: list[Array]) -> None:
    """Means of log E over equal numbers of double wells, and the axis."""
    axes.set_yscale("log")
    if not omega:
        axes.set_yticks([])
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", color="0.4")
        return
    x, y = np.concatenate(omega), np.concatenate(splitting)
    axes.set_ylim(float(y.min()) / 2, float(y.max()) * 2)
    if y.max() > DECADES * y.min():
        axes.yaxis.set_minor_formatter("")  # labels between the decades would overlap
    bins = min(MEANS, len(x) // LEAST_IN_BIN)
    if bins < 2:
        return
    edges = np.quantile(x, np.linspace(0, 1, bins + 1))
    for low, high in itertools.pairwise(edges):
        inside = [(w >= low) & ((w < high) | (high == edges[-1])) for w in omega]
        groups = [np.log10(s[k]) for s, k in zip(splitting, inside, strict=True) if k.any()]
        found = mean(groups) if groups else None
        if found is None or not np.isfinite(found.low):
            continue
        center = np.concatenate([w[k] for w, k in zip(omega, inside, strict=True)]).mean()
        value, ends = 10**found.value, (10**found.low, 10**found.high)
        bars = [[value - ends[0]], [ends[1] - value]]
        axes.errorbar([center], [value], yerr=bars, fmt="s", ms=4, color="black", zorder=3)


def _title(p: Preparation, found: Estimate | None) -> str:
    title = f"$T_f$ = {p.temperature:g}"
    return title if found is None else f"{title}\n$r_s$ = {found.text('.2f')}"


def _words(
    p: Preparation, units: str, drawn: tuple[list[Array], list[Array]], tunneling: Estimate | None
) -> str:
    n, true = (sum(map(len, each)) for each in drawn)
    left_out = sum(len(g) for g in p.vibrations) - n
    words = f"T_f = {p.temperature:g}, {units}: {n} drawn"
    if left_out:
        words += f", {left_out} left out (unresolved or not solved)"
    if true < n:
        words += f"; of the {true} that are no single wells in disguise r_s "
        words += "is not defined" if tunneling is None else f"= {tunneling.text('.2f')}"
    return f"{words}."


FIGURES = (ReportFigure(section="vibrations", place=6, draw=curvature_pictures),)
