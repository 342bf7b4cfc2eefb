"""What tests look at in a campaign after whatever happened to it, and waiting for it to happen."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from glasswells.campaign.campaigns import open_campaign
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.reader import CONTINUED, DONE, FAILED, TaskRow
from glasswells.store.tasks import Pipeline
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


def wait_for(condition: Callable[[], bool], seconds: float = 60, tick: float = 0.01) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(tick)
