"""What a damaged store still holds goes into a new one; the rest is done again, to the bit."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import toy

from glasswells.campaign.campaigns import open_campaign, run_campaign
from glasswells.campaign.salvage import Salvage, salvage_campaign
from glasswells.core.errors import InputError
from glasswells.engines.pool import InlineExecutor
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.errors import DamagedStoreError, FormatError
from glasswells.store.reader import DONE, StoreReader
from glasswells.store.schema import PAGE_SIZE, STORE_NAME
from glasswells.store.tasks import FollowUp, Task, TaskOutput
from glasswells.store.verify import verify_store

Start = Callable[..., Path]
Ids = set[str]
PLAN = {"glasses": 2, "walks": 2, "chunks": 3, "width": 300, "steps": 20}
EVERY = [pytest.param(5, id="some"), pytest.param(1, id="all", marks=pytest.mark.soak)]
"""Every fifth place, or each."""
PAGES = [pytest.param(17, id="some"), pytest.param(1, id="all", marks=pytest.mark.soak)]
"""Every seventeenth page of some 160, or each."""


def run(directory: Path, **options: Any) -> list[str]:
    """Finish a campaign; the tasks that were done."""
    acknowledged: list[str] = []
    options = {"make_executor": InlineExecutor, "acknowledged": acknowledged.extend, **options}
    run_campaign(directory, toy.PIPELINE, workers=1, **options)
    return acknowledged


def digest(directory: Path) -> str:
    assert verify_store(directory, toy.PIPELINE.codec).problems == ()
    with open_campaign(directory, toy.PIPELINE) as store:
        return catalogue_digest(store)


def products(directory: Path) -> set[tuple[str, str, int, str]]:
    """Every product of a campaign with its digest; all read with their checks."""
    found = set()
    with open_campaign(directory, toy.PIPELINE) as store:
        for kind in store.product_counts():
            for item in store.records(kind):
                found.add((item.chain, kind, item.position, item.digest))
    return found


def test_a_grown_campaign_is_salvaged_with_its_last_plan(start: Start, tmp_path: Path) -> None:
    for glasses in (1, 2, 3):
        directory = start("grown", **{**PLAN, "glasses": glasses})
        run(directory)
    (directory / "plan.toml").unlink()
    result = salvage_campaign(directory, tmp_path / "new", toy.PIPELINE)
    assert result.is_complete
    assert run(tmp_path / "new") == []
    assert digest(tmp_path / "new") == digest(directory)


@pytest.fixture
def whole(start: Start) -> Path:
    directory = start("whole", **PLAN)
    run(directory)
    return directory


@pytest.fixture
def cut(start: Start) -> Path:
    """A campaign whose coordinator was cut off after its sixteenth commit."""
    directory = start("cut", **PLAN)
    count = 0

    def acknowledged(ids: object) -> None:
        nonlocal count
        count += 1
        if count == 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(directory, acknowledged=acknowledged)
    return directory


def damaged(directory: Path, tmp_path: Path, change: Callable[[Path], object]) -> Path:
    copy = tmp_path / "damaged"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for name in (STORE_NAME, f"{STORE_NAME}-wal", "plan.toml"):
        if (directory / name).exists():
            shutil.copy(directory / name, copy)
    change(copy / STORE_NAME)
    return copy


def salvage(directory: Path, tmp_path: Path) -> tuple[Path, Salvage]:
    into = tmp_path / "saved"
    shutil.rmtree(into, ignore_errors=True)
    before = {p: p.read_bytes() for p in directory.iterdir()}
    result = salvage_campaign(directory, into, toy.PIPELINE)
    assert {p: p.read_bytes() for p in directory.iterdir()} == before, "it is only read"
    assert verify_store(into, toy.PIPELINE.codec).problems == ()
    return into, result


def ended(store: StoreReader) -> Ids:
    return {row.task.id for row in store.tasks("done", "continued", "failed")}


def test_of_a_sound_store_all_is_saved(whole: Path, tmp_path: Path) -> None:
    into, result = salvage(whole, tmp_path)
    assert result.is_complete
    assert result.records == result.expected_records == len(products(whole))
    assert products(into) == products(whole)
    assert run(into) == []
    assert digest(into) == digest(whole)
    with open_campaign(into, toy.PIPELINE) as store, open_campaign(whole, toy.PIPELINE) as old:
        assert [s["engine"] for s in store.sessions()] == ["local", "salvage", "local"]
        cost = {row.task.id: row.cpu_seconds for row in old.tasks()}
        assert {row.task.id: row.cpu_seconds for row in store.tasks()} == cost


@pytest.mark.parametrize(("size", "end"), [(4096, 0), (4096, 4096), (16384, 100), (16384, 4096)])
def test_stores_of_larger_pages_go_on_and_are_salvaged_also_without_their_heads(
    start: Start, tmp_path: Path, whole: Path, size: int, end: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("glasswells.store.schema.PAGE_SIZE", size)
        old = start("old", **PLAN)
    run(old)
    assert digest(old) == digest(whole)
    connection = sqlite3.connect(old / STORE_NAME)
    assert connection.execute("PRAGMA page_size").fetchone() == (size,)
    connection.close()
    for directory in (old, whole):

        def behead(path: Path) -> None:
            with path.open("r+b") as file:
                file.write(bytes(end))

        copy = damaged(directory, tmp_path, behead)
        into, result = salvage(copy, tmp_path)
        assert result.records == len(products(whole)), "the first page is the schema alone"
        assert run(into) == []
        assert digest(into) == digest(whole)


def test_a_campaign_that_was_cut_off_is_saved_with_its_log(
    cut: Path, whole: Path, tmp_path: Path
) -> None:
    with open_campaign(cut, toy.PIPELINE) as store:
        finished = ended(store)
    into, result = salvage(cut, tmp_path)
    assert result.is_complete
    assert products(into) == products(cut)
    with open_campaign(into, toy.PIPELINE) as store:
        assert ended(store) == finished
    assert not set(run(into)) & finished
    assert digest(into) == digest(whole)


@pytest.mark.parametrize("step", PAGES)
def test_pages_lost_to_zeros(whole: Path, tmp_path: Path, step: int) -> None:
    """One page after the other: most of the rest is saved, and all comes out the same again."""
    pages = (whole / STORE_NAME).stat().st_size // PAGE_SIZE
    everything = products(whole)
    losses = []
    for number in range(0, pages, step):

        def zero(path: Path, start: int = number * PAGE_SIZE) -> None:
            with path.open("r+b") as file:
                file.seek(start)
                file.write(bytes(PAGE_SIZE))

        into, result = salvage(damaged(whole, tmp_path, zero), tmp_path)
        saved = products(into)
        assert saved <= everything
        assert result.records == len(saved)
        losses.append(len(everything) - len(saved))
        done_again = run(into)
        assert bool(done_again) == (losses[-1] > 0)
        assert digest(into) == digest(whole)
    assert min(losses) == 0, "a lost index costs nothing"
    # In a small store of packed arrays one page in six holds an index, or sums: some of a sample.
    assert sum(loss == 0 for loss in losses) >= len(losses) / 10
    assert max(losses) > 0


@pytest.mark.parametrize("step", PAGES)
def test_truncation_at_pages_and_between(whole: Path, tmp_path: Path, step: int) -> None:
    size = (whole / STORE_NAME).stat().st_size
    everything = products(whole)
    saved_before = -1
    for cut in sorted({*range(PAGE_SIZE, size, step * PAGE_SIZE), 1, PAGE_SIZE + 777, size - 1}):
        copy = damaged(whole, tmp_path, lambda path, cut=cut: os.truncate(path, cut))  # type: ignore[misc]
        with pytest.raises((DamagedStoreError, FormatError)):
            open_campaign(copy, toy.PIPELINE)
        into, result = salvage(copy, tmp_path)
        saved = products(into)
        assert saved <= everything
        assert len(saved) >= saved_before, "a longer file holds no less"
        saved_before = len(saved)
        run(into)
        assert digest(into) == digest(whole)
    assert saved_before > 0
    assert not result.is_complete


@pytest.mark.parametrize("step", EVERY)
def test_flipped_bits(whole: Path, tmp_path: Path, step: int) -> None:
    content = (whole / STORE_NAME).read_bytes()
    generator = random.Random(9)  # noqa: S311 (no secrets here)
    everything = products(whole)
    lost = 0
    for _ in range(0, 100, step):

        def flip(path: Path, place: int = generator.randrange(len(content))) -> None:
            changed = bytearray(content)
            changed[place] ^= 1 << generator.randrange(8)
            path.write_bytes(changed)

        into, _ = salvage(damaged(whole, tmp_path, flip), tmp_path)
        saved = products(into)
        assert saved <= everything
        lost += len(everything) - len(saved)
        run(into)
        assert digest(into) == digest(whole)
    assert lost > 0


def change(*statements: str) -> Callable[[Path], None]:
    def apply(path: Path) -> None:
        connection = sqlite3.connect(path)
        for statement in statements:
            connection.execute(statement)
        connection.commit()
        connection.execute("VACUUM")  # so that no old version of a row lies about
        connection.close()

    return apply


@pytest.mark.parametrize(
    ("statement", "lost"),
    [
        # a product that is gone takes its task with it, a chunk of a chain the whole chain
        ("DELETE FROM records WHERE kind = 'total' AND id = (SELECT MAX(id) FROM records)", 1),
        ("DELETE FROM records WHERE id = (SELECT MIN(id) FROM records WHERE kind = 'walk')", 3),
        # rows without the right seal are not believed
        ("UPDATE tasks SET counts = '{\"steps\":21}' WHERE seq = 1", 3),
        ("UPDATE records SET position = 7 WHERE kind = 'total'", 2),
        ("UPDATE records SET body = 'visots' WHERE kind = 'total'", 2),
        ("UPDATE campaign SET value = 'seed = 8' WHERE key = 'plan'", 0),
        # indices, references and counters are made anew
        ("DELETE FROM arrays", 0),
        ("DELETE FROM inputs", 0),
        ("DELETE FROM campaign", 0),
        ("DELETE FROM sessions", 0),
    ],
)
def test_what_is_lost_with_what(whole: Path, tmp_path: Path, statement: str, lost: int) -> None:
    into, _ = salvage(damaged(whole, tmp_path, change(statement)), tmp_path)
    assert len(products(whole) - products(into)) == lost
    run(into)
    assert digest(into) == digest(whole)


def test_work_on_lost_products_is_kept(whole: Path, tmp_path: Path) -> None:
    """The squares of sites that are lost are not done again: they were made from the same sites."""
    lost = change("DELETE FROM records WHERE kind = 'site' AND position = 0")
    copy = damaged(whole, tmp_path, lost)
    into, result = salvage(copy, tmp_path)
    with open_campaign(into, toy.PIPELINE) as store:
        kept = {row.task.stage for row in store.tasks(DONE)}
    assert kept == {"walk", "square", "total"}
    with open_campaign(whole, toy.PIPELINE) as store:
        gathers = {row.task.id for row in store.tasks(stage="gather")}
    assert set(run(into)) == gathers
    assert digest(into) == digest(whole)
    assert len(result.redone) == len(gathers)


def test_failures_are_kept_with_their_reasons(start: Start, tmp_path: Path) -> None:
    directory = start("failing", mode="fail", **PLAN)
    run(directory)
    into, result = salvage(directory, tmp_path)
    assert result.is_complete
    assert run(into) == []
    assert digest(into) == digest(directory)
    bad = start("bad", width=-1)
    run(bad)
    into, _ = salvage(bad, tmp_path)
    assert run(into) == []
    assert digest(into) == digest(bad)


def test_a_chain_goes_on_from_its_last_state(cut: Path, start: Start, tmp_path: Path) -> None:
    directory = start("open", glasses=1, walks=1, chunks=9, width=300)
    count = 0

    def acknowledged(ids: object) -> None:
        nonlocal count
        count += 1
        if count == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(directory, acknowledged=acknowledged)
    into, _ = salvage(directory, tmp_path)
    assert len([k for _, k, *_ in products(into) if k == "walk"]) == 5
    lost = change("UPDATE blobs SET data = zeroblob(9) WHERE length(data) BETWEEN 1200 AND 2400")
    into, result = salvage(damaged(directory, tmp_path, lost), tmp_path)
    assert len(result.redone) == 5, "without its state a chain begins again"
    assert products(into) == set()


def test_the_plan_may_come_from_the_folder(whole: Path, tmp_path: Path) -> None:
    copy = damaged(whole, tmp_path, change("DELETE FROM campaign"))
    (copy / "plan.toml").unlink()
    with pytest.raises(DamagedStoreError, match="lost its plan: put the plan file there"):
        salvage_campaign(copy, tmp_path / "new", toy.PIPELINE)
    assert not (tmp_path / "new").exists()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".new")]


def test_bad_input_is_refused_and_nothing_is_written(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="exists"):
        salvage_campaign(whole, whole, toy.PIPELINE)
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="exists"):
        salvage_campaign(whole, tmp_path / "link", toy.PIPELINE)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(FormatError, match="is missing"):
        salvage_campaign(tmp_path / "nowhere", tmp_path / "new", toy.PIPELINE)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("content", [b"", b"garbage" * 9000, bytes(5 * PAGE_SIZE)])
def test_files_of_another_kind_hold_nothing(whole: Path, tmp_path: Path, content: bytes) -> None:
    copy = damaged(whole, tmp_path, lambda path: path.write_bytes(content))
    into, result = salvage(copy, tmp_path)
    assert (result.tasks, result.records, result.rows_lost) == (0, 0, None)
    run(into)
    assert digest(into) == digest(whole)


def test_random_pages_are_harmless(tmp_path: Path, whole: Path) -> None:
    """Pages that claim to hold rows, with nonsense in them: no crash, no hang, no find."""
    generator = random.Random(2)  # noqa: S311
    pages = []
    for kind in (0x0D, 0x0A, 0x02) * 10:
        page = bytearray(generator.randbytes(PAGE_SIZE))
        page[0] = kind
        if generator.random() < 0.5:
            page[8:300] = bytes(generator.choice((0xFF, 0x81, 0x00)) for _ in range(292))
        pages.append(bytes(page))
    copy = damaged(whole, tmp_path, lambda path: path.write_bytes(b"".join(pages)))
    _, result = salvage(copy, tmp_path)
    assert result.tasks == 0


def test_what_an_older_code_made_is_salvaged_and_not_mixed_with_new_work(
    start: Start, tmp_path: Path
) -> None:
    directory = start("older", **PLAN)
    run(directory)

    def unlike(plan: Any, task: Task, output: TaskOutput) -> list[FollowUp]:
        raise ValueError("records of before are others")

    stages = (
        replace(stage, code_format=stage.code_format + 1, follow=unlike)
        if stage.name == "square"
        else stage
        for stage in toy.PIPELINE.stages
    )
    later = replace(toy.PIPELINE, stages=tuple(stages))
    saved = salvage_campaign(directory, tmp_path / "new", later)
    assert saved.is_complete
    assert "computed otherwise: Square." in saved.refusal
    assert saved.refusal.endswith(f"--reuse {tmp_path / 'new'}`")
    # The plan asks for the squares of today, too: they are not done beside those of before.
    with pytest.raises(InputError, match="the stage square otherwise"):
        run_campaign(tmp_path / "new", later, workers=1, make_executor=InlineExecutor)
    assert products(tmp_path / "new") == products(directory)
