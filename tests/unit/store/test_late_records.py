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
from glasswells.landscape.library import Library
from glasswells.stages.pipeline import PIPELINE
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
