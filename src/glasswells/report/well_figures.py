"""A double well: its energy profile with the levels, and its displacement field in the box."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from glasswells.core.geometry import minimum_image
from glasswells.core.records import Array, TunnelSplitting
from glasswells.report.content import ShownWell
from glasswells.report.picture import Picture, new_figure, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_MOBILE = 10
"""Particles drawn in red, as in the paper's Fig. 3."""
VISIBLE = 0.05
"""Particles that move less than this fraction of the one that moves most are no more than dots."""
RED, BLUE = "#c8312b", "#8fa9cc"


def well_pictures(shown: ShownWell, place: int) -> Iterator[Picture]:
    """Profile and displacement field of a double well; `place` numbers its files."""
    yield _profile_picture(shown, f"well_{place}_profile")
    yield _field_picture(shown, f"well_{place}_field")


def _profile_picture(shown: ShownWell, slug: str) -> Picture:
    solved = list(shown.splittings.values())
    drawn: list[TunnelSplitting | None] = [*solved] or [None]
    figure = new_figure(4.2 * len(drawn) + 0.6, 3.8)
    panels = figure.subplots(1, len(drawn), sharey=True, squeeze=False)[0]
    levels = [float(s.levels[-1]) for s in solved]
    top = max([1.25 * float(shown.well.profile.energy.max()), *(1.1 * e for e in levels)])
    for axes, splitting in zip(panels, drawn, strict=True):
        _plot_profile(axes, shown, splitting, top)
    panels[0].set_ylabel(r"$V - V_A$ ($\epsilon$)")
    words = " ".join(_level_words(s) for s in solved) or "No splitting was solved for."
    well = shown.well
    return Picture(
        slug=slug,
        title=f"Energy profile: {shown.title}",
        caption=f"{_where(shown)} Barrier {well.barrier:.4g}, asymmetry {well.asymmetry:.4g}, "
        f"path length {well.path_length:.3g}. {words} Grey: the levels E_1 to E_4, the lowest two "
        f"darker; dotted: the true energy beyond the minima.",
        figure=figure,
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
    axes.plot(s, v, color="#3b6fb6")
    axes.plot([s[0], s[-1]], [v[0], v[-1]], "o", color=RED)
    axes.annotate("A", (s[0], v[0]), textcoords="offset points", xytext=(-10, -10))
    axes.annotate("B", (s[-1], v[-1]), textcoords="offset points", xytext=(5, -10))
    low = float(v.min())
    axes.set_ylim(low - 0.08 * (top - low), top)
    axes.set_xlabel(r"arc length $s\,/\,\sigma$")
    axes.grid(False)


def _level_words(splitting: TunnelSplitting) -> str:
    flags = f"; flags: {', '.join(splitting.flags)}" if splitting.flags else ""
    return (
        f"{splitting.units}: E = {splitting.splitting:.4g}, numerical error "
        f"{splitting.error:.1g}, spread over continuations {splitting.spread:.2g}"
        f"{', a two-level system' if splitting.is_two_level else ''}{flags}."
    )


def _field_picture(shown: ShownWell, slug: str) -> Picture:
    """The displacement field as in the paper's Fig. 3."""
    centered, field, box = _centered(shown)
    lengths = np.linalg.norm(field, axis=1)
    seen = lengths >= VISIBLE * lengths.max()
    mobile = _most_mobile(lengths)[seen]
    figure = new_figure(5.6, 5.0)
    axes: Any = figure.add_subplot(projection="3d")
    size = 260.0 * (lengths[seen] / lengths.max()) ** 2
    colors = np.where(mobile, RED, BLUE)
    half = box / 2
    for axis, wall in ((0, -half[0]), (1, half[1]), (2, -half[2])):
        flat = centered[seen]
        flat[:, axis] = wall
        axes.scatter(*flat.T, s=size * 0.5, c=np.where(mobile, RED, "0.75"), alpha=0.35, lw=0)
    axes.scatter(*centered[seen].T, s=size, c=colors, alpha=0.85, lw=0)
    for axis, name in enumerate("xyz"):
        getattr(axes, f"set_{name}lim")(-half[axis], half[axis])
        getattr(axes, f"set_{name}label")(rf"${name}\,/\,\sigma$")
    axes.set_box_aspect(box / box.max(), zoom=0.88)
    axes.view_init(elev=22, azim=-60)
    return Picture(
        slug=slug,
        title=f"Displacement field: {shown.title}",
        caption=f"{_where(shown)} r_AB, d = {np.linalg.norm(field):.3g}, participation number "
        f"{shown.well.participation_number:.3g}. Size: displacement; red: the "
        f"{min(MOST_MOBILE, len(field))} most mobile particles; the one that moves most is in the "
        f"center of the periodic box. Faces: projections. Below {VISIBLE:.0%} of the largest "
        f"displacement nothing is drawn. In the interactive view cones show the "
        f"directions; drag to turn.",
        figure=figure,
        interactive=_interactive(centered, field, box),
    )


def _centered(shown: ShownWell) -> tuple[Array, Array, Array]:
    """Positions in A around the particle that moves most, r_AB, and the box."""
    minimum, field = shown.well.minimum_a, shown.well.displacement_ab
    hub = minimum.positions[np.linalg.norm(field, axis=1).argmax()]
    return minimum_image(minimum.positions - hub, minimum.box), field, minimum.box


def _most_mobile(lengths: Array) -> Any:
    mobile = np.zeros(len(lengths), dtype=bool)
    mobile[np.argsort(-lengths, kind="stable")[:MOST_MOBILE]] = True
    return mobile


def _interactive(centered: Array, field: Array, box: Array) -> dict[str, Any]:
    lengths = np.linalg.norm(field, axis=1)
    largest = lengths.max()
    mobile, visible = _most_mobile(lengths), lengths >= VISIBLE * largest
    still = ~visible
    rest = _rounded(centered[still])
    data: list[dict[str, Any]] = [
        {
            "type": "scatter3d", "mode": "markers", "name": "others", "hoverinfo": "skip",
            "x": rest[0], "y": rest[1], "z": rest[2],
            "marker": {"size": 1.5, "color": "#c8c8c8", "opacity": 0.5},
        },
        _box_edges(box),
    ]  # fmt: skip
    for chosen, color, name in (
        (visible & ~mobile, BLUE, "moving"),
        (mobile, RED, f"{int(mobile.sum())} most mobile"),
    ):
        if chosen.any():
            data += _movers(centered[chosen], field[chosen], np.flatnonzero(chosen), color, name)
    axis = {"showbackground": False, "gridcolor": "#e6e6e6", "zeroline": False}
    return {
        "data": data,
        "layout": {
            "height": 520, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}, "showlegend": True,
            "legend": {"x": 0, "y": 1, "itemsizing": "constant"},
            "scene": {
                "aspectmode": "data",
                "xaxis": {**axis, "title": {"text": "x"}},
                "yaxis": {**axis, "title": {"text": "y"}},
                "zaxis": {**axis, "title": {"text": "z"}},
                "camera": {"eye": {"x": 1.35, "y": -1.6, "z": 0.9}},
            },
        },
    }  # fmt: skip


