"""What the machine lacks is no result: it is put off, waited for and tried again."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import toy
from inspection import digest, wait_for, wait_for_workers

from glasswells.campaign.campaigns import Ending, open_campaign, run_campaign, start_campaign
from glasswells.campaign.progress import is_finished, stage_progress
from glasswells.campaign.salvage import salvage_campaign
from glasswells.engines.pool import InlineExecutor
from glasswells.engines.stop import STOPS
from glasswells.store.reader import DONE, FAILED
from glasswells.store.verify import verify_store

Start = Callable[..., Path]
HERE = Path(__file__).parent
FINISHED = Ending(is_finished=True, reason="done")


def run(directory: Path, **options: object) -> Ending:
    inline = {"workers": 1, "make_executor": InlineExecutor}
    return run_campaign(directory, toy.PIPELINE, **{**inline, **options})  # type: ignore[arg-type]


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """Failures go on as long as it exists."""
    (tmp_path / "marker").touch()
    return tmp_path / "marker"


def statuses(directory: Path, stage: str) -> list[str]:
    with open_campaign(directory, toy.PIPELINE) as store:
        return sorted(row.status for row in store.tasks(stage=stage))


def unbroken(start: Start, mode: str, marker: Path) -> str:
    """The catalogue of a campaign that never lacked anything; the marker is gone then."""
    marker.unlink(missing_ok=True)
    whole = start("whole", mode=mode, marker=str(marker))
    run(whole)
    return digest(whole, toy.PIPELINE)


@pytest.mark.parametrize(
    ("mode", "reason"),
    [("no memory", "no_memory"), ("no space", "no_space"), ("no library", "import_error")],
)
def test_what_the_machine_lacks_is_put_off_until_resume(
    start: Start, marker: Path, mode: str, reason: str
) -> None:
    directory = start(mode=mode, marker=str(marker))
    acknowledged: list[str] = []
    ending = run(directory, acknowledged=acknowledged.extend)
    assert ending == Ending(is_finished=False, reason=f"2 tasks put off: {reason}")
    assert verify_store(directory, toy.PIPELINE.codec).is_sound
    assert statuses(directory, "total") == ["waiting"] * 2, "it would miss a square"
    with open_campaign(directory, toy.PIPELINE) as store:
        put_off = list(store.tasks("postponed"))
        assert not {row.task.id for row in put_off} & set(acknowledged)
        assert not is_finished(stage_progress(store, toy.PIPELINE))
    assert run(directory) == ending, "still lacking"
    expected = unbroken(start, mode, marker)
    assert run(directory) == FINISHED
    assert digest(directory, toy.PIPELINE) == expected


def test_an_error_of_the_machine_counts_wherever_it_was_raised() -> None:
    from glasswells.store.machine_failures import machine_cause, reason_of

    error = ValueError("no glass")
    error.__cause__ = OSError(errno.EDQUOT, "Disk quota exceeded")
    assert reason_of(error) == "no_space"
    assert machine_cause(RuntimeError("can't start new thread")) is not None
    assert machine_cause(RuntimeError("did not converge")) is None
    assert reason_of(ZeroDivisionError()) == "zero_division_error"


def test_a_worker_that_is_killed_from_outside_is_put_off(start: Start, marker: Path) -> None:
    directory = start(glasses=1, mode="killed", marker=str(marker))
    ending = run_campaign(directory, toy.PIPELINE, workers=2)
    assert ending == Ending(is_finished=False, reason="1 tasks put off: worker_killed")
    assert statuses(directory, "total") == ["waiting"]
    marker.unlink()
    assert run(directory) == FINISHED


@pytest.mark.parametrize("mode", ["wrong today", "recorded"])
def test_failed_tasks_are_tried_again_with_all_that_ran_without_them(
    start: Start, marker: Path, mode: str
) -> None:
    directory = start(mode=mode, marker=str(marker))
    assert run(directory) == FINISHED
    assert statuses(directory, "square").count(FAILED) == 2
    assert statuses(directory, "total") == [DONE] * 2, "without a square each"
    assert run(directory, retry=True) == FINISHED
    assert statuses(directory, "square").count(FAILED) == 2, "still wrong"
    expected = unbroken(start, mode, marker)
    assert run(directory) == FINISHED
    assert digest(directory, toy.PIPELINE) != expected, "only on request"
    assert run(directory, retry=True) == FINISHED
    assert digest(directory, toy.PIPELINE) == expected


def test_roots_that_failed_are_tried_again_with_all_that_follows(start: Start) -> None:
    """Walks of no width fail in `gather`; nothing but the walks is left of them."""
    directory = start(width=0)
    run(directory)
    before = digest(directory, toy.PIPELINE)
    assert run(directory, retry=True) == FINISHED
    assert digest(directory, toy.PIPELINE) == before
    with open_campaign(directory, toy.PIPELINE) as store:
        assert store.reasons() == {"gather": {"index_error": 2}}


def test_reuse_and_salvage_leave_failures_of_the_machine_behind(
    start: Start, tmp_path: Path, marker: Path
) -> None:
    directory = start(mode="recorded", marker=str(marker))
    run(directory)
    expected = unbroken(start, "recorded", marker)
    plan = tmp_path / "campaign.toml"
    start_campaign(plan, tmp_path / "reused", toy.PIPELINE, reuse=directory)
    result = salvage_campaign(directory, tmp_path / "saved", toy.PIPELINE)
    assert result.tasks <= (result.expected_tasks or 0)
    for name in ("reused", "saved"):
        assert statuses(tmp_path / name, "total") == ["waiting"] * 2
        assert run(tmp_path / name) == FINISHED
        assert digest(tmp_path / name, toy.PIPELINE) == expected


def test_what_is_tried_again_leaves_no_trace_for_salvage(
    start: Start, tmp_path: Path, marker: Path
) -> None:
    """The pages of a store keep deleted rows, and `salvage` reads pages."""
    directory = start(mode="wrong today", marker=str(marker))
    run(directory)
    expected = unbroken(start, "wrong today", marker)
    run(directory, retry=True)
    salvage_campaign(directory, tmp_path / "saved", toy.PIPELINE)
    run(tmp_path / "saved")
    assert digest(tmp_path / "saved", toy.PIPELINE) == expected


STOPS_TESTED = [
    pytest.param(number, marks=() if name == "SIGTERM" else pytest.mark.soak)
    for number, name in ((number, number.name) for number in STOPS if number != signal.SIGINT)
]


def heed_hangup() -> None:
    """Undo what `nohup` hands down to all children of a run of tests: a deaf ear for SIGHUP."""
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


@pytest.mark.parametrize("number", STOPS_TESTED)
def test_a_stop_of_the_whole_process_group_is_no_death_of_its_tasks(
    start: Start, tmp_path: Path, number: signal.Signals
) -> None:
    directory = start(glasses=1, walks=1, chunks=2, seconds=600.0)
    log = tmp_path / "log"
    script = str(HERE / "coordinate.py")
    words = [sys.executable, script, str(directory), str(log), "pool", "1", "0"]
    for _ in range(2):
        with subprocess.Popen(
            words, stdout=subprocess.DEVNULL, start_new_session=True, preexec_fn=heed_hangup
        ) as process:
            wait_for(lambda: statuses(directory, "walk") == ["running"])
            wait_for_workers(process.pid, 1)
            os.killpg(process.pid, number)
            assert process.wait(60) == 0
        with open_campaign(directory, toy.PIPELINE) as store:
            (row, *_) = store.tasks(stage="walk")
            assert (row.status, row.attempts, row.reason) == ("ready", 0, "")
            assert store.sessions()[-1]["ending"].endswith(f"signal {number.name}")


def test_stops_that_were_ignored_from_the_start_stay_ignored() -> None:
    code = (
        "import os, signal\n"
        "from glasswells.engines.stop import StopRequest\n"
        "signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
        "with StopRequest() as stop:\n"
        "    os.kill(os.getpid(), signal.SIGHUP)\n"
        "    assert not stop.is_requested\n"
        "    os.kill(os.getpid(), signal.SIGUSR2)\n"
        "    assert stop.is_requested\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def glasswells(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "glasswells", *words, "--pipeline", "toy:PIPELINE"],
        capture_output=True,
        text=True,
        cwd=cwd,
        check=False,
        env={**os.environ, "PYTHONPATH": f"{HERE}:{os.environ.get('PYTHONPATH', '')}"},
    )


def test_the_command_line_says_what_is_put_off_and_what_failed(
    tmp_path: Path, marker: Path
) -> None:
    plan = toy.plan_text(glasses=1, mode="no memory", marker=str(marker))
    (tmp_path / "plan.toml").write_text(plan)
    result = glasswells("run", "plan.toml", "-w", "1", cwd=tmp_path)
    assert result.returncode == 75
    assert "stopped (1 tasks put off: no_memory): go on with" in result.stdout
    state = json.loads(glasswells("status", "toy", "--json", cwd=tmp_path).stdout)
    assert [row["reason"] for row in state["postponed"]] == ["no_memory"]
    assert state["finished"] is False
    marker.unlink()
    result = glasswells("resume", "toy", "-w", "1", cwd=tmp_path)
    assert (result.returncode, "finished: see" in result.stdout) == (0, True)


def test_a_campaign_of_which_nothing_came_is_no_success(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(toy.plan_text(glasses=1, width=-1))
    for words in (("run", "plan.toml"), ("resume", "toy"), ("resume", "toy", "--retry-failed")):
        result = glasswells(*words, "-w", "1", cwd=tmp_path)
        assert result.returncode == 3, result.stderr
        assert "nothing came of: Walk, Gather" in result.stdout
        assert "--retry-failed` tries again" in result.stdout
    assert "toy (finished)" in glasswells("status", "toy", cwd=tmp_path).stdout
