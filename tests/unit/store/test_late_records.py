"""Configurations that are read when somebody looks at them, and saved without being read."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from glasswells.core.records import Configuration, InherentStructure, LateConfiguration
from glasswells.engines.worker import run_task
from glasswells.landscape.known_places import KnownPlaces
from glasswells.landscape.library import Identity, Library
from glasswells.landscape.pushed import Pushed
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.codec import sha256
from glasswells.store.coded_arrays import ArraysMet, array_digests
from glasswells.store.errors import CodecError, DamagedStoreError
from glasswells.store.tasks import TaskInput, TaskOutput

CODEC = PIPELINE.codec
N = 20


def structure(seed: int, energy: float = 1.0) -> InherentStructure:
    positions = np.random.default_rng(seed).uniform(0, 4, size=(N, 3))
    place = Configuration(positions=positions, diameters=np.ones(N), box=np.full(3, 4.0))
    return InherentStructure(index=0, configuration=place, energy=energy)


def late(
    record: InherentStructure, bytes_of: Callable[[str], bytes] | None = None
) -> InherentStructure:
    encoded = CODEC.encode(record)
    read: InherentStructure = CODEC.decode(
        encoded.body, bytes_of or encoded.arrays.__getitem__, late=True
    )
    assert type(read.configuration) is LateConfiguration
    return read


def unreadable(digest: str) -> bytes:
    raise AssertionError(f"{digest} is read")


def test_a_late_configuration_is_that_which_was_saved_and_is_kept_by_nobody() -> None:
    record, reads = structure(1), Counter[str]()
    arrays = CODEC.encode(record).arrays

    def bytes_of(digest: str) -> bytes:
        reads[digest] += 1
        return arrays[digest]

    read = late(record, bytes_of).configuration
    assert read.n_particles == N
    assert not reads
    for name in ("positions", "diameters", "box", "masses"):
        expected, found = getattr(record.configuration, name), getattr(read, name)
        assert found.tobytes() == expected.tobytes()
        assert not found.flags.writeable
    assert set(reads.values()) == {4}
    moved = read.moved_to(read.positions + 1.0)
    assert type(moved) is Configuration
    assert moved.density == read.density


def test_it_is_saved_as_it_was_without_being_read() -> None:
    record = structure(2)
    whole, again = CODEC.encode(record), CODEC.encode(late(record, unreadable))
    assert again.body == whole.body
    assert again.known == set(whole.arrays)
    assert not again.arrays
    one_more = CODEC.encode(replace(late(record, unreadable), visits=7))
    assert one_more.body == CODEC.encode(replace(record, visits=7)).body


def test_of_many_that_wait_those_are_read_whose_arrays_are_wanted() -> None:
    records = tuple(structure(seed) for seed in range(5))
    digests = [sha256(r.configuration.positions.tobytes()) for r in records]
    reads = Counter[str]()
    group = state_of(records)
    encoded = CODEC.encode(group)

    def bytes_of(digest: str) -> bytes:
        reads[digest] += 1
        return encoded.arrays[digest]

    waiting = CODEC.decode(encoded.body, bytes_of, late=True)
    reads.clear()
    found = CODEC.arrays_of(waiting, {digests[3], "0" * 64})
    assert found == {digests[3]: encoded.arrays[digests[3]]}
    assert set(digests) & set(reads) == {digests[3]}
    assert CODEC.arrays_of(group, {digests[3], "0" * 64}) == found
    again = CODEC.encode(waiting)
    assert again.body == encoded.body
    assert again.digests == encoded.digests
    assert not set(digests) & set(again.arrays)


def state_of(structures: tuple[InherentStructure, ...]) -> Pushed:
    return Pushed(
        structures=structures,
        saddles=(),
        done=np.arange(2),
        attempts=1,
        repeats=0,
        failures=0,
    )


def test_a_digest_in_a_text_is_no_array() -> None:
    """Texts of a late record are looked through for digests: quotes inside of one are escaped."""
    source = CODEC.encode(structure(1)).body
    met = ArraysMet()
    assert not met.asks_for(source + json.dumps(json.dumps({"array": "f" * 64})))
    assert met.known == array_digests(source)
    assert len(met.known) == 3


def test_another_process_gets_the_configuration_itself() -> None:
    sent = pickle.loads(pickle.dumps(late(structure(3))))  # noqa: S301 (our own)
    assert type(sent.configuration) is Configuration
    assert np.array_equal(sent.configuration.positions, structure(3).configuration.positions)


def test_a_library_reads_places_only_where_energies_are_close_and_places_are_not_one() -> None:
    box = np.full(3, 4.0)
    library, slow = Library(box), Library(box)
    for record in (structure(1), structure(2, 2.0), structure(1), structure(3, 3.0)):
        assert library.absorb(late(record, unreadable)) == slow.absorb(record)
    with pytest.raises(AssertionError, match="is read"):
        library.absorb(late(structure(4), unreadable))
    library = Library(box)
    library.absorb(late(structure(1)))
    assert library.absorb(late(structure(4))) == 1


def test_libraries_keep_the_latest_places_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of all trajectories together so many as there is room for."""
    monkeypatch.setattr("glasswells.landscape.known_places.KEPT_AT_HAND", 2)
    reads = Counter[str]()
    records = [structure(seed, float(seed)) for seed in range(4)]
    names = {sha256(r.configuration.positions.tobytes()): k for k, r in enumerate(records)}

    def waits(record: InherentStructure) -> InherentStructure:
        arrays = CODEC.encode(record).arrays

        def bytes_of(digest: str) -> bytes:
            reads[digest] += digest in names
            return arrays[digest]

        return late(record, bytes_of)

    box, places = np.full(3, 4.0), KnownPlaces()
    libraries = [
        Library.from_structures(
            box, Identity(), [replace(waits(r), index=k) for k, r in enumerate(part)], places
        )
        for part in (records[:2], records[2:])
    ]
    for _ in range(3):
        for k, library in enumerate(libraries):
            expected = records[2 * k].configuration.positions
            assert np.array_equal(library.positions(0), expected)
    assert sorted(names[d] for d in +reads) == [0, 2]
    assert reads.total() == 2
    libraries[0].positions(1)
    libraries[0].positions(0)
    assert reads.total() == 4  # the first one had made room


def test_what_is_lost_or_damaged_is_told_when_it_is_looked_at() -> None:
    record = structure(5)
    arrays = dict(CODEC.encode(record).arrays)
    read = late(record, lambda digest: arrays[digest][:-8])
    with pytest.raises(DamagedStoreError, match="not what was written"):
        read.configuration.positions.sum()
    body = CODEC.encode(record).body
    tree = json.loads(body)
    del tree["fields"]["configuration"]["fields"]["positions"]
    with pytest.raises(CodecError, match="make no Configuration"):
        CODEC.decode(json.dumps(tree), unreadable, late=True)


def test_a_damaged_store_is_no_failure_of_the_task_that_meets_it() -> None:
    def run(task: TaskInput) -> TaskOutput:
        raise DamagedStoreError("an array is missing")

    with pytest.raises(DamagedStoreError, match="missing"):
        run_task(run, None)  # type: ignore[arg-type]
