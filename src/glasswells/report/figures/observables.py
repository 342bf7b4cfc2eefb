"""What experiments would measure: specific heat and internal friction over temperature."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from glasswells.content.records import ReportContent
from glasswells.observables.summary import Observables
from glasswells.report.picture import Picture, new_figure, temperature_colors
from glasswells.report.section import ReportFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from glasswells.core.records import Array
    from glasswells.statistics import EstimatedCurve

ERROR_WORDS = (
    "Bands: 95 % intervals, bootstrap over glasses; with a single glass counting errors only, "
    "which are too small."
)


def specific_heat_pictures(content: ReportContent) -> Iterator[Picture]:
    """C(T) per volume of each unit set, summed and by n_0."""
    for place, (name, group) in enumerate(_by_units(content).items()):
        if not any(o.specific_heat.n_entries for o in group):
            continue
        figure = new_figure()
        axes = figure.add_subplot()
        colors = temperature_colors(o.preparation_temperature for o in group)
        for o in group:
            kelvin = o.units.energy_kelvin(o.temperatures)
            heat = o.specific_heat.scaled(o.units.specific_heat_joule(1.0))
            color, label = colors[o.preparation_temperature], _label(o)
            _plot_band(axes, kelvin, heat, color, f"{label}, summed")
            linear = o.linear_specific_heat.scaled(o.units.specific_heat_joule(1.0))
            if linear.n_entries:
                axes.plot(kelvin, linear.value, "--", color=color, label=rf"{label}, by $n_0$")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("$T$ (K)")
        axes.set_ylabel(r"$C\,/\,V$ (J K$^{-1}$ m$^{-3}$)")
        axes.legend()
        yield Picture(
            slug=f"specific_heat_{place}",
            title=f"Specific heat of two-level systems, {name}",
            caption=f"{_words(group)} Solid: sum over all resolved splittings; dashed: (π^2/6) n_0 "
            f"k_B^2 T of those below the threshold. Only what the exploration has met is counted. "
            f"{ERROR_WORDS}",
            figure=figure,
            units=name,
            is_folded=place > 0,
        )


def friction_pictures(content: ReportContent) -> Iterator[Picture]:
    """Q^-1(T) of each unit set, which decides how fast a hertz is."""
    for place, (name, group) in enumerate(_by_units(content).items()):
        if not any(o.double_wells for o in group):
            continue
        figure = new_figure(6.9, 3.6)
        panels = figure.subplots(1, 2, sharey=True)
        colors = temperature_colors(o.preparation_temperature for o in group)
        for axes, wave in zip(panels, ("longitudinal", "transverse"), strict=True):
            for o in group:
                kelvin = o.units.energy_kelvin(o.friction_temperatures)
                curve = getattr(o.friction, wave)
                _plot_band(axes, kelvin, curve, colors[o.preparation_temperature], _label(o))
            axes.set_title(wave)
            axes.set_xscale("log")
            axes.set_xlabel("$T$ (K)")
        panels[0].set_ylabel("$Q^{-1}$")
        panels[0].set_ylim(bottom=0)
        panels[0].legend()
        hertz = group[0].omega / (2 * math.pi * group[0].units.time_second)
        yield Picture(
            slug=f"internal_friction_{place}",
            title=f"Internal friction at {hertz:.3g} Hz, {name}",
            caption=f"{_words(group)} Sum over isolated double wells that are crossed by thermal "
            f"activation, with the attempt frequencies along the path; tunneling is not in it, so "
            f"that it holds above the crossover temperature only. {ERROR_WORDS}",
            figure=figure,
            units=name,
            is_folded=place > 0,
        )


FIGURES = (
    ReportFigure(section="observables", place=1, draw=specific_heat_pictures),
    ReportFigure(section="observables", place=2, draw=friction_pictures),
)


def _by_units(content: ReportContent) -> dict[str, list[Observables]]:
    names = dict.fromkeys(o.units.name for o in content.observables)
    return {name: [o for o in content.observables if o.units.name == name] for name in names}


def _label(o: Observables) -> str:
    return rf"$T_f = {o.preparation_temperature:g}$"


def _words(group: list[Observables]) -> str:
    return " ".join(
        f"T_f = {o.preparation_temperature:g}: {o.specific_heat.n_entries} distinct resolved "
        f"splittings, {o.two_level_systems} of them two-level systems, among {o.double_wells} "
        f"distinct double wells of {o.n_glasses} {'glass' if o.n_glasses == 1 else 'glasses'}."
        for o in group
    )


def _plot_band(axes: Axes, x: Array, curve: EstimatedCurve, color: str, label: str) -> None:
    axes.plot(x, curve.value, color=color, label=label)
    axes.fill_between(x, curve.low, curve.high, color=color, alpha=0.15, lw=0)
