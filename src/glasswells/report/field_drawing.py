"""A field of displacements in the periodic box: as a picture and as a view to turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasswells.core.fields import participation_number
from glasswells.core.geometry import minimum_image
from glasswells.core.records import Array, Configuration
from glasswells.report.numbers import Numbers

MOST_MOBILE = 10
"""Particles drawn in red, as in the paper's Fig. 3."""
VISIBLE = 0.05
"""Particles that move less than this fraction of the one that moves most are no more than dots."""
LARGEST_DOT, FEW_MOVERS = 260.0, 20
"""Area in points^2 of the one that moves most, up to this participation number."""
MANY = 200
"""Particles beyond which dots are pixels in vector formats too: each would be a shape there."""
RED, BLUE = "#c8312b", "#8fa9cc"
FIELD_WORDS = (
    f"The size of a dot is its displacement relative to the largest one of the field; red: the "
    f"{MOST_MOBILE} particles that move most along r_AB, the first of them in the center of the "
    f"periodic box. The faces show projections. Particles that move less than {VISIBLE:.0%} of the "
    f"largest displacement are not drawn. In the interactive view, which can be turned, cones show "
    f"the directions, and pointing at a particle shows its number, counted from 0."
)
"""What such a picture shows."""


def centered_on_largest(minimum: Configuration, field: Array) -> Array:
    """Positions (N, 3) around the particle that moves most."""
    hub = minimum.positions[np.linalg.norm(field, axis=1).argmax()]
    return minimum_image(minimum.positions - hub, minimum.box)


def most_mobile(field: Array) -> NDArray[np.bool_]:
    """(N,), the few particles that move most."""
    mobile = np.zeros(len(field), dtype=np.bool_)
    lengths = np.linalg.norm(field, axis=1)
    mobile[np.argsort(-lengths, kind="stable")[:MOST_MOBILE]] = True
    return mobile


def field_numbers(minimum: Configuration, fields: Mapping[str, Array]) -> Numbers:
    """Position and displacements of each particle, by the names of the fields."""
    heads = [f"{name} {axis}" for name in fields for axis in "xyz"]
    rows = np.hstack([minimum.positions, *fields.values()])
    return Numbers(
        columns=("particle", "x", "y", "z", *heads),
        rows=[(str(k), *(f"{v:.12g}" for v in row)) for k, row in enumerate(rows)],
    )


def plot_field(
    axes: Any, centered: Array, field: Array, box: Array, mobile: NDArray[np.bool_]
) -> None:
    """Particles by displacement with projections on three faces, as in the paper's Fig. 3.

    Parameters
    ----------
    axes
        Three-dimensional axes.
    centered
        (N, 3), positions in the box around the origin.
    field
        (N, 3).
    box
        (3,), its edges.
    mobile
        (N,), particles drawn in red.
    """
    from matplotlib.ticker import MaxNLocator

    lengths = np.linalg.norm(field, axis=1)
    seen = (lengths >= VISIBLE * lengths.max()) | mobile
    red = mobile[seen]
    # Where many move alike, large dots would hide each other.
    largest = LARGEST_DOT * min(1.0, np.sqrt(FEW_MOVERS / participation_number(field)))
    size = largest * np.maximum(lengths[seen] / lengths.max(), VISIBLE) ** 2
    half, many = box / 2, int(seen.sum()) > MANY
    for axis, wall in ((0, -half[0]), (1, half[1]), (2, -half[2])):
        flat = centered[seen]
        flat[:, axis] = wall
        axes.scatter(
            *flat.T, s=size * 0.5, c=np.where(red, RED, "0.75"), alpha=0.35, lw=0, rasterized=many
        )
    axes.scatter(
        *centered[seen].T, s=size, c=np.where(red, RED, BLUE), alpha=0.85, lw=0, rasterized=many
    )
    for axis, name in enumerate("xyz"):
        getattr(axes, f"set_{name}lim")(-half[axis], half[axis])
        getattr(axes, f"set_{name}label")(rf"${name}\,/\,\sigma$", labelpad=-6)
        ticks = getattr(axes, f"{name}axis")
        ticks.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
        ticks.set_tick_params(labelsize=8, pad=-2)
    axes.set_box_aspect(box / box.max(), zoom=0.88)
    axes.view_init(elev=22, azim=-60)


def field_traces(
    centered: Array, field: Array, box: Array, mobile: NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """The same for plotly: dots, shafts and cones; arguments as for `plot_field`."""
    lengths = np.linalg.norm(field, axis=1)
    visible = lengths >= VISIBLE * lengths.max()
    rest = _rounded(centered[~(visible | mobile)])
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
    return data


def field_layout(box: Array) -> dict[str, Any]:
    """Layout of plotly for such a view; `box` (3,), its edges."""
    look = {"showbackground": False, "gridcolor": "#e6e6e6", "zeroline": False}

    def axis(name: str, edge: float) -> dict[str, Any]:
        # Three ticks away from the corners, where those of two axes would meet.
        tick = float(f"{0.35 * edge:.1g}")
        return {**look, "title": {"text": name}, "tickvals": [-tick, 0, tick]}

    return {
        "height": 370, "margin": {"l": 0, "r": 0, "t": 0, "b": 0}, "showlegend": True,
        "legend": {"x": 0, "y": 1, "itemsizing": "constant"},
        "scene": {
            "aspectmode": "data",
            "xaxis": axis("x", box[0]),
            "yaxis": axis("y", box[1]),
            "zaxis": axis("z", box[2]),
            "camera": {"eye": {"x": 1.35, "y": -1.6, "z": 0.9}},
        },
    }  # fmt: skip


def _movers(
    start: Array, field: Array, numbers: Any, color: str, name: str
) -> list[dict[str, Any]]:
    """Dots in A, shafts to B and cones as arrow heads; true lengths."""
    lengths = np.maximum(np.linalg.norm(field, axis=1), np.finfo(float).tiny)
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
