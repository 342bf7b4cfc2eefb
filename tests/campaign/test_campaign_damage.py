"""Damaged and hostile stores: named, never used; nothing from a file is executed."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import toy

from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.core.errors import GlasswellsError
from glasswells.engines.pool import InlineExecutor
from glasswells.store.errors import DamagedStoreError, FormatError, StoreError
from glasswells.store.reader import READY, StoreReader
from glasswells.store.schema import STORE_FORMAT, STORE_NAME
from glasswells.store.verify import verify_store
from glasswells.store.writer import Store

Start = Callable[..., Path]
FLIPS = 100


@pytest.fixture
def finished(start: Start) -> Path:
    directory = start(glasses=1, walks=2, chunks=2)
    run_campaign(directory, toy.PIPELINE, workers=1, make_executor=InlineExecutor)
    return directory


def copy_of(directory: Path, tmp_path: Path, name: str = "copy") -> Path:
    copy = tmp_path / name
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    shutil.copy(directory / STORE_NAME, copy)
    return copy


def everything(directory: Path) -> list[object]:
    """All that a reader can see of a campaign, read with its checks."""
    with open_campaign(directory, toy.PIPELINE) as store:
        seen: list[object] = [store.property(key) for key in ("pipeline", "plan", "seed")]
        seen += [repr(session) for session in store.sessions()]
        seen += [repr(row) for row in store.tasks()]
        for kind in store.product_counts():
            for item in store.records(kind):
                encoded = toy.PIPELINE.codec.encode(item.record)
                seen.append((item.chain, item.kind, item.position, item.digest, encoded.digest))
        return seen


def is_noticed(directory: Path) -> bool:
    """Whether `verify` complains."""
    try:
        return not verify_store(directory, toy.PIPELINE.codec).is_sound
    except GlasswellsError:
        return True


def test_flipped_bits_are_noticed_or_make_no_difference(finished: Path, tmp_path: Path) -> None:
    original = everything(finished)
    content = (finished / STORE_NAME).read_bytes()
    generator = random.Random(3)  # noqa: S311 (no secrets here)
    noticed = 0
    for _ in range(FLIPS):
        copy = copy_of(finished, tmp_path)
        damaged = bytearray(content)
        place = generator.randrange(len(damaged))
        damaged[place] ^= 1 << generator.randrange(8)
        (copy / STORE_NAME).write_bytes(damaged)
        try:
            same = everything(copy) == original
        except GlasswellsError:
            same = None
        complained = is_noticed(copy)
        noticed += complained
        assert same is not False or complained, f"a flip at {place} went unnoticed"
        assert same is not None or complained, f"reading failed at {place}, verify did not"
    assert noticed > FLIPS / 20


def test_a_flipped_bit_in_an_array_is_noticed_by_whoever_reads_it(
    finished: Path, tmp_path: Path
) -> None:
    connection = sqlite3.connect(finished / STORE_NAME)
    digest, data = connection.execute("SELECT digest, data FROM blobs LIMIT 1").fetchone()
    damaged = bytearray(data)
    damaged[11] ^= 4
    connection.execute("UPDATE blobs SET data = ? WHERE digest = ?", (bytes(damaged), digest))
    connection.commit()
    connection.close()
    with (
        open_campaign(finished, toy.PIPELINE) as store,
        pytest.raises(DamagedStoreError, match=f"array {digest} is not what was written"),
    ):
        list(store.records("walk"))
    assert any(digest in p for p in verify_store(finished, toy.PIPELINE.codec).problems)


NO_TEXT = ("NO_TEXT", "CAST(x'fe07ff1b' AS TEXT)")
"""Bytes of no text, among them the bell and the beginning of a terminal's command."""


