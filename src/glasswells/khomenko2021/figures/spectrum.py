"""The normal modes of one inherent structure: the paper's Fig. 2."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from glasswells.content.records import ReportContent
from glasswells.content.vibrations import ShownSpectrum
from glasswells.report.field_drawing import RED
from glasswells.report.picture import Picture, new_figure
from glasswells.report.section import ReportFigure

DOTS = "0.55"
INSET_MODES = 60
"""Modes of the inset: enough for the first bands of phonons."""


def spectrum_pictures(content: ReportContent) -> Iterator[Picture]:
    """Participation ratio of the modes of one minimum against frequency; none if not known."""
    shown = None if content.vibrations is None else content.vibrations.spectrum
    if shown is None or len(shown.vibrations.frequencies) <= 3:
        return
    found = shown.vibrations
    omega, ratio = found.frequencies[3:], found.participation_ratios[3:]
    stars = np.array(found.quasilocalized, dtype=np.intp) - 1
    figure = new_figure(6.4, 4.2)
    axes = figure.add_subplot()
    size = 3 if len(omega) > 1000 else 6
    axes.plot(omega, ratio, ".", ms=size, color=DOTS, alpha=0.8, mew=0, rasterized=True)
    axes.plot(
        found.frequencies[stars], found.participation_ratios[stars], "*", ms=9, color=RED,
        mew=0, label=f"quasilocalized ({len(stars)})",
    )  # fmt: skip
    axes.set_xlabel(r"frequency $\omega$")
    axes.set_ylabel("participation ratio PR")
    top = max(0.05, float(ratio.max()))
    axes.set_ylim(-0.05 * top, 2.2 * top)  # room for the inset above the modes
    axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= min(1.15 * top, 1.0)])
    axes.set_xlim(left=0)
    if len(stars):
        axes.legend(loc="upper left")
    inset = axes.inset_axes((0.5, 0.56, 0.47, 0.42))
    numbers = np.arange(4, 4 + len(omega))[:INSET_MODES]
    inset.plot(numbers, omega[:INSET_MODES], ".", ms=5, color=DOTS, mew=0)
    drawn = stars[stars < numbers[-1]]
    inset.plot(drawn + 1, found.frequencies[drawn], "*", ms=7, color=RED, mew=0)
    inset.set_xlabel(r"mode number $\alpha$", fontsize=8)
    inset.set_ylabel(r"$\omega$", fontsize=8)
    inset.tick_params(labelsize=8)
    inset.set_ylim(bottom=0)
    yield Picture(
        slug="spectrum",
        title="Participation ratio of the normal modes of one minimum",
        caption=f"{_words(shown)} Inset: the softest {len(numbers)}, mode 4 the softest. "
        f"{_population_words(content)}",
        figure=figure,
        temperature=shown.preparation_temperature,
    )


def _words(shown: ShownSpectrum) -> str:
    found = shown.vibrations
    n = len(found.frequencies)
    modes = f"all 3N = {n} modes" if found.complete else f"the softest {n} modes"
    return (
        f"An inherent structure of glass {shown.glass}, T_f = {shown.preparation_temperature:g}, "
        f"N = {shown.n_particles}: {modes}, translations left out. Stars: "
        f"{len(found.quasilocalized)} quasilocalized modes, below the limits of the plan on both "
        f"frequency and participation ratio. The numbers are exact for this minimum and have no "
        f"error bars."
    )


def _population_words(content: ReportContent) -> str:
    """How typical it is."""
    complete_below = content.complete_below
    words = []
    for p in content.preparations:
        if p.minima:
            counts = np.concatenate([m.quasilocalized_below(complete_below) for m in p.minima])
            words.append(
                f"T_f = {p.temperature:g}: {counts.mean():.1f} quasilocalized modes on average in "
                f"{len(counts)} minima of {len(p.minima)} "
                f"{'glass' if len(p.minima) == 1 else 'glasses'}."
            )
    return " ".join([*words, f"Averages: {complete_words(complete_below)}."] if words else [])


def complete_words(complete_below: float) -> str:
    """Which modes of each minimum are counted."""
    if np.isinf(complete_below):
        return "of all modes"
    limit = f"{complete_below:.3g}"
    return f"of the modes below frequency {limit}, up to which those of every minimum are known"


FIGURES = (ReportFigure(section="vibrations", place=2, draw=spectrum_pictures),)
