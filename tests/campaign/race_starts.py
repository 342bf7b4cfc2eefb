"""Several processes start one plan in one new folder at the same moment.

Usage: race_starts.py FOLDER TRIALS PROCESSES SEED. Prints JSON: for each trial the endings of the
processes and the ids that each acknowledged.
"""

from __future__ import annotations

import json
import os
import random
import sys
import time
from pathlib import Path

import toy

from glasswells.campaign.campaigns import run_campaign, start_campaign
from glasswells.engines.pool import InlineExecutor
from glasswells.store.errors import CampaignBusyError


def main() -> None:
    folder, trials, processes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    generator = random.Random(int(sys.argv[4]))  # noqa: S311 (no secrets here)
    plan = folder / "plan.toml"
    # Long enough that all have begun before the first has ended, also on a busy machine.
    plan.write_text(toy.plan_text(glasses=1, seconds=0.02))
    found = []
    for trial in range(trials):
        spread = generator.choice((0.0, 0.005, 0.03))
        at = time.monotonic() + 0.05
        children = []
        for k in range(processes):
            report = folder / f"{trial}.{k}.json"
            begin = at + spread * generator.random()
            child = os.fork()
            if not child:
                report.write_text(json.dumps(one_start(plan, folder / str(trial), begin)))
                os._exit(0)
            children.append((child, report))
        for child, _ in children:
            os.waitpid(child, 0)
        found.append([json.loads(report.read_text()) for _, report in children])
    print(json.dumps(found))  # noqa: T201


def one_start(plan: Path, folder: Path, begin: float) -> tuple[str, list[str]]:
    acknowledged: list[str] = []
    while time.monotonic() < begin:
        pass
    try:
        start_campaign(plan, folder, toy.PIPELINE)
        ending = run_campaign(
            folder,
            toy.PIPELINE,
            workers=1,
            make_executor=InlineExecutor,
            acknowledged=acknowledged.extend,
        )
        return ending.reason, acknowledged
    except CampaignBusyError:
        return "refused", acknowledged
    except BaseException as error:
        return f"{type(error).__name__}: {error}", acknowledged


if __name__ == "__main__":
    main()
