"""What a page is made of: sections of tables and figures, and how a figure is declared."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import ModuleType

from glasswells.content.records import ReportContent
from glasswells.report.picture import Picture
from glasswells.report.tables import Table


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportFigure:
    """A figure of the reports, declared in `FIGURES` of the file that draws it."""

    section: str
    """Of the page, by its slug."""
    place: int
    """Among the figures of the section, ascending."""
    draw: Callable[[ReportContent], Iterable[Picture]]
    """Its pictures, several for several unit sets or double wells, none where there is nothing to
    show; called inside `figure_style`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sheet:
    """A table in its place on the page."""

    table: Table
    empty: str = "None."
    """What stands there instead of a table without rows."""
    summary: str = ""
    """What is clicked on to see it; empty if it is in sight."""
    is_shown_empty: bool = True


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Gallery:
    """Figures side by side."""

    pictures: Sequence[Picture]
    empty: str
    """What stands there instead of no figure; may be nothing."""
    summary: str = "The same for other double wells"
    """What is clicked on to see those that are folded."""
    columns: int = 2
    """On a wide screen."""

    @property
    def shown(self) -> list[Picture]:
        """Those in sight."""
        return [p for p in self.pictures if not p.is_folded]

    @property
    def folded(self) -> list[Picture]:
        """Those that show the same of something else."""
        return [p for p in self.pictures if p.is_folded]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Section:
    """A part of the page under a heading."""

    slug: str
    """Its address on the page."""
    title: str
    name: str
    """In the navigation."""
    blocks: tuple[Sheet | Gallery, ...]
    beside: tuple[Table, ...] = ()
    """Tables that are written as files only."""

    @property
    def tables(self) -> list[Table]:
        """Every table, those on the page first."""
        return [*(b.table for b in self.blocks if isinstance(b, Sheet)), *self.beside]

    @property
    def pictures(self) -> list[Picture]:
        """Every figure."""
        return [p for b in self.blocks if isinstance(b, Gallery) for p in b.pictures]


SectionMaker = Callable[[ReportContent], Section | None]
"""Makes a section, None where it has nothing to say; called inside `figure_style`."""


def declared_figures(folder: ModuleType, section: str) -> list[ReportFigure]:
    """The figures of a section that the files of a folder declare, in their order.

    Parameters
    ----------
    folder
        A package; each of its modules holds its own as `FIGURES`.
    section
        Slug of the section.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(folder.__path__))
    found = [
        figure
        for name in names
        for figure in getattr(importlib.import_module(f"{folder.__name__}.{name}"), "FIGURES", ())
        if figure.section == section
    ]
    return sorted(found, key=lambda figure: figure.place)


def pictures_of(folder: ModuleType, section: str, content: ReportContent) -> list[Picture]:
    """The pictures of these figures."""
    return [p for figure in declared_figures(folder, section) for p in figure.draw(content)]
