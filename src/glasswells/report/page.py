"""One HTML page that needs nothing but itself, and beside it the same as SVG, PNG, PDF, CSV."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasswells.content.records import ReportContent
from glasswells.core.errors import GlasswellsError, InputError
from glasswells.core.progress import Progress, reporting
from glasswells.core.whole_file import write_whole
from glasswells.report import figures
from glasswells.report.material_words import Rewording
from glasswells.report.numbers import drawn_numbers
from glasswells.report.picture import Picture, figure_style, write_picture
from glasswells.report.result import empty_words, result_sentence, units_table
from glasswells.report.section import Section, SectionMaker, Sheet, pictures_of
from glasswells.report.sections import FIRST, LAST
from glasswells.report.tables import SHOWN_ROWS, Table, costs_table, write_csv, write_tables
from glasswells.report.typesetting import symbols, typeset, typeset_own
from glasswells.report.well_tables import smallest_table
from glasswells.store.errors import StoreError
from glasswells.store.machine_failures import NAMES as NO_ROOM

PAGE_NAME = "index.html"
MOST_TEXT = 400_000
"""Characters of the numbers of a figure that the page itself holds; the file beside it has all."""
FOLDED_ROWS = 15
"""Rows beyond which a table is folded until it is asked for."""
ONLY_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?")
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?( \[.*\]\*?)?|-")


def write_report(
    content: ReportContent,
    directory: Path,
    sections: Sequence[SectionMaker] = (),
    progress: Progress = False,
) -> Path:
    """Write a report: one self-contained page, its figures and its tables.

    `index.html` opens offline and loads nothing: figures and scripts are inside, and its
    content security policy forbids everything else. `figures/` holds each figure as SVG,
    PNG and PDF with its numbers as CSV, `tables/` each table as CSV.

    Parameters
    ----------
    content
        What is reported.
    directory
        Folder to write into; it is made if need be, files of an earlier report are replaced.
    sections
        Makers of sections to add, such as `khomenko2021.SECTIONS`.
    progress
        As for `gw.explore`: steps are figures.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        If the folder cannot be written.
    StoreError
        If the disk is full.
    """
    try:
        return compose(content, Path(directory), sections, progress=progress)
    except OSError as error:
        if isinstance(error, GlasswellsError):
            raise
        if error.errno in NO_ROOM:
            raise StoreError(
                f"{directory} cannot be written ({error.strerror}): make room, then try again"
            ) from error
        raise InputError(
            f"{directory} cannot be written ({error.strerror}): check free space and permissions, "
            f"or give another folder"
        ) from error


def compose(
    content: ReportContent,
    directory: Path,
    sections: Sequence[SectionMaker] = (),
    *,
    draw: Callable[[Picture, Path], str] = write_picture,
    scripts: Callable[[bool], list[str]] | None = None,
    progress: Progress = False,
) -> Path:
    """The same as `write_report`, with other ways to draw figures and other scripts."""
    images_folder, sheets = directory / "figures", directory / "tables"
    for folder in (images_folder, sheets):
        folder.mkdir(parents=True, exist_ok=True)
    with figure_style():
        page = page_of(content, sections)
        images, texts = {}, {}
        with reporting(progress, "drawing", len(page.pictures)) as report:
            for picture in page.pictures:
                slug, shown = picture.slug, picture.numbers or drawn_numbers(picture.figure)
                texts[slug] = write_csv(images_folder / f"{slug}.csv", shown.columns, shown.rows)
                images[slug] = draw(picture, images_folder)
                picture.figure.clear()  # what it is drawn from takes megabytes
                report(1, slug)
    list(write_tables(page.tables, sheets))
    path = directory / PAGE_NAME
    found = (scripts or page_scripts)(any(p.interactive for p in page.pictures))
    # Error texts may hold names of files that are no Unicode.
    write_whole(path, _rendered(page, images, texts, found), errors="backslashreplace")
    return path


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Page:
    """All that stands on a page."""

    content: ReportContent
    units: Table
    """Two-level systems by unit set, below the first sentence."""
    smallest: Table
    first: Sequence[Picture]
    """Of the smallest splitting."""
    sections: Sequence[Section]
    costs: Table

    @property
    def tables(self) -> list[Table]:
        """Every table, those that are written beside the page among them."""
        found = [t for section in self.sections for t in section.tables]
        return [self.units, self.smallest, *found, self.costs]

    @property
    def pictures(self) -> list[Picture]:
        """Every figure."""
        return [*self.first, *(p for section in self.sections for p in section.pictures)]


def page_of(content: ReportContent, sections: Sequence[SectionMaker] = ()) -> Page:
    """The page with the sections of every report and those that are added; in `figure_style`."""
    made = (make(content) for make in (*FIRST, *sections, *LAST))
    words = Rewording(content)
    return Page(
        content=content,
        units=words.table(units_table(content)),
        smallest=words.table(smallest_table(content)),
        first=[words.picture(p) for p in pictures_of(figures, "result", content)],
        sections=[words.section(section) for section in made if section is not None],
        costs=costs_table(content),
    )


def _rendered(
    page: Page, images: Mapping[str, str], texts: Mapping[str, str], scripts: Sequence[str]
) -> str:
    import jinja2
    from markupsafe import Markup

    from glasswells.core.version import __version__

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    environment.filters |= {"typeset": typeset, "own": typeset_own, "symbols": symbols}
    environment.tests |= {
        "number_like": lambda text: NUMBER.fullmatch(text) is not None,
        "number_only": lambda text: ONLY_NUMBER.fullmatch(text) is not None,
        "sheet": lambda block: isinstance(block, Sheet),
    }
    return environment.get_template("page.html.j2").render(
        page=page,
        content=page.content,
        version=__version__,
        policy=_policy(scripts),
        style=Markup(Path(__file__).with_name("page.css").read_text("utf-8")),  # noqa: S704 (ours)
        sentence=sentence_of(page.content),
        sentence_of=sentence_of,
        temperatures=[f"{p.temperature:g}" for p in page.content.preparations],
        place=_place,
        numeric_columns=_numeric_columns,
        none_yet=lambda words: empty_words(page.content, words),
        shown_rows=SHOWN_ROWS,
        folded_rows=FOLDED_ROWS,
        images=images,
        texts={slug: text for slug, text in texts.items() if len(text) <= MOST_TEXT},
        interactive=[p for p in page.pictures if p.interactive],
        json_of=lambda value: Markup(_json(value)),  # noqa: S704 (escaped by _json)
        scripts=[Markup(script) for script in scripts],  # noqa: S704 (our own)
    )


def sentence_of(content: ReportContent) -> str:
    """What was found, in the words of the material."""
    return Rewording(content).words(result_sentence(content))


def _place(table: Table, *headings: str) -> int | None:
    """Of the column with one of these headings."""
    return next((k for k, name in enumerate(table.columns) if name in headings), None)


def _numeric_columns(table: Table) -> list[bool]:
    """Of each column whether all of its cells are numbers: only those are set to the right."""
    return [
        all(NUMBER.fullmatch(row[k]) is not None for row in table.rows)
        for k in range(len(table.columns))
    ]


def page_scripts(is_interactive: bool) -> list[str]:
    """What sorts and draws, after the library that it draws with, once, if there is need."""
    own = Path(__file__).with_name("page.js").read_text(encoding="utf-8")
    if not is_interactive:
        return [own]
    from plotly.offline import get_plotlyjs

    return [get_plotlyjs(), own]


def _policy(scripts: Sequence[str]) -> str:
    """Content security policy: the scripts of this page by their digests, no loads at all.

    Styles are open to the page's own elements, which the plots set; they cannot load anything.
    """
    digests = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts
    ]
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        f"img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def _json(value: Any) -> str:
    """JSON that may stand in a script element: nothing in it can end the element."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text
