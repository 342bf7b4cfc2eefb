"""The inherent structures of a glass as a network: by energy, with the transitions between them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from glasswells.content.records import ExplorationContent, GlassContent, ReportContent
from glasswells.core.records import Array, freeze
from glasswells.report.picture import Picture, new_figure
from glasswells.report.plotting import shades
from glasswells.report.section import ReportFigure

MAX_NODES = 150
"""Structures drawn, those visited most; more would be a blot."""
ABOVE_LOWEST = "V \N{MINUS SIGN} V<sub>min</sub>"
"""As plotly sets it."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Network:
    """What is drawn of an exploration."""

    numbers: Array
    """(n,), of the structures drawn, most visited first."""
    place: Array
    """(n,), horizontal place in [0, 1]: linked structures are near each other."""
    energy: Array
    """(n,), above the lowest structure of the glass."""
    visits: Array
    links: tuple[tuple[int, int, int], ...]
    """Places in `numbers`, and T_ij + T_ji."""

    def __post_init__(self) -> None:
        freeze(self, **{k: getattr(self, k) for k in ("numbers", "place", "energy", "visits")})


def network(exploration: ExplorationContent, max_nodes: int = MAX_NODES) -> Network:
    """The most visited structures and the transitions between them.

    Minima that only pushes met have no visits, and are left out.
    """
    numbers = np.argsort(-exploration.visits, kind="stable")[:max_nodes]
    numbers = numbers[exploration.visits[numbers] > 0]
    position = {int(k): place for place, k in enumerate(numbers)}
    weights = np.zeros((len(numbers), len(numbers)))
    for t in exploration.transitions:
        if t.i != t.j and t.i in position and t.j in position:
            i, j = sorted((position[t.i], position[t.j]))
            weights[i, j] += t.count
    energies = exploration.energies - exploration.energies.min()
    return Network(
        numbers=numbers.astype(np.float64),
        place=_places(weights + weights.T),
        energy=energies[numbers],
        visits=exploration.visits[numbers],
        links=tuple((int(i), int(j), int(weights[i, j])) for i, j in np.argwhere(weights > 0)),
    )


def network_pictures(content: ReportContent) -> Iterator[Picture]:
    """The network of the glass with the most inherent structures; none if none was explored."""
    explored = [
        (g.exploration, g, p.temperature)
        for p in content.preparations
        for g in p.explored
        if g.exploration is not None and np.any(g.exploration.visits > 0)
    ]
    if explored:
        exploration, glass, temperature = max(explored, key=lambda item: len(item[0].energies))
        yield network_picture(glass, exploration, temperature)


def network_picture(
    glass: GlassContent, exploration: ExplorationContent, temperature: float
) -> Picture:
    """The network of a glass."""
    drawn = network(exploration)
    total = len(exploration.energies)
    figure = new_figure(7.0, 4.6)
    axes = figure.add_subplot()
    for i, j, n in drawn.links:
        ends = [i, j]
        axes.plot(
            drawn.place[ends], drawn.energy[ends], color="0.45", lw=0.7 + 1.2 * np.log10(n),
            alpha=0.7, zorder=1,
        )  # fmt: skip
    points = axes.scatter(
        drawn.place, drawn.energy, s=_sizes(drawn.visits) ** 2, c=np.log10(drawn.visits),
        cmap=shades(), edgecolors="white", linewidths=0.5, zorder=2,
    )  # fmt: skip
    figure.colorbar(points, ax=axes, label=r"$\log_{10}$ visits")
    axes.set_xticks([])
    axes.set_xlabel("linked structures are near each other")
    axes.set_ylabel(r"$V - V_{\min}$ ($\epsilon$)")
    axes.grid(False)
    axes.spines["bottom"].set_visible(False)
    shown = "all" if len(drawn.numbers) == total else f"the {len(drawn.numbers)} most visited"
    return Picture(
        slug="network",
        title="Inherent structures of one glass and the transitions between them",
        caption=f"Glass {glass.name}, T_f = {temperature:g}, N = {glass.n_particles}: {shown} of "
        f"{total} inherent structures from {exploration.quenches} quenches, and "
        f"{len(drawn.links)} links between them, wider for more transitions.",
        figure=figure,
        temperature=temperature,
        interactive=_interactive(drawn),
    )


def _places(weights: Array) -> Array:
    """Order along the slowest mode of the network, evenly spread.

    The eigenvector of the second eigenvalue of the Laplacian puts linked nodes side by side.
    """
    n = len(weights)
    if n < 3:
        return np.linspace(0.5 if n == 1 else 0.0, 1.0, n)
    strength = np.log1p(weights) + 1e-6  # a faint link between all keeps separate parts apart
    np.fill_diagonal(strength, 0.0)
    laplacian = np.diag(strength.sum(axis=1)) - strength
    vector = np.linalg.eigh(laplacian)[1][:, 1]
    vector = vector * np.sign(vector[np.argmax(np.abs(vector))])
    places: Array = np.argsort(np.argsort(vector, kind="stable"), kind="stable") / (n - 1.0)
    return places


def _sizes(visits: Array) -> Array:
    """Diameters of the nodes in points."""
    sizes: Array = 4.0 + 14.0 * np.sqrt(visits / visits.max())
    return sizes


def _interactive(drawn: Network) -> dict[str, Any]:
    return {
        "data": [
            *(
                {
                    "type": "scatter", "mode": "lines", "x": x, "y": y, "hoverinfo": "skip",
                    "line": {"color": "#909090", "width": width},
                }
                for width, (x, y) in _broken_lines(drawn).items()
            ),
            {
                "type": "scatter", "mode": "markers", "x": drawn.place.tolist(),
                "y": drawn.energy.tolist(), "hoverinfo": "text",
                "text": [
                    f"structure {int(k)}: {int(v)} visits, {ABOVE_LOWEST} = {e:.5f}"
                    for k, v, e in zip(drawn.numbers, drawn.visits, drawn.energy, strict=True)
                ],
                "marker": {
                    "size": _sizes(drawn.visits).tolist(),
                    "color": np.log10(drawn.visits).tolist(), "colorscale": _colorscale(),
                    "colorbar": {"title": {"text": "log<sub>10</sub> visits", "side": "right"}},
                    "line": {"color": "white", "width": 1},
                },
            },
        ],
        "layout": {
            "showlegend": False, "height": 370, "margin": {"l": 60, "r": 10, "t": 10, "b": 30},
            "plot_bgcolor": "white", "hovermode": "closest",
            "xaxis": {"visible": False},
            "yaxis": {"title": {"text": f"{ABOVE_LOWEST} (ε)"}, "gridcolor": "#e6e6e6"},
        },
    }  # fmt: skip


def _colorscale() -> list[tuple[float, str]]:
    from matplotlib.colors import to_hex

    return [(place, to_hex(shades()(place))) for place in np.linspace(0.0, 1.0, 9).tolist()]


def _broken_lines(drawn: Network) -> dict[float, tuple[list[float | None], list[float | None]]]:
    """The links by the width of their lines, one line for all of a width."""
    found: dict[float, tuple[list[float | None], list[float | None]]] = {}
    for i, j, n in drawn.links:
        x, y = found.setdefault(0.6 + 0.6 * round(2 * float(np.log10(n))), ([], []))
        x += [float(drawn.place[i]), float(drawn.place[j]), None]
        y += [float(drawn.energy[i]), float(drawn.energy[j]), None]
    return found


FIGURES = (ReportFigure(section="network", place=1, draw=network_pictures),)
