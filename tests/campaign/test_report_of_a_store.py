"""The report of a real, small campaign: what it says is what the store holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import glasswells as gw
from browsing import VIEWS, check_fit, check_sorting, launched, needs_browser, opened
from glasswells.campaign.campaigns import open_campaign
from glasswells.khomenko2021 import SECTIONS
from glasswells.report import ReportContent, campaign_content
from glasswells.report.page import compose
from glasswells.stages.pipeline import PIPELINE
from report_contents import write_small


@dataclass(frozen=True, kw_only=True)
class Reported:
    content: ReportContent
    page: Path
    heard: dict[str, list[tuple[int, int | None]]]
    """Steps done and their number, while the store was read and while figures were drawn."""


@pytest.fixture(scope="module")
def reported(vibrations_campaign: Path, tmp_path_factory: pytest.TempPathFactory) -> Reported:
    heard: dict[str, list[tuple[int, int | None]]] = {"read": [], "drawn": []}
    with open_campaign(vibrations_campaign, PIPELINE) as store:
        content = campaign_content(
            store, progress=lambda done, total, text: heard["read"].append((done, total))
        )
    page = compose(
        content,
        tmp_path_factory.mktemp("report"),
        SECTIONS,
        draw=write_small,
        progress=lambda done, total, text: heard["drawn"].append((done, total)),
    )
    return Reported(content=content, page=page, heard=heard)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with launched() as made:
        yield made


@pytest.fixture
def open_page(browser: Any, reported: Reported) -> Iterator[Any]:
    with opened(browser, reported.page) as make:
        yield make


def test_progress_counts_double_wells_and_figures(
    reported: Reported, vibrations_campaign: Path
) -> None:
    with open_campaign(vibrations_campaign, PIPELINE) as store:
        wells = store.product_counts()["double_well"]
    assert reported.heard["read"] == [(k + 1, wells) for k in range(wells)]
    figures = len([*(reported.page.parent / "figures").glob("*.svg")])
    assert reported.heard["drawn"] == [(k + 1, figures) for k in range(figures)]


@needs_browser
@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_the_page_of_a_store_fits(open_page: Any, width: int, scheme: str) -> None:
    check_fit(open_page(width, scheme), width, scheme)


@needs_browser
def test_the_first_sentence_says_what_the_store_holds(
    open_page: Any, reported: Reported, vibrations_campaign: Path
) -> None:
    """Counted anew from the records, not by what the report sums up."""
    units = reported.content.units[0]
    with open_campaign(vibrations_campaign, PIPELINE) as store:
        glasses = store.product_counts()["exploration"]
        wells: dict[tuple[str, int], Any] = {}
        numbers: Counter[str] = Counter()
        for stored in store.records("double_well"):
            wells[stored.chain, numbers[stored.chain]] = stored.record
            numbers[stored.chain] += 1
        paths = {t.task.chain: t.task.inputs[0].chain for t in store.tasks(stage="splittings")}
        solved = [
            (item.record.splitting, wells[paths[item.chain], item.record.double_well])
            for item in store.records("splitting")
            if item.record.splitting.units == units.name
        ]
    table = gw.open_campaign(vibrations_campaign).double_wells
    distinct = sum(a == b for a, b in zip(table["number"], table["repeats"], strict=True))
    systems = sum(s.is_two_level for s, _ in solved)
    single = sum("single_well" in s.flags and s.levels[1] >= w.barrier for s, w in solved)
    of_two = [s.splitting for s, _ in solved if not {"single_well", "unresolved"} & {*s.flags}]
    lead = open_page().locator(".lead").inner_text()
    expected = [f"{glasses} explored glass", f"{len(wells)} double well", f"{distinct} of them"]
    expected += [f"{systems} {'is a two-level' if systems == 1 else 'are two-level'} system"]
    expected += [f"{single} {'is a single well' if single == 1 else 'are single wells'}"]
    if of_two:
        kelvin = units.energy_kelvin(min(of_two))
        expected += [f"E = {min(of_two):.3g}\N{NO-BREAK SPACE}", f"= {kelvin:.3g}"]
    else:
        expected += ["no splitting of two wells"]
    assert [words for words in expected if words not in lead] == []
    assert lead.endswith("the campaign is finished.")


@needs_browser
def test_a_table_of_a_store_is_sorted_by_keyboard(open_page: Any) -> None:
    check_sorting(open_page())
