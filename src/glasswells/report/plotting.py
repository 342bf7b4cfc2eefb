"""What figures of distributions share: steps, marks, error bars, and the words beside them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from glasswells.content.records import Preparation
from glasswells.core.records import Array
from glasswells.statistics import Distribution
from glasswells.statistics.overview import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

MIN_HISTOGRAM = 10
"""Fewer values than this are drawn one by one: as a density they would dwarf the others."""
MOST_BARS = 2.5
"""How far an error bar may rise, in units of the highest step."""
CUT_WORDS = "Error bars that leave the panel are cut."


def shades() -> Colormap:
    """Colors for something that grows, from dark to bright, all of them seen on white.

    The brightest quarter of viridis is left out: it vanishes on white, and on black where a page
    in dark colors inverts the figure.
    """
    import matplotlib as mpl
    from matplotlib.colors import ListedColormap

    return ListedColormap(mpl.colormaps["viridis"](np.linspace(0.0, 0.75, 256)))


def describe(preparations: Sequence[Preparation], drawn: Sequence[int] | None = None) -> str:
    """N, T_f and counts of what a figure shows; with `drawn` how many of the double wells."""
    parts = []
    for place, p in enumerate(preparations):
        sizes = sorted({g.n_particles for g in p.explored})
        particles = " or ".join(map(str, sizes)) if sizes else "?"
        wells = counted(sum(len(w) for w in p.wells), "double well")
        shown = "" if drawn is None else f"{drawn[place]} drawn of "
        parts.append(
            f"T_f = {p.temperature:g}: {shown}{wells} in "
            f"{counted(len(p.explored), 'glass', 'glasses')} of N = {particles}."
        )
    return " ".join(parts)


def error_words(preparations: Sequence[Preparation], *, vibrations: bool = False) -> str:
    """What the error bars of a figure are; with `vibrations` one of what is known of those."""
    words = "Error bars: 95 % intervals, bootstrap over glasses"
    if any(len(p.vibrations if vibrations else p.explored) == 1 for p in preparations):
        words += "; with a single glass counting errors only, which are too small"
    return words + "."


def plot_steps(
    axes: Axes,
    found: Distribution,
    color: str,
    label: str,
    *,
    is_filled: bool = False,
    shift: float = 0.0,
    all_bars: bool = True,
) -> None:
    """A histogram as steps with error bars in the middle of the bins.

    Parameters
    ----------
    axes, found, color, label
        Where, what, and how.
    is_filled
        Whether the area is filled instead of its edge drawn.
    shift
        Of the error bars, in widths of bins, so that those of several histograms stand apart.
    all_bars
        Whether bins without entries have error bars too.
    """
    edges, density = found.edges, found.density
    heights = np.append(density, density[-1])
    if is_filled:
        axes.fill_between(edges, heights, step="post", color=color, alpha=0.35, lw=0, label=label)
    else:
        axes.step(edges, heights, where="post", color=color, label=label)
    center = (edges[1:] + edges[:-1]) / 2 + shift * np.diff(edges)
    k = (found.counts > 0) | all_bars
    plot_bars(axes, center[k], density[k], found.low[k], found.high[k], color)


def cut_bars(axes: Axes) -> bool:
    """Keep error bars of few glasses from dwarfing what they belong to; whether any was cut."""
    lines = [line.get_ydata() for line in axes.lines if line.get_drawstyle() == "steps-post"]
    top = MOST_BARS * max((float(np.max(y)) for y in lines), default=np.inf)
    if axes.get_ylim()[1] <= top:
        return False
    axes.set_ylim(top=top)
    return True


def plot_marks(axes: Axes, values: Array, color: str, label: str, *, height: float = 0.02) -> None:
    """Each value as a mark, at a fraction of the height of the axes."""
    axes.plot(
        values,
        np.full(len(values), height),
        "|",
        ms=12,
        mew=2,
        color=color,
        transform=axes.get_xaxis_transform(),
        label=label,
    )


def plot_bars(
    axes: Axes, center: Array, density: Array, low: Array, high: Array, color: str
) -> None:
    """Error bars, those of densities not below 0."""
    bars = np.maximum([density - low, high - density], 0.0)
    axes.errorbar(center, density, yerr=bars, fmt="none", ecolor=color, elinewidth=1)
