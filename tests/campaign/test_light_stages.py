"""Tasks that the coordinator does itself, on configurations that it reads one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from small_plan import SMALL_PLAN, finished_campaign

from glasswells.campaign.runner import input_of
from glasswells.engines.pool import WorkerPool
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.reader import StoreReader
from glasswells.store.tasks import TaskOutput
from glasswells.store.verify import verify_store

TEXT = (
    SMALL_PLAN.replace('rules = ["linked", "close"]', "rules = []")
    .replace("preparation_temperatures = [0.1]", "preparation_temperatures = [0.5]")
    .replace("exploration_temperature = 0.05", "exploration_temperature = 0.4")
)
"""A liquid, in which nearly every quench ends in another minimum."""
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
        task = input_of(store, row, stage)  # type: ignore[arg-type]
        for_states = len(read)
        found = stage.run(task)
        assert len(found.products) > 20
        assert len(read) - for_states < 6  # of all these minima
        eager = input_of(store, row, SENT.stage("library"))  # type: ignore[arg-type]
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

    monkeypatch.setattr(StoreReader, "array", noted)
    light, sent = PIPELINE.stage("pairs"), SENT.stage("pairs")
    with StoreReader(small_campaign, PIPELINE.codec) as store:
        rows = list(store.tasks(stage="pairs"))
        assert len(rows) > 2
        for row in rows:
            read.clear()
            late = input_of(store, row, light)  # type: ignore[arg-type]
            of_rounds = {d for d in read if len(array(store, d)) >= 3 * 8 * 150}
            whole = input_of(store, row, sent)  # type: ignore[arg-type]
            assert len(set(read)) > 10
            assert len(of_rounds) < 3  # columns of candidates, not places
            products = [encoded(light.run(task)) for task in (late, whole)]
            assert products[0] == products[1]
            assert len(products[0]) > 1


def encoded(output: TaskOutput) -> list[tuple[str, str]]:
    return [(kind, PIPELINE.codec.encode(record).body) for kind, record in output.products]
