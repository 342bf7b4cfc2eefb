"""Arrays that are kept as differences from others, sums that are kept, and old stores."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inspection import query

from glasswells.store.codec import Codec, sha256
from glasswells.store.errors import DamagedStoreError
from glasswells.store.lock import is_held
from glasswells.store.packing import BITS, MULTIPLES, PLAIN
from glasswells.store.reader import StoreReader
from glasswells.store.recovered import Recovered
from glasswells.store.schema import (
    ABBREVIATED,
    COLUMNS,
    STORE_NAME,
    connect,
    create_store,
    seal,
)
from glasswells.store.tasks import EncodedOutput, Ref, Task
from glasswells.store.verify import verify_store
from glasswells.store.writer import Store


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Place:
    positions: np.ndarray


CODEC = Codec((Place,))
GLASS = Task(stage="glass", glass="g", number=0, seed=1)


def near(number: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    glass = rng.uniform(0, 11, size=(300, 3))
    return glass + np.random.default_rng(number).normal(scale=1e-3, size=glass.shape) * (number > 0)


OF_NOTHING = Task(stage="minimum", glass="g", number=9, seed=1,
                  inputs=(Ref(chain="0" * 64, kind="place"),))  # fmt: skip


def minimum(number: int) -> Task:
    return Task(stage="minimum", glass="g", number=number, seed=1,
                inputs=(Ref(chain=GLASS.chain, kind="place", item=0),))  # fmt: skip


def output(*places: np.ndarray, counts: Mapping[str, int] = {}, state: Any = None) -> EncodedOutput:
    return EncodedOutput(
        products=tuple(("place", CODEC.encode(Place(positions=p))) for p in places),
        counts=counts,
        state=None if state is None else CODEC.encode(Place(positions=state)),
        chunks_left=1,
        cpu_seconds=0.25,
        wall_seconds=0.5,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_store(tmp_path, pipeline="p", plan="", seed=1)
    with Store(tmp_path, CODEC) as store, store.transaction():
        store.add_task(GLASS, 0)
        (row,) = store.claim(1)
        store.complete(row, output(near(0)))
    return tmp_path


def run(folder: Path, number: int, given: EncodedOutput) -> None:
    with Store(folder, CODEC) as store, store.transaction():
        if number >= 0:
            store.add_task(minimum(number), 1)
        (row,) = store.claim(1)
        store.complete(row, given)


def places(store: StoreReader) -> Iterator[bytes]:
    for item in store.records("place"):
        yield item.record.positions.tobytes()


def digest_of(values: np.ndarray) -> str:
    return sha256(values.tobytes())


def test_arrays_are_differences_from_those_of_their_tasks_inputs(folder: Path) -> None:
    coarse = np.rint(near(2) * 2**16) / 2**16
    noise = np.random.default_rng(9).integers(0, 2**63, size=(300, 3)).view(np.float64)
    run(folder, 1, output(near(1), coarse, noise))
    kept = {d: (c, b) for d, c, b in query(folder, "SELECT digest, coding, base FROM blobs")}
    glass = digest_of(near(0))
    assert kept[digest_of(near(1))] == (BITS, glass)
    assert kept[digest_of(coarse)] == (MULTIPLES, glass)
    assert kept[digest_of(noise)] == (PLAIN, None)
    with StoreReader(folder, CODEC) as store:
        expected = [near(0), near(1), coarse, noise]
        assert list(places(store)) == [values.tobytes() for values in expected]
    assert verify_store(folder, CODEC).problems == ()


def test_a_base_stays_as_long_as_others_need_it(folder: Path) -> None:
    """Also where its record goes: here the state of a chunk, which the next one replaces."""
    run(folder, 1, output(state=near(5)))
    run(folder, -1, output(near(5) + 1e-9, state=near(6)))
    bases = {base for (base,) in query(folder, "SELECT base FROM blobs")}
    assert digest_of(near(5)) not in bases, "the state of before was no input: nothing needs it"
    with Store(folder, CODEC) as store, store.transaction():
        store.forget(GLASS.chain)
    assert digest_of(near(0)) in {d for (d,) in query(folder, "SELECT digest FROM blobs")}
    with Store(folder, CODEC) as store, store.transaction():
        store.forget(minimum(1).chain)
    assert query(folder, "SELECT COUNT(*) FROM blobs") == [(0,)]
    assert query(folder, "SELECT COUNT(*) FROM records") == [(0,)]


def test_an_array_without_its_base_is_lost_and_said_to_be(folder: Path) -> None:
    run(folder, 1, output(near(1)))
    lost = digest_of(near(0))
    query(folder, f"UPDATE blobs SET data = zeroblob(7200) WHERE digest = '{lost}'")  # noqa: S608
    with StoreReader(folder, CODEC) as store, pytest.raises(DamagedStoreError, match="is not what"):
        store.products(Ref(chain=minimum(1).chain, kind="place"))
    problems = verify_store(folder, CODEC).problems
    assert sum("is not what was written" in p for p in problems) >= 2
    with Recovered(folder / STORE_NAME) as finds:
        assert not any(finds.is_whole(find) for find in finds.ended())


def test_a_base_that_is_gone_is_missed_by_who_writes(folder: Path) -> None:
    """A second task gives the same array, which is there already, but not what it is kept as a
    difference from."""
    run(folder, 1, output(near(1)))
    query(folder, f"DELETE FROM blobs WHERE digest = '{digest_of(near(0))}'")  # noqa: S608
    alone = replace(GLASS, number=1)
    with Store(folder, CODEC) as store, store.transaction():
        store.add_task(alone, 0)
        (row,) = store.claim(1)
        with pytest.raises(DamagedStoreError, match=r"array .* is missing: see `glasswells ver"):
            store.complete(row, output(near(1)))


def test_a_catalogue_lacks_no_product(folder: Path) -> None:
    """As if an index hid one; sums of products do not ask the indices."""
    columns = COLUMNS["tasks"]
    (row,) = query(folder, f"SELECT {', '.join(columns)} FROM tasks")  # noqa: S608
    field = {**dict(zip(columns, row, strict=True)), "products": 2}
    query(folder, f"UPDATE tasks SET products = 2, seal = {seal(*field.values())}")  # noqa: S608
    with StoreReader(folder, CODEC) as store, pytest.raises(DamagedStoreError, match="expected 2"):
        list(store.digests())


def test_a_chain_that_is_gone_is_missed(folder: Path) -> None:
    with StoreReader(folder, CODEC) as store, pytest.raises(DamagedStoreError, match="lacks chain"):
        store.last_of("0" * 64)


def test_bases_in_a_circle_are_refused(folder: Path) -> None:
    run(folder, 1, output(near(1)))
    one, two = digest_of(near(0)), digest_of(near(1))
    query(folder, f"UPDATE blobs SET coding = 1, base = '{two}' WHERE digest = '{one}'")  # noqa: S608
    with StoreReader(folder, CODEC) as store, pytest.raises(DamagedStoreError):
        store.products(Ref(chain=minimum(1).chain, kind="place"))
    assert verify_store(folder, CODEC).problems
    with Recovered(folder / STORE_NAME) as finds:
        assert not any(finds.is_whole(find) for find in finds.ended())


def slow_sums(folder: Path) -> dict[str, Any]:
    """What the sums have to be, from the rows, by other means."""
    columns = COLUMNS["tasks"]
    rows = query(folder, f"SELECT {', '.join(columns)} FROM tasks")  # noqa: S608 (own names)
    found: dict[str, Any] = {"cpu": {}, "counts": {}, "kinds": {}}
    for row in rows:
        field = dict(zip(columns, row, strict=True))
        key = (field["stage"], field["status"])
        found["cpu"][key] = found["cpu"].get(key, 0.0) + field["cpu_seconds"]
        for name, number in json.loads(field["counts"]).items():
            key = (field["stage"], name)
            found["counts"][key] = found["counts"].get(key, 0) + number
    for (kind,) in query(folder, "SELECT kind FROM records"):
        found["kinds"][kind] = found["kinds"].get(kind, 0) + 1
    return found


def test_sums_are_those_of_the_rows_whatever_happened(folder: Path) -> None:
    run(folder, 1, output(near(1), counts={"steps": 3, "none": 0}, state=near(2)))
    run(folder, -1, output(near(3), counts={"steps": 4}))
    with Store(folder, CODEC) as store:
        with store.transaction():
            store.add_task(minimum(2), 1)
            store.add_task(minimum(3), 1)
            one, two = store.claim(2)
            store.fail(one, "bad_luck", "text", 1.5, 2.5)
            store.postpone(two, "no_space", "text")
        with pytest.raises(DamagedStoreError), store.transaction():
            store.complete(two, output(near(4), counts={"steps": 100}), [(OF_NOTHING, 1)])
        with store.transaction():
            store.revive(one)
            store.forget(minimum(3).chain)
    expected = slow_sums(folder)
    with StoreReader(folder, CODEC) as store:
        cpu = {(r["stage"], r["status"]): r["cpu_seconds"] for r in store.summary()}
        counts = {(s, n): v for s, names in store.counts().items() for n, v in names.items()}
        assert counts == expected["counts"] == {("minimum", "steps"): 7, ("minimum", "none"): 0}
        assert store.product_counts() == expected["kinds"]
        assert store.reasons() == {}
        assert store.open_tasks() == 1
    assert cpu.keys() == expected["cpu"].keys()
    assert all(cpu[key] == pytest.approx(expected["cpu"][key], abs=1e-9) for key in cpu)
    assert verify_store(folder, CODEC).problems == ()


def all_sums(folder: Path) -> list[Any]:
    with StoreReader(folder, CODEC) as store:
        return [store.summary(), store.counts(), store.reasons(), store.product_counts()]


@pytest.mark.parametrize(
    ("statement", "noticed"),
    [
        ("UPDATE tallies SET value = replace(value, '1', '2')", "read"),
        ("DELETE FROM tallies WHERE key LIKE '%counts%'", "read"),
        ("UPDATE tasks SET counts = '{}' WHERE number = 1", "verify"),
    ],
)
def test_wrong_sums_are_noticed(folder: Path, statement: str, noticed: str) -> None:
    run(folder, 1, output(near(1), counts={"steps": 3}))
    query(folder, statement)
    assert verify_store(folder, CODEC).problems
    if noticed == "read":
        with pytest.raises(DamagedStoreError):
            all_sums(folder)


def to_format_3(folder: Path) -> None:
    """References to arrays with their whole digests."""
    connection = sqlite3.connect(folder / STORE_NAME, isolation_level=None)
    connection.execute(
        "UPDATE arrays SET digest = (SELECT b.digest FROM blobs b"
        " WHERE SUBSTR(b.digest, 1, 16) = arrays.digest)"
    )
    assert connection.execute("SELECT MIN(LENGTH(digest)) FROM arrays").fetchone() == (64,)
    connection.execute("PRAGMA user_version=3")
    connection.close()


def to_format_2(folder: Path) -> None:
    """The store as version 0.2.0 would have left it; its arrays must not be packed."""
    to_format_3(folder)
    connection = sqlite3.connect(folder / STORE_NAME, isolation_level=None)
    totals = json.loads(connection.execute(
        "SELECT value FROM campaign WHERE key = 'totals'").fetchone()[0])  # fmt: skip
    del totals["tallies"]
    text = json.dumps(totals)
    connection.execute("UPDATE campaign SET value = ?, seal = ? WHERE key = 'totals'",
                       (text, seal("totals", text)))  # fmt: skip
    connection.execute("DROP INDEX blobs_by_base")
    connection.execute("DROP TABLE tallies")
    connection.execute("ALTER TABLE blobs DROP COLUMN base")
    connection.execute("ALTER TABLE blobs DROP COLUMN coding")
    connection.execute("PRAGMA user_version=2")
    connection.close()


def test_format_3_is_read_as_it_is_and_upgraded_by_who_writes(folder: Path) -> None:
    run(folder, 1, output(near(1), counts={"steps": 2}))
    to_format_3(folder)
    before = (folder / STORE_NAME).read_bytes()
    assert verify_store(folder, CODEC).problems == ()
    with StoreReader(folder, CODEC) as store:
        old = (store.counts(), store.product_counts(), store.stored_bytes(), list(places(store)))
    assert (folder / STORE_NAME).read_bytes() == before
    run(folder, 2, output(near(2)))
    assert query(folder, "SELECT DISTINCT LENGTH(digest) FROM arrays") == [(ABBREVIATED,)]
    with StoreReader(folder, CODEC) as store:
        assert store.counts() == old[0]
        assert list(places(store))[: len(old[3])] == old[3]
    assert verify_store(folder, CODEC).problems == ()
    with Store(folder, CODEC) as store, store.transaction():
        for chain in (minimum(2).chain, minimum(1).chain, GLASS.chain):
            store.forget(chain)
    assert query(folder, "SELECT COUNT(*) FROM blobs") == [(0,)]
    assert verify_store(folder, CODEC).problems == ()


@pytest.fixture
def format_2(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("glasswells.store.packing.LEAST_BYTES", 10**9)
    monkeypatch.setattr("glasswells.store.shelf.LEAST_BYTES", 10**9)
    with Store(folder, CODEC) as store, store.transaction():
        store.forget(GLASS.chain)
        store.add_task(GLASS, 0)
        (row,) = store.claim(1)
        store.complete(row, output(near(0), counts={"steps": 2}))
    monkeypatch.undo()
    to_format_2(folder)
    return folder


def test_format_2_is_read_as_it_is_and_upgraded_by_who_writes(format_2: Path) -> None:
    assert verify_store(format_2, CODEC).problems == ()
    before = (format_2 / STORE_NAME).read_bytes()
    with StoreReader(format_2, CODEC) as store:
        old = (store.summary(), store.counts(), store.product_counts(), list(places(store)))
    with Recovered(format_2 / STORE_NAME) as finds:
        assert all(finds.is_whole(find) for find in finds.ended())
        ((_, found),) = [item for find in finds.ended() for item in finds.products(find)]
        assert (len(found.arrays), len(found.packed)) == (1, 0), "who takes it over packs it"
    assert (format_2 / STORE_NAME).read_bytes() == before
    run(format_2, 1, output(near(1)))
    with StoreReader(format_2, CODEC) as store:
        assert store.counts() == old[1]
        assert list(places(store)) == [near(0).tobytes(), near(1).tobytes()]
    assert verify_store(format_2, CODEC).problems == ()
    with Recovered(format_2 / STORE_NAME) as finds:
        assert all(finds.is_whole(find) for find in finds.ended())
    assert {c for (c,) in query(format_2, "SELECT coding FROM blobs")} == {PLAIN, BITS}


def test_sums_over_tasks_of_an_old_store_are_made_once_for_each_state(
    format_2: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They take seconds with as many tasks as campaigns have; products are read for each glass."""
    looks = []
    every_task = StoreReader._all_tasks
    monkeypatch.setattr(
        StoreReader, "_all_tasks", lambda store: looks.append(1) or every_task(store)
    )
    with StoreReader(format_2, CODEC) as store:
        assert [list(places(store)), list(places(store))] == [[near(0).tobytes()]] * 2
        assert store.product_counts() == {"place": 1}
        assert looks == [], "products are counted without their tasks"
        for _ in range(2):
            assert [row["tasks"] for row in store.summary()] == [1]
            assert store.counts() == {"glass": {"steps": 2}}
            assert store.reasons() == {}
        assert len(looks) == 1
        columns = COLUMNS["tasks"]
        (row,) = query(format_2, f"SELECT {', '.join(columns)} FROM tasks")  # noqa: S608
        field = {**dict(zip(columns, row, strict=True)), "counts": '{"steps":5}'}
        mark = seal(*field.values())
        query(format_2, f"UPDATE tasks SET counts = '{field['counts']}', seal = {mark}")  # noqa: S608
        assert store.counts() == {"glass": {"steps": 5}}, "another process has written meanwhile"


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[sqlite3.Connection]:
    """All that stores open."""
    opened: list[sqlite3.Connection] = []

    def remembered(path: Path, *, writable: bool) -> sqlite3.Connection:
        opened.append(connect(path, writable=writable))
        return opened[-1]

    monkeypatch.setattr("glasswells.store.sealed.connect", remembered)
    return opened


