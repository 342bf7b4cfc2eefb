"""Pages in a headless browser: they may ask for nothing and throw no error."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
needs_browser = pytest.mark.skipif(BROWSER is None, reason="needs the browser chromium on the path")
VIEWS = [(1400, "light"), (1400, "dark"), (420, "light"), (420, "dark")]
OFFLINE = ("--no-sandbox", "--disable-quic", "--disable-background-networking")
SCROLLED_INTO = "image => image.closest('.scroll') === null"
"""Whether an image has no region of its own in which it can be scrolled."""


@contextmanager
def launched() -> Iterator[Any]:
    """A browser; without the package that drives it the test is skipped."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")
    with playwright.sync_playwright() as driver:
        made = driver.chromium.launch(executable_path=BROWSER, args=[*OFFLINE])
        yield made
        made.close()


@contextmanager
def opened(browser: Any, path: Path) -> Iterator[Callable[..., Any]]:
    """Opens a file; afterwards it must have asked for nothing and thrown no error."""
    contexts, asked, errors = [], [], []

    def make(width: int = 1400, scheme: str = "light") -> Any:
        contexts.append(
            browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        )
        page = contexts[-1].new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(path.as_uri())
        return page

    yield make
    for context in contexts:
        context.close()
    outside = [url for url in asked if not url.startswith(("data:", "blob:"))]
    assert set(outside) == {path.as_uri()}
    assert errors == []


def numbers_in(text: str) -> list[str]:
    """All numbers of a text without signs."""
    return re.findall(r"\d+(?:\.\d+)?", text)


def check_fit(page: Any, width: int, scheme: str) -> None:
    """Nothing reaches beyond the page, unless in a region that scrolls; colors as asked for."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for fold in page.locator("details").all():
        fold.evaluate("fold => { fold.open = true; }")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    right = "one => one.getBoundingClientRect().right"
    for kind in ("figure", ".scroll", "figcaption", "table"):
        places = f"all => all.filter({SCROLLED_INTO}).map({right})"
        if kind in ("figure", ".scroll"):
            places = f"all => all.map({right})"
        assert [x for x in page.locator(kind).evaluate_all(places) if x > width] == [], kind
    images = f"all => all.filter({SCROLLED_INTO}).map({right})"
    assert [x for x in page.locator("img").evaluate_all(images) if x > width] == []
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    text = page.evaluate("getComputedStyle(document.body).color")
    brightness = [sum(map(float, numbers_in(color)[:3])) for color in (back, text)]
    assert (brightness[0] > brightness[1]) == (scheme == "light")
    assert page.locator("img:not([alt]), img[alt='']").count() == 0


def check_sorting(page: Any) -> None:
    """The second column of the first table is sorted by Enter and by Space, both ways."""
    head = page.locator("table.sortable").first.locator("thead th").nth(1)
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
    assert sorted(up, key=float) == up
    assert [float(x) for x in body.evaluate_all(column)] == sorted(map(float, up), reverse=True)
