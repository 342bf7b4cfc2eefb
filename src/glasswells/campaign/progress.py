"""How far a campaign is, per stage, and how long it still takes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from glasswells.campaign.outline import Staged
from glasswells.store.reader import CONTINUED, DONE, FAILED, RUNNING, StoreReader


@dataclass(frozen=True, kw_only=True, slots=True)
class StageProgress:
    """Where one stage stands; later stages grow while earlier ones find more to do."""

    stage: str
    title: str
    done: int
    """Chunks of work that are on the disk."""
    finished: int
    """Tasks, such as glasses, all of whose chunks are done."""
    known: int
    """Tasks that there are so far, failed ones included."""
    may_grow: bool
    """Whether an earlier stage, still at work, may ask for more."""
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
    """Wall time for what is known to be left, by what a chunk of each glass has taken so far; None
    before the first chunk."""
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
    pipeline: Staged,
    *,
    workers: int = 1,
    running: Mapping[str, int] | None = None,
) -> list[StageProgress]:
    """Where each stage stands.

    Parameters
    ----------
    store, pipeline
        The campaign, and its stages or their outline.
    workers
        For the time left.
    running
        Tasks in flight per stage; by default what the store says, which after a killed run is
        what ran then.
    """
    with store.snapshot():
        rows = store.summary()
        reasons, counts = store.reasons(), store.counts()
    found: list[StageProgress] = []
    for stage in pipeline.stages:
        own = [row for row in rows if row["stage"] == stage.name]
        tasks = _sums(own, "tasks", "status")
        ended = [row for row in own if row["status"] in (DONE, CONTINUED)]
        done, wall = _sums(ended, "tasks", "glass"), _sums(ended, "wall_seconds", "glass")
        left = _sums(own, "chunks_left", "glass")
        n_done = int(sum(done.values()))
        mean = sum(wall.values()) / n_done if n_done else None
        each = {glass: wall[glass] / n for glass, n in done.items()}
        found.append(
            StageProgress(
                stage=stage.name,
                title=stage.title,
                done=n_done,
                finished=int(tasks[DONE]),
                known=int(sum(tasks.values()) - tasks[CONTINUED]),
                may_grow=any(before.left for before in found),
                failed=int(tasks[FAILED]),
                running=int(tasks[RUNNING]) if running is None else running.get(stage.name, 0),
                left=int(sum(left.values())),
                cpu_seconds=sum(row["cpu_seconds"] for row in own),
                mean_seconds=mean,
                seconds_left=None
                if mean is None
                else sum(n * each.get(glass, mean) for glass, n in left.items()) / workers,
                reasons=reasons.get(stage.name, {}),
                counts=counts.get(stage.name, {}),
            )
        )
    return found


def is_finished(stages: Sequence[StageProgress]) -> bool:
    """Whether a campaign has begun and nothing is left to do."""
    begun = any(stage.done or stage.failed for stage in stages)
    return begun and not any(stage.left for stage in stages)


def fruitless(stages: Sequence[StageProgress]) -> list[StageProgress]:
    """Stages of which nothing succeeded."""
    return [stage for stage in stages if stage.failed and not stage.done]


def time_left(stages: Sequence[StageProgress]) -> str:
    """Of all stages together; `at least` where more work may come, or was never timed."""
    waiting = [stage for stage in stages if stage.left]
    known = [stage.seconds_left for stage in waiting if stage.seconds_left is not None]
    if not waiting:
        return "none"
    if not known:
        return "not known yet"
    is_all = len(known) == len(waiting) and not any(stage.may_grow for stage in stages)
    return f"{'about' if is_all else 'at least'} {duration(sum(known))}"


def _sums(rows: Iterable[Mapping[str, Any]], what: str, by: str) -> defaultdict[str, float]:
    found: defaultdict[str, float] = defaultdict(float)
    for row in rows:
        found[row[by]] += row[what]
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
