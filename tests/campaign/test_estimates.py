"""Estimates of campaigns of the real stages on a small glass, beside what they took."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from small_plan import SMALL_PLAN
from typer.testing import CliRunner, Result

from glasswells.campaign.campaigns import open_campaign, start_campaign
from glasswells.campaign.given_plan import read_plan_file
from glasswells.campaign.progress import stage_progress
from glasswells.cli import app
from glasswells.estimation import calibration, forecast
from glasswells.estimation.estimate import estimate_campaign
from glasswells.estimation.kept import load_calibration
from glasswells.estimation.measured import measured_rates
from glasswells.estimation.reference import reference_rates
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.lock import CampaignLock


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the user's own calibrations."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "glasswells"


@pytest.fixture(scope="module")
def plan(small_campaign: Path) -> Path:
    return small_campaign.with_name("plan.toml")


@pytest.fixture(scope="module")
def finished(small_campaign: Path) -> Path:
    return small_campaign


def estimate(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["estimate", *map(str, words)])


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("EXPLORING", "SEARCHING", "SAMPLING"):
        monkeypatch.setattr(calibration, name, 0.05)


def never(*given: Any) -> Any:
    raise AssertionError("measured again")


def test_a_finished_campaign_estimates_itself(plan: Path, finished: Path) -> None:
    parsed = read_plan_file(plan, PIPELINE)
    with open_campaign(finished, PIPELINE) as store:
        known = measured_rates(store, parsed, "it")
        progress = {stage.stage: stage for stage in stage_progress(store, PIPELINE)}
    size = (finished / "campaign.sqlite").stat().st_size
    found = estimate_campaign(parsed, known.over(reference_rates(parsed)), 1)
    for stage in found.stages:
        took = progress[stage.stage]
        if stage.stage in ("prepare", "explore", "library"):
            assert stage.tasks.value == took.done
        assert stage.tasks.low <= took.done <= stage.tasks.high
        assert stage.cpu_seconds.low <= took.cpu_seconds <= stage.cpu_seconds.high
        if stage.stage not in ("pairs", "modes"):
            assert stage.cpu_seconds.value == pytest.approx(took.cpu_seconds, rel=1e-6)
    total = sum(stage.cpu_seconds for stage in progress.values())
    assert found.cpu_seconds.value == pytest.approx(total, rel=0.1)
    assert found.stored_bytes.value == pytest.approx(size, rel=0.05)


def test_json_from_a_campaign(plan: Path, finished: Path, cache: Path) -> None:
    result = estimate(plan, "--from", finished, "--json", "--workers", "2")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [stage["stage"] for stage in found["stages"]] == [s.name for s in PIPELINE.stages]
    assert found["workers"] == 2
    assert found["cpu_seconds"]["low"] < found["cpu_seconds"]["value"]
    assert any(str(finished) in source for source in found["stages"][1]["sources"])
    assert not cache.exists()  # nothing had to be measured


def test_only_the_same_rules_take_numbers_of_pairs(
    plan: Path, finished: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(SMALL_PLAN.replace('["linked", "close"]', '["linked"]'))
    with open_campaign(finished, PIPELINE) as store:
        assert "pairs" in measured_rates(store, read_plan_file(plan, PIPELINE), "it")
        assert "pairs" not in measured_rates(store, read_plan_file(other, PIPELINE), "it")


def test_explorations_of_another_kind_say_less(finished: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(SMALL_PLAN.replace("interval = 40", "interval = 80"))
    with open_campaign(finished, PIPELINE) as store:
        rate = measured_rates(store, read_plan_file(other, PIPELINE), "it").rate("quench")
    assert rate.spread >= 0.5
    assert "other settings" in rate.source


def test_a_calibration_is_measured_once(
    plan: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    first = estimate(plan, "--workers", "1")
    assert first.exit_code == 0, first.output
    assert "wall time on 1 worker" in first.stdout
    assert "calibration on this machine" in first.stdout
    (path,) = cache.iterdir()
    known = load_calibration(read_plan_file(plan, PIPELINE))
    assert known is not None
    for name in ("sweep", "quench", "search", "modes"):
        assert known.rate(name).value > 0
    monkeypatch.setattr(forecast, "calibrate", never)
    assert estimate(plan, "--workers", "1").stdout == first.stdout
    path.write_text("damaged")
    assert "measured again" in estimate(plan).output


def test_recalibrate_measures_again(
    plan: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    assert estimate(plan).exit_code == 0
    (path,) = cache.iterdir()
    before = path.read_text()
    assert estimate(plan, "--recalibrate").exit_code == 0
    assert path.read_text() != before  # times are never the same to all digits


@pytest.mark.parametrize(
    ("text", "word"),
    [("[explore]\nquenchs = 5", "quenches"), ("[", "no TOML"), (None, "cannot be read")],
)
def test_bad_plans_make_nothing(tmp_path: Path, cache: Path, text: str | None, word: str) -> None:
    path = tmp_path / "plan.toml"
    if text is not None:
        path.write_text(text)
    result = estimate(path)
    assert result.exit_code == 2
    assert word in result.stderr
    assert not cache.exists()
    assert list(tmp_path.iterdir()) == ([] if text is None else [path])


def test_no_campaign_to_learn_from(plan: Path, tmp_path: Path, cache: Path) -> None:
    result = estimate(plan, "--from", tmp_path / "none")
    assert result.exit_code == 2
    assert str(tmp_path / "none") in result.stderr
    assert not cache.exists()


def test_a_start_says_what_is_known_without_measuring(
    plan: Path, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "calibrate", never)
    fresh = start_campaign(plan, tmp_path / "fresh", PIPELINE)
    assert "`glasswells estimate PLAN`" in forecast.start_line(fresh, 2)
    assert "by its finished tasks" in forecast.start_line(finished, 2)
    copy = shutil.copytree(finished, tmp_path / "copy")
    again = CliRunner().invoke(app, ["run", str(plan), "--dir", str(copy), "-w", "1"])
    assert again.exit_code == 0, again.output
    assert "estimate by its finished tasks" in again.stdout


def test_a_campaign_that_cannot_go_on_is_refused_before_anything_is_told(
    plan: Path, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forecast, "calibrate", never)
    older = tuple(
        replace(stage, code_format=stage.code_format + 1) if stage.name == "explore" else stage
        for stage in PIPELINE.stages
    )
    copy = shutil.copytree(finished, tmp_path / "copy")
    words = ["run", str(plan), "--dir", str(copy), "-w", "1"]
    with monkeypatch.context() as patch:
        patch.setattr("glasswells.stages.pipeline.PIPELINE", replace(PIPELINE, stages=older))
        other_version = CliRunner().invoke(app, words)
    with CampaignLock(copy):
        busy = CliRunner().invoke(app, words)
    another = tmp_path / "another.toml"
    another.write_text(
        plan.read_text() + "[units.krypton]\nlength = 3.65\nenergy = 164.0\n"
        "mass = 83.798\ntls_threshold = 0.0011\n"
    )
    other_plan = CliRunner().invoke(app, ["run", str(another), "--dir", str(copy), "-w", "1"])
    for refused, words_of_it in (
        (other_version, "computed the stage explore otherwise"),
        (busy, "is being worked on by"),
        (other_plan, "another plan"),
    ):
        assert refused.exit_code != 0
        assert words_of_it in " ".join(refused.stderr.split())
        assert refused.stdout == ""


def test_a_start_uses_a_kept_calibration(
    plan: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick(monkeypatch)
    assert estimate(plan).exit_code == 0
    monkeypatch.setattr(forecast, "calibrate", never)
    fresh = start_campaign(plan, tmp_path / "fresh", PIPELINE)
    assert "estimate by a calibration" in forecast.start_line(fresh, 1)
