"""Overlaps of double wells with linear and nonlinear modes: the paper's Figs. 5, 7 and 8."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from glasswells.content.records import Preparation, ReportContent
from glasswells.core.records import Array
from glasswells.khomenko2021.verdicts import in_subset, subset_words
from glasswells.report.picture import Picture, new_figure, plain, temperature_colors
from glasswells.report.plotting import (
    MIN_HISTOGRAM,
    describe,
    error_words,
    plot_marks,
    plot_steps,
)
from glasswells.report.section import ReportFigure
from glasswells.statistics import distribution, mobility_range
from glasswells.statistics.fractions import with_entries

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

GRAY, BLACK = "0.6", "0.15"
MARK_WORDS = f"Fewer than {MIN_HISTOGRAM} are drawn one by one."
MIN_BINS, MAX_BINS = 5, 20
SEED_WORDS = {
    "displacement_ab": "r_AB",
    "softest_localized": "the softest localized mode",
    "softest": "the softest mode",
}


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Curve:
    """One distribution in a panel."""

    label: str
    values: Sequence[Array]
    """For each glass its values in [0, 1]; NaN is left out."""
    color: str
    is_filled: bool = False


def direction_pictures(content: ReportContent) -> Iterator[Picture]:
    """Fig. 5; none if no vibrations of double wells are known."""
    if preparations := _known(content):
        units = content.units[0].name if content.units else None
        shown = content.vibrations
        rho = "" if shown is None else f" at a distance of {shown.rho:g} from A"
        yield _direction_picture(preparations, units, rho)


def nonlinear_pictures(content: ReportContent) -> Iterator[Picture]:
    """Fig. 7; none if no vibrations of double wells are known."""
    if preparations := _known(content):
        yield _nonlinear_picture(preparations)


def unknown_end_pictures(content: ReportContent) -> Iterator[Picture]:
    """Fig. 8; none if no vibrations of double wells are known."""
    if preparations := _known(content):
        yield _unknown_end_picture(preparations)


def _known(content: ReportContent) -> list[Preparation]:
    return [p for p in content.preparations if p.vibrations]


def _direction_picture(preparations: Sequence[Preparation], units: str | None, rho: str) -> Picture:
    """Fig. 5."""
    subsets = ["all double wells"]
    if units is not None:
        name = plain(subset_words(units)).replace("PR_DW", r"$\mathrm{PR_{DW}}$")
        subsets.insert(0, name)
    figure, panels = panel_grid(len(subsets), preparations)
    colors = temperature_colors(p.temperature for p in preparations)
    words = []
    for column, p in enumerate(preparations):
        chosen = [p.vibrations]
        if units is not None:
            chosen.insert(
                0, [g.where(in_subset(g, units)).distinct() for g in p.vibrations_with_copies]
            )
        for row, glasses in enumerate(chosen):
            curves = [
                Curve(
                    label=label,
                    values=[g.directions[direction].overlap for g in glasses],
                    color=color,
                    is_filled=direction == "tangent_a",
                )
                for direction, label, color in (
                    ("tangent_a", "$r_{12}$ (filled)", colors[p.temperature]),
                    ("displacement_as", "$r_{AS}$", GRAY),
                    ("displacement_ab", "$r_{AB}$", BLACK),
                )
            ]
            axes = panels[row][column]
            plot_curves(axes, curves)
            n = sum(map(len, glasses))
            axes.set_title(f"$T_f$ = {p.temperature:g}, {wells_words(n)}", fontsize=9)
            if row:
                words.append(_certified_words(p))
            else:
                counted = f"{n} distinct in the first row." if len(subsets) > 1 else ""
                words.append(f"T_f = {p.temperature:g}: {counted}" if counted else "")
    label_densities(panels)
    if len(subsets) > 1:
        name_rows(panels, subsets)
    label_x(panels, r"$c = \max_\alpha c_\alpha$")
    _legend(figure, panels)
    return Picture(
        slug="overlap_directions",
        title="Largest overlap of r_12, r_AS and r_AB with a normal mode",
        caption=f"Over all modes of A. r_12 is the direction of the path{rho}. "
        f"{vibration_words(preparations)} {' '.join(w for w in words if w)} "
        f"{MARK_WORDS} {error_words(preparations, vibrations=True)}",
        figure=figure,
    )


def _nonlinear_picture(preparations: Sequence[Preparation]) -> Picture:
    """Fig. 7."""
    figure, panels = panel_grid(2, preparations)
    colors = temperature_colors(p.temperature for p in preparations)
    modes = mobility_range(g for p in preparations for g in p.vibrations)
    words = []
    for column, p in enumerate(preparations):
        color, glasses = colors[p.temperature], p.vibrations
        seeds = [g.seeds["displacement_ab"] for g in glasses]
        found = [s.found for s in seeds]
        linear = [g.directions["displacement_ab"].overlap for g in glasses]
        plot_curves(
            panels[0][column],
            [
                Curve(label="linear", values=linear, color=GRAY, is_filled=True),
                Curve(label="nonlinear", values=[s.overlap for s in seeds], color=color),
            ],
        )
        plot_curves(
            panels[1][column],
            [
                Curve(
                    label="linear",
                    values=[g.mobility_over(modes) for g in glasses],
                    color=GRAY,
                    is_filled=True,
                ),
                Curve(label="nonlinear", values=[s.mobility for s in seeds], color=color),
            ],
        )
        n = sum(int(f.sum()) for f in found)
        panels[0][column].set_title(f"$T_f$ = {p.temperature:g}, {wells_words(n)}", fontsize=9)
        panels[0][column].set_xlabel("overlap $c$")
        panels[1][column].set_xlabel("overlap of mobilities $a$")
        words.append(f"{_found_words(p, 'displacement_ab')} {_mobility_words(p, modes)}")
    label_densities(panels)
    _legend(figure, panels)
    return Picture(
        slug="overlap_nonlinear",
        title="Overlap of r_AB with linear and with nonlinear modes",
        caption="Linear: the normal mode of A with the largest overlap; nonlinear: the cubic mode "
        f"to which eq. 6 leads from r_AB itself. {vibration_words(preparations)} {' '.join(words)} "
        f"{MARK_WORDS} {error_words(preparations, vibrations=True)}",
        figure=figure,
    )


def _unknown_end_picture(preparations: Sequence[Preparation]) -> Picture:
    """Fig. 8."""
    names = ("softest_localized", "softest")
    figure, panels = panel_grid(len(names), preparations)
    colors = temperature_colors(p.temperature for p in preparations)
    words = []
    for column, p in enumerate(preparations):
        for row, name in enumerate(names):
            seeds = [g.seeds[name] for g in p.vibrations]
            plot_curves(
                panels[row][column],
                [
                    Curve(
                        label="linear",
                        values=[s.seed_overlap for s in seeds],
                        color=GRAY,
                        is_filled=True,
                    ),
                    Curve(
                        label="nonlinear",
                        values=[s.overlap for s in seeds],
                        color=colors[p.temperature],
                    ),
                ],
            )
            n = sum(int(s.found.sum()) for s in seeds)
            panels[row][column].set_title(
                f"$T_f$ = {p.temperature:g}, {wells_words(n)}", fontsize=9
            )
            words.append(_found_words(p, name))
    label_densities(panels)
    name_rows(panels, [SEED_WORDS[name].removeprefix("the ") for name in names])
    label_x(panels, "overlap $c$ with $r_{AB}$")
    _legend(figure, panels)
    return Picture(
        slug="overlap_unknown_end",
        title="Overlap of r_AB with modes that know nothing of B",
        caption="Linear: the softest localized mode of A (first), the softest mode (second); "
        f"nonlinear: the cubic mode seeded by it. {vibration_words(preparations)} "
        f"{' '.join(words)} {MARK_WORDS} {error_words(preparations, vibrations=True)}",
        figure=figure,
    )


def panel_grid(rows: int, preparations: Sequence[Preparation]) -> tuple[Figure, Any]:
    """A panel for each row and temperature, with common axes; not wider than a page.

    With a single temperature the rows stand side by side.
    """
    columns = len(preparations)
    if columns == 1:
        figure = new_figure(min(0.7 + 2.9 * rows, 9.4), 3.2)
        return figure, figure.subplots(1, rows, squeeze=False, sharex=True).T
    figure = new_figure(min(1.4 + 2.7 * columns, 8.6), 0.5 + 2.2 * rows)
    return figure, figure.subplots(rows, columns, squeeze=False, sharex=True)


def label_densities(panels: Any) -> None:
    """Label the first vertical axis of each row, if any: marks of single values have none."""
    for row in panels:
        densities = [axes for axes in row if len(axes.get_yticks())]
        if densities:
            densities[0].set_ylabel("probability density")


def label_x(panels: Any, label: str) -> None:
    """A common label of the horizontal axes, below the lowest row."""
    single = panels.shape[1] == 1
    for row in panels if single else panels[-1:]:
        for axes in row:
            axes.set_xlabel(label)


def name_rows(panels: Any, names: Sequence[str]) -> None:
    """Names of the rows beside the last of their panels, or above the only one."""
    for row, name in zip(panels, names, strict=True):
        axes = row[-1]
        if len(row) == 1:
            axes.set_title(f"{axes.get_title(loc='left')}\n{name}", fontsize=9)
        else:
            axes.annotate(
                name, (1.02, 0.5), xycoords="axes fraction", rotation=-90, va="center", fontsize=9
            )


def _legend(figure: Figure, panels: Any) -> None:
    """One legend above all panels, from the first of them that has every curve."""
    found = [axes.get_legend_handles_labels() for row in panels for axes in row]
    handles, labels = max(found, key=lambda item: len(item[1]))
    if handles:
        figure.legend(handles, labels, loc="outside upper center", ncols=len(labels))


def plot_curves(axes: Axes, curves: Sequence[Curve]) -> None:
    """Distributions of overlaps in [0, 1]; a few values are drawn one by one, as marks."""
    groups = [with_entries(curve.values) for curve in curves]
    edges = overlap_edges(max(sum(map(len, g)) for g in groups))
    has_density = False
    for place, (curve, values) in enumerate(zip(curves, groups, strict=True)):
        n = sum(map(len, values))
        if 0 < n < MIN_HISTOGRAM:
            plot_marks(
                axes, np.concatenate(values), curve.color, curve.label, height=0.05 + 0.12 * place
            )
        elif n:
            found = distribution(values, edges)
            most = 1.0 / np.diff(edges)  # all entries in one bin: no interval can reach further
            found = replace(found, high=np.minimum(found.high, most))
            plot_steps(
                axes,
                found,
                curve.color,
                curve.label,
                is_filled=curve.is_filled,
                shift=0.2 * (place - (len(curves) - 1) / 2),
                all_bars=False,
            )
            has_density = True
    axes.set_ylim(bottom=0)
    if not has_density:
        axes.set_yticks([])
    if not any(groups):
        axes.text(0.5, 0.5, "none", transform=axes.transAxes, ha="center", color="0.4")
    axes.set_xlim(-0.02, 1.02)


def overlap_edges(n: int) -> Array:
    """Bins of [0, 1] for n values: 2 n^(1/3) of them, within limits."""
    bins = int(np.clip(np.ceil(2 * n ** (1 / 3)), MIN_BINS, MAX_BINS))
    edges: Array = np.linspace(0.0, 1.0, bins + 1)
    return edges


def vibration_words(preparations: Sequence[Preparation]) -> str:
    """Counts, with those double wells whose vibrations are not known."""
    words = [describe(preparations), distinct_words(preparations)]
    for p in preparations:
        missing = sum(len(w) for w in p.wells) - sum(len(g) for g in p.vibrations_with_copies)
        if missing:
            words.append(
                f"T_f = {p.temperature:g}: the modes of {missing} double wells are not known."
            )
    return " ".join(words)


def distinct_words(preparations: Sequence[Preparation]) -> str:
    """How many of the double wells whose vibrations are known are drawn."""
    parts = []
    for p in preparations:
        distinct, met = (sum(map(len, g)) for g in (p.vibrations, p.vibrations_with_copies))
        parts.append(f"{distinct} distinct of {met} at T_f = {p.temperature:g}")
    return f"A core that was met in several backgrounds counts once: {', '.join(parts)}."


def _certified_words(p: Preparation) -> str:
    """How many of the largest overlaps are lower bounds only."""
    parts = []
    for direction, name in (
        ("tangent_a", "r_12"),
        ("displacement_as", "r_AS"),
        ("displacement_ab", "r_AB"),
    ):
        columns = [g.directions[direction] for g in p.vibrations]
        open_ones = sum(int((c.certified == 0).sum()) for c in columns)
        missing = sum(int(np.isnan(c.overlap).sum()) for c in columns)
        if open_ones:
            parts.append(f"{open_ones} of {name} not certified (lower bounds)")
        if missing:
            parts.append(f"{missing} of {name} unknown")
    return f"T_f = {p.temperature:g}: {', '.join(parts) or 'all certified'}."


def _found_words(p: Preparation, seed: str) -> str:
    """How many seeds lead to a cubic mode, and how the others ended."""
    seeds = [g.seeds[seed] for g in p.vibrations]
    n = sum(len(g) for g in p.vibrations)
    present = sum(int(s.present.sum()) for s in seeds)
    found = sum(int(s.found.sum()) for s in seeds)
    words = f"T_f = {p.temperature:g}: {found} cubic modes from {present} times {SEED_WORDS[seed]}"
    if present < n:
        words += f" ({n - present} minima A without)"
    ended = Counter(outcome for s in seeds for outcome in s.outcomes if outcome)
    del ended["converged"]
    if found < present:
        others = [f"{k} {reason.replace('_', ' ')}" for reason, k in sorted(ended.items())]
        words += f"; not found: {', '.join(others)}"
    return f"{words}."


def _mobility_words(p: Preparation, modes: int) -> str:
    """Over which modes the largest a is taken, and what it is over all where they are known."""
    if not modes:
        return ""
    soft = np.concatenate([g.mobility_over(modes) for g in p.vibrations])
    words = f"T_f = {p.temperature:g}: largest a over linear modes 4 to {modes}"
    left_out = int(np.isnan(soft).sum())
    words += f", without the {left_out} where others were looked at" if left_out else ""
    of_all = np.concatenate([g.largest_mobility_all for g in p.vibrations])
    both = np.isfinite(soft) & np.isfinite(of_all)
    if both.any():
        words += (
            f"; where all 3N modes are known ({both.sum()}), its mean is {soft[both].mean():.3f} "
            f"over those and {of_all[both].mean():.3f} over all"
        )
    return f"{words}."


def wells_words(n: int) -> str:
    """How many double wells."""
    return f"{n} double {'well' if n == 1 else 'wells'}"


FIGURES = (
    ReportFigure(section="vibrations", place=5, draw=direction_pictures),
    ReportFigure(section="vibrations", place=7, draw=nonlinear_pictures),
    ReportFigure(section="vibrations", place=8, draw=unknown_end_pictures),
)