def test_a_store_that_cannot_be_taken_up_is_closed(
    folder: Path, connections: list[sqlite3.Connection]
) -> None:
    """Here since a task that was running is not what was written; the lock is free again."""
    with Store(folder, CODEC) as store, store.transaction():
        store.add_task(minimum(1), 1)
        store.claim(1)
    query(folder, "UPDATE tasks SET counts = '[]' WHERE status = 'running'")
    check_that_it_is_closed(folder, connections)


def test_an_old_store_that_cannot_be_upgraded_is_closed(
    format_2: Path, connections: list[sqlite3.Connection]
) -> None:
    query(format_2, "UPDATE tasks SET counts = '[]'")
    check_that_it_is_closed(format_2, connections)


def check_that_it_is_closed(folder: Path, connections: list[sqlite3.Connection]) -> None:
    with pytest.raises(DamagedStoreError, match="a row of tasks"):
        Store(folder, CODEC)
    assert not is_held(folder)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connections[-1].execute("SELECT 1")


def test_the_digest_of_sums_tells_whether_anything_was_added(folder: Path) -> None:
    seen = []
    for number in (0, 1, 0):
        if number:
            run(folder, number, output(near(number)))
        with StoreReader(folder, CODEC) as store:
            seen.append(store.sums_digest())
    assert seen[0] != seen[1] == seen[2]
