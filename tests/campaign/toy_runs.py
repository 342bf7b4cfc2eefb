"""Toy campaigns that are run in this process, and how runs end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import toy

from glasswells.campaign.campaigns import Ending, open_campaign, run_campaign
from glasswells.engines.pool import InlineExecutor
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.verify import verify_store

Start = Callable[..., Path]
DONE = Ending(is_finished=True, reason="done")
STOPPED = Ending(is_finished=False, reason="walltime")


def run_inline(directory: Path, **options: Any) -> Ending:
    options = {"workers": 1, "make_executor": InlineExecutor, **options}
    return run_campaign(directory, toy.PIPELINE, **options)


def digest(directory: Path) -> str:
    assert verify_store(directory, toy.PIPELINE.codec).problems == ()
    with open_campaign(directory, toy.PIPELINE) as store:
        return catalogue_digest(store)