@pytest.mark.parametrize(
    ("sql", "problem"),
    [
        ("UPDATE tasks SET number = 5 WHERE seq = 1", "tasks 1 is not what was written"),
        ("UPDATE tasks SET status = 'failed' WHERE seq = 1", "tasks 1 is not"),
        ("UPDATE tasks SET parameters = x'00ff' WHERE seq = 1", "tasks 1 is not"),
        ("UPDATE tasks SET parameters = NO_TEXT WHERE seq = 1", "tasks 1 is not"),
        ("UPDATE records SET kind = NO_TEXT WHERE id = 1", "records 1 is not"),
        (
            "UPDATE campaign SET key = NO_TEXT WHERE key = 'plan'",
            "campaign whose name is damaged",
        ),
        ("UPDATE records SET kind = 'other' WHERE id = 1", "records 1 is not"),
        ("UPDATE records SET body = replace(body, 'BLUE', 'RED') WHERE id = 1", "record 1 is not"),
        ("UPDATE inputs SET item = 1 WHERE item = 0", "inputs"),
        ("DELETE FROM records WHERE id = 1", "array references of no record"),
        ("DELETE FROM records WHERE kind = 'site'", "the store holds"),
        ("DELETE FROM tasks WHERE chunk = 1", "records of no task"),
        ("DELETE FROM tasks WHERE stage = 'walk' AND chunk = 0", "chains with a missing chunk"),
        ("DELETE FROM blobs", "array references without array"),
        ("DELETE FROM arrays", "arrays of no record"),
        ("DELETE FROM inputs WHERE position = 1", "task"),
        ("INSERT INTO blobs VALUES ('x', x'00', 0, NULL)", "arrays of no record"),
        ("UPDATE blobs SET coding = 2, base = 'x'", "arrays whose base is missing"),
        ("UPDATE tallies SET value = '[1]'", "is not what was written"),
        ("DELETE FROM tallies WHERE key LIKE '%done%'", "the sums over tasks are not"),
        ("UPDATE campaign SET value = 'glasses = 9' WHERE key = 'plan'", "campaign plan is not"),
        ("UPDATE sessions SET ending = ''", "sessions 1 is not"),
    ],
)
def test_verify_names_what_is_wrong(finished: Path, sql: str, problem: str) -> None:
    assert verify_store(finished, toy.PIPELINE.codec).is_sound
    connection = sqlite3.connect(finished / STORE_NAME)
    connection.execute(sql.replace(*NO_TEXT))
    connection.commit()
    connection.close()
    problems = verify_store(finished, toy.PIPELINE.codec).problems
    assert any(problem in line for line in problems), problems
    assert all(line.isprintable() and "\\x" not in line for line in problems), problems


def test_a_text_that_is_none_is_told_without_its_bytes(finished: Path) -> None:
    connection = sqlite3.connect(finished / STORE_NAME)
    connection.execute("UPDATE tasks SET parameters = NO_TEXT WHERE seq = 1".replace(*NO_TEXT))
    connection.commit()
    connection.close()
    store = StoreReader(finished, toy.PIPELINE.codec)
    with store, pytest.raises(DamagedStoreError, match="is damaged: ") as damage:
        [*store.tasks()]
    assert str(damage.value).isprintable()
    assert "with text" not in str(damage.value)


def test_truncated_files_are_refused(finished: Path, tmp_path: Path) -> None:
    content = (finished / STORE_NAME).read_bytes()
    page = 16384
    sizes = {0, 1, 99, 100, len(content) // 2, len(content) - 1, *range(page, len(content), page)}
    for size in sorted(sizes):
        copy = copy_of(finished, tmp_path)
        os.truncate(copy / STORE_NAME, size)
        with pytest.raises((FormatError, DamagedStoreError)):
            open_campaign(copy, toy.PIPELINE)
        assert is_noticed(copy)


def test_zeroed_pages_and_appended_garbage_are_noticed(finished: Path, tmp_path: Path) -> None:
    content = (finished / STORE_NAME).read_bytes()
    for start in range(0, len(content), 16384):
        copy = copy_of(finished, tmp_path)
        with (copy / STORE_NAME).open("r+b") as file:
            file.seek(start)
            file.write(bytes(16384))
        assert is_noticed(copy)
    copy = copy_of(finished, tmp_path)
    with (copy / STORE_NAME).open("ab") as file:
        file.write(b"garbage" * 5000)
    assert is_noticed(copy)


def change_schema(directory: Path, *statements: str) -> None:
    connection = sqlite3.connect(directory / STORE_NAME)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER UPDATE ON tasks BEGIN DELETE FROM records; END",
        "CREATE VIEW v AS SELECT * FROM tasks",
        "CREATE TABLE more (x)",
        "CREATE INDEX i ON tasks (error)",
        "ALTER TABLE tasks ADD COLUMN more",
        "DROP INDEX tasks_by_chain",
    ],
)
def test_a_schema_that_is_not_ours_is_refused(finished: Path, statement: str) -> None:
    change_schema(finished, statement)
    for use in (open_campaign, run_campaign):
        with pytest.raises(FormatError, match="did not make"):
            use(finished, toy.PIPELINE)


