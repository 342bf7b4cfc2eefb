"""Distributions over double wells, and the density of splittings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from glasswells.content.records import Preparation, ReportContent
from glasswells.core.records import Array
from glasswells.report.picture import Picture, new_figure, plain, temperature_colors
from glasswells.report.plotting import (
    CUT_WORDS,
    MIN_HISTOGRAM,
    cut_bars,
    describe,
    error_words,
    plot_bars,
    plot_marks,
    plot_steps,
)
from glasswells.report.section import ReportFigure
from glasswells.statistics import (
    Distribution,
    WellSummary,
    cumulative_density,
    distribution,
    splitting_density,
    tls_density,
)
from glasswells.statistics.overview import counted
from glasswells.statistics.well_table import COLUMNS
from glasswells.tunneling.units import UnitSystem

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_BINS = 24
"""More bins than this tell nothing more, whatever the number of double wells."""


ALL_WORDS = "Single wells in disguise and repeated cores are included."
TUNNELING_WORDS = (
    "Single wells in disguise and unresolved splittings are left out, repeated cores are included."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantity:
    """A number that each double well has."""

    slug: str
    title: str
    label: str
    """On the axis."""
    value: Callable[[WellSummary], float]
    is_logarithmic: bool
    """Whether it is spread over decades: then its decimal logarithm is binned."""
    keep: Callable[[WellSummary], bool] = lambda well: True
    """Which double wells are drawn."""
    selection: str = ALL_WORDS
    """The same in words."""


QUANTITIES = tuple(
    Quantity(
        slug=column.name,
        title=column.shown.title,
        label=column.shown.axis,
        value=column.of,
        is_logarithmic=column.shown.is_logarithmic,
    )
    for column in COLUMNS
    if column.shown.title
)
"""As the columns of double wells say."""


def distribution_pictures(content: ReportContent) -> Iterator[Picture]:
    """Distributions of E for each unit set and of the columns that are shown so."""
    splittings = [
        Quantity(
            slug=f"splitting_{place}",
            title=f"Tunnel splitting, {units.name}",
            label=r"$E\,/\,\epsilon$" + f", {plain(units.name)}",
            value=lambda w, name=units.name: w.splitting(name),  # type: ignore[misc]
            is_logarithmic=True,
            keep=lambda w, name=units.name: w.tunnels(name),  # type: ignore[misc]
            selection=TUNNELING_WORDS,
        )
        for place, units in enumerate(content.units)
    ]
    for place, quantity in enumerate((*splittings, *QUANTITIES)):
        picture = _distribution_picture(content.preparations, quantity)
        if picture is not None and place < len(splittings):
            units = content.units[place].name
            yield replace(picture, units=units, is_folded=place > 0)
        elif picture is not None:
            yield picture


def density_pictures(content: ReportContent) -> Iterator[Picture]:
    """n(E) per energy and volume and N(E)/(E V), for each unit set."""
    for place, units in enumerate(content.units):
        picture = _density_picture(content.preparations, units, f"splitting_density_{place}")
        if picture is not None:
            yield replace(picture, units=units.name, is_folded=place > 0)


def _distribution_picture(
    preparations: Sequence[Preparation], quantity: Quantity
) -> Picture | None:
    samples = [
        [_values(filter(quantity.keep, wells), quantity) for wells in p.wells] for p in preparations
    ]
    drawn = [sum(map(len, sample)) for sample in samples]
    edges = _edges([v for sample in samples for v in sample])
    if edges is None:
        return None
    figure = new_figure()
    axes = figure.add_subplot()
    colors = temperature_colors(p.temperature for p in preparations)
    for preparation, sample, n_values in zip(preparations, samples, drawn, strict=True):
        color, label = colors[preparation.temperature], _label(preparation, n_values)
        if 0 < n_values < MIN_HISTOGRAM:
            plot_marks(axes, np.concatenate(sample), color, f"{label}, one by one")
        elif n_values:
            found = distribution(sample, edges)
            plot_steps(axes, found, color, label)
    per = " per decade" if quantity.is_logarithmic else ""
    axes.set_xlabel((r"$\log_{10}$ " if quantity.is_logarithmic else "") + quantity.label)
    words = f"Fewer than {MIN_HISTOGRAM} values are drawn one by one."
    if max(drawn) < MIN_HISTOGRAM:
        axes.set_yticks([])
    else:
        axes.set_ylabel(f"probability density{per}")
        words = error_words(preparations)
        if cut_bars(axes):
            words += f" {CUT_WORDS}"
    axes.set_ylim(bottom=0)
    axes.legend()
    return Picture(
        slug=quantity.slug,
        title=quantity.title,
        caption=f"{describe(preparations, drawn)} {quantity.selection} {words}",
        figure=figure,
    )


def _density_picture(
    preparations: Sequence[Preparation], units: UnitSystem, slug: str
) -> Picture | None:
    samples = [[np.array(v) for v in p.splittings(units.name)] for p in preparations]
    edges = _edges([np.log10(v) for sample in samples for v in sample])
    if edges is None:
        return None
    edges, drawn = 10**edges, [sum(map(len, sample)) for sample in samples]
    figure = new_figure(9.0, 4.0)
    left, right = figure.subplots(1, 2)
    words = []
    colors = temperature_colors(p.temperature for p in preparations)
    for preparation, sample, n_values in zip(preparations, samples, drawn, strict=True):
        color, label = colors[preparation.temperature], _label(preparation, n_values)
        if not n_values:
            continue
        found = splitting_density(sample, preparation.volumes, edges)
        _plot_points(left, found, color, label)
        energies = np.geomspace(np.concatenate(sample).min(), edges[-1], 30)
        cumulative = cumulative_density(sample, preparation.volumes, energies)
        right.plot(energies, cumulative.density, color=color, label=label)
        right.fill_between(energies, cumulative.low, cumulative.high, color=color, alpha=0.2, lw=0)
        density = tls_density(sample, preparation.volumes, units)
        words.append(
            f"T_f = {preparation.temperature:g}: n_0 = {density.si.value:.2g} "
            f"[{density.si.low:.2g}, {density.si.high:.2g}] per J and m^3 from "
            f"{counted(density.reduced.n_entries, 'splitting')} below {density.up_to:g}"
            + ("." if density.is_plateau else ", which are not spread evenly.")
        )
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_yscale("log", nonpositive="clip")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_minor_formatter("")  # labels between the decades would overlap
        axes.axvline(units.tls_threshold, color="0.4", ls="--", lw=1)
        axes.set_xlabel(r"$E\,/\,\epsilon$" + f", {plain(units.name)}")
        axes.set_ylim(*_whole_decades(*axes.get_ylim()))
        axes.set_xlim(*_whole_decades(*axes.get_xlim()))
    left.set_ylabel(r"$n(E)\;\epsilon\sigma^3$")
    right.set_ylabel(r"$N(E)\,/\,(E V)\;\epsilon\sigma^3$")
    right.legend()
    return Picture(
        slug=slug,
        title=f"Density of splittings, {units.name}",
        caption=f"{describe(preparations, drawn)} {TUNNELING_WORDS} Left: n(E) in bins; right: "
        f"N(E) / (E V), the number below E. Dashed: threshold of an active two-level system. "
        f"{' '.join(words)} {error_words(preparations)}",
        figure=figure,
    )


def _label(preparation: Preparation, drawn: int) -> str:
    return rf"$T_f = {preparation.temperature:g}$ ({drawn})"


def _values(wells: Iterable[WellSummary], quantity: Quantity) -> Array:
    values = np.array([quantity.value(w) for w in wells], dtype=np.float64)
    values = values[np.isfinite(values)]
    return np.log10(values[values > 0]) if quantity.is_logarithmic else values


def _edges(samples: Sequence[Array]) -> Array | None:
    """Common bins: 2 n^(1/3) of the largest extent; None if there are no entries."""
    every = np.concatenate([np.empty(0), *samples])
    if len(every) == 0:
        return None
    low, high = float(every.min()), float(every.max())
    if high - low < 1e-9 * max(abs(low), abs(high), 1e-12):
        low, high = low - 0.5, high + 0.5
    n_bins = int(np.clip(np.ceil(2 * len(every) ** (1 / 3)), 4, MAX_BINS))
    margin = 1e-9 * (high - low)  # the extreme values lie inside
    return np.linspace(low - margin, high + margin, n_bins + 1)


def _whole_decades(low: float, high: float) -> tuple[float, float]:
    """Limits of a logarithmic axis that hold at least two labels."""
    if np.floor(np.log10(high)) - np.ceil(np.log10(low)) >= 1:
        return low, high
    return float(10 ** np.floor(np.log10(low))), float(10 ** np.ceil(np.log10(high)))


def _plot_points(axes: Axes, found: Distribution, color: str, label: str) -> None:
    shown = found.density > 0
    center = np.sqrt(found.edges[1:] * found.edges[:-1])[shown]
    density = found.density[shown]
    axes.plot(center, density, "o-", lw=1, color=color, label=label)
    plot_bars(axes, center, density, found.low[shown], found.high[shown], color)


FIGURES = (
    ReportFigure(section="distributions", place=1, draw=distribution_pictures),
    ReportFigure(section="density", place=1, draw=density_pictures),
)
