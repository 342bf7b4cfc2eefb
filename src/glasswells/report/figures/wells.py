"""A double well: its energy profile with the levels, and its displacement field in the box."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from glasswells.content.records import ReportContent, ShownWell
from glasswells.core.splittings import TunnelSplitting
from glasswells.report.field_drawing import (
    FIELD_WORDS,
    RED,
    centered_on_largest,
    field_layout,
    field_numbers,
    field_traces,
    most_mobile,
    plot_field,
)
from glasswells.report.picture import Picture, new_figure, plain
from glasswells.report.section import ReportFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes


ENERGY = "\N{GREEK SMALL LETTER EPSILON}"
"""The unit of energies in captions."""
MOST_IN_SIGHT = 1
"""Number, from 0, of the last double well that is not folded away."""


def first_pictures(content: ReportContent) -> Iterator[Picture]:
    """The double well of the smallest splitting."""
    if content.has_smallest:
        yield from well_pictures(content.shown[0], 0)


def other_pictures(content: ReportContent) -> Iterator[Picture]:
    """The other ones that were chosen."""
    for place, shown in enumerate(content.shown):
        if place or not content.has_smallest:
            for picture in well_pictures(shown, place):
                yield replace(picture, is_folded=place > MOST_IN_SIGHT)


def well_pictures(shown: ShownWell, place: int) -> Iterator[Picture]:
    """Profile and displacement field of a double well; `place` numbers its files."""
    yield _profile_picture(shown, f"well_{place}_profile")
    yield _field_picture(shown, f"well_{place}_field")


def _profile_picture(shown: ShownWell, slug: str) -> Picture:
    solved = list(shown.splittings.values())
    drawn: list[TunnelSplitting | None] = [*solved] or [None]
    figure = new_figure(6.0, 1.0 + 1.45 * len(drawn))
    panels = figure.subplots(len(drawn), 1, sharex=True, squeeze=False)[:, 0]
    levels = [float(s.levels[-1]) for s in solved]
    top = max([1.25 * float(shown.well.profile.energy.max()), *(1.1 * e for e in levels)])
    for axes, splitting in zip(panels, drawn, strict=True):
        _plot_profile(axes, shown, splitting, top)
        axes.set_ylabel(r"$V - V_A$ ($\epsilon$)")
    panels[-1].set_xlabel(r"arc length $s\,/\,\sigma\sqrt{m}$")
    words = " ".join(_level_words(s) for s in solved) or "No splitting was solved for."
    well = shown.well
    return Picture(
        slug=slug,
        title=f"Energy profile: {shown.title}",
        caption=f"{_where(shown)} The barrier is {well.barrier_from_upper:.4g} {ENERGY} from the "
        f"upper minimum and {well.barrier_from_upper + abs(well.asymmetry):.4g} {ENERGY} from the "
        f"lower one, V_B \N{MINUS SIGN} V_A is {well.asymmetry:.4g} {ENERGY}, the path length "
        f"{well.path_length:.3g}. Gray lines: the levels E_1 to E_4, the lowest two darker. Beyond "
        f"the minima, dotted: the true energy, which the continuation “straight” takes; dashed: "
        f"the parabola of “harmonic” and “walls”.",
        details=words,
        figure=figure,
        temperature=shown.preparation_temperature,
    )


def _plot_profile(
    axes: Axes, shown: ShownWell, splitting: TunnelSplitting | None, top: float
) -> None:
    profile = shown.well.profile
    s, v = profile.arc_length, profile.energy
    sides = []
    if profile.beyond_a is not None:
        sides.append((s[0] - profile.beyond_a[0], profile.beyond_a[1]))
    if profile.beyond_b is not None:
        sides.append((s[-1] + profile.beyond_b[0], profile.beyond_b[1]))
    if splitting is not None:
        for number, level in enumerate(splitting.levels):
            axes.axhline(level, color="0.25" if number < 2 else "0.7", lw=0.9)
        axes.set_title(f"{plain(splitting.units)}: $E$ = {splitting.splitting:.3g}")
    for distance, energy in sides:
        inside = np.asarray(energy) <= top
        axes.plot(distance[inside], energy[inside], ":", color="#3b6fb6")
    for end, direction, curvature in (
        (0, -1.0, profile.curvature_a),
        (-1, 1.0, profile.curvature_b),
    ):
        if curvature > 0:
            x = np.linspace(0.0, np.sqrt(max(2 * (top - v[end]) / curvature, 0.0)), 50)
            axes.plot(s[end] + direction * x, v[end] + curvature * x**2 / 2, "--", color=RED, lw=1)
    axes.plot(s, v, color="#3b6fb6")
    axes.plot([s[0], s[-1]], [v[0], v[-1]], "o", color=RED)
    # Above the minima, where neither the path nor the frame of the panel crosses the letters.
    for name, end in (("A", 0), ("B", -1)):
        axes.annotate(
            name, (s[end], v[end]), textcoords="offset points", xytext=(0, 5), ha="center"
        )
    low = float(v.min())
    axes.set_ylim(low - 0.08 * (top - low), top)
    axes.grid(False)


def _level_words(splitting: TunnelSplitting) -> str:
    flags = f"; flags: {', '.join(splitting.flags)}" if splitting.flags else ""
    return (
        f"{splitting.units}: E = {splitting.splitting:.4g}, numerical error "
        f"{splitting.error:.1g}, spread over continuations {splitting.spread:.2g}"
        f"{', a two-level system' if splitting.is_two_level else ''}{flags}."
        f"{_reasons(splitting)}"
    )


def _reasons(splitting: TunnelSplitting) -> str:
    """By how much E moves between continuations, and why."""
    parts = [
        f"{name} {part.splitting:.4g}"
        + (
            " (both states in one well)"
            if np.isnan(part.zero_point_a)
            else f" ({part.zero_point_a:.4g}, {part.zero_point_b:.4g})"
        )
        for name, part in splitting.continuations.items()
    ]
    words = "By continuation, E and in brackets the zero-point energies in A and B"
    return f" {words}: {', '.join(parts)}." if len(parts) > 1 else ""


def _field_picture(shown: ShownWell, slug: str) -> Picture:
    """The displacement field as in the paper's Fig. 3."""
    minimum, field = shown.well.minimum_a, shown.well.displacement_ab
    centered, box = centered_on_largest(minimum, field), minimum.box
    mobile = most_mobile(field)
    figure = new_figure(5.6, 5.0)
    plot_field(figure.add_subplot(projection="3d"), centered, field, box, mobile)
    return Picture(
        slug=slug,
        title=f"Displacement field: {shown.title}",
        caption=f"{_where(shown)} The displacement r_AB has the norm d = "
        f"{np.linalg.norm(field):.3g} and the participation number "
        f"{shown.well.participation_number:.3g}.",
        details=FIELD_WORDS,
        figure=figure,
        temperature=shown.preparation_temperature,
        numbers=field_numbers(minimum, {"r_AB": field}),
        interactive={
            "data": field_traces(centered, field, box, mobile),
            "layout": field_layout(box),
        },
    )


def _where(shown: ShownWell) -> str:
    return (
        f"Double well {shown.number} of glass {shown.glass}, T_f = "
        f"{shown.preparation_temperature:g}, N = {shown.well.minimum_a.n_particles}."
    )


FIGURES = (
    ReportFigure(section="result", place=1, draw=first_pictures),
    ReportFigure(section="wells", place=1, draw=other_pictures),
)
