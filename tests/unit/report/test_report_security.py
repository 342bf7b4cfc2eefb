"""Names from strangers in a report stay text: in the page, in its scripts and in its tables."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import re
from collections.abc import Callable, Mapping
from enum import Enum
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure

from glasswells.content.records import ReportContent
from glasswells.report.figures.distributions import distribution_pictures
from glasswells.report.figures.wells import well_pictures
from glasswells.report.numbers import Numbers
from glasswells.report.picture import Picture, figure_style
from glasswells.report.section import Gallery, Section
from glasswells.report.tables import Table, write_tables
from glasswells.tunneling import ARGON, UnitSystem
from glasswells.vibrations.records import DIRECTIONS, SEEDS
from report_contents import content, write_quickly
from vibration_contents import with_vibrations

HOSTILE = {
    "script": "<script>alert(1)</script>",
    "end of a script": "</script><script>alert(1)</script>",
    "end of other elements": "</title></style></pre></td></textarea><svg onload=alert(1)>",
    "end of an attribute": "\"><img src=x onerror=alert(1)> ' onmouseover=alert(1) x='",
    "comment": "<!-- <script> --!> ]]> <![CDATA[ <?php <!DOCTYPE x",
    "line separators": "a\u2028b\u2029c\u0085d\u000be\rf\0g",
    "template": "{{7*7}}{% raw %}${7*7}#{7*7}",
    "addresses": "javascript:alert(1) //evil.example/x url(https://evil.example) data:text/html,x",
    "escaped": "&lt;b&gt; &#60;i&#62; \\u003cscript\\u003e %3Cscript%3E",
    "formula of TeX": "$\\frac{ \\input{/etc/passwd} $$ $",
    "no Unicode": "\udfff\ud800 \udc80",
}
ADDRESSES = {
    "src", "href", "srcset", "action", "formaction", "poster", "data", "xlink:href", "background",
    "ping", "cite", "manifest", "codebase", "archive", "style", "srcdoc",
}  # fmt: skip
OWN = {*DIRECTIONS, *SEEDS, "unresolved", "single_well", "extent"}
"""Words between functions of ours, which come from no file."""
FORMULAS = (
    "=cmd|' /C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-1 +cmd|' /C calc'!A0",
    "-1 [=cmd()]",
    "-1 [1, 2]*2",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "--1",
)
"""What spreadsheets compute."""
NO_NUMBERS = Numbers(columns=(), rows=())
IMAGE = "data:image/png;base64,AAAA"


def dressed(value: Any, word: str) -> Any:
    """The same records with `word` in front of every text in them, names of mappings included."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return value if value in OWN else word + value
    if isinstance(value, Mapping):
        return {dressed(k, word): dressed(v, word) for k, v in value.items()}
    if type(value) in (tuple, list):
        return type(value)(dressed(item, word) for item in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f.name for f in dataclasses.fields(value) if f.init]
        if isinstance(value, UnitSystem):
            fields.remove("continuation")  # refused unless it is one of three names
        changes = {name: dressed(getattr(value, name), word) for name in fields}
        return dataclasses.replace(value, **changes)
    return value


@pytest.fixture(scope="module")
def every_text() -> ReportContent:
    """Whatever a report can show, with a failure that has a text."""
    made = with_vibrations(content(sizes=((3, 2), (2,))), studied=1)
    failures = (dataclasses.replace(made.failures[0], text="Traceback"),)
    return dataclasses.replace(made, failures=failures)


