"""SIGKILL at random times of a campaign of the real stages, all its processes at once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from inspection import Records, acknowledged, digest, findings, tasks_by_stage, wait_for
from small_plan import LONGER_PLAN

from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.engines.pool import InlineExecutor
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.reader import CONTINUED, DONE, FAILED, RUNNING, TaskRow

COMMAND = [sys.executable, "-m", "glasswells.cli"]
ENDED = (DONE, CONTINUED, FAILED)
KILLS = 20
SEED = 20
LONGEST_DELAY = 0.15
"""Seconds from the task that was waited for to the kill: as long as a task takes."""


def kill_one_life(
    directory: Path, command: list[str], tasks: int, delay: float, sudden: str
) -> Counter[str]:
    """Kill a campaign some seconds after so many of its tasks are done; the stages at work then.

    At once if the stage `sudden` is seen at work. In any case one task is done between two kills.
    """
    before = tasks_by_stage(directory, PIPELINE, *ENDED).total()

    def is_time() -> bool:
        done = tasks_by_stage(directory, PIPELINE, *ENDED).total()
        return done > before and (done >= tasks or is_sudden())

    def is_sudden() -> bool:
        return tasks_by_stage(directory, PIPELINE, RUNNING)[sudden] > 0

    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        wait_for(is_time, tick=0.002)
        if not is_sudden():
            time.sleep(delay)
        seen = acknowledged(directory, PIPELINE)
        assert process.poll() is None, "the campaign was over before the last kill: make it longer"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    left = acknowledged(directory, PIPELINE)
    assert seen.items() <= left.items(), "an acknowledged task was lost or changed by the kill"
    return tasks_by_stage(directory, PIPELINE, RUNNING)


@pytest.mark.soak
@pytest.mark.parametrize("lanes", [1, 2])
def test_kills_in_all_stages(tmp_path: Path, lanes: int) -> None:
    """One random time in each twentieth of the campaign, counted in tasks."""
    plan, directory = tmp_path / "plan.toml", tmp_path / "killed"
    text = LONGER_PLAN.replace("lanes = 1", f"lanes = {lanes}")
    plan.write_text(text, encoding="utf-8")
    whole = start_campaign(plan, tmp_path / "whole", PIPELINE)
    assert run_campaign(whole, PIPELINE, workers=1, make_executor=InlineExecutor).is_finished

    start = [*COMMAND, "run", str(plan), "--dir", str(directory), "--workers", "2"]
    go_on = [*COMMAND, "resume", str(directory), "--workers", "2"]
    generator = random.Random(SEED)  # noqa: S311 (no secrets here)
    part = 0.95 * tasks_by_stage(whole, PIPELINE, *ENDED).total() / KILLS
    rows: dict[str, TaskRow] = {}
    records: Records = set()
    kills: Counter[str] = Counter()
    for life in range(KILLS):
        tasks = int((life + generator.random()) * part)
        delay = generator.uniform(0.0, LONGEST_DELAY)
        # Some take milliseconds, which random times would miss.
        sudden = next((stage for stage in ("library", "pairs") if not kills[stage]), "")
        command = go_on if life else start
        kills.update(set(kill_one_life(directory, command, tasks, delay, sudden)))
        _, now = findings(directory, PIPELINE)
        rows_now = acknowledged(directory, PIPELINE)
        assert rows.items() <= rows_now.items(), "a task was lost, or done twice"
        assert records <= now, "a record was lost or changed"
        products = Counter(task for _, task, *_ in now)
        assert all(products[task] == row.products for task, row in rows_now.items())
        assert products.total() == sum(row.products or 0 for row in rows_now.values())
        rows, records = rows_now, now
    subprocess.run(go_on, check=True, capture_output=True)
    subprocess.run([*COMMAND, "verify", str(directory)], check=True, capture_output=True)

    assert rows.items() <= acknowledged(directory, PIPELINE).items()
    assert findings(directory, PIPELINE) == findings(whole, PIPELINE)
    assert digest(directory, PIPELINE) == digest(whole, PIPELINE)
    with open_campaign(directory, PIPELINE) as a, open_campaign(whole, PIPELINE) as b:
        assert (a.counts(), a.product_counts()) == (b.counts(), b.product_counts())
        assert len(a.sessions()) == KILLS + 1
    print(f"kills with tasks of a stage in flight: {dict(kills)}")  # noqa: T201 (for the record)
    assert set(kills) >= set(tasks_by_stage(whole, PIPELINE, *ENDED))
