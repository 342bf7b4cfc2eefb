"""The store under every death and every kind of damage: old or new, never between, never silent."""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import toy

from glasswells.campaign.campaigns import open_campaign, run_campaign
from glasswells.campaign.salvage import salvage_campaign
from glasswells.engines.pool import InlineExecutor
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.errors import CampaignBusyError, DamagedStoreError, FormatError, StoreError
from glasswells.store.lock import LOCK_NAME
from glasswells.store.reader import READY, RUNNING
from glasswells.store.schema import PAGE_SIZE, STORE_FORMAT, STORE_NAME
from glasswells.store.sqlite_pages import INDEX_LEAF, PageFile
from glasswells.store.verify import verify_store
from glasswells.store.writer import Store

Start = Callable[..., Path]
HERE = Path(__file__).parent
FORMAT_1 = HERE / "data" / "format1.sqlite.gz"
FORMAT_1_FINISHED = "606dcf07f6a9f7132ea7c9674f48771dfdf14bbba2b835d458a71fba72444ab9"
"""Catalogue of the same plan run to its end by the version that wrote the file."""

NOBODY = 65534


@pytest.mark.parametrize(
    ("first", "step"),
    [pytest.param(3, 7, id="some"), pytest.param(1, 1, id="all", marks=pytest.mark.soak)],
)
def test_a_kill_at_each_write_and_sync_leaves_the_old_or_the_new_state(
    folder: Path, shim: Path, first: int, step: int
) -> None:
    words = [sys.executable, str(HERE / "kill_at_calls.py"), str(folder), str(first), str(step)]
    environment = {**os.environ, "LD_PRELOAD": str(shim)}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["kills"] > 2 * 150 / step
    assert seen["looks"] == 3 * seen["kills"]
    assert seen["finished"] > 0
    assert len(seen["states"]) > seen["commits"] / 2, "too few different states to prove anything"


def run(directory: Path, **options: Any) -> None:
    run_campaign(directory, toy.PIPELINE, workers=1, make_executor=InlineExecutor, **options)


def digest(directory: Path) -> str:
    assert verify_store(directory, toy.PIPELINE.codec).problems == ()
    with open_campaign(directory, toy.PIPELINE) as store:
        return catalogue_digest(store)


@pytest.fixture
def format_1(tmp_path: Path) -> Path:
    directory = tmp_path / "old"
    directory.mkdir()
    (directory / STORE_NAME).write_bytes(gzip.decompress(FORMAT_1.read_bytes()))
    return directory


def test_format_1_is_read_as_it_is_and_upgraded_by_who_writes(format_1: Path) -> None:
    before = (format_1 / STORE_NAME).read_bytes()
    assert verify_store(format_1, toy.PIPELINE.codec).is_sound
    with open_campaign(format_1, toy.PIPELINE) as store:
        assert {row.products for row in store.tasks()} == {None}
        started = catalogue_digest(store)
    assert (format_1 / STORE_NAME).read_bytes() == before
    with Store(format_1, toy.PIPELINE.codec) as store:
        assert not list(store.tasks(RUNNING))
        counts = {row.task.stage: row.products for row in store.tasks("done")}
        assert counts == {"walk": 1, "gather": 16, "square": 1}
        assert {row.products for row in store.tasks(READY)} == {0}
    assert digest(format_1) != started, "tasks that were running are back in the queue"
    run(format_1)
    assert digest(format_1) == FORMAT_1_FINISHED


def test_format_1_is_not_upgraded_when_it_is_damaged(format_1: Path) -> None:
    import sqlite3

    connection = sqlite3.connect(format_1 / STORE_NAME)
    connection.execute("UPDATE tasks SET counts = '{}' WHERE seq = 1")
    connection.commit()
    connection.close()
    with pytest.raises(DamagedStoreError, match="not what was written"):
        run(format_1)
    with pytest.raises(DamagedStoreError, match="not what was written"):
        run(format_1)
    assert any(
        "tasks 1" in problem for problem in verify_store(format_1, toy.PIPELINE.codec).problems
    )
    with pytest.raises(FormatError, match="nothing in it can be proved to be whole"):
        salvage_campaign(format_1, format_1.parent / "new", toy.PIPELINE)


