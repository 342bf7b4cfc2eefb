"""Toy campaigns for the tests of this folder."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import toy

from glasswells.campaign.campaigns import start_campaign


@pytest.fixture
def start(tmp_path: Path) -> Callable[..., Path]:
    """Makes a toy campaign from changes to the default toy plan."""

    def make(name: str = "campaign", **changes: Any) -> Path:
        plan = tmp_path / f"{name}.toml"
        plan.write_text(toy.plan_text(**changes))
        return start_campaign(plan, tmp_path / name, toy.PIPELINE)

    return make


@pytest.fixture
def collected() -> Iterator[None]:
    """What dask leaves behind is collected here, not in some later test."""
    yield
    gc.collect()
