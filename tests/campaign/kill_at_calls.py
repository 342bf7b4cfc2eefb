"""Kill a coordinator at each call that changes its store, then look at what is left.

Usage: kill_at_calls.py FOLDER FIRST STEP, with calls.c preloaded. For the k-th call (k = FIRST,
FIRST + STEP, ...) a forked coordinator of one and the same campaign dies just before the call, or
in the middle of it if it writes. What it leaves is looked at as it is, and as a power cut might
have left it: all writes that were not synced lost, or any part of them. Prints JSON.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import toy
from power_cut import cut_power, unsynced

from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.engines.pool import InlineExecutor
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.reader import CONTINUED, DONE
from glasswells.store.verify import verify_store

PLAN = {"glasses": 1, "walks": 2, "chunks": 2, "steps": 6, "width": 300, "seed": 4}
FINISH_EVERY = 10
LOSSES = {"all lost": 0.0, "some lost": 0.5}
"""Shares of what was not synced that a power cut leaves."""


def main() -> None:
    folder, first, step = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    calls = ctypes.CDLL(None)
    plan = folder / "plan.toml"
    plan.write_text(toy.plan_text(**PLAN))
    begin = start_campaign(plan, folder / "begin", toy.PIPELINE)
    states, expected = unbroken(begin, folder / "whole")
    generator = random.Random(first)  # noqa: S311 (no secrets here)
    seen = {"kills": 0, "looks": 0, "finished": 0, "states": set()}
    for torn in (0, 1):
        k = first
        while one_death(calls, folder, begin, k, torn):
            seen["kills"] += 1
            for how in ("as it is", *LOSSES):
                where = cut_off(folder, how, generator)
                state = look(where, folder / "acknowledged", states, f"call {k}, {how}")
                seen["looks"] += 1
                seen["states"].add(states.index(state))
                if seen["looks"] % FINISH_EVERY == 0:
                    finish(where)
                    assert digest(where) == expected, f"call {k}, {how}: another catalogue"
                    seen["finished"] += 1
            k += step
    print(json.dumps({**seen, "states": sorted(seen["states"]), "commits": len(states)}))  # noqa: T201


def unbroken(begin: Path, whole: Path) -> tuple[list[frozenset[Any]], str]:
    """The states after each commit, and the catalogue in the end."""
    shutil.copytree(begin, whole)
    states = [state_of(whole)]

    def acknowledged(ids: Sequence[str]) -> None:
        states.append(state_of(whole))

    run_campaign(
        whole, toy.PIPELINE, workers=1, make_executor=InlineExecutor, acknowledged=acknowledged
    )
    return states, digest(whole)


def one_death(calls: Any, folder: Path, begin: Path, k: int, torn: int) -> bool:
    """Run until the k-th call; whether there was one."""
    killed, journal, log = folder / "killed", folder / "journal", folder / "acknowledged"
    shutil.rmtree(killed, ignore_errors=True)
    shutil.copytree(begin, killed)
    journal.unlink(missing_ok=True)
    log.write_text("")
    child = os.fork()
    if not child:
        calls.calls_arm(ctypes.c_long(k), torn, str(journal).encode())
        file = os.open(log, os.O_WRONLY | os.O_APPEND)
        finish(killed, lambda ids: os.write(file, "".join(f"{i}\n" for i in ids).encode()))
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or status == 0
    return os.WIFSIGNALED(status)


def finish(directory: Path, acknowledged: Any = None) -> None:
    run_campaign(
        directory, toy.PIPELINE, workers=1, make_executor=InlineExecutor, acknowledged=acknowledged
    )


def cut_off(folder: Path, how: str, generator: random.Random) -> Path:
    """A copy of what the dead coordinator left, after a power cut if asked for."""
    where = folder / "cut"
    shutil.rmtree(where, ignore_errors=True)
    shutil.copytree(folder / "killed", where)
    if how == "as it is":
        for path in where.glob("*-shm"):
            path.unlink()
        return where
    cut_power(where, unsynced(folder / "journal"), LOSSES[how], generator)
    return where


def look(where: Path, log: Path, states: list[frozenset[Any]], what: str) -> frozenset[Any]:
    """The state of a store: one of those that were committed, with all that was acknowledged."""
    problems = verify_store(where, toy.PIPELINE.codec).problems
    assert problems == (), f"{what}: {problems}"
    state = state_of(where)
    assert state in states, f"{what}: a state that was never committed"
    with open_campaign(where, toy.PIPELINE) as store:
        done = {row.task.id for row in store.tasks(DONE, CONTINUED)}
    assert set(log.read_text().split()) <= done, f"{what}: an acknowledged result is lost"
    return state


def state_of(directory: Path) -> frozenset[Any]:
    """What has ended and was found; who runs what does not matter."""
    with open_campaign(directory, toy.PIPELINE) as store:
        ended = {row.task.id for row in store.tasks(DONE, CONTINUED)}
        return frozenset(
            entry for entry in store.digests() if entry[0] == "record" or entry[1] in ended
        )


def digest(directory: Path) -> str:
    with open_campaign(directory, toy.PIPELINE) as store:
        return catalogue_digest(store)


if __name__ == "__main__":
    main()
