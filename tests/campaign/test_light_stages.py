"""Tasks that read configurations one by one: the coordinator's own, and those of its workers."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from small_plan import SMALL_PLAN, finished_campaign

from glasswells.campaign.campaigns import run_campaign, start_campaign
from glasswells.core.records import InherentStructure
from glasswells.engines.pool import InlineExecutor, WorkerPool
from glasswells.engines.stored_input import StoredInput, input_from
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.bases import Packing
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.codec import sha256
from glasswells.store.errors import DamagedStoreError
from glasswells.store.reader import FAILED, POSTPONED, StoreReader
from glasswells.store.schema import STORE_NAME
from glasswells.store.tasks import Ref, TaskInput, TaskOutput
from glasswells.store.verify import verify_store

TEXT = (
    SMALL_PLAN.replace('rules = ["linked", "close"]', "rules = []")
    .replace("preparation_temperatures = [0.1]", "preparation_temperatures = [0.5]")
    .replace("exploration_temperature = 0.05", "exploration_temperature = 0.4")
)
"""A liquid, in which nearly every quench ends in another minimum."""
QUENCHES, FEW = 40, 3
"""Of each of its trajectories, and how many more are asked for."""
SENT = replace(PIPELINE, stages=tuple(replace(s, is_light=False) for s in PIPELINE.stages))
"""The same stages, all of whose tasks are given to workers."""


def catalogue(directory: Path) -> str:
    with StoreReader(directory, PIPELINE.codec) as store:
        assert store.product_counts()["structure"] > 20
        return catalogue_digest(store)


def test_pooled_minima_are_the_same_to_the_bit_and_come_from_no_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: Counter[str] = Counter()
    submit = WorkerPool.submit

    def counted(pool, function, *values):  # type: ignore[no-untyped-def]
        sent[values[0].__name__] += 1
        return submit(pool, function, *values)

    monkeypatch.setattr(WorkerPool, "submit", counted)
    folders = tmp_path / "light", tmp_path / "sent"
    for folder in folders:
        folder.mkdir()
    light = finished_campaign(folders[0], TEXT)
    assert sent["run_explore"] == 4
    assert sent["run_library"] == 0
    whole = finished_campaign(folders[1], TEXT, pipeline=SENT)
    assert sent["run_library"] == 1
    assert catalogue(light) == catalogue(whole)
    assert verify_store(light, PIPELINE.codec).is_sound


def test_the_places_of_pooled_minima_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = finished_campaign(tmp_path, TEXT)
    read: list[str] = []
    array = StoreReader.array

    def noted(store: StoreReader, digest: str, depth: int = 0) -> bytes:
        read.append(digest)
        return array(store, digest, depth)

    monkeypatch.setattr(StoreReader, "array", noted)
    stage = PIPELINE.stage("library")
    with StoreReader(directory, PIPELINE.codec) as store:
        (row,) = store.tasks(stage="library")
        task = input_from(store, row, late=True)
        for_states = len(read)
        found = stage.run(task)
        assert len(found.products) > 20
        assert len(read) - for_states < 6  # of all these minima
        eager = input_from(store, row, late=False)
        assert len(read) > for_states + 20
        assert len(eager.inputs) == len(task.inputs)


def test_rounds_of_pairs_read_places_when_they_look_at_them(
    small_campaign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They choose the same pairs to the bit as workers that get all places."""
    read: list[str] = []
    array = StoreReader.array

    def noted(store: StoreReader, digest: str, depth: int = 0) -> bytes:
        read.append(digest)
        return array(store, digest, depth)

    def long_arrays(digests: Sequence[str]) -> set[str]:
        return {d for d in digests if len(array(store, d)) >= 3 * 8 * 150}

    monkeypatch.setattr(StoreReader, "array", noted)
    stage = PIPELINE.stage("pairs")
    assert stage.reads_late
    with StoreReader(small_campaign, PIPELINE.codec) as store:
        rows = list(store.tasks(stage="pairs"))
        assert len(rows) > 2
        for row in rows:
            read.clear()
            late = input_from(store, row, late=True)
            before = long_arrays(read)
            whole = input_from(store, row, late=False)
            assert len(before) < 3  # columns of candidates, not places
            assert len(long_arrays(read) - before) > 3  # places of all minima
            products = [encoded(stage.run(task)) for task in (late, whole)]
            assert products[0] == products[1]
            assert len(products[0]) > 1