def test_an_upgrade_that_is_cut_off_leaves_format_1(
    format_1: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from glasswells.store import writer as module

    def upgrade(connection: Any) -> None:
        original(connection)
        raise KeyboardInterrupt

    original = module.upgrade
    monkeypatch.setattr(module, "upgrade", upgrade)
    with pytest.raises(KeyboardInterrupt):
        Store(format_1, toy.PIPELINE.codec)
    monkeypatch.undo()
    assert verify_store(format_1, toy.PIPELINE.codec).is_sound
    run(format_1)
    assert digest(format_1) == FORMAT_1_FINISHED
    import sqlite3

    connection = sqlite3.connect(format_1 / STORE_NAME)
    assert connection.execute("PRAGMA user_version").fetchone() == (STORE_FORMAT,)
    connection.close()


def test_a_second_coordinator_is_refused_by_whatever_name_it_comes(
    start: Start, tmp_path: Path
) -> None:
    directory = start()
    (tmp_path / "link").symlink_to(directory)
    with Store(directory, toy.PIPELINE.codec):
        for name in (directory, tmp_path / "link", directory / ".." / directory.name):
            with pytest.raises(CampaignBusyError, match="is being worked on"):
                Store(name, toy.PIPELINE.codec)
    with Store(tmp_path / "link", toy.PIPELINE.codec):
        pass


def test_a_dead_coordinators_lock_file_and_other_hosts_do_not_matter(start: Start) -> None:
    """The lock is the kernel's; what is written in the file is a courtesy."""
    directory = start(glasses=1)
    (directory / LOCK_NAME).write_text('{"pid": 1, "host": "some-other-host"}')
    run(directory)
    assert digest(directory)


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may write everywhere: be nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_folder_can_be_read_and_stops_before_anything_is_done(
    start: Start, folder: Path
) -> None:
    made = start(glasses=1)
    run(made)
    expected = digest(made)
    directory = folder / "campaign"
    directory.mkdir()
    shutil.copy(made / STORE_NAME, directory)
    for path, mode in ((directory / STORE_NAME, 0o444), (directory, 0o555), (folder, 0o755)):
        path.chmod(mode)
    with unprivileged():
        assert digest(directory) == expected
        with pytest.raises(StoreError, match="cannot be opened: Permission denied"):
            run(directory)
        with pytest.raises(StoreError, match="cannot be made"):
            salvage_campaign(directory, directory / "new", toy.PIPELINE)
    assert [path.name for path in directory.iterdir()] == [STORE_NAME]
    directory.chmod(0o755)


def test_a_store_that_may_not_be_read_says_so(start: Start, folder: Path) -> None:
    directory = folder / "campaign"
    shutil.copytree(start(glasses=1), directory)
    (directory / STORE_NAME).chmod(0)
    for path in (folder, directory):
        path.chmod(0o755)
    with unprivileged(), pytest.raises(StoreError, match="cannot be used now"):
        digest(directory)


def test_a_store_that_may_not_be_written_says_so(start: Start, monkeypatch: Any) -> None:
    """As root, who may write everywhere: the file's own flag stands for the folder's."""
    directory = start(glasses=1)
    from glasswells.store import schema

    def connect(*values: Any, **named: Any) -> Any:
        connection = original(*values, **named)
        connection.execute("PRAGMA query_only=ON")
        return connection

    original = schema.sqlite3.connect
    monkeypatch.setattr(schema.sqlite3, "connect", connect)
    with pytest.raises(StoreError, match=r"cannot be used now: .*readonly.*`resume`"):
        run(directory)
    monkeypatch.undo()
    run(directory)
    assert digest(directory)


@pytest.mark.parametrize(
    "flips", [100, pytest.param(1000, marks=pytest.mark.soak)], ids=["100", "1000"]
)
def test_no_flipped_bit_changes_anything_in_silence(
    start: Start, tmp_path: Path, flips: int
) -> None:
    """Whoever reads all of a campaign gets what was written, or an error; `verify` sees more."""
    directory = start(glasses=1, walks=2, chunks=2)
    run(directory)
    original = everything(directory)
    content = (directory / STORE_NAME).read_bytes()
    generator = random.Random(flips)  # noqa: S311 (no secrets here)
    copy = tmp_path / "copy"
    copy.mkdir()
    outcomes = {"refused": 0, "noticed by verify": 0, "without effect": 0}
    for _ in range(flips):
        damaged = bytearray(content)
        place = generator.randrange(len(damaged))
        damaged[place] ^= 1 << generator.randrange(8)
        (copy / STORE_NAME).write_bytes(damaged)
        try:
            found = everything(copy)
        except (DamagedStoreError, FormatError, StoreError):
            outcomes["refused"] += 1
            continue
        sound = verify_store(copy, toy.PIPELINE.codec).is_sound
        outcomes["without effect" if sound else "noticed by verify"] += 1
        assert found == original or not sound, f"a flip at {place} changed something in silence"
        assert found == original, f"a flip at {place} was read"
    assert outcomes["refused"] > flips / 50
    print(outcomes)  # noqa: T201 (for the record of a soak)


def everything(directory: Path) -> list[Any]:
    with open_campaign(directory, toy.PIPELINE) as store:
        seen: list[Any] = [store.property(key) for key in ("pipeline", "plan", "seed", "totals")]
        seen += [repr(session) for session in store.sessions()]
        seen += [repr(row) for row in store.tasks()]
        seen += list(store.digests())
        for kind in ("walk", "site", "square", "total"):
            for item in store.records(kind):
                encoded = toy.PIPELINE.codec.encode(item.record)
                seen.append((item.chain, item.kind, item.position, item.digest, encoded.digest))
        return seen


@pytest.mark.parametrize(
    "flips", [25, pytest.param(500, marks=pytest.mark.soak)], ids=["25", "500"]
)
def test_a_coordinator_on_a_damaged_store_stops_or_finds_the_same(
    start: Start, folder: Path, flips: int
) -> None:
    """A flipped bit may end a campaign, and must not change what it finds."""
    plan = {"glasses": 1, "walks": 2, "chunks": 3}
    whole, cut = start("whole", **plan), start("cut", **plan)
    run(whole)
    expected = catalogue(whole)
    commits = 0

    def acknowledged(ids: object) -> None:
        nonlocal commits
        commits += 1
        if commits == 9:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(cut, acknowledged=acknowledged)
    content = (cut / STORE_NAME).read_bytes()
    generator = random.Random(flips + 1)  # noqa: S311 (no secrets here)
    directory = folder / "flipped"
    outcomes = {"stopped": 0, "same": 0}
    for _ in range(flips):
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()
        damaged = bytearray(content)
        place = generator.randrange(len(damaged))
        damaged[place] ^= 1 << generator.randrange(8)
        (directory / STORE_NAME).write_bytes(damaged)
        try:
            run(directory)
            found = catalogue(directory)
        except (DamagedStoreError, FormatError, StoreError):
            outcomes["stopped"] += 1
            continue
        assert found == expected, f"a flip at {place} changed what was found"
        outcomes["same"] += 1
    assert outcomes["same"] > 0
    print(outcomes)  # noqa: T201 (for the record of a soak)


def catalogue(directory: Path) -> str:
    with open_campaign(directory, toy.PIPELINE) as store:
        return catalogue_digest(store)


def damage_index(path: Path, columns: int, first: str) -> None:
    """Flip a bit of the first text in one entry of an index, so that a search passes it by."""
    with PageFile(path) as pages:
        (*_, cell) = (
            cell
            for cell in pages.cells()
            if cell.place.kind == INDEX_LEAF
            and cell.columns == columns
            and pages.first(cell.place) == first
        )
    content = bytearray(path.read_bytes())
    place = content.index(
        first.encode(), (cell.place.page - 1) * PAGE_SIZE + cell.place.offset, len(content)
    )
    content[place + len(first) - 1] ^= 2
    path.write_bytes(content)


def test_an_index_that_hides_products_is_not_believed(start: Start) -> None:
    directory = start(glasses=1)
    run(directory)
    with open_campaign(directory, toy.PIPELINE) as store:
        counts = store.product_counts()
    damage_index(directory / STORE_NAME, 2, "square")  # records_by_kind: kind and row
    with open_campaign(directory, toy.PIPELINE) as store:
        assert store.product_counts() == counts, "by sums, which need no index"
        with pytest.raises(DamagedStoreError, match="an index is damaged"):
            list(store.records("square"))
        with pytest.raises(DamagedStoreError, match="an index is damaged"):
            store.glasses("square")
    assert not verify_store(directory, toy.PIPELINE.codec).is_sound


def test_an_index_that_hides_tasks_does_not_end_a_campaign(start: Start) -> None:
    directory = start(glasses=1)

    def acknowledged(ids: object) -> None:
        with open_campaign(directory, toy.PIPELINE) as store:
            if len(list(store.tasks(READY))) > 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(directory, acknowledged=acknowledged)
    damage_index(directory / STORE_NAME, 6, "ready")  # tasks_in_order
    with pytest.raises(DamagedStoreError, match=r"none is ready|damaged|not what was written"):
        run(directory)
    salvage_campaign(directory, directory.parent / "saved", toy.PIPELINE)
    run(directory.parent / "saved")
    whole = start("whole", glasses=1)
    run(whole)
    assert digest(directory.parent / "saved") == digest(whole)
