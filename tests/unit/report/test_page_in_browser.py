"""The page in a browser: it fits a phone, asks for nothing, throws no error, obeys the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from browsing import (
    VIEWS,
    check_fit,
    check_sorting,
    launched,
    needs_browser,
    numbers_in,
    opened,
)
from glasswells.report.result import result_sentence

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as made:
        yield made


@pytest.fixture
def open_page(browser: Any, drawn: Any) -> Iterator[Any]:
    """Opens the page of the session."""
    with opened(browser, drawn.path) as make:
        yield make


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_page_fits_and_shows_every_figure(
    open_page: Any, drawn: Any, width: int, scheme: str
) -> None:
    page = open_page(width, scheme)
    check_fit(page, width, scheme)
    lead = page.locator(".lead").inner_text()
    assert numbers_in(lead) == numbers_in(result_sentence(drawn.content))
    found = drawn.content.overview
    first = [str(n) for n in (found.glasses, found.double_wells, found.distinct)]
    assert [n for n in numbers_in(lead) if n in first][:2] == first[:2]


def test_tables_are_sorted_by_keyboard(open_page: Any) -> None:
    check_sorting(open_page())


def test_paper_has_the_pictures_and_nothing_to_click(open_page: Any) -> None:
    page = open_page()
    page.emulate_media(media="print")
    assert page.locator("nav:visible, .files:visible, .interactive:visible").count() == 0
    assert page.locator("figure details:visible").count() == 0
    assert page.locator("#figure-well_0_field img:visible").count() == 1


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