def test_an_exploration_goes_on_without_places_that_it_does_not_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It finds the same to the bit, and gives the bytes of new minima only."""
    directory = finished_campaign(tmp_path, TEXT)
    read: set[str] = set()
    array = StoreReader.array

    def noted(store: StoreReader, digest: str, depth: int = 0) -> bytes:
        read.add(digest)
        return array(store, digest, depth)

    stage = PIPELINE.stage("explore")
    with StoreReader(directory, PIPELINE.codec) as store:
        row, *_ = store.tasks(stage="explore")
        trajectory = Ref(chain=row.task.chain, kind="trajectory", item=0)
        quenches = QUENCHES + FEW
        longer = {**row.task.parameters["explore"], "quenches": quenches, "chunk_quenches": FEW - 1}
        outputs = []
        for late in (False, True):
            monkeypatch.setattr(StoreReader, "array", noted)
            read.clear()
            (state,) = store.products(trajectory, late=late)
            task = replace(
                input_from(store, row, late=late),
                state=state,
                parameters={**row.task.parameters, "explore": longer},
            )
            found = stage.run(task)
            monkeypatch.undo()
            known = [positions_digest(s) for s in state.structures]
            packing = Packing(
                codec=PIPELINE.codec,
                reads={known[3]: 1, known[7]: 2},
                known=PIPELINE.codec.encode(state).digests,
            )
            outputs.append(packing.packed(task, found))
            assert len(known) > 30
            looked_at = len(read.intersection(known))
            assert looked_at < 6 if late else looked_at == len(set(known))
    whole, late_one = (output.state for output in outputs)
    assert whole is not None
    assert late_one is not None
    assert late_one.body == whole.body
    assert late_one.digests == whole.digests
    assert late_one.packed == whole.packed
    assert len(late_one.packed.keys() - {known[3]}) < 3 + FEW * 2
    assert {packed.base for packed in late_one.packed.values()} & {known[3], known[7]}
    assert not late_one.arrays


def positions_digest(structure: InherentStructure) -> str:
    return sha256(structure.configuration.positions.tobytes())


def encoded(output: TaskOutput) -> list[tuple[str, str]]:
    return [(kind, PIPELINE.codec.encode(record).body) for kind, record in output.products]


def test_workers_of_this_machine_read_the_store_and_others_get_copies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: dict[str, set[type]] = {}
    submit = WorkerPool.submit

    def noted(pool, function, *values):  # type: ignore[no-untyped-def]
        given.setdefault(values[0].__name__, set()).add(type(values[1]))
        return submit(pool, function, *values)

    monkeypatch.setattr(WorkerPool, "submit", noted)
    plan = tmp_path / "plan.toml"
    few = SMALL_PLAN.replace("min_transitions = 2", "min_transitions = 2\nmax_pairs = 2")
    plan.write_text(few.replace("images = [6, 9]", "enabled = false"))
    directory = start_campaign(plan, tmp_path / "local", PIPELINE)
    assert run_campaign(directory, PIPELINE, workers=2).is_finished
    assert given["run_pairs"] == {StoredInput}
    assert given["run_explore"] == {StoredInput}
    assert given["run_prepare"] == {TaskInput}
    given.clear()
    inline = start_campaign(plan, tmp_path / "inline", PIPELINE)
    assert run_campaign(inline, PIPELINE, make_executor=InlineExecutor).is_finished
    assert given["run_pairs"] == {TaskInput}
    digests = []
    for folder in (directory, inline):
        with StoreReader(folder, PIPELINE.codec) as store:
            digests.append(catalogue_digest(store))
    assert digests[0] == digests[1]


def test_damage_that_a_worker_meets_is_no_result_of_its_task(
    small_campaign: Path, tmp_path: Path
) -> None:
    plan = small_campaign.with_name("plan.toml")
    directory = start_campaign(plan, tmp_path / "damaged", PIPELINE)

    def stop_before_pairs(ids: Sequence[str]) -> None:
        with StoreReader(directory, PIPELINE.codec) as store:
            if store.product_counts().get("trajectory") == 2:  # the library is claimed by then
                os.kill(os.getpid(), signal.SIGTERM)

    options = {"workers": 1, "make_executor": InlineExecutor}
    run_campaign(directory, PIPELINE, acknowledged=stop_before_pairs, **options)  # type: ignore[arg-type]
    with StoreReader(directory, PIPELINE.codec) as reader:
        assert reader.product_counts()["structure"] > 3
        assert "pair_search" not in reader.product_counts()
    with closing(sqlite3.connect(directory / STORE_NAME)) as store, store:
        store.execute("UPDATE blobs SET data = zeroblob(600)")
    with pytest.raises(DamagedStoreError, match="not what was written"):
        run_campaign(directory, PIPELINE, workers=1)
    with StoreReader(directory, PIPELINE.codec) as reader:
        assert not list(reader.tasks(FAILED, POSTPONED))
