"""What experiments would measure: specific heat, internal friction, Delta beside Delta_0."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from glasswells.content.records import ReportContent
from glasswells.observables.summary import AMPLITUDE_DECADES, Observables
from glasswells.report.picture import Picture, new_figure, temperature_colors
from glasswells.report.section import ReportFigure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from glasswells.core.records import Array
    from glasswells.statistics import EstimatedCurve

LEAST_HEAT = 1e-5
"""Of the largest one: below, the specific heat of a few systems falls exponentially."""
LEAST_FRICTION = 1e-4
"""The same of the internal friction, between whose peaks a sum over few double wells falls as far
as one likes."""
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
        colors = temperature_colors(o.preparation for o in group)
        for o in group:
            kelvin = o.units.energy_kelvin(o.temperatures)
            heat = o.specific_heat.scaled(o.units.specific_heat_joule(1.0))
            color, label = colors[o.preparation], _label(o)
            if heat.n_entries:  # zero has no place on a logarithmic axis
                _plot_band(axes, kelvin, heat, color, f"{label}, summed")
            linear = o.linear_specific_heat.scaled(o.units.specific_heat_joule(1.0))
            if linear.n_entries:
                axes.plot(kelvin, linear.value, "--", color=color, label=rf"{label}, by $n_0$")
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_ylim(bottom=max(axes.get_ylim()[0], LEAST_HEAT * axes.get_ylim()[1]))
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
        colors = temperature_colors(o.preparation for o in group)
        for axes, wave in zip(panels, ("longitudinal", "transverse"), strict=True):
            for o in group:
                kelvin = o.units.energy_kelvin(o.friction_temperatures)
                curve = getattr(o.friction, wave)
                _plot_band(axes, kelvin, curve, colors[o.preparation], _label(o))
            axes.set_title(wave)
            axes.set_xscale("log")
            axes.set_yscale("log")
            axes.set_xlabel("$T$ (K)")
        panels[0].set_ylabel("$Q^{-1}$")
        top = panels[0].get_ylim()[1]
        panels[0].set_ylim(max(panels[0].get_ylim()[0], LEAST_FRICTION * top), top)
        panels[0].legend()
        hertz = group[0].omega / (2 * math.pi * group[0].units.time_second)
        yield Picture(
            slug=f"internal_friction_{place}",
            title=f"Internal friction at {hertz:.3g} Hz, {name}",
            caption=f"{_words(group)} Sum over isolated double wells that are crossed by thermal "
            f"activation, with the attempt frequencies along the path; tunneling is not in it, so "
            f"that it holds above the crossover temperature only. Each double well has one peak, "
            f"at the temperature where it is crossed once per radian of the wave: a sum over few "
            f"of them is spiky, and smooth only over many. {ERROR_WORDS}",
            figure=figure,
            units=name,
            is_folded=place > 0,
        )


def parameter_pictures(content: ReportContent) -> Iterator[Picture]:
    """Delta and Delta_0 of the two-level systems of each unit set."""
    for place, (name, group) in enumerate(_by_units(content).items()):
        if not any(o.systems for o in group):
            continue
        figure = new_figure()
        axes = figure.add_subplot()
        colors = temperature_colors(o.preparation for o in group)
        for o in (each for each in group if each.systems):
            splitting, amplitude = (
                o.units.energy_kelvin(np.array([getattr(s, column) for s in o.systems]))
                for column in ("splitting", "amplitude")
            )
            delta = np.sqrt(np.maximum(splitting**2 - amplitude**2, 0.0))
            color = colors[o.preparation]
            axes.plot(delta, amplitude, "o", color=color, alpha=0.7, mew=0, label=_label(o))
        limit = float(group[0].units.energy_kelvin(group[0].units.tls_threshold))
        delta_0 = np.geomspace(limit / 10**AMPLITUDE_DECADES, limit, 201)
        axes.plot(np.sqrt(limit**2 - delta_0**2), delta_0, "--", color="0.5", label="threshold")
        axes.set_yscale("log")
        axes.set_xlim(left=0)
        axes.set_xlabel(r"$|\Delta|$ (K)")
        axes.set_ylabel(r"$\Delta_0$ (K)")
        axes.legend()
        yield Picture(
            slug=f"tunneling_parameters_{place}",
            title=f"Asymmetry and tunneling amplitude of two-level systems, {name}",
            caption=f"{_words(group)} Each two-level system once; dashed: E at the threshold. In "
            f"the standard model they lie evenly in both directions, and both exponents are 0. "
            f"{_exponents(group)}",
            figure=figure,
            units=name,
            is_folded=place > 0 or not any(map(_has_exponents, group)),
        )


FIGURES = (
    ReportFigure(section="observables", place=1, draw=specific_heat_pictures),
    ReportFigure(section="observables", place=2, draw=friction_pictures),
    ReportFigure(section="observables", place=3, draw=parameter_pictures),
)


def _by_units(content: ReportContent) -> dict[str, list[Observables]]:
    names = dict.fromkeys(o.units.name for o in content.observables)
    return {name: [o for o in content.observables if o.units.name == name] for name in names}


def _label(o: Observables) -> str:
    return o.label.replace("T_f", "$T_f$")


def _words(group: list[Observables]) -> str:
    return " ".join(
        f"{o.label}: {o.specific_heat.n_entries} distinct resolved "
        f"splittings, {o.two_level_systems} of them two-level systems, among {o.double_wells} "
        f"distinct double wells of {o.n_glasses} {'glass' if o.n_glasses == 1 else 'glasses'}."
        for o in group
    )


def _has_exponents(o: Observables) -> bool:
    """Whether there were enough two-level systems for them."""
    found = o.parameters
    return found.asymmetry_exponent is not None and found.amplitude_exponent is not None


def _exponents(group: list[Observables]) -> str:
    """What is found for p(Delta) ~ Delta^a and p(ln Delta_0) ~ Delta_0^b."""
    found = []
    for o in group:
        a, b = o.parameters.asymmetry_exponent, o.parameters.amplitude_exponent
        fitted = (
            "too few for exponents" if a is None or b is None else f"a = {a.text()}, b = {b.text()}"
        )
        found.append(f"{o.label}: {fitted}.")
    return " ".join(["p(Delta) ~ Delta^a and p(ln Delta_0) ~ Delta_0^b, 95 % intervals.", *found])


def _plot_band(axes: Axes, x: Array, curve: EstimatedCurve, color: str, label: str) -> None:
    axes.plot(x, curve.value, color=color, label=label)
    axes.fill_between(x, curve.low, curve.high, color=color, alpha=0.15, lw=0)
