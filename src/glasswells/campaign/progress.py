"""How far a campaign is, per stage, and how long it still takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from glasswells.campaign.reader import CONTINUED, DONE, FAILED, RUNNING, StoreReader
from glasswells.campaign.tasks import Pipeline


@dataclass(frozen=True, kw_only=True, slots=True)
class StageProgress:
    """Where one stage stands; later stages grow while earlier ones find more to do."""

    stage: str
    title: str
    done: int
    """Chunks of work that are on the disk."""
    failed: int
    """Tasks that failed, of which the campaign knows why."""
    running: int
    left: int
    """Chunks known to be left, those that run included."""
    cpu_seconds: float
    """Spent so far, on all cores."""
    mean_seconds: float | None
    """Wall time of a chunk; None before the first."""
    seconds_left: float | None
    """Wall time for what is known to be left; None before the first chunk."""
    reasons: Mapping[str, int]
    """How many failed why."""
    counts: Mapping[str, int]
    """What the tasks counted."""

    @property
    def rate(self) -> float | None:
        """Chunks per minute and worker."""
        return 60.0 / self.mean_seconds if self.mean_seconds else None


def stage_progress(
    store: StoreReader,
    pipeline: Pipeline,
    *,
    workers: int = 1,
    running: Mapping[str, int] | None = None,
) -> list[StageProgress]:
    """Where each stage stands.

    Parameters
    ----------
    store, pipeline
        The campaign.
    workers
        For the time left.
    running
        Tasks in flight per stage; by default what the store says, which after a killed run is
        what ran then.
    """
    with store.snapshot():
        rows = store.summary()
        reasons, counts = store.reasons(), store.counts()
    found = []
    for stage in pipeline.stages:
        own = {row["status"]: row for row in rows if row["stage"] == stage.name}
        tasks = {status: row["tasks"] for status, row in own.items()}
        done = tasks.get(DONE, 0) + tasks.get(CONTINUED, 0)
        wall = sum(own[s]["wall_seconds"] for s in (DONE, CONTINUED) if s in own)
        left = sum(row["chunks_left"] for row in own.values())
        mean = wall / done if done else None
        found.append(
            StageProgress(
                stage=stage.name,
                title=stage.title,
                done=done,
                failed=tasks.get(FAILED, 0),
                running=tasks.get(RUNNING, 0) if running is None else running.get(stage.name, 0),
                left=left,
                cpu_seconds=sum(row["cpu_seconds"] for row in own.values()),
                mean_seconds=mean,
                seconds_left=None if mean is None else mean * left / workers,
                reasons=reasons.get(stage.name, {}),
                counts=counts.get(stage.name, {}),
            )
        )
    return found


def duration(seconds: float | None) -> str:
    """`-`, `12 s`, `3 min`, `2.5 h` or `4.2 d`."""
    if seconds is None:
        return "-"
    for limit, unit, name in ((100, 1, "s"), (6000, 60, "min"), (172800, 3600, "h")):
        if seconds < limit:
            value = seconds / unit
            return f"{value:.1f} {name}" if value < 10 and unit > 1 else f"{value:.0f} {name}"
    return f"{seconds / 86400:.1f} d"
