"""Flipped bits in the rows of tasks: no sum over them is wrong without a word."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import toy

from glasswells.campaign.campaigns import open_campaign, run_campaign
from glasswells.campaign.progress import stage_progress
from glasswells.core.errors import InputError
from glasswells.engines.pool import InlineExecutor
from glasswells.export.records import tables
from glasswells.store.errors import DamagedStoreError, FormatError, StoreError
from glasswells.store.reader import StoreReader
from glasswells.store.schema import COLUMNS, PAGE_SIZE, STORE_NAME
from glasswells.store.sqlite_pages import TABLE_LEAF, PageFile
from glasswells.store.verify import verify_store

Start = Callable[..., Path]


def status(store: StoreReader) -> str:
    return repr(
        (stage_progress(store, toy.PIPELINE, running={}), store.product_counts(), store.sessions())
    )


def report_costs(store: StoreReader) -> str:
    """What a report says of a campaign's tasks; the toy stages have no figures."""
    return repr((store.summary(), store.counts(), store.reasons()))


def export(store: StoreReader) -> str:
    return repr([(r.scalars, r.arrays) for table in tables(store) for r in table.rows()])


LOOKS: tuple[Callable[[StoreReader], str], ...] = (status, report_costs, export)


def look(directory: Path, of: Callable[[StoreReader], str]) -> str:
    try:
        with open_campaign(directory, toy.PIPELINE) as store:
            return of(store)
    except (DamagedStoreError, FormatError, StoreError, InputError):
        return "refused"


def places_in_task_rows(path: Path) -> list[int]:
    """Offsets of all bytes of all task rows in the file, cell headers included."""
    connection = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
    rows = connection.execute("SELECT seq, counts, status, seed_path FROM tasks").fetchall()
    connection.close()
    found: list[int] = []
    content = path.read_bytes()
    with PageFile(path) as pages:
        for cell in pages.cells():
            if (cell.place.kind, cell.columns) == (TABLE_LEAF, len(COLUMNS["tasks"]) + 1):
                begin = (cell.place.page - 1) * PAGE_SIZE + cell.place.offset
                row = pages.row(cell.place)
                assert row is not None
                assert str(row.values[1]).encode() in content[begin : begin + 400]
                end = content.index(str(row.values[16]).encode(), begin) + 60
                found += range(begin, end)
    assert len(rows) > 20
    return found


@pytest.mark.parametrize("flips", [60, pytest.param(300, marks=pytest.mark.soak)])
def test_no_flip_in_a_task_row_changes_a_sum_in_silence(
    start: Start, tmp_path: Path, flips: int
) -> None:
    directory = start(glasses=1, mode="fail")
    run_campaign(directory, toy.PIPELINE, workers=1, make_executor=InlineExecutor)
    truth = {of: look(directory, of) for of in LOOKS}
    assert "refused" not in truth.values()
    content = (directory / STORE_NAME).read_bytes()
    places = places_in_task_rows(directory / STORE_NAME)
    generator = random.Random(flips)  # noqa: S311 (no secrets here)
    copy = tmp_path / "copy"
    seen: Counter[str] = Counter()
    for _ in range(flips):
        shutil.rmtree(copy, ignore_errors=True)
        copy.mkdir()
        place, damaged = generator.choice(places), bytearray(content)
        damaged[place] ^= 1 << generator.randrange(8)
        (copy / STORE_NAME).write_bytes(damaged)
        for of in LOOKS:
            answer = look(copy, of)
            assert answer in ("refused", truth[of]), f"a flip at {place} changed {of.__name__}"
            seen[answer == "refused"] += 1  # type: ignore[index]
    # An export reads the rows; status and costs go by sums that have seals of their own.
    assert seen[True] > flips // 2, "places that matter"  # type: ignore[index]
    print(dict(seen))  # noqa: T201 (for the record of a soak)


def test_a_page_that_hides_tasks_or_shows_them_twice_is_noticed(start: Start) -> None:
    """The number of rows in the head of a page, one too small or the second row for the first.

    Sums are kept beside the rows: they are right or refused, and `verify` notices the page.
    """
    directory = start(glasses=1)
    run_campaign(directory, toy.PIPELINE, workers=1, make_executor=InlineExecutor)
    path = directory / STORE_NAME
    truth = {of: look(directory, of) for of in (status, report_costs)}
    assert verify_store(directory, toy.PIPELINE.codec).is_sound
    with PageFile(path) as pages:
        cell = next(
            cell
            for cell in pages.cells()
            if (cell.place.kind, cell.columns) == (TABLE_LEAF, len(COLUMNS["tasks"]) + 1)
        )
    page = (cell.place.page - 1) * PAGE_SIZE
    whole = path.read_bytes()
    fewer, twice = bytearray(whole), bytearray(whole)
    fewer[page + 4] -= 1
    twice[page + 10 : page + 12] = twice[page + 8 : page + 10]
    for damaged in (fewer, twice):
        path.write_bytes(damaged)
        for of, answer in truth.items():
            assert look(directory, of) in ("refused", answer)
        assert not verify_store(directory, toy.PIPELINE.codec).is_sound
