"""What tests look at in a campaign after whatever happened to it, and waiting for it to happen."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from glasswells.campaign.campaigns import open_campaign
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.pipeline import Pipeline
from glasswells.store.reader import CONTINUED, DONE, FAILED, TaskRow
from glasswells.store.schema import STORE_NAME
from glasswells.store.verify import verify_store

Records = set[tuple[str, ...]]


def digest(directory: Path, pipeline: Pipeline) -> str:
    with open_campaign(directory, pipeline) as store:
        return catalogue_digest(store)


def findings(directory: Path, pipeline: Pipeline) -> tuple[dict[str, str], Records]:
    """Status of each task by id, and the digests of all products of finished tasks."""
    assert verify_store(directory, pipeline.codec).problems == ()
    with open_campaign(directory, pipeline) as store:
        statuses = {row.task.id: row.status for row in store.tasks()}
        return statuses, {entry for entry in store.digests() if entry[0] == "record"}


def acknowledged(directory: Path, pipeline: Pipeline) -> dict[str, TaskRow]:
    """All that the store has of each task that it calls done, its seconds included.

    A task that is done again takes other seconds, so a row that stays the same was done once.
    """
    with open_campaign(directory, pipeline) as store:
        return {row.task.id: row for row in store.tasks(DONE, CONTINUED, FAILED)}


def tasks_by_stage(directory: Path, pipeline: Pipeline, *statuses: str) -> Counter[str]:
    """How many tasks have one of these statuses; none while there is no store."""
    found: Counter[str] = Counter()
    if (directory / STORE_NAME).exists():
        with open_campaign(directory, pipeline) as store:
            for row in store.summary():
                if row["status"] in statuses:
                    found[row["stage"]] += row["tasks"]
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 300, tick: float = 0.01) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(tick)


def stopping_after(tasks: int) -> Callable[[Sequence[str]], None]:
    """For `acknowledged`: ask the run for a stop as soon as so many of its tasks are done."""
    left = tasks

    def acknowledged(ids: Sequence[str]) -> None:
        nonlocal left
        left -= len(ids)
        if left <= 0:
            os.kill(os.getpid(), signal.SIGTERM)

    return acknowledged


def wait_for_workers(coordinator: int, count: int) -> None:
    """Until so many worker processes of a pool are ready for tasks: they ignore stops then."""
    wait_for(lambda: sum(ignores(pid, signal.SIGUSR1) for pid in children(coordinator)) >= count)


def children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(pid) for pid in listed.split()]


def ignores(process: int, number: signal.Signals) -> bool:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except FileNotFoundError:
        return False
    (mask,) = (int(line.split()[1], 16) for line in status.splitlines() if line[:7] == "SigIgn:")
    return bool(mask >> (number - 1) & 1)


def query(folder: Path, sql: str) -> list[Any]:
    """The rows that a statement gives; what it changes is kept."""
    connection = sqlite3.connect(folder / STORE_NAME)
    found = connection.execute(sql).fetchall()
    connection.commit()
    connection.close()
    return found