class Page(HTMLParser):
    """All that a page says, in order, with runs of text joined."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.events: list[tuple[str, Any]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.events.append((f"<{tag}>", attrs))

    def handle_endtag(self, tag: str) -> None:
        self.events.append((f"</{tag}>", None))

    def handle_data(self, data: str) -> None:
        if self.events[-1][0] == "text":
            data = self.events.pop()[1] + data
        self.events.append(("text", data))

    def handle_comment(self, data: str) -> None:
        self.events.append(("comment", data))

    def handle_decl(self, decl: str) -> None:
        self.events.append(("declaration", decl))

    def handle_pi(self, data: str) -> None:
        self.events.append(("instruction", data))

    def unknown_decl(self, data: str) -> None:
        self.events.append(("unknown", data))

    def inside(self, element: str) -> list[str]:
        """The texts right after the starts of such elements."""
        following = zip(self.events, self.events[1:], strict=False)
        return [text for (tag, _), (_, text) in following if tag == f"<{element}>"]

    def take_numbers(self) -> list[str]:
        """Remove the texts of the figures' numbers, and give them."""
        found = [
            place + 1
            for place, (tag, attributes) in enumerate(self.events)
            if tag == "<script>" and dict(attributes).get("id", "").startswith("numbers-")
        ]
        return [self.events.pop(place)[1] for place in reversed(found)]

    @property
    def attributes(self) -> list[tuple[str, str, str]]:
        """Element, name and value of each."""
        return [
            (tag, name, value or "")
            for tag, attributes in self.events
            if tag.startswith("<") and attributes
            for name, value in attributes
        ]