def test_a_renamed_table_with_a_view_in_its_place_is_refused(finished: Path) -> None:
    change_schema(
        finished,
        "ALTER TABLE blobs RENAME TO real_blobs",
        "CREATE VIEW blobs AS SELECT * FROM real_blobs",
    )
    with pytest.raises(FormatError, match="did not make"):
        open_campaign(finished, toy.PIPELINE)


@pytest.mark.parametrize(
    ("version", "advice"),
    [(STORE_FORMAT + 1, "install a newer glasswells"), (0, "use an older one")],
)
def test_other_formats_are_refused(finished: Path, version: int, advice: str) -> None:
    change_schema(finished, f"PRAGMA user_version={version}")
    with pytest.raises(FormatError, match=f"format {version}, this version uses .*{advice}"):
        open_campaign(finished, toy.PIPELINE)


def test_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="is missing"):
        open_campaign(tmp_path, toy.PIPELINE)
    (tmp_path / STORE_NAME).write_bytes(b"\x80\x04cos\nsystem\n" * 500)
    with pytest.raises(DamagedStoreError, match="not a database"):
        open_campaign(tmp_path, toy.PIPELINE)
    (tmp_path / STORE_NAME).unlink()
    connection = sqlite3.connect(tmp_path / STORE_NAME)
    connection.execute("CREATE TABLE x (y)")
    connection.close()
    with pytest.raises(FormatError, match="no campaign of glasswells"):
        open_campaign(tmp_path, toy.PIPELINE)
    (tmp_path / STORE_NAME).unlink()
    (tmp_path / STORE_NAME).mkdir()
    with pytest.raises(FormatError, match="is missing"):
        open_campaign(tmp_path, toy.PIPELINE)


def test_a_failed_transaction_leaves_everything_as_it_was(start: Start) -> None:
    directory = start(glasses=1)
    run_campaign(directory, toy.PIPELINE, workers=1, walltime=0.0, make_executor=InlineExecutor)
    before = everything(directory)
    with Store(directory, toy.PIPELINE.codec) as store:
        rows = list(store.tasks(READY))
        with pytest.raises(ZeroDivisionError), store.transaction():
            store.fail(rows[0], "reason", str(len(store.claim(2)) // 0))
        # A limit on the file's size stands for a full disk.
        (pages,) = store._connection.execute("PRAGMA page_count").fetchone()
        store._connection.execute(f"PRAGMA max_page_count={pages}")
        full = pytest.raises(StoreError, match=r"cannot be used now: .*full.*`resume`")
        with full, store.transaction():
            store.fail(rows[0], "reason", "long error " * 10_000)
        with store.transaction():
            assert len(store.claim(2)) == 2
    assert verify_store(directory, toy.PIPELINE.codec).is_sound
    with Store(directory, toy.PIPELINE.codec):
        pass  # puts the claimed tasks back
    assert everything(directory) == before


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    plan = tmp_path / "plan.toml"
    plan.write_text("")
    for folder in (plan / "below", tmp_path / ("x" * 300)):
        with pytest.raises(StoreError, match="cannot be made"):
            start_campaign(plan, folder, toy.PIPELINE)
