"""Histories of campaigns on a disk that fails and under a clock that jumps, each from one seed.

Usage: simulate.py FOLDER FIRST COUNT, with calls.c preloaded. History k starts a campaign, lets
something happen to its coordinator in each of a few lives, looks at what is left after each, and
lets it finish in peace. The seed k says what happens: death before or in a system call, a short
write, a disk that is full from some call on, a call that fails, a sync that fails, a walltime that
ends, memory that is lacking for a task; and whether the power is cut then.

The store and the coordinator are the real ones, SQLite included, in processes of their own. Prints
JSON; ends with an error that names the seed if one of the promises is broken:

- a task that was acknowledged is there, with the products that it had, and is not done again;
- the store opens and is sound, whatever happened; no history needs more than `resume`;
- the end is the catalogue of a campaign that nothing has happened to.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import shutil
import sys
import traceback
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import toy
from power_cut import cut_power, unsynced

from glasswells.campaign import campaigns
from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.engines import stop
from glasswells.engines.pool import InlineExecutor
from glasswells.store import provenance
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.errors import StoreError
from glasswells.store.reader import CONTINUED, DONE
from glasswells.store.schema import STORE_NAME
from glasswells.store.verify import verify_store

CALLS = ctypes.CDLL(None)
FATES = {"die": 0, "tear": 1, "shorten": 2, "full": 3, "fail": 4, "fail a sync": 5}
PLAN = {"walks": 1, "chunks": 2, "steps": 6, "width": 30, "seed": 4, "mode": "no memory"}
MAX_LIVES = 5
MAX_CALLS = 2.6
"""Decimal logarithm: a whole life has some 300 calls."""
STOPPED, BROKEN = 75, 70


class BrokenPromiseError(AssertionError):
    """What must not happen."""


class History:
    """One campaign and what becomes of it."""

    def __init__(
        self, folder: Path, seed: int, expected: Sequence[str], seen: Counter[str]
    ) -> None:
        self.random = random.Random(seed)  # noqa: S311 (no secrets here)
        self.base = folder
        self.where = folder / "campaign"
        self.expected = expected
        self.seen = seen
        self.glasses = 1
        self.known: set[tuple[str, ...]] = set()
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        (folder / "acknowledged").touch()

    def live(self) -> None:
        """All lives and looks."""
        for _ in range(self.random.randint(1, MAX_LIVES)):
            if self.random.random() < 0.2:
                self.glasses = 2
            lacks_memory = self.random.random() < 0.2
            if lacks_memory:
                (self.base / "marker").touch()
            fate = self.random.choice(list(FATES))
            self.seen[fate] += 1
            code = self.one_life(fate, int(10 ** self.random.uniform(0, MAX_CALLS)))
            (self.base / "marker").unlink(missing_ok=True)
            self.seen[f"ended with {code}"] += 1
            if self.random.random() < 0.6:
                fraction = self.random.choice((0.0, 0.5, 0.5, 1.0))
                self.seen["power cuts"] += 1
                if self.where.exists():
                    cut_power(self.where, unsynced(self.base / "journal"), fraction, self.random)
            self.look()
        if self.one_life(None, 0) != 0:
            raise BrokenPromiseError("it does not finish in peace")
        self.look()
        if digest(self.where) != self.expected[self.glasses - 1]:
            raise BrokenPromiseError("another catalogue")

    def one_life(self, fate: str | None, at: int) -> int:
        """Start or go on until it ends by itself or is ended; its exit code or signal."""
        plan = self.base / "plan.toml"
        marker = str(self.base / "marker")
        plan.write_text(toy.plan_text(**PLAN, glasses=self.glasses, marker=marker))
        (self.base / "journal").unlink(missing_ok=True)
        walltime = self.random.choice((None, None, 60.0))
        clock = random.Random(self.random.random())  # noqa: S311
        child = os.fork()
        if not child:
            set_clock(clock)
            if fate is not None:
                CALLS.calls_watch(str(self.where).encode())
                journal = str(self.base / "journal").encode()
                CALLS.calls_arm(ctypes.c_long(at), FATES[fate], journal)
            os._exit(self.coordinate(plan, walltime if fate is not None else None))
        _, status = os.waitpid(child, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == BROKEN:
            raise BrokenPromiseError((self.base / "error").read_text())
        return code

    def coordinate(self, plan: Path, walltime: float | None) -> int:
        log = os.open(self.base / "acknowledged", os.O_WRONLY | os.O_APPEND)
        try:
            start_campaign(plan, self.where, toy.PIPELINE)
            ending = run_campaign(
                self.where,
                toy.PIPELINE,
                workers=1,
                walltime=walltime,
                make_executor=InlineExecutor,
                acknowledged=lambda ids: os.write(log, "".join(f"{i}\n" for i in ids).encode()),
            )
        except StoreError:
            return STOPPED
        except BaseException:
            (self.base / "error").write_text(traceback.format_exc())
            return BROKEN
        return 0 if ending.is_finished else STOPPED

    def look(self) -> None:
        """Compare what is left with what was promised."""
        self.seen["looks"] += 1
        acknowledged = (self.base / "acknowledged").read_text().split()
        if len(set(acknowledged)) != len(acknowledged):
            raise BrokenPromiseError("something was done twice")
        if not (self.where / STORE_NAME).exists():
            self.seen["no store"] += 1
            if acknowledged or self.known:
                raise BrokenPromiseError("the store is gone")
            return
        problems = verify_store(self.where, toy.PIPELINE.codec).problems
        if problems:
            raise BrokenPromiseError(f"the store is damaged: {problems}")
        with open_campaign(self.where, toy.PIPELINE) as store:
            ended = {row.task.id for row in store.tasks(DONE, CONTINUED)}
            records = {e for e in store.digests() if e[0] == "record" and e[1] in acknowledged}
        lost = set(acknowledged) - ended
        if lost or not self.known <= records:
            raise BrokenPromiseError(f"acknowledged and lost: {lost or self.known - records}")
        self.known = records


def set_clock(generator: random.Random) -> None:
    """Time passes by jumps, and the time of day is anything."""
    now = 1e6

    def monotonic() -> float:
        nonlocal now
        now += generator.expovariate(2.0)
        return now

    def utc_now() -> str:
        return datetime.fromtimestamp(generator.uniform(0, 4e9), UTC).isoformat(timespec="seconds")

    stop.time = SimpleNamespace(monotonic=monotonic)  # type: ignore[assignment]
    campaigns.utc_now = provenance.utc_now = utc_now


def digest(where: Path) -> str:
    with open_campaign(where, toy.PIPELINE) as store:
        return catalogue_digest(store)


def catalogue_of(folder: Path, glasses: int) -> str:
    """What a campaign finds to which nothing happens."""
    plan = folder / f"{glasses}.toml"
    marker = str(folder / "history" / "marker")
    plan.write_text(toy.plan_text(**PLAN, glasses=glasses, marker=marker))
    where = start_campaign(plan, folder / f"whole{glasses}", toy.PIPELINE)
    run_campaign(where, toy.PIPELINE, workers=1, make_executor=InlineExecutor)
    return digest(where)


def main() -> None:
    folder, first, count = Path(sys.argv[1]).resolve(), int(sys.argv[2]), int(sys.argv[3])
    expected = [catalogue_of(folder, glasses) for glasses in (1, 2)]
    seen: Counter[str] = Counter()
    for seed in range(first, first + count):
        try:
            History(folder / "history", seed, expected, seen).live()
        except BrokenPromiseError as error:
            sys.exit(f"history {seed}: {error}")
        except Exception:
            sys.exit(f"history {seed}: {traceback.format_exc()}")
    summary: dict[str, Any] = {"histories": count, **seen}
    print(json.dumps(summary))  # noqa: T201


if __name__ == "__main__":
    main()
