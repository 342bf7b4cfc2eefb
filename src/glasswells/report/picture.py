"""A figure with its words, and the package's own look without touching anyone else's."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glasswells.core.whole_file import whole_file
from glasswells.report.numbers import Numbers

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAPER_COLORS = {0.062: "#0072b2", 0.07: "#d55e00", 0.092: "#009e73"}
"""Of the paper's preparation temperatures: the same in every figure of every report."""
OTHER_COLORS = ("#cc79a7", "#56b4e9", "#7a7a7a", "#f0e442")
WIDE, TALL = 7.0, 5.5
"""Inches beyond which a figure has a row for itself, and beyond which it is shown larger."""
METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None},
}
"""By format: without what differs from run to run."""
STYLE_FILE = Path(__file__).with_name("style.mplstyle")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Picture:
    """A figure of a report."""

    slug: str
    """Name of its files; made from constants and numbers, never from names in the data."""
    title: str
    caption: str
    """Says N, T_f, how many entries, and what the error bars are."""
    figure: Figure
    interactive: dict[str, Any] | None = None
    """The same as `data` and `layout` of plotly, for figures that one wants to turn."""
    details: str = ""
    """What is folded away below the caption."""
    numbers: Numbers | None = None
    """What its CSV file holds; None: all that is drawn in its panels."""
    units: str = ""
    """The unit set whose splittings it shows; empty if several, or none."""
    temperature: float | None = None
    """The preparation temperature that it shows; None if several."""
    is_folded: bool = False
    """Whether it shows the same as another one, of another double well or unit set."""

    @property
    def is_wide(self) -> bool:
        """Whether it needs the whole width of a page, as no view does that can be turned."""
        if self.interactive is not None and "scene" in self.interactive["layout"]:
            return False
        return self.figure is not None and bool(self.figure.get_size_inches()[0] > WIDE)

    @property
    def is_tall(self) -> bool:
        """Whether its panels stand in so many rows that it needs more height."""
        return self.figure is not None and bool(self.figure.get_size_inches()[1] > TALL)


@contextmanager
def figure_style() -> Iterator[None]:
    """Matplotlib with our settings inside, with the caller's again outside."""
    import matplotlib as mpl

    settings = mpl.rc_params_from_file(STYLE_FILE, use_default_template=False)
    with mpl.rc_context(settings):
        yield


def new_figure(width: float = 6.0, height: float = 4.0) -> Figure:
    """An empty figure that no window and no pyplot knows of."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height))
    FigureCanvasAgg(figure)
    return figure


def write_picture(picture: Picture, directory: Path) -> str:
    """Write a picture as SVG, PNG and PDF; inside `figure_style`.

    Returns
    -------
    str
        The SVG as a data URI.
    """
    figure, drawn = picture.figure, {}
    for kind, metadata in METADATA.items():
        buffer = io.BytesIO()
        figure.savefig(buffer, format=kind, metadata=metadata)
        figure.set_layout_engine("none")  # its places are found: once is enough
        drawn[kind] = buffer.getvalue()
        with whole_file(directory / f"{picture.slug}.{kind}") as draft:
            draft.write_bytes(drawn[kind])
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn['svg']).decode('ascii')}"


def temperature_colors(temperatures: Iterable[float]) -> dict[float, str]:
    """A color for each preparation temperature of a campaign."""
    distinct = sorted(set(temperatures))
    others = [t for t in distinct if t not in PAPER_COLORS]
    return {
        t: PAPER_COLORS[t]
        if t in PAPER_COLORS
        else OTHER_COLORS[others.index(t) % len(OTHER_COLORS)]
        for t in distinct
    }


def plain(text: str) -> str:
    """A name from the data as Matplotlib shall draw it: no formula, whatever it holds."""
    seen = "".join(c if c.isprintable() else "\ufffd" for c in text)
    return seen.replace("\\", "/").replace("$", r"\$")
