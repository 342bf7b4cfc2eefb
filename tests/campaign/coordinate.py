"""Coordinates a toy campaign as a process of its own, to be killed by the tests.

Usage: coordinate.py DIRECTORY LOG HOW WORKERS [GRACE], with HOW one of inline, pool. After each
commit the ids of the acknowledged tasks are appended to LOG.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import toy

from glasswells.campaign.campaigns import run_campaign
from glasswells.engines.pool import InlineExecutor


def main() -> None:
    directory, log, how, workers, *grace = sys.argv[1:]
    file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def acknowledged(ids: Sequence[str]) -> None:
        os.write(file, "".join(f"{task}\n" for task in ids).encode())

    sys.stdout.write("started\n")
    sys.stdout.flush()
    run_campaign(
        Path(directory),
        toy.PIPELINE,
        workers=int(workers),
        make_executor=InlineExecutor if how == "inline" else None,
        acknowledged=acknowledged,
        **({"grace": float(grace[0])} if grace else {}),
    )


if __name__ == "__main__":
    main()
