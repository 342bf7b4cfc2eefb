"""Where the path leaves A, from bands of more and more images to its limit: the paper's Fig. 4."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from glasswells.content.records import Preparation, ReportContent
from glasswells.content.vibrations import ShownVibrations
from glasswells.core.records import Array
from glasswells.khomenko2021.figures.overlaps import wells_words
from glasswells.report.picture import Picture, new_figure, temperature_colors
from glasswells.report.plotting import error_words, shades
from glasswells.report.section import ReportFigure
from glasswells.statistics import mean
from glasswells.vibrations.records import TangentStudy

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMED_MODES = 4
"""Modes that are drawn as curves: those with the largest overlap anywhere."""
MODE_COLORS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
MARKERS = "osD^vPX*<>"
SCALE_DISTANCES = 9
"""Points of the common grid of distances for the mean over double wells."""
DISTANCES_DRAWN = 7
"""Distances whose overlaps with all modes are drawn."""


def tangent_pictures(content: ReportContent) -> Iterator[Picture]:
    """Fig. 4 of the double wells that were chosen, and the mean over all that were studied."""
    if content.vibrations is None:
        return
    for place, shown in enumerate(content.vibrations.tangents):
        study = shown.vibrations.tangents
        if study is not None and len(study.frequencies):
            yield replace(_one_picture(shown, study, f"tangent_{place}"), is_folded=place > 0)
    preparations = [p for p in content.preparations if any(g.tangents for g in p.vibrations)]
    if preparations:
        yield _all_picture(preparations)


def _one_picture(shown: ShownVibrations, study: TangentStudy, slug: str) -> Picture:
    figure = new_figure(8.8, 3.6)
    left, middle, right = figure.subplots(1, 3)
    _plot_modes(
        left, study, study.image_overlaps, [f"{n}" for n in study.images], "$N_b$", study.images
    )
    every = np.argsort(-study.distances, kind="stable")
    drawn = every[np.unique(np.linspace(0, len(every) - 1, DISTANCES_DRAWN).round().astype(int))]
    labels = [f"{study.distances[k]:.1g}" for k in drawn]
    _plot_modes(
        middle, study, study.overlaps[drawn], labels, r"$\rho\,/\,\sigma$", study.distances[drawn]
    )
    _plot_curves(right, study)
    right.set_title("leading modes", fontsize=10)
    left.set_title("bands of $N_b$ images", fontsize=10)
    middle.set_title(r"exact path at distance $\rho$", fontsize=10)
    splitting = f" E = {shown.splitting:.3g}." if np.isfinite(shown.splitting) else ""
    forces = study.image_forces
    return Picture(
        slug=slug,
        title=f"Overlap of the path's direction with the normal modes of A: {shown.title}",
        caption=f"Double well {shown.number} of glass {shown.glass}, T_f = "
        f"{shown.preparation_temperature:g}, N = {shown.minimum_a.n_particles}.{splitting} Overlap "
        f"c of r_12 with each of the modes 4 to {len(study.frequencies)} of A, translations left "
        f"out; modes are numbered from 4, the softest. "
        + (f"Bands: largest perpendicular force {forces.max():.1g}. " if len(forces) else "")
        + "Right: the modes with the largest overlaps on the exact path (lines), and in bands at "
        "the distance of their second image from A (marks). One double well: no error bars.",
        figure=figure,
        temperature=shown.preparation_temperature,
    )  # fmt: skip


def _plot_modes(
    axes: Axes,
    study: TangentStudy,
    overlaps: Array,
    labels: Sequence[str],
    title: str,
    values: Sequence[float] | Array,
) -> None:
    """C of each mode against its participation ratio, darker towards the limit."""
    colors = shades().reversed()(np.linspace(0.0, 1.0, max(len(values), 2)))
    for k, (row, label) in enumerate(zip(overlaps, labels, strict=True)):
        axes.plot(
            study.participation_ratios[3:], row[3:], MARKERS[k % len(MARKERS)], ms=4,
            color=colors[k], mew=0, alpha=0.85, label=label,
        )  # fmt: skip
    axes.set_xlabel("participation ratio PR")
    axes.set_ylabel(r"$c_\alpha$")
    axes.set_ylim(-0.02, 1.05)
    axes.set_xlim(left=-0.03 * axes.get_xlim()[1])  # localized modes are not on the frame
    if len(overlaps):
        best = int(overlaps[-1, 3:].argmax()) + 3
        axes.annotate(
            f"mode {best + 1}",
            (study.participation_ratios[best], overlaps[-1, best]),
            textcoords="offset points",
            xytext=(7, -3),
            fontsize=9,
        )
        axes.legend(title=title, fontsize=8, title_fontsize=9, handletextpad=0.2, loc="upper right")
    else:
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", color="0.4")


def _plot_curves(axes: Axes, study: TangentStudy) -> None:
    """C of the few leading modes against the distance."""
    tables = [table for table in (study.overlaps, study.image_overlaps) if len(table)]
    if not tables:
        return
    leading = np.concatenate(tables)[:, 3:].max(axis=0)
    modes = np.argsort(-leading, kind="stable")[:NAMED_MODES] + 3
    order = np.argsort(study.distances, kind="stable")
    for mode, color in zip(modes, MODE_COLORS, strict=False):
        axes.plot(study.distances[order], study.overlaps[order, mode], "-", color=color,
                  label=f"{mode + 1}")  # fmt: skip
        axes.plot(
            study.image_distances, study.image_overlaps[:, mode], "x", ms=5, color=color, mew=1.5
        )
    axes.set_xscale("log")
    axes.set_xlabel(r"distance from $A$, $\rho\,/\,\sigma$")
    axes.set_ylabel(r"$c_\alpha$")
    axes.set_ylim(-0.02, 1.05)
    axes.legend(title="mode", fontsize=8, title_fontsize=9)


def _all_picture(preparations: Sequence[Preparation]) -> Picture:
    """The largest c over all double wells studied."""
    figure = new_figure(6.4, 4.0)
    axes = figure.add_subplot()
    colors = temperature_colors(p.temperature for p in preparations)
    words = []
    for place, p in enumerate(preparations):
        color = colors[p.temperature]
        groups = [[t for t in g.tangents if len(t.distances)] for g in p.vibrations]
        studied = [t for group in groups for t in group]
        met = sum(len(t.distances) > 0 for g in p.vibrations_with_copies for t in g.tangents)
        for t in studied[:200]:
            axes.plot(t.distances, t.overlaps, color=color, lw=0.5, alpha=0.25)
        _plot_means(axes, groups, color, p.temperature, place)
        n_glasses = sum(1 for group in groups if group)
        words.append(
            f"T_f = {p.temperature:g}: {wells_words(len(studied))} of {n_glasses} "
            f"{'glass' if n_glasses == 1 else 'glasses'}, distinct ones of {met} studied, N = "
            f"{' or '.join(str(n) for n in sorted({g.n_particles for g in p.explored}))}."
        )
    axes.set_xscale("log")
    axes.set_xlabel(r"distance from $A$, $\rho\,/\,\sigma$")
    axes.set_ylabel(r"$\max_\alpha c_\alpha$")
    axes.set_ylim(0, 1.05)
    figure.legend(loc="outside upper center", ncols=len(preparations))
    return Picture(
        slug="tangents",
        title="Largest overlap of the path's direction with a normal mode of A",
        caption=f"Largest overlap over the modes studied of the chord from A to the point of the "
        f"exact path at distance \N{GREEK SMALL LETTER RHO}; thin lines: double wells (at most "
        f"200), marks: their mean. "
        f"{' '.join(words)} {error_words(preparations, vibrations=True)}",
        figure=figure,
    )


def _plot_means(
    axes: Axes, groups: Sequence[Sequence[Any]], color: str, temperature: float, place: int
) -> None:
    """Means at distances that all double wells reach."""
    studied = [t for group in groups for t in group]
    if not studied:
        return
    low = max(float(t.distances.min()) for t in studied)
    high = min(float(t.distances.max()) for t in studied)
    label = rf"$T_f = {temperature:g}$ ({len(studied)})"
    if not 0 < low < high:
        axes.plot([], [], color=color, label=label)
        return
    grid = np.geomspace(low, high, SCALE_DISTANCES)
    filled = [group for group in groups if group]
    found = [
        mean([[float(np.interp(np.log(x), np.log(t.distances), t.overlaps)) for t in group]
              for group in filled])
        for x in grid
    ]  # fmt: skip
    values = np.array([e.value if e else np.nan for e in found])
    ends = np.array([[e.low, e.high] if e else [np.nan] * 2 for e in found]).clip(0, 1).T
    bars = np.maximum([values - ends[0], ends[1] - values], 0.0)
    bars[~np.isfinite(bars)] = 0.0
    axes.errorbar(
        grid * 1.08**place, values, yerr=bars, fmt="o", ms=5, color=color, elinewidth=1, label=label
    )


FIGURES = (ReportFigure(section="vibrations", place=4, draw=tangent_pictures),)
