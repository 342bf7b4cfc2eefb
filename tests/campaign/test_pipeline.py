"""The real stages end to end on a small glass: one catalogue, whatever the workers and kills."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from inspection import digest
from small_plan import SMALL_PLAN

from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.campaign.pool import InlineExecutor
from glasswells.campaign.stages.pipeline import PIPELINE
from glasswells.campaign.verify import verify_store
from glasswells.core.records import DoubleWell
from glasswells.report import campaign_content, write_report

COMMAND = [sys.executable, "-m", "glasswells.cli"]


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plan") / "plan.toml"
    path.write_text(SMALL_PLAN, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def unbroken(plan: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = start_campaign(plan, tmp_path_factory.mktemp("runs") / "unbroken", PIPELINE)
    ending = run_campaign(directory, PIPELINE, workers=1, make_executor=InlineExecutor)
    assert ending.is_finished
    return directory


def test_it_finds_double_wells_and_their_splittings(unbroken: Path) -> None:
    with open_campaign(unbroken, PIPELINE) as store:
        kinds = store.kinds()
        wells = [item.record for item in store.records("double_well")]
        splittings = [item.record.splitting for item in store.records("splitting")]
    assert kinds["glass"] == 1
    assert kinds["trajectory"] == 2
    assert kinds["structure"] > 2
    assert len(wells) >= 1
    assert len(splittings) == 2 * len(wells)
    for well in wells:
        assert isinstance(well, DoubleWell)
        assert well.barrier > max(0.0, well.asymmetry)
        assert well.negative_eigenvalue < 0
        assert np.linalg.norm(well.tangent_a) == pytest.approx(1.0)
    assert all(s.splitting > 0 and s.error >= 0 for s in splittings)


def test_two_workers_give_the_same_catalogue(unbroken: Path, plan: Path, tmp_path: Path) -> None:
    directory = start_campaign(plan, tmp_path / "two", PIPELINE)
    assert run_campaign(directory, PIPELINE, workers=2).is_finished
    assert digest(directory, PIPELINE) == digest(unbroken, PIPELINE)


def test_machine_code_made_now_and_loaded_give_the_same_catalogue(
    unbroken: Path, plan: Path, tmp_path: Path
) -> None:
    """With an empty cache a worker compiles all kernels itself, whatever it runs first."""
    directory = tmp_path / "compiling"
    done = subprocess.run(
        [*COMMAND, "run", str(plan), "--dir", str(directory), "--workers", "1"],
        env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert any((tmp_path / "cache").rglob("*.nbi"))
    assert digest(directory, PIPELINE) == digest(unbroken, PIPELINE)


def test_a_killed_campaign_ends_as_the_unbroken_one(
    unbroken: Path, plan: Path, tmp_path: Path
) -> None:
    directory = tmp_path / "killed"
    run = [*COMMAND, "run", str(plan), "--dir", str(directory), "--workers", "2"]
    kills = 0
    for delay in (1.0, 1.5, 2.0, 2.5):
        process = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(delay)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            kills += 1
        process.wait()
    done = subprocess.run(run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert kills > 0
    assert digest(directory, PIPELINE) == digest(unbroken, PIPELINE)
    assert verify_store(directory, PIPELINE.codec).is_sound


def test_status_and_report_of_a_finished_campaign(unbroken: Path, tmp_path: Path) -> None:
    status = subprocess.run(
        [*COMMAND, "status", str(unbroken), "--json"], capture_output=True, text=True, check=True
    )
    stages = {stage["stage"]: stage for stage in json.loads(status.stdout)["stages"]}
    assert list(stages) == [
        "prepare",
        "explore",
        "pairs",
        "paths",
        "splittings",
        "modes",
        "overlaps",
    ]
    assert all(stage["left"] == stage["failed"] == 0 for stage in stages.values())
    with open_campaign(unbroken, PIPELINE) as store:
        content = campaign_content(store)
    page = write_report(content, tmp_path / "report")
    assert "small" in page.read_text(encoding="utf-8")
    (preparation,) = content.preparations
    assert sum(len(glass.wells) for glass in preparation.glasses) >= 1