def _movers(
    start: Array, field: Array, numbers: Any, color: str, name: str
) -> list[dict[str, Any]]:
    """Dots in A, shafts to B and cones as arrow heads; true lengths."""
    lengths = np.linalg.norm(field, axis=1)
    end = start + field
    shafts = np.full((3 * len(start), 3), np.nan)
    shafts[0::3], shafts[1::3] = start, end
    x, y, z = (
        [None if np.isnan(v) else v for v in column] for column in np.round(shafts.T, 4).tolist()
    )
    heads, dots = _rounded(end), _rounded(start)
    u, v, w = _rounded(field / lengths[:, None] * np.cbrt(lengths / lengths.max())[:, None])
    text = [
        f"particle {int(k)}: moves {length:.4f}" for k, length in zip(numbers, lengths, strict=True)
    ]
    return [
        {
            "type": "scatter3d", "mode": "markers", "name": name, "legendgroup": name,
            "x": dots[0], "y": dots[1], "z": dots[2], "text": text, "hoverinfo": "text",
            "marker": {"size": (2.0 + 8.0 * np.sqrt(lengths)).round(2).tolist(), "color": color,
                       "opacity": 0.55},
        },
        {
            "type": "scatter3d", "mode": "lines", "legendgroup": name, "showlegend": False,
            "x": x, "y": y, "z": z, "hoverinfo": "skip", "line": {"color": color, "width": 5},
        },
        {
            "type": "cone", "legendgroup": name, "showlegend": False, "showscale": False,
            "x": heads[0], "y": heads[1], "z": heads[2], "u": u, "v": v, "w": w,
            "anchor": "tail", "sizemode": "raw", "sizeref": 0.5, "hoverinfo": "skip",
            "colorscale": [[0, color], [1, color]],
        },
    ]  # fmt: skip


def _box_edges(box: Array) -> dict[str, Any]:
    half = box / 2
    corners = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]) * half
    x: list[list[float | None]] = [[], [], []]
    for a in range(8):
        for b in range(a + 1, 8):
            if (corners[a] != corners[b]).sum() == 1:
                for axis in range(3):
                    x[axis] += [float(corners[a, axis]), float(corners[b, axis]), None]
    return {
        "type": "scatter3d", "mode": "lines", "hoverinfo": "skip", "showlegend": False,
        "x": x[0], "y": x[1], "z": x[2], "line": {"color": "#909090", "width": 2},
    }  # fmt: skip


def _rounded(points: Array) -> list[list[float]]:
    """Coordinates (n, 3) as three lists with the digits that a screen shows."""
    columns: list[list[float]] = np.round(points.T, 4).tolist()
    return columns


def _where(shown: ShownWell) -> str:
    return (
        f"Double well {shown.number} of glass {shown.glass}, T_f = "
        f"{shown.preparation_temperature:g}, N = {shown.well.minimum_a.n_particles}."
    )
