"""Warming up runs everything that has kernels, side by side where there are cores."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from glasswells.campaign import warmup
from glasswells.cli.commands import app


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


def test_the_command_compiles_what_the_default_plan_needs() -> None:
    found = CliRunner().invoke(app, ["warmup"])
    assert found.exit_code == 0, found.output
    assert "all kernels are compiled" in found.output
