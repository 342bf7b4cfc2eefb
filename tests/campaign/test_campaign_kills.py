"""SIGKILL at random times: nothing acknowledged is lost, nothing is done twice, same catalogue."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import toy
from inspection import children, digest, findings, wait_for

from glasswells.campaign.campaigns import open_campaign, run_campaign
from glasswells.engines.pool import InlineExecutor
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.reader import CONTINUED, DONE
from glasswells.store.verify import verify_store

Start = Callable[..., Path]
SCRIPT = Path(__file__).with_name("coordinate.py")
POOL_EVERY = 4
"""Every fourth life has two worker processes, which takes longer to start."""


def coordinator(directory: Path, log: Path, how: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(directory), str(log), how, "2"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    return process


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


@pytest.mark.parametrize("kills", [20, pytest.param(200, marks=pytest.mark.soak)])
def test_kills_at_random_times(start: Start, tmp_path: Path, kills: int) -> None:
    plan = {"glasses": 2, "walks": 3, "chunks": 3 * kills, "steps": 5, "seconds": 0.01}
    log, slow_while = tmp_path / "log", tmp_path / "slow"
    slow_while.touch()
    directory, whole = (start(x, **plan, slow_while=str(slow_while)) for x in ("killed", "whole"))
    generator = random.Random(20)  # noqa: S311 (no secrets here)
    known: set[tuple[str, ...]] = set()
    killed_at = []
    for life in range(kills):
        process = coordinator(directory, log, "pool" if life % POOL_EVERY == 3 else "inline")
        before = len(lines(log))
        if life % 2:  # some die after a commit that they lived to see, some in their first moments
            wait_for(lambda n=before: len(lines(log)) > n)  # type: ignore[misc]
        time.sleep(generator.uniform(0.0, 0.15))
        assert process.poll() is None, "the campaign was over before the last kill: make it longer"
        process.send_signal(signal.SIGKILL)
        process.communicate()
        acknowledged = lines(log)
        killed_at.append(len(acknowledged))
        assert len(set(acknowledged)) == len(acknowledged), "something was done twice"
        statuses, records = findings(directory, toy.PIPELINE)
        assert all(statuses[task] in (DONE, CONTINUED) for task in acknowledged)
        assert known <= records, "a record was lost or changed"
        known = records
    slow_while.unlink()
    assert killed_at[-1] > killed_at[0]
    assert run_campaign(directory, toy.PIPELINE, workers=2).is_finished
    assert run_campaign(whole, toy.PIPELINE, workers=1, make_executor=InlineExecutor).is_finished
    assert findings(directory, toy.PIPELINE) == findings(whole, toy.PIPELINE)
    assert digest(directory, toy.PIPELINE) == digest(whole, toy.PIPELINE)
    with open_campaign(directory, toy.PIPELINE) as store:
        assert len(store.sessions()) > kills / 2


def test_workers_do_not_outlive_their_coordinator(start: Start, tmp_path: Path) -> None:
    directory = start(glasses=1, walks=2, chunks=10, seconds=0.2)
    process = coordinator(directory, tmp_path / "log", "pool")
    wait_for(lambda: bool(lines(tmp_path / "log")))
    workers = children(process.pid)
    assert len(workers) >= 2
    process.kill()
    process.communicate()
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers))


def test_a_store_cut_off_between_two_commits_is_old_or_new(start: Start, tmp_path: Path) -> None:
    """A copy of the files at any moment, log included, opens as a state that was committed."""
    directory = start(glasses=1, walks=1, chunks=30, steps=5)
    states: list[str] = []
    copies: list[Path] = []

    def acknowledged(ids: object) -> None:
        with open_campaign(directory, toy.PIPELINE) as store:
            states.append(catalogue_digest(store))
        copy = tmp_path / f"copy{len(copies)}"
        copy.mkdir()
        for name in ("campaign.sqlite", "campaign.sqlite-wal"):
            shutil.copy(directory / name, copy / name)
        copies.append(copy)

    run_campaign(
        directory,
        toy.PIPELINE,
        workers=1,
        make_executor=InlineExecutor,
        acknowledged=acknowledged,
    )
    assert len(states) > 10
    generator = random.Random(1)  # noqa: S311
    for k, copy in enumerate(copies):
        log = copy / "campaign.sqlite-wal"
        torn = generator.randrange(log.stat().st_size + 1)
        os.truncate(log, torn)
        (copy / "lock").touch()
        with open_campaign(copy, toy.PIPELINE) as store:
            # The first state is that before the first acknowledgement: tasks without results.
            assert catalogue_digest(store) in states[: k + 1] or not store.product_counts()
        assert verify_store(copy, toy.PIPELINE.codec).is_sound


@pytest.mark.parametrize("size", [60_000, 120_000, 250_000])
def test_a_full_disk_stops_cleanly_and_the_campaign_goes_on_later(
    start: Start, tmp_path: Path, size: int
) -> None:
    plan = {"glasses": 1, "walks": 2, "chunks": 10, "width": 200, "steps": 20}
    directory, whole = start("full", **plan), start("whole", **plan)
    command = (
        "import resource, sys; from pathlib import Path; import toy;"
        "from glasswells.campaign.campaigns import run_campaign;"
        "from glasswells.engines.pool import InlineExecutor;"
        "from glasswells.store.errors import StoreError\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
        "try:\n"
        "    run_campaign(Path(sys.argv[1]), toy.PIPELINE, workers=1, make_executor=InlineExecutor,"
        " acknowledged=lambda ids: print(*ids, sep='\\n', flush=True))\n"
        "except StoreError as error:\n"
        "    print(error, file=sys.stderr)\n"
        "    sys.exit(75)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", command, str(directory)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(SCRIPT.parent)},
    )
    assert result.returncode == 75, result.stderr
    assert "cannot be used now" in result.stderr
    assert "`resume`" in result.stderr
    statuses, _ = findings(directory, toy.PIPELINE)
    assert all(statuses[task] in (DONE, CONTINUED) for task in result.stdout.split())
    for where in (directory, whole):
        run_campaign(where, toy.PIPELINE, workers=1, make_executor=InlineExecutor)
    assert findings(directory, toy.PIPELINE) == findings(whole, toy.PIPELINE)
