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
from typing import Any, NamedTuple

import toy

from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.campaign.catalogue import catalogue_digest
from glasswells.campaign.pool import InlineExecutor
from glasswells.campaign.reader import CONTINUED, DONE
from glasswells.campaign.schema import STORE_NAME
from glasswells.campaign.verify import verify_store

PLAN = {"glasses": 1, "walks": 2, "chunks": 2, "steps": 6, "width": 300, "seed": 4}
FINISH_EVERY = 10


class Change(NamedTuple):
    what: str
    path: str
    offset: int
    old_size: int
    old: bytes
    new: bytes


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
            for how in ("as it is", "all lost", "some lost"):
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
    (where / f"{STORE_NAME}-shm").unlink(missing_ok=True)
    if how == "as it is":
        return where
    changes = unsynced(folder / "journal")
    for change in reversed(changes):
        undo(where / Path(change.path).name, change)
    if how == "some lost":
        for change in changes:
            if change.what == "W" and generator.random() < 0.5:
                path = where / Path(change.path).name
                if path.exists():
                    with path.open("r+b") as file:
                        file.seek(change.offset)
                        file.write(change.new)
    return where


def unsynced(journal: Path) -> list[Change]:
    """Changes since the last sync of their files."""
    pending: list[Change] = []
    with journal.open("rb") as file:
        while head := file.readline():
            what, offset, old_size, n_old, n_new, path = head.decode().rstrip("\n").split(" ", 5)
            old, new = file.read(int(n_old)), file.read(int(n_new))
            if what == "S":
                pending = [change for change in pending if change.path != path]
            else:
                pending.append(Change(what, path, int(offset), int(old_size), old, new))
    return pending


def undo(path: Path, change: Change) -> None:
    if not path.exists():  # a log that was deleted after it had gone into the store
        return
    with path.open("r+b") as file:
        file.seek(change.offset)
        file.write(change.old)
        file.truncate(change.old_size)


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
