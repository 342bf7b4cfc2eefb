"""`status` shows what a store keeps, and loads no physics for it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import toy
from small_plan import SMALL_PLAN
from typer.testing import CliRunner

from glasswells.campaign import overview
from glasswells.campaign.campaigns import run_campaign, start_campaign
from glasswells.campaign.outline import NOTE, keep_outline
from glasswells.cli import app
from glasswells.engines.pool import InlineExecutor
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.reader import StoreReader
from glasswells.store.writer import Store

HEAVY = ("scipy", "numba", "llvmlite", "matplotlib", "glasswells.plan.plan")
LOADED = """
import json, sys
from glasswells.cli.commands import app
try:
    app({words!r}, standalone_mode=False)
except SystemExit:
    pass
print()
print(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture
def campaign(tmp_path: Path) -> Path:
    """A campaign with nothing done yet, in which the names of its stages are kept, as by a run."""
    plan = tmp_path / "plan.toml"
    plan.write_text(SMALL_PLAN, encoding="utf-8")
    directory = start_campaign(plan, tmp_path / "small", PIPELINE)
    with Store(directory, PIPELINE.codec) as store:
        with store.transaction():
            keep_outline(store, PIPELINE)
        overview.keep_overview(store, PIPELINE)
    return directory


def loaded_by(*words: str) -> set[str]:
    script = LOADED.format(words=list(words))
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def said_by_status(directory: Path, *options: str) -> str:
    result = CliRunner().invoke(app, ["status", str(directory), *options])
    assert result.exit_code == 0, result.output
    return result.output


def keep(directory: Path, key: str, text: str) -> None:
    with Store(directory, PIPELINE.codec) as store, store.transaction():
        store.keep_note(key, text)


def test_status_loads_neither_plans_nor_physics(campaign: Path) -> None:
    loaded = loaded_by("status", str(campaign))
    assert "glasswells.store.reader" in loaded  # it did look
    assert not loaded & set(HEAVY)


@pytest.mark.parametrize("words", [("--help",), ("--version",), ("status", "--help")])
def test_help_and_version_load_nothing_of_it_either(words: tuple[str, ...]) -> None:
    loaded = loaded_by(*words)
    assert "typer" in loaded
    assert not loaded & {*HEAVY, "numpy", "sqlite3"}
    if len(words) == 1:  # for the arguments of a command, typer itself takes pydantic
        assert "pydantic" not in loaded


def test_status_by_kept_names_equals_that_by_the_stages(campaign: Path) -> None:
    by_names = json.loads(said_by_status(campaign, "--json"))
    keep(campaign, NOTE, json.dumps(["other stages", []]))  # not those that are asked for
    assert json.loads(said_by_status(campaign, "--json")) == by_names
    assert [stage["stage"] for stage in by_names["stages"]] == [s.name for s in PIPELINE.stages]
    assert by_names["found"]["glasses"] == 0


def test_a_run_keeps_the_names_of_its_stages(start: Callable[..., Path]) -> None:
    directory = start()
    run_campaign(directory, toy.PIPELINE, workers=1, make_executor=InlineExecutor)
    with StoreReader(directory, toy.PIPELINE.codec) as store:
        name, stages = json.loads(store.note(NOTE) or "")
    assert name == toy.PIPELINE.name
    assert stages == [[stage.name, stage.title] for stage in toy.PIPELINE.stages]


def test_a_large_store_says_where_two_level_systems_are_counted(
    campaign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a run that was stopped, by its walltime say, what was kept before is out of date."""
    monkeypatch.setattr(overview, "FEW", -1)
    keep(campaign, overview.NOTE, json.dumps(["another digest", {}, ["3 two-level systems"]]))
    said = said_by_status(campaign)
    assert "3 two-level systems\nThat was when a run ended by itself" in said
    assert f"`glasswells report {campaign}`" in said
    assert json.loads(said_by_status(campaign, "--json"))["found"] is None
