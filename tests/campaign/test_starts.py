"""The first moments of a campaign: one store, whoever else starts, and nothing without an end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import toy
from inspection import digest

from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.core.errors import InputError
from glasswells.core.whole_file import draft_of
from glasswells.engines.pool import InlineExecutor
from glasswells.engines.slurm import read_slurm_jobs
from glasswells.store.bounded import read_bounded
from glasswells.store.errors import CampaignBusyError, StoreError
from glasswells.store.lock import LOCK_NAME, CampaignLock
from glasswells.store.reader import CONTINUED, DONE
from glasswells.store.schema import PLAN_NAME, STORE_NAME, create
from glasswells.store.verify import verify_store

Start = Callable[..., Path]
SCRIPT = Path(__file__).with_name("race_starts.py")


@pytest.mark.parametrize("trials", [10, pytest.param(100, marks=pytest.mark.soak)])
def test_of_four_starts_at_once_one_runs_and_nothing_is_lost(tmp_path: Path, trials: int) -> None:
    words = [sys.executable, str(SCRIPT), str(tmp_path), str(trials), "4", "1"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    catalogues, refused = set(), 0
    for trial, endings in enumerate(json.loads(done.stdout)):
        reasons = [reason for reason, _ in endings]
        assert set(reasons) <= {"done", "refused"}, reasons
        assert "done" in reasons
        refused += reasons.count("refused")
        acknowledged = [task for _, tasks in endings for task in tasks]
        assert len(set(acknowledged)) == len(acknowledged), "something was done twice"
        assert sum(bool(tasks) for _, tasks in endings) == 1, "one of them does all the work"
        folder = tmp_path / str(trial)
        assert verify_store(folder, toy.PIPELINE.codec).problems == ()
        with open_campaign(folder, toy.PIPELINE) as store:
            assert {row.task.id for row in store.tasks(DONE, CONTINUED)} == set(acknowledged)
        catalogues.add(digest(folder, toy.PIPELINE))
        assert {p.name for p in folder.iterdir()} >= {STORE_NAME, PLAN_NAME, LOCK_NAME}
        assert not list(folder.glob(".*")), "a draft is left"
    assert len(catalogues) == 1
    assert refused >= 3 * (trials // 2), "in every other trial all met the one that works"


def plan_file(folder: Path, **changes: object) -> Path:
    (folder / "plan.toml").write_text(toy.plan_text(**changes))
    return folder / "plan.toml"


def test_a_start_in_a_folder_that_another_process_has_locked_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    folder.mkdir()
    with CampaignLock(folder), pytest.raises(CampaignBusyError):
        start_campaign(plan_file(tmp_path), folder, toy.PIPELINE)
    assert [path.name for path in folder.iterdir()] == [LOCK_NAME]
    start_campaign(plan_file(tmp_path), folder, toy.PIPELINE)


def test_no_store_is_made_in_place_of_another(start: Start) -> None:
    directory = start()
    before = (directory / STORE_NAME).read_bytes()
    with pytest.raises(StoreError, match="File exists"):
        create(directory / STORE_NAME, {"seed": "1"})
    assert (directory / STORE_NAME).read_bytes() == before
    assert not list(directory.glob(".*"))


def test_what_a_killed_start_left_is_cleared_away(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    folder.mkdir()
    draft = draft_of(folder / STORE_NAME)
    for ending in ("", "-wal", "-shm"):
        draft.with_name(draft.name + ending).write_bytes(b"half")
    start_campaign(plan_file(tmp_path), folder, toy.PIPELINE)
    assert not list(folder.glob(".*"))
    assert (folder / PLAN_NAME).read_text() == (tmp_path / "plan.toml").read_text()


def test_a_log_without_its_store_is_not_taken_for_that_of_a_new_one(tmp_path: Path) -> None:
    folder = tmp_path / "campaign"
    folder.mkdir()
    (folder / f"{STORE_NAME}-wal").write_bytes(b"of a store that was deleted")
    with pytest.raises(InputError, match="is not empty"):
        start_campaign(plan_file(tmp_path), folder, toy.PIPELINE)


def test_a_plan_without_its_copy_gets_one_again(start: Start) -> None:
    directory = start()
    text = (directory / PLAN_NAME).read_text()
    (directory / PLAN_NAME).unlink()
    start()
    assert (directory / PLAN_NAME).read_text() == text


def test_a_reused_campaign_never_takes_the_place_of_another_folder(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from glasswells.campaign import replay

    other = start("other")
    run_campaign(other, toy.PIPELINE, workers=1, make_executor=InlineExecutor)
    into = tmp_path / "new"

    def run(*values: object, **named: object) -> None:
        into.mkdir()  # by another process, meanwhile
        (into / "thesis.tex").touch()

    monkeypatch.setattr(replay.Replay, "run", run)
    with pytest.raises(InputError, match="made by another process meanwhile"):
        start_campaign(plan_file(tmp_path), into, toy.PIPELINE, reuse=other)
    assert [path.name for path in into.iterdir()] == ["thesis.tex"]


def test_other_files_without_end_are_refused_as_well(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is larger than 100000 bytes, expected a few lines"):
        read_slurm_jobs(Path("/dev/zero"))
    with pytest.raises(InputError, match="is larger than 10 bytes"):
        read_bounded(Path("/dev/zero"), 10, "a few bytes")


@pytest.mark.parametrize("what", ["/dev/zero", "pipe"])
def test_a_plan_without_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, what: str
) -> None:
    name = Path(what)
    if what == "pipe":
        name = tmp_path / "pipe"
        os.mkfifo(name)
        # Opened once: a pipe opened anew after each write has an end in between.
        endless = "import sys\npipe = open(sys.argv[1], 'w')\nwhile True: pipe.write('y' * 10**6)"
        writer = subprocess.Popen(
            [sys.executable, "-c", endless, str(name)], stderr=subprocess.DEVNULL
        )
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30));"
    code = f"{limit} from glasswells.cli import main; main()"
    words = [sys.executable, "-c", code, "run", str(name), "--pipeline", "toy:PIPELINE"]
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parent)}
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment
    )
    if what == "pipe":
        writer.kill()
        writer.wait()
    assert done.returncode == 2
    assert "is larger than 1000000 bytes, expected a plan file" in done.stderr
