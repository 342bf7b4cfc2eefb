"""Several processes start one plan in one new folder at the same moment.

Usage: race_starts.py FOLDER TRIALS PROCESSES SEED. Prints JSON: for each trial the endings of the
processes and the ids that each acknowledged. In every other trial the one that works waits after
its first task until all others have ended.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import toy
from inspection import wait_for

from glasswells.campaign.campaigns import run_campaign, start_campaign
from glasswells.core.whole_file import write_whole
from glasswells.engines.pool import InlineExecutor
from glasswells.store.errors import CampaignBusyError


def main() -> None:
    folder, trials, processes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    generator = random.Random(int(sys.argv[4]))  # noqa: S311 (no secrets here)
    plan = folder / "plan.toml"
    plan.write_text(toy.plan_text(glasses=1, seconds=0.02))
    found = []
    for trial in range(trials):
        spread = generator.choice((0.0, 0.005, 0.03))
        at = time.monotonic() + 0.05
        reports = [folder / f"{trial}.{k}.json" for k in range(processes)]
        children = []
        for report in reports:
            begin = at + spread * generator.random()
            others = set(reports) - {report} if trial % 2 else set()
            child = os.fork()
            if not child:
                wait = partial(wait_for, partial(all_exist, others))
                write_whole(report, json.dumps(one_start(plan, folder / str(trial), begin, wait)))
                os._exit(0)
            children.append(child)
        for child in children:
            os.waitpid(child, 0)
        found.append([json.loads(report.read_text()) for report in reports])
    print(json.dumps(found))  # noqa: T201


def all_exist(files: set[Path]) -> bool:
    return all(file.exists() for file in files)


def one_start(
    plan: Path, folder: Path, begin: float, wait: Callable[[], None]
) -> tuple[str, list[str]]:
    acknowledged: list[str] = []

    def note(ids: Sequence[str]) -> None:
        acknowledged.extend(ids)
        wait()

    time.sleep(max(0.0, begin - time.monotonic()))
    try:
        start_campaign(plan, folder, toy.PIPELINE)
        ending = run_campaign(
            folder,
            toy.PIPELINE,
            workers=1,
            make_executor=InlineExecutor,
            acknowledged=note,
        )
        return ending.reason, acknowledged
    except CampaignBusyError:
        return "refused", acknowledged
    except BaseException as error:
        return f"{type(error).__name__}: {error}", acknowledged


if __name__ == "__main__":
    main()
