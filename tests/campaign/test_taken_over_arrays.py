"""Arrays of another campaign's file come over as they were packed."""

from __future__ import annotations

import sqlite3
import tracemalloc
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from inspection import query

from glasswells.store import shelf
from glasswells.store.bases import MOST_CANDIDATES
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.codec import Codec, sha256
from glasswells.store.packing import BITS, MULTIPLES, PLAIN, Packed, pack
from glasswells.store.reader import StoreReader
from glasswells.store.recent_arrays import RecentArrays
from glasswells.store.recovered import Recovered
from glasswells.store.schema import STORE_NAME, create_store
from glasswells.store.tasks import EncodedOutput, Ref, Task
from glasswells.store.verify import verify_store
from glasswells.store.writer import Store


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Place:
    positions: np.ndarray


CODEC = Codec((Place,))
GLASS = Task(stage="glass", glass="g", number=0, seed=1)
WALK = Task(stage="walk", glass="g", number=0, seed=1,
            inputs=(Ref(chain=GLASS.chain, kind="place", item=0),))  # fmt: skip


def near(number: int, unit: float = 0.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    glass = rng.uniform(0, 11, size=(300, 3))
    moved = np.random.default_rng(number).normal(scale=1e-3, size=glass.shape) * (number > 0)
    return np.rint((glass + moved) / unit) * unit if unit else glass + moved


NOISE = np.random.default_rng(9).integers(0, 2**63, size=(300, 3)).view(np.float64)


ONE = near(1, 2.0**-16)
TWIN = ONE + 2.0**-16 * (np.arange(900) % 7 == 0).reshape(300, 3)
PLACES = (NOISE, *(near(number) for number in range(2, 2 + MOST_CANDIDATES)), ONE, TWIN)
"""So many that the last ones are not compared with each other when they are packed."""


def output(*places: np.ndarray) -> EncodedOutput:
    encoded = [CODEC.encode(Place(positions=values)) for values in places]
    return EncodedOutput(
        products=tuple(("place", record) for record in encoded),
        counts={}, state=None, chunks_left=1,
        alike=((encoded[-2].digests, encoded[-1].digests),) if len(encoded) > 1 else (),
    )  # fmt: skip


def write(folder: Path, *tasks: tuple[Task, EncodedOutput]) -> Path:
    folder.mkdir()
    create_store(folder, pipeline="p", plan="", seed=1)
    for rank, (task, made) in enumerate(tasks):
        with Store(folder, CODEC) as store, store.transaction():
            store.add_task(task, rank)
            (row,) = store.claim(1)
            store.complete(row, made)
    return folder


def kept(folder: Path) -> dict[str, tuple[int, str | None, bytes]]:
    rows = query(folder, "SELECT digest, coding, base, data FROM blobs")
    return {digest: (coding, base, data) for digest, coding, base, data in rows}


def refused(data: bytes, bases: Mapping[str, bytes]) -> Packed:
    raise AssertionError("an array was packed again")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A glass and a walk whose last place but one is kept as the difference from the last."""
    walk = output(*PLACES)
    return write(tmp_path / "source", (GLASS, output(near(0))), (WALK, walk))


def found(recovered: Recovered, task: Task) -> EncodedOutput:
    (chunk,) = recovered.chunks(task.chain)
    assert recovered.is_whole(chunk)
    products = tuple(recovered.products(chunk))
    return EncodedOutput(products=products, counts={}, state=None, chunks_left=1)


def test_arrays_are_copied_as_they_were_packed(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also the difference from an array that only a later record of the same task has."""
    before = kept(source)
    assert before[sha256(ONE.tobytes())][:2] == (MULTIPLES, sha256(TWIN.tobytes()))
    assert {coding for coding, _, _ in before.values()} == {PLAIN, BITS, MULTIPLES}
    monkeypatch.setattr(shelf, "pack", refused)
    monkeypatch.setattr("glasswells.store.bases.pack", refused)
    with Recovered(source / STORE_NAME) as recovered:
        copy = write(tmp_path / "copy", *((task, found(recovered, task)) for task in (GLASS, WALK)))
    assert kept(copy) == before
    assert verify_store(copy, CODEC).problems == ()
    with StoreReader(source, CODEC) as one, StoreReader(copy, CODEC) as other:
        assert catalogue_digest(one) == catalogue_digest(other)


def test_a_difference_from_what_is_not_taken_over_is_packed_anew(
    source: Path, tmp_path: Path
) -> None:
    alone = replace(WALK, inputs=())
    with Recovered(source / STORE_NAME) as recovered:
        given = found(recovered, WALK)
        copy = write(tmp_path / "copy", (alone, given))
    rows = kept(copy)
    assert sha256(near(0).tobytes()) not in rows
    assert all(base is None or base in rows for _, base, _ in rows.values())
    assert verify_store(copy, CODEC).problems == ()
    with StoreReader(copy, CODEC) as store:
        read = [item.record.positions.tobytes() for item in store.records("place")]
    assert read == [values.tobytes() for values in PLACES]


def test_rows_of_former_days_make_no_circle_of_bases(source: Path, tmp_path: Path) -> None:
    """Free pages still have rows from when another array of two was the difference."""
    one, twin = ONE.tobytes(), TWIN.tobytes()
    turned = (sha256(twin), *pack(twin, {sha256(one): one}))
    with closing(sqlite3.connect(source / STORE_NAME, isolation_level=None)) as connection:
        assert turned[3] == sha256(one)
        # In the order of their pages: the former difference, what is kept, the array by itself.
        for name in ("before", "kept"):
            connection.execute(f"CREATE TABLE {name} (digest TEXT, data, coding, base TEXT)")
        connection.execute("INSERT INTO before VALUES (?, ?, ?, ?)", turned)
        connection.execute("INSERT INTO kept SELECT * FROM blobs")
        connection.execute("INSERT INTO kept VALUES (?, ?, ?, ?)", (sha256(one), *pack(one, {})))
        connection.execute("DROP TABLE blobs")
        connection.execute("VACUUM")
    with Recovered(source / STORE_NAME) as recovered:
        copy = write(tmp_path / "copy", *((task, found(recovered, task)) for task in (GLASS, WALK)))
    assert verify_store(copy, CODEC).problems == ()
    assert {sha256(one), sha256(twin)} <= kept(copy).keys()


def test_what_is_packed_anew_is_compared_with_the_inputs_of_its_task(
    source: Path, tmp_path: Path
) -> None:
    other = replace(GLASS, number=1)
    walk = replace(WALK, inputs=(Ref(chain=other.chain, kind="place", item=0),))
    beside = near(0) + 1e-6 * np.random.default_rng(8).normal(size=(300, 3))
    with Recovered(source / STORE_NAME) as recovered:
        copy = write(tmp_path / "copy", (other, output(beside)), (walk, found(recovered, WALK)))
    rows = kept(copy)
    assert sha256(near(0).tobytes()) not in rows
    assert sha256(beside.tobytes()) in {base for _, base, _ in rows.values()}
    assert verify_store(copy, CODEC).problems == ()


def test_arrays_come_over_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library has more places than memory takes."""
    monkeypatch.setattr("glasswells.store.recovered.RecentArrays", lambda: RecentArrays(2**16))
    many = [near(0) + 0.5**number for number in range(1, 40) for _ in range(4)]
    many = [place + 2.0**-9 * k for k, place in enumerate(many)]
    source = write(tmp_path / "source", (GLASS, output(near(0))), (WALK, output(*many)))
    size = sum(place.nbytes for place in many)
    folder = tmp_path / "copy"
    write(folder, (GLASS, output(near(0))))
    with (
        Recovered(source / STORE_NAME) as recovered,
        Store(folder, CODEC) as store,
        store.transaction(),
    ):
        store.add_task(WALK, 1)
        (row,) = store.claim(1)
        tracemalloc.start()
        store.complete(row, found(recovered, WALK))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 0.8 * size  # records and some bases; all arrays take one and a half times that
    assert kept(folder) == kept(source)
    assert verify_store(folder, CODEC).problems == ()
