"""The numbers that a figure shows, read from what was drawn, for its CSV file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from glasswells.core.records import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("panel", "title", "x axis", "y axis", "curve", "x", "y", "low", "high")
BAND, POINTS, BARS = "outline of the band", "points", "error bars"
Point = tuple[str, tuple[float, ...]]
"""Name of a curve, then x, y, low, high."""
COMMAND = re.compile(r"\\([A-Za-z]+)(?=(\\)?)")
SILENT = ("mathrm", "mathbf")
"""Commands that name a font."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Numbers:
    """Rows under headings."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def drawn_numbers(figure: Figure) -> Numbers:
    """What the panels of a figure show: curves, points, error bars and bands.

    A coordinate that is no quantity, such as the height of a mark that stands for one value, is
    left empty, and so are the ends of error bars where there are none. Axes in three dimensions
    are left out.
    """
    names = _names_by_color(figure)
    rows: list[tuple[str, ...]] = []
    for number, axes in enumerate(_panels(figure.axes), start=1):
        head = (
            str(number),
            label_text(axes.get_title(loc="left") or axes.get_title()),
            label_text(axes.get_xlabel()),
            label_text(axes.get_ylabel()),
        )
        rows += [(*head, name, *map(_number, point)) for name, point in _points(axes, names)]
    return Numbers(columns=COLUMNS, rows=rows)


def _panels(every: Iterable[Any]) -> Iterator[Any]:
    """Panels and their insets, without color bars and views in three dimensions."""
    for axes in every:
        if axes.name != "3d" and axes.get_label() != "<colorbar>":
            yield axes
            yield from _panels(a for a in axes.child_axes if hasattr(a, "lines"))


def _points(axes: Axes, names: dict[Any, str]) -> Iterator[Point]:
    """All that is drawn along two axes."""
    from matplotlib.collections import PathCollection, PolyCollection

    bars: set[Any] = set()
    containers: list[Any] = axes.containers
    for container in containers:
        if hasattr(container, "has_yerr"):
            line, caps, sticks = container.lines
            bars |= {line, *caps}
            name = names.get(_color(sticks[0]), "")
            ends = np.array(sticks[0].get_segments())  # (n, 2, 2)
            middle = np.full(len(ends), np.nan) if line is None else line.get_ydata()
            for stick, y in zip(ends, middle, strict=True):
                low, high = sorted(map(float, stick[:, 1]))
                yield f"{name} {BARS}".strip(), (float(stick[0, 0]), float(y), low, high)
    for line in axes.lines:
        if line not in bars:
            yield from _of_line(axes, line, names)
    for collection in axes.collections:
        name = names.get(_color(collection), "")
        if isinstance(collection, PathCollection):
            offsets: Array = np.asarray(collection.get_offsets(), dtype=float)
            for x, y in offsets:
                yield f"{name} {POINTS}".strip(), (x, y, np.nan, np.nan)
        elif isinstance(collection, PolyCollection):
            for path in collection.get_paths():
                for x, y in np.asarray(path.vertices, dtype=float):
                    yield f"{name} {BAND}".strip(), (float(x), float(y), np.nan, np.nan)


def _of_line(axes: Axes, line: Any, names: dict[Any, str]) -> Iterator[Point]:
    has_x, has_y = line.get_transform().contains_branch_seperately(axes.transData)
    label = str(line.get_label())
    name = names.get(_color(line), "") if label.startswith("_") else label_text(label)
    for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True):
        yield name, (float(x) if has_x else np.nan, float(y) if has_y else np.nan, np.nan, np.nan)


def _names_by_color(figure: Figure) -> dict[Any, str]:
    """Labels of the curves: error bars and bands have the color of theirs, and no label."""
    found: dict[Any, str] = {}
    for axes in _panels(figure.axes):
        handles, labels = axes.get_legend_handles_labels()
        for handle, label in zip(handles, labels, strict=True):
            found.setdefault(_color(handle), label_text(label))
    return found


def _color(artist: Any) -> Any:
    from matplotlib.colors import to_hex

    if hasattr(artist, "has_yerr"):  # error bars with their points
        artist = artist.lines[2][0]
    found = artist.get_color() if hasattr(artist, "get_color") else artist.get_facecolor()
    if isinstance(found, str):
        return to_hex(found)
    every = np.atleast_2d(found)
    return to_hex(every[0]) if len(every) else None


def label_text(label: str) -> str:
    """A label as plain text: `log10 E/epsilon` for what is set as a formula."""
    words = label.replace(r"\,", "").replace(r"\;", " ").replace(r"\$", "$").replace("\n", ", ")
    if "$" in label:
        words = COMMAND.sub(_word, words)
        words = re.sub(r"[${}]", "", words)
    return " ".join(words.split())


def _word(command: re.Match[str]) -> str:
    """Its name, with a space before another command."""
    word = "" if command[1] in SILENT else command[1]
    return f"{word} " if command[2] else word


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.12g}"
