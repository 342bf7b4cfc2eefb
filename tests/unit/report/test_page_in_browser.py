"""The page in a browser: it fits a phone, asks for nothing, throws no error, obeys the keyboard."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from glasswells.report.result import result_sentence

playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs the browser chromium on the path")
VIEWS = [(1400, "light"), (1400, "dark"), (420, "light"), (420, "dark")]
OFFLINE = ("--no-sandbox", "--disable-quic", "--disable-background-networking")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with playwright.sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=BROWSER, args=[*OFFLINE])
        yield made
        made.close()


@pytest.fixture
def open_page(browser: Any, drawn: Any) -> Iterator[Any]:
    """Opens the page of the session; afterwards it must have asked for nothing and thrown none."""
    contexts, asked, errors = [], [], []

    def make(width: int = 1400, scheme: str = "light") -> Any:
        contexts.append(
            browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        )
        page = contexts[-1].new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(drawn.path.as_uri())
        return page

    yield make
    for context in contexts:
        context.close()
    outside = [url for url in asked if not url.startswith(("data:", "blob:"))]
    assert outside == [drawn.path.as_uri()]
    assert errors == []


def numbers_in(text: str) -> list[str]:
    return re.findall(r"\d+(?:\.\d+)?", text)


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_page_fits_and_shows_every_figure(
    open_page: Any, drawn: Any, width: int, scheme: str
) -> None:
    page = open_page(width, scheme)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for fold in page.locator("details").all():
        fold.evaluate("fold => { fold.open = true; }")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    wide = "Array.from(document.images, i => i.getBoundingClientRect().right).filter(x => x > {})"
    assert page.evaluate(wide.format(width)) == []
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    text = page.evaluate("getComputedStyle(document.body).color")
    brightness = [sum(map(float, numbers_in(color)[:3])) for color in (back, text)]
    assert (brightness[0] > brightness[1]) == (scheme == "light")
    assert page.locator("img:not([alt]), img[alt='']").count() == 0
    lead = page.locator(".lead").inner_text()
    assert numbers_in(lead) == numbers_in(result_sentence(drawn.content))
    found = drawn.content.overview
    first = [str(n) for n in (found.glasses, found.double_wells, found.distinct)]
    assert [n for n in numbers_in(lead) if n in first][:2] == first[:2]


def test_tables_are_sorted_by_keyboard(open_page: Any) -> None:
    page = open_page()
    head = page.locator("table.sortable thead th").nth(1)
    column = "rows => rows.map(row => row.cells[1].textContent)"
    body = page.locator("table.sortable").first.locator("tbody tr")
    page.locator("table.sortable thead th button").first.focus()
    page.keyboard.press("Tab")
    assert head.locator("button").evaluate("one => one === document.activeElement")
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    up = body.evaluate_all(column)
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    assert up == body.evaluate_all(column)[::-1] == sorted(up, key=float)


def test_links_save_a_figure_and_its_numbers(open_page: Any, drawn: Any) -> None:
    page = open_page()
    for kind in ("SVG", "CSV"):
        with page.expect_download() as started:
            page.locator("#figure-distance .files a", has_text=kind).click()
        beside = drawn.path.parent / "figures" / f"distance.{kind.lower()}"
        assert started.value.suggested_filename == beside.name
        with open(started.value.path(), "rb") as file:
            assert file.read() == beside.read_bytes()


def test_choices_leave_one_temperature_and_one_unit_set(open_page: Any) -> None:
    page = open_page()
    rows, figures = (page.locator(f"{one}[data-temperature]:visible") for one in ("tr", "figure"))
    assert rows.count() > 4
    page.locator("select[data-filter=temperature]").select_option("0.092")
    for found in (rows, figures):
        seen = found.evaluate_all("all => all.map(one => one.dataset.temperature)")
        assert set(seen) <= {"0.092"}
    assert rows.count() > 1
    page.locator("select[data-filter=units]").select_option("NiP")
    shown = page.locator("figure[data-units]:visible")
    assert set(shown.evaluate_all("all => all.map(one => one.dataset.units)")) == {"NiP"}
    page.locator("select[data-filter=temperature]").select_option("all")
    page.locator("select[data-filter=units]").select_option("all")
    assert page.locator("[hidden]").count() == 0