Write = Callable[[ReportContent, str], Page]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a report without images and without the library for interactive figures."""

    def make(made: ReportContent, name: str) -> Page:
        return Page(
            write_quickly(made, tmp_path / name, draw=lambda *_: IMAGE).read_bytes().decode("utf-8")
        )

    return make


@pytest.mark.parametrize(
    "words", [[*HOSTILE.values()], [*HOSTILE.values()][::-1]], ids=["", "back"]
)
def test_a_page_of_hostile_names_is_that_of_harmless_ones_but_for_the_texts(
    every_text: ReportContent, write: Write, words: list[str]
) -> None:
    """Same elements, attributes, scripts, comments in the same order; texts and titles as given."""
    word = "".join(words)
    seen = word.encode("utf-8", "backslashreplace").decode()
    harmless = "\u0444" * len(word)  # as long, for the length of a cell sets its class
    page = write(dressed(every_text, word), "hostile")
    numbers = page.take_numbers()
    assert len(numbers) > 10
    for text in numbers:  # as drawn, so they differ
        assert text.isascii()
        assert not set(text) & set("<>&")
        assert isinstance(json.loads(text), str)
    expected = write(dressed(every_text, harmless), "harmless")
    expected.take_numbers()
    assert page.events == replaced(expected.events, harmless, seen)
    texts = "".join(text for kind, text in page.events if kind == "text")
    for place in ("demo", "g0.07-0", "argon", "paths", "same_minimum", "pair 0-1", "Traceback",
                  "python", "3.12", "an example", "[campaign]"):  # fmt: skip
        assert seen + place in texts, f"{place} does not reach the page: the test sees nothing"
    assert seen + "an example" in "".join(value for _, name, value in page.attributes
                                          if name == "alt")  # fmt: skip


def replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, list | tuple):
        return type(value)(replaced(item, old, new) for item in value)
    return value


def test_a_page_points_to_nothing_outside_and_its_policy_comes_first(
    every_text: ReportContent, write: Write
) -> None:
    """No address but those of its own images and sections; the policy before all that loads."""
    page = write(dressed(every_text, HOSTILE["addresses"]), "page")
    addresses = [(name, value) for _, name, value in page.attributes if name in ADDRESSES]
    assert {name for name, _ in addresses} == {"src", "href"}
    assert all(value == IMAGE for name, value in addresses if name == "src")
    assert all(re.fullmatch("#[a-z]+", value) for name, value in addresses if name == "href")
    assert not [name for _, name, _ in page.attributes if name.startswith("on")]
    tags = [tag for tag, _ in page.events if tag.startswith("<") and not tag.startswith("</")]
    assert tags[:4] == ["<html>", "<head>", "<meta>", "<meta>"]
    metas = [dict(attributes) for tag, attributes in page.events if tag == "<meta>"]
    assert metas[1]["http-equiv"] == "Content-Security-Policy"
    rules = dict(rule.strip().split(" ", 1) for rule in metas[1]["content"].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data: blob:"
    assert all(part.startswith("'sha256-") for part in rules["script-src"].split())
    assert rules["base-uri"] == rules["form-action"] == "'none'"
    (style,) = page.inside("style")
    assert not re.search(r"url|import|expression|\\", style)
    elements = {tag.strip("<>") for tag in tags}
    assert not elements & {"link", "iframe", "object", "embed", "base", "form", "svg", "math"}


@pytest.mark.parametrize("word", HOSTILE.values(), ids=HOSTILE)
def test_data_of_interactive_figures_come_back_as_they_were(tmp_path: Path, word: str) -> None:
    """Also with hostile texts in them, which none of our figures has now."""
    data = {word: [word, 1.5, None, {"text": word + word}], "layout": {"title": {"text": word}}}
    picture = Picture(
        slug="any",
        title=word,
        caption=word,
        figure=Figure(),
        numbers=NO_NUMBERS,
        interactive=data,
    )
    section = Section(
        slug="any", title="any", name="any", blocks=(Gallery(pictures=[picture], empty=""),)
    )
    made = ReportContent(name="any", preparations=(), units=())
    path = write_quickly(made, tmp_path, draw=lambda *_: IMAGE, sections=[lambda _: section])
    page = Page(path.read_text(encoding="utf-8"))
    _, source, *code = page.inside("script")
    assert code == ["0", "1"]
    assert json.loads(source) == data
    assert source.isascii()
    assert not set(source) & set("<>&")


@pytest.mark.parametrize("word", HOSTILE.values(), ids=HOSTILE)
def test_figures_draw_hostile_names_as_they_stand(word: str) -> None:
    """Names of unit sets stand on axes and in titles: no formula, no warning, no error."""
    made = dressed(content(sizes=((1,),), units=(ARGON,), solved=(ARGON,)), word)
    with figure_style():
        for picture in (next(distribution_pictures(made)), next(well_pictures(made.shown[0], 0))):
            (axes,) = picture.figure.axes
            texts = [axes.get_xlabel(), axes.get_title(loc="left"), axes.get_title()]
            (text,) = (text for text in texts if "argon" in text)
            assert len(text) > len(word)
            picture.figure.savefig(io.BytesIO(), format="png", dpi=20)


@pytest.mark.parametrize("word", [*HOSTILE.values(), *FORMULAS], ids=range(len(HOSTILE) + 9))
def test_tables_keep_hostile_names_and_run_none(tmp_path: Path, word: str) -> None:
    """Cells come back as they were, with an apostrophe where a spreadsheet might compute."""
    table = Table(slug="any", title="", note="", columns=(word, "b"), rows=((word, "-1.5e-3"),))
    list(write_tables([table], tmp_path))
    with (tmp_path / "any.csv").open(newline="", encoding="utf-8") as file:
        head, row = csv.reader(file)
    seen = word.encode("utf-8", "backslashreplace").decode()
    if word.startswith(("=", "+", "-", "@", "\t", "\r")):
        seen = f"'{seen}"
    assert head == [seen, "b"]
    assert row == [seen, "-1.5e-3"]


@pytest.mark.parametrize(
    "number", ["-", "-1", "+0.25", "-1.5e-300", "-inf", "+0.12 [-0.1, +0.3]*", "-2 [-3, inf]"]
)
def test_numbers_of_tables_stay_numbers(tmp_path: Path, number: str) -> None:
    list(write_tables([Table(slug="n", title="", note="", columns=("a",), rows=((number,),))],
                      tmp_path))  # fmt: skip
    assert (tmp_path / "n.csv").read_text().splitlines()[1].strip('"') == number
