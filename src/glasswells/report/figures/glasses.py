"""How the glasses of a campaign differ."""

from __future__ import annotations

from collections.abc import Iterator

from glasswells.content.records import ReportContent
from glasswells.report.picture import Picture, new_figure, temperature_colors
from glasswells.report.plotting import describe
from glasswells.report.section import ReportFigure
from glasswells.statistics import count_per_glass


def glass_pictures(content: ReportContent) -> Iterator[Picture]:
    """Inherent structures and double wells of each glass; none of a single glass."""
    preparations = [p for p in content.preparations if p.explored]
    if sum(len(p.explored) for p in preparations) < 2:
        return
    figure = new_figure(8.0, 3.6)
    panels = figure.subplots(1, 2)
    colors = temperature_colors(p.temperature for p in content.preparations)
    for place, p in enumerate(preparations):
        color = colors[p.temperature]
        numbers = (
            [len(g.exploration.energies) for g in p.explored if g.exploration is not None],
            [len(wells) for wells in p.wells],
        )
        for axes, values in zip(panels, numbers, strict=True):
            n = len(values)
            offsets = [place + 0.3 * ((k + 0.5) / n - 0.5) for k in range(n)]
            axes.plot(offsets, values, "o", color=color, alpha=0.6, mew=0)
            found = count_per_glass(values)
            bars = [[found.value - found.low], [found.high - found.value]]
            axes.errorbar([place + 0.28], [found.value], yerr=bars, fmt="D", color=color, ms=5)
    for axes, label in zip(panels, ("inherent structures", "double wells"), strict=True):
        axes.set_ylabel(f"{label} in a glass")
        axes.set_yscale("symlog", linthresh=10)
        axes.set_ylim(0, max(10.0, 1.5 * axes.get_ylim()[1]))
        axes.set_xticks(
            range(len(preparations)), [f"$T_f$ = {p.temperature:g}" for p in preparations]
        )
        axes.set_xlim(-0.6, len(preparations) - 0.4)
        axes.grid(visible=False, axis="x")
    yield Picture(
        slug="glasses",
        title="Inherent structures and double wells of each glass",
        caption=f"{describe(preparations)} All double wells, single wells in disguise among them. "
        "Dots: glasses; diamonds: means with 95 % intervals, bootstrap over glasses "
        "(counting errors for a single glass).",
        figure=figure,
    )


FIGURES = (ReportFigure(section="glasses", place=1, draw=glass_pictures),)
