"""Warming up runs everything that has kernels, side by side where there are cores."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future

import pytest
from typer.testing import CliRunner

from glasswells.campaign import warmup
from glasswells.cli.commands import app
from glasswells.engines.pool import InlineExecutor


def test_a_path_and_its_modes_are_found_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without two minima near each other half of the kernels would be left out without a word."""
    met, vibrations = [], warmup.well_vibrations
    monkeypatch.setattr(warmup, "well_vibrations", lambda *inputs: met.append(vibrations(*inputs)))
    warmup._warm_up_paths()
    assert [len(found.directions) for found in met] == [3]


def test_one_core_compiles_one_part_after_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    run = []
    monkeypatch.setattr(warmup, "available_cores", lambda: 1)
    monkeypatch.setattr(warmup, "_warm_up_sampling", lambda: run.append("sampling"))
    monkeypatch.setattr(warmup, "_warm_up_paths", lambda: run.append("paths"))
    monkeypatch.setattr(warmup, "_warm_up_lanes", lambda: run.append("lanes"))
    monkeypatch.setattr(warmup, "_warm_up_silicon", lambda: run.append("silicon"))
    assert warmup.warm_up(silicon=True) >= 0.0
    assert warmup.warm_up(lanes=False) >= 0.0
    assert run == ["sampling", "paths", "lanes", "silicon", "sampling", "paths"]


class Pool:
    """Runs parts here and notes how it ended."""

    def __init__(self, workers: int) -> None:
        self.ended: list[str] = []
        pools.append(self)

    def submit(self, part: Callable[[], None]) -> Future[None]:
        return InlineExecutor().submit(part)

    def abandon(self) -> None:
        self.ended.append("abandoned")

    def close(self) -> None:
        self.ended.append("closed")


pools: list[Pool] = []


def interrupted() -> None:
    raise KeyboardInterrupt


def test_a_stop_ends_all_compilations_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pool that is left open first ends what it was given, half a minute of it."""
    monkeypatch.setattr(warmup, "available_cores", lambda: 2)
    monkeypatch.setattr(warmup, "WorkerPool", Pool)
    for name in ("_warm_up_sampling", "_warm_up_lanes"):
        monkeypatch.setattr(warmup, name, lambda: None)
    monkeypatch.setattr(warmup, "_warm_up_paths", interrupted)
    with pytest.raises(KeyboardInterrupt):
        warmup.warm_up()
    monkeypatch.setattr(warmup, "_warm_up_paths", lambda: None)
    warmup.warm_up()
    assert [pool.ended for pool in pools] == [["abandoned"], ["closed"]]


def test_the_command_compiles_what_the_default_plan_needs() -> None:
    found = CliRunner().invoke(app, ["warmup"])
    assert found.exit_code == 0, found.output
    assert "all kernels are compiled" in found.output
