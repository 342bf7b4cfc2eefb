"""What came of a task is packed by its worker; the coordinator writes it down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from inspection import query

from glasswells.engines.worker import NOT_SAVABLE, TaskReport, run_task
from glasswells.store.bases import Packing, output_as_saved
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.codec import Codec, sha256
from glasswells.store.errors import DamagedStoreError
from glasswells.store.packing import BITS, MOST_BASES, Packed, unpack
from glasswells.store.reader import StoreReader, TaskRow
from glasswells.store.schema import create_store
from glasswells.store.tasks import EncodedOutput, Ref, Task, TaskInput, TaskOutput
from glasswells.store.verify import verify_store
from glasswells.store.writer import Store


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Places:
    all: tuple[np.ndarray, ...]


CODEC = Codec((Places,))
GLASS = Task(stage="glass", glass="g", number=0, seed=1)
WALK = Task(stage="walk", glass="g", number=0, seed=1,
            inputs=(Ref(chain=GLASS.chain, kind="place", item=0),))  # fmt: skip


def near(number: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    glass = rng.uniform(0, 11, size=(300, 3))
    return glass + np.random.default_rng(number).normal(scale=1e-3, size=glass.shape) * (number > 0)


def made(*numbers: int) -> Places:
    return Places(all=tuple(near(k) for k in numbers))


def walk(task: TaskInput) -> TaskOutput:
    """Two chunks; the second one has the places of the first and one more."""
    ((_,),) = task.inputs
    if task.state is None:
        return TaskOutput(products=(("seen", made(1)),), counts={"steps": 1}, state=made(1, 2))
    assert len(task.state.all) == 2
    return TaskOutput(products=(("place", made(1, 2, 3)), ("place", made(0))), counts={"steps": 1})


def in_hand(store: Store, row: TaskRow, report: TaskReport) -> EncodedOutput:
    assert report.output is not None
    return output_as_saved(CODEC, report.output)


def as_packed(store: Store, row: TaskRow, report: TaskReport) -> EncodedOutput:
    assert report.encoded is not None
    assert [kind for kind, _ in report.encoded.products] == [k for k, _ in report.output.products]
    return report.encoded


def campaign(
    folder: Path, finish: Any, packs: bool, walk: Any = walk, chunks: int = 2
) -> list[EncodedOutput]:
    folder.mkdir()
    create_store(folder, pipeline="p", plan="", seed=1)
    outputs = []
    with Store(folder, CODEC) as store:
        with store.transaction():
            store.add_task(GLASS, 0)
            (row,) = store.claim(1)
            glass = TaskOutput(products=(("place", made(0)),))
            store.complete(row, output_as_saved(CODEC, glass))
            store.add_task(WALK, 1)
        for _ in range(chunks):
            with store.transaction():
                (row,) = store.claim(1)
                task = TaskInput(
                    inputs=tuple(store.products(ref) for ref in row.task.inputs),
                    state=store.checkpoint(row),
                    parameters={},
                    seed=row.task.seed_sequence,
                )
                packing = store.packing(row, keeps_records=False) if packs else None
                outputs.append(finish(store, row, run_task(walk, task, 0.0, packing)))
                store.complete(row, outputs[-1])
    return outputs


def test_the_catalogue_is_that_of_records_packed_by_the_coordinator(tmp_path: Path) -> None:
    here, there = tmp_path / "coordinator", tmp_path / "worker"
    campaign(here, in_hand, packs=False)
    first, second = campaign(there, as_packed, packs=True)
    for folder in (here, there):
        assert verify_store(folder, CODEC).problems == ()
        with StoreReader(folder, CODEC) as store:
            records = [r.record.all for r in store.records("place")]
            expected = [made(0), made(1, 2, 3), made(0)]
            for found, places in zip(records, expected, strict=True):
                assert all(map(np.array_equal, found, places.all))
    with StoreReader(here, CODEC) as one, StoreReader(there, CODEC) as other:
        assert catalogue_digest(one) == catalogue_digest(other)
    bases = {base for (base,) in query(there, "SELECT base FROM blobs")}
    assert sha256(near(0).tobytes()) in bases, "differences from the glass, an input"

    digests = [sha256(near(k).tobytes()) for k in range(4)]
    assert first.state is not None
    assert not any(record.arrays for _, record in (*first.products, *second.products))
    assert set(first.state.packed) == {digests[1], digests[2]}
    later, glass = (record for _, record in second.products)
    assert later.known == {digests[1], digests[2]}, "what was in the state is not sent again"
    assert set(later.packed) == {digests[3]}
    assert glass.known == {digests[0]}, "nor what was in an input"


def on_grid(number: int) -> np.ndarray:
    """A walk away from the glass: each place is nearest to the one before."""
    steps = [np.random.default_rng(k).normal(scale=1e-3, size=(300, 3)) for k in range(number)]
    return np.rint((near(0) + 30 * sum(steps)) * 2**16) / 2**16


def long_walk(task: TaskInput) -> TaskOutput:
    """Three chunks: places on a grid that stay, and before them one off the grid that passes."""
    ((_,),) = task.inputs
    seen = () if task.state is None else task.state.all[1:]
    seen += (on_grid(len(seen) + 1), on_grid(len(seen) + 2))
    moving = seen[-1] + np.random.default_rng(len(seen)).normal(scale=1e-4, size=(300, 3))
    if len(seen) < 6:
        return TaskOutput(counts={"steps": 1}, state=Places(all=(moving, *seen)))
    return TaskOutput(products=(("place", Places(all=seen)),), counts={"steps": 1})


@pytest.mark.parametrize(("finish", "packs"), [(in_hand, False), (as_packed, True)])
def test_places_are_differences_from_those_before_and_nothing_passing_is_left(
    tmp_path: Path, finish: Any, packs: bool
) -> None:
    folder = tmp_path / "campaign"
    campaign(folder, finish, packs=packs, walk=long_walk, chunks=3)
    assert verify_store(folder, CODEC).problems == ()
    kept = dict(query(folder, "SELECT digest, base FROM blobs"))
    glass, *places = (sha256(p.tobytes()) for p in (near(0), *map(on_grid, range(1, 7))))
    assert kept.keys() == {glass, *places}, "places off the grid went with the states"
    assert (kept[glass], kept[places[0]]) == (None, glass)
    assert all(kept[digest] in places for digest in places[1:]), "they are far from the glass"


def test_an_array_that_the_store_lacks_is_missed(tmp_path: Path) -> None:
    def forgetful(store: Store, row: TaskRow, report: TaskReport) -> EncodedOutput:
        found = as_packed(store, row, report)
        ((kind, record), *others) = found.products
        lost = replace(record, known=record.known | {"0" * 64})
        return replace(found, products=((kind, lost), *others))

    with pytest.raises(DamagedStoreError, match=r"array 0+ is missing"):
        campaign(tmp_path / "campaign", forgetful, packs=True)


def test_no_array_takes_more_others_to_read_than_is_allowed(tmp_path: Path) -> None:
    """A worker packed it as the difference from an array that it had found anew, by itself; in
    the store that array is the last of a long chain."""
    folder = tmp_path / "campaign"
    campaign(folder, in_hand, packs=False)
    chain = [sha256(near(0).tobytes())]
    with Store(folder, CODEC) as store:
        for k in range(10, 10 + MOST_BASES + 1):
            data, base = near(k).tobytes(), near(k - 1 if k > 10 else 0).tobytes()
            packed = Packing(codec=CODEC, reads={chain[-1]: 1}).packed(
                TaskInput(inputs=((Places(all=(np.frombuffer(base).reshape(-1, 3),)),),),
                          state=None, parameters={}, seed=np.random.SeedSequence(1)),
                TaskOutput(products=(("place", made(k)),)),
            )  # fmt: skip
            ((_, record),) = packed.products
            ((digest, kept),) = record.packed.items()
            assert isinstance(kept, Packed)
            assert (kept.coding, kept.base) == (BITS, chain[-1])
            assert unpack(kept, base) == data
            task = replace(GLASS, number=k)
            with store.transaction():
                store.add_task(task, 0)
                (row,) = store.claim(1)
                store.complete(row, packed)
            chain.append(digest)
    assert verify_store(folder, CODEC).problems == ()
    with StoreReader(folder, CODEC) as store:
        assert store.array(chain[-1]) == near(10 + MOST_BASES).tobytes()


def test_arrays_of_records_that_are_nearly_one_are_kept_as_differences(tmp_path: Path) -> None:
    """As places of a minimum that two trajectories met, off by a unit here and there."""
    folder = tmp_path / "campaign"
    campaign(folder, in_hand, packs=False)
    place = np.rint(near(5) * 2**16) / 2**16
    again, far = place.copy(), np.random.default_rng(3).normal(size=place.shape)
    again[7, 1] += 2.0**-16
    records = [Places(all=(values, np.arange(99.0))) for values in (place, again, far)]
    encoded = [CODEC.encode(record) for record in records]
    one, two, three = (sha256(values.tobytes()) for values in (place, again, far))
    pairs = [
        (encoded[1], encoded[0]),
        (encoded[2], encoded[0]),
        (encoded[0], CODEC.encode(made(3))),
    ]
    output = EncodedOutput(
        products=tuple(("place", record) for record in encoded),
        counts={}, state=None, chunks_left=1,
        alike=tuple((a.digests, b.digests) for a, b in pairs),
    )  # fmt: skip
    with Store(folder, CODEC) as store, store.transaction():
        store.add_task(replace(WALK, number=1), 0)
        (row,) = store.claim(1)
        store.complete(row, output)
    rows = query(folder, "SELECT digest, LENGTH(data), base FROM blobs")
    kept = {digest: (size, base) for digest, size, base in rows}
    glass = sha256(near(0).tobytes())
    assert kept[one][1] == glass
    assert kept[two] == (74, one), "a hundredth of its bytes, the least that may be"
    assert kept[three][1] is None, "it is not like the first one"
    assert verify_store(folder, CODEC).problems == ()
    with StoreReader(folder, CODEC) as store:
        assert [store.array(d) for d in (one, two, three)] == [
            values.tobytes() for values in (place, again, far)
        ]


def test_what_cannot_be_saved_is_a_failure_of_its_task() -> None:
    task = TaskInput(inputs=(), state=None, parameters={}, seed=np.random.SeedSequence(1))
    report = run_task(
        lambda _: TaskOutput(products=(("place", {1, 2}),)), task, 0.0,
        Packing(codec=CODEC, reads={}),
    )  # fmt: skip
    assert (report.output, report.encoded, report.reason) == (None, None, NOT_SAVABLE)


def test_records_are_sent_as_they_are_where_somebody_wants_them() -> None:
    task = TaskInput(inputs=(), state=None, parameters={}, seed=np.random.SeedSequence(1))
    output = TaskOutput(products=(("place", made(1)),), counts={"steps": 3}, state=made(2))
    for keeps, records in ((True, output.products), (False, (("place", None),))):
        packing = Packing(codec=CODEC, reads={}, keeps_records=keeps)
        report = run_task(lambda _: output, task, 0.0, packing)
        assert report.output is not None
        assert report.output.products == records
        assert report.output.counts == {"steps": 3}
        assert report.encoded is not None
        assert report.encoded.state is not None
