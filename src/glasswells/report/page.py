"""One HTML page that needs nothing but itself, and beside it the same as PNG, PDF and CSV."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from glasswells.core.errors import GlasswellsError, InputError
from glasswells.core.whole_file import write_whole
from glasswells.report.content import ReportContent
from glasswells.report.curvature_figure import curvature_picture
from glasswells.report.distribution_figures import density_pictures, distribution_pictures
from glasswells.report.field_figures import field_pictures
from glasswells.report.glass_figures import glasses_picture
from glasswells.report.network_figure import network_picture
from glasswells.report.overlap_figures import overlap_pictures
from glasswells.report.paper_tables import paper_counts_table
from glasswells.report.picture import Picture, figure_style, write_picture
from glasswells.report.result import empty_words, result_sentence, units_table
from glasswells.report.screening_tables import screening_tables
from glasswells.report.search_table import search_tables
from glasswells.report.spectrum_figure import spectrum_picture
from glasswells.report.tables import SHOWN_ROWS, Table, tables, write_tables
from glasswells.report.tangent_figures import tangent_pictures
from glasswells.report.typesetting import symbols, typeset, typeset_own
from glasswells.report.vibration_tables import vibration_tables
from glasswells.report.well_figures import well_pictures
from glasswells.report.well_tables import smallest_table, wells_table
from glasswells.store.errors import StoreError
from glasswells.store.machine_failures import NAMES as NO_ROOM

PAGE_NAME = "index.html"
FOLDED_ROWS = 15
"""Rows beyond which a table is folded until it is asked for."""
ONLY_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?")
NUMBER = re.compile(r"[-+]?\d+(\.\d+)?(e[-+]?\d+)?( \[.*\]\*?)?|-")


def write_report(content: ReportContent, directory: Path) -> Path:
    """Write a report: one self-contained page, its figures and its tables.

    `index.html` opens offline and loads nothing: figures and scripts are inside, and its
    content security policy forbids everything else. `figures/` holds each figure as PNG and PDF,
    `tables/` each table as CSV.

    Parameters
    ----------
    content
        What is reported.
    directory
        Folder to write into; it is made if need be, files of an earlier report are replaced.

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
        return _write(content, Path(directory))
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


def every_table(content: ReportContent) -> list[Table]:
    """The tables of a report."""
    return [
        units_table(content),
        smallest_table(content),
        *tables(content),
        wells_table(content),
        *search_tables(content),
        *screening_tables(content),
        *vibration_tables(content),
        paper_counts_table(content),
    ]


def pictures_of(content: ReportContent) -> dict[str, list[Picture]]:
    """The figures of a report by section; inside `figure_style`."""
    explored = [
        (p.temperature, g)
        for p in content.preparations
        for g in p.explored
        if g.exploration is not None
    ]
    richest = max(
        explored, key=lambda item: len(item[1].exploration.energies), default=None  # type: ignore[union-attr]
    )  # fmt: skip
    distributions = list(distribution_pictures(content))
    vibrations = vibration_pictures(content)
    other_units = {f"splitting_{place}" for place in range(1, len(content.units))}
    graph = None if richest is None else network_picture(richest[1], richest[0])
    return {
        "glasses": _some(glasses_picture(content)),
        "distributions": [p for p in distributions if p.slug not in other_units],
        "splittings": [p for p in distributions if p.slug in other_units],
        "densities": list(density_pictures(content)),
        "network": _some(graph),
        "first": list(well_pictures(content.shown[0], 0)) if content.has_smallest else [],
        "wells": [
            picture
            for place, shown in enumerate(content.shown)
            if place or not content.has_smallest
            for picture in well_pictures(shown, place)
        ],
        "vibrations": [p for p in vibrations if not p.slug.endswith("_1")],
        "more_vibrations": [p for p in vibrations if p.slug.endswith("_1")],
    }


def vibration_pictures(content: ReportContent) -> list[Picture]:
    """The paper's Figs. 2 to 8, as far as there is something to show; inside `figure_style`."""
    overlaps = overlap_pictures(content)
    return [
        *_some(spectrum_picture(content)),
        *field_pictures(content),
        *tangent_pictures(content),
        *overlaps[:1],
        *_some(curvature_picture(content)),
        *overlaps[1:],
    ]


def _write(content: ReportContent, directory: Path) -> Path:
    figures, sheets = directory / "figures", directory / "tables"
    for folder in (figures, sheets):
        folder.mkdir(parents=True, exist_ok=True)
    found = every_table(content)
    list(write_tables(found, sheets))
    with figure_style():
        pictures = pictures_of(content)
        every = [picture for section in pictures.values() for picture in section]
        images = {picture.slug: write_picture(picture, figures) for picture in every}
    page = directory / PAGE_NAME
    text = _page(content, found, pictures, images)
    # Error texts may hold names of files that are no Unicode.
    write_whole(page, text, errors="backslashreplace")
    return page


def _page(
    content: ReportContent,
    found: Sequence[Table],
    pictures: Mapping[str, Sequence[Picture]],
    images: Mapping[str, str],
) -> str:
    import jinja2
    from markupsafe import Markup

    from glasswells.core.version import __version__

    interactive = [p for section in pictures.values() for p in section if p.interactive]
    scripts = _scripts(is_interactive=bool(interactive))
    by_slug: defaultdict[str, Any] = defaultdict(lambda: None)
    by_slug.update({table.slug: table for table in found})
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
        "wide": lambda picture: picture.is_wide,
    }
    return environment.get_template("page.html.j2").render(
        content=content,
        version=__version__,
        policy=_policy(scripts),
        style=Markup(Path(__file__).with_name("page.css").read_text("utf-8")),  # noqa: S704 (ours)
        sentence=result_sentence(content),
        none_yet=lambda words: empty_words(content, words),
        beside_paper=content.is_papers_model
        and bool(content.vibrations or by_slug["paper_counts"].rows),
        tables=by_slug,
        shown_rows=SHOWN_ROWS,
        folded_rows=FOLDED_ROWS,
        pictures=pictures,
        images=images,
        interactive=interactive,
        json_of=lambda value: Markup(_json(value)),  # noqa: S704 (escaped by _json)
        scripts=[Markup(script) for script in scripts],  # noqa: S704 (our own)
    )


def _scripts(*, is_interactive: bool) -> list[str]:
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


def _some(picture: Picture | None) -> list[Picture]:
    return [] if picture is None else [picture]
