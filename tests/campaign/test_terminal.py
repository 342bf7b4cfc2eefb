"""What reaches a terminal, and what becomes of a run whose terminal is gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import toy
from inspection import stopping_after
from rich.console import Console
from typer.testing import CliRunner

from glasswells.campaign.campaigns import open_campaign, run_campaign
from glasswells.campaign.progress import StageProgress, stage_progress, time_left
from glasswells.cli import app
from glasswells.cli.common import make_console
from glasswells.cli.display import failure_table, found_table, stage_table
from glasswells.cli.printable import printable
from glasswells.engines.pool import InlineExecutor
from glasswells.store.reader import READY
from glasswells.store.retry import ask_again
from glasswells.store.writer import Store

Start = Callable[..., Path]
HERE = Path(__file__).parent
TOY = ["--pipeline", "toy:PIPELINE"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HERE), "COLUMNS": "300"}
EVIL = (
    "list[0] [/red] [bold] :skull: \x1b]0;title\x07\x1b[2J\r\x9b31m\u202etxt.exe \udcff \u2028end"
)


def glasswells(command: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A line of a shell, `glasswells` being the command."""
    line = command.replace("glasswells", f"'{sys.executable}' -m glasswells")
    words = ["/bin/bash", "-o", "pipefail", "-c", line]
    return subprocess.run(
        words, capture_output=True, text=True, cwd=cwd, env=ENVIRONMENT, check=False
    )


def test_invisible_characters_are_shown_and_not_obeyed() -> None:
    shown = printable(EVIL)
    assert "list[0] [/red] [bold] :skull: \\x1b]0;title\\x07\\x1b[2J\\r\\x9b31m\\u202etxt" in shown
    assert shown.isprintable()
    assert printable("Tf = 0.1 §\u2009ε\nnext") == "Tf = 0.1 §\u2009ε\nnext"


def failed(start: Start) -> Path:
    """A campaign that has failed with an error from a stranger."""
    directory = start(glasses=1, walks=1)
    with Store(directory, toy.PIPELINE.codec) as store, store.transaction():
        ask_again(store, toy.PIPELINE, toy.read_plan(store.property("plan")))
        (row, *_) = store.tasks(READY)
        store.fail(row, "bad[/]", EVIL)
    return directory


def test_status_shows_any_text_as_it_is(start: Start, tmp_path: Path) -> None:
    failed(start)
    result = glasswells(f"glasswells status campaign {TOY[0]} {TOY[1]}", tmp_path)
    assert result.returncode == 0, result.stderr
    assert "list[0] [/red] [bold] :skull: \\x1b]0;title\\x07" in result.stdout.replace("\n", "")
    assert "bad[/]" in result.stdout
    assert all(c == "\n" or c.isprintable() for c in result.stdout)
    state = json.loads(
        glasswells(f"glasswells status --json campaign {' '.join(TOY)}", tmp_path).stdout
    )
    assert state["failures"][0]["error"] == EVIL.replace("\udcff", "\\udcff")


def test_tables_take_any_text(start: Start) -> None:
    with open_campaign(failed(start), toy.PIPELINE) as store:
        progress = stage_progress(store, toy.PIPELINE)
    row = {"stage": EVIL, "glass": EVIL, "number": 1, "reason": EVIL, "error": EVIL}
    console = make_console()
    with console.capture() as capture:
        for table in (stage_table(progress, title=EVIL), found_table(progress)):
            console.print(table)
        console.print(failure_table([row], "Failed"))
    assert all(c == "\n" or c.isprintable() for c in capture.get())


@pytest.mark.parametrize("width", [80, 120])
def test_no_number_of_the_table_of_stages_is_broken_or_cut(width: int) -> None:
    stages = [
        StageProgress(
            stage=str(k), title=title, done=98765, finished=1234, known=1234, may_grow=k > 0,
            failed=12, running=16, left=98765, cpu_seconds=5999.0, mean_seconds=0.49,
            seconds_left=40.0 * 3600, reasons={}, counts={},
        )
        for k, title in enumerate(("glasses", "double wells and modes"))
    ]  # fmt: skip
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        console.print(stage_table(stages, width=console.width))
    heading, *rows = capture.get().splitlines()[:3]
    assert rows[0].split()[:4] == ["glasses", "1234", "of", "1234"]
    assert rows[1].startswith("double wells and modes")
    for words in ("1234 of 1234+", " 98765+", "100 min", "40 h"):
        assert words in rows[1]
    assert ("per chunk" in heading) == ("0.49 s" in rows[1]) == (width == 120)


def test_messages_hold_no_commands(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["status", str(tmp_path / "a\x1b[2Jb")])
    assert result.exit_code == 2
    assert "a\\x1b[2Jb" in result.output


@pytest.fixture
def finished(start: Start) -> Path:
    directory = start(glasses=1)
    run_campaign(directory, toy.PIPELINE, workers=1, make_executor=InlineExecutor)
    return directory


@pytest.mark.parametrize("command", ["status", "status --json", "cite", "verify"])
def test_a_pipe_that_is_closed_early_is_no_error(
    finished: Path, tmp_path: Path, command: str
) -> None:
    line = f"glasswells {command} {finished} {' '.join(TOY)} | true"
    result = glasswells(line, tmp_path)
    assert result.returncode == 0, result.stderr
    assert "error" not in result.stderr.lower()


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_standard_streams_are_no_error(finished: Path, tmp_path: Path, closed: str) -> None:
    for command in ("status", "verify"):
        line = f"glasswells {command} {finished} {' '.join(TOY)} {closed}"
        result = glasswells(line, tmp_path)
        assert result.returncode == 0, result.stderr
        assert "error" not in result.stderr.lower()


@pytest.mark.parametrize(
    "output", ["| true", ">&-", "<&- >&- 2>&-", "> /dev/full", "> /dev/full 2>&1"]
)
def test_a_run_goes_on_without_its_output(start: Start, tmp_path: Path, output: str) -> None:
    """The reader of the progress is gone before the first line, or the log is on a full disk."""
    if "/dev/full" in output and not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    (tmp_path / "plan.toml").write_text(toy.plan_text(glasses=1))
    result = glasswells(f"glasswells run plan.toml -w 1 {' '.join(TOY)} {output}", tmp_path)
    assert result.returncode == 0, result.stderr
    with open_campaign(tmp_path / "toy", toy.PIPELINE) as store:
        assert store.open_tasks() == 0
    text = glasswells(f"glasswells verify toy {' '.join(TOY)}", tmp_path)
    assert text.returncode == 0, "messages went into the store"


def test_a_full_disk_behind_an_answer_is_an_error(finished: Path, tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    result = glasswells(
        f"glasswells status --json {finished} {' '.join(TOY)} > /dev/full", tmp_path
    )
    assert result.returncode == 75
    assert "No space left on device" in result.stderr


def test_version_and_module(tmp_path: Path) -> None:
    import glasswells as package

    result = glasswells("glasswells --version", tmp_path)
    assert (result.returncode, result.stdout) == (0, f"glasswells {package.__version__}\n")


def test_report_export_and_verify_say_what_they_do(finished: Path, tmp_path: Path) -> None:
    line = f"glasswells verify {finished} {' '.join(TOY)}"
    assert glasswells(line, tmp_path).stderr == f"checking {finished}\n"
    line = f"glasswells export {finished} -o out {' '.join(TOY)}"
    assert f" records of {finished}\n" in glasswells(line, tmp_path).stderr


def test_the_time_left_is_that_of_all_stages(start: Start) -> None:
    directory = start(seconds=0.02)
    inline = {"workers": 1, "make_executor": InlineExecutor}
    stop = stopping_after(6)
    assert not run_campaign(directory, toy.PIPELINE, acknowledged=stop, **inline).is_finished
    with open_campaign(directory, toy.PIPELINE) as store:
        stages = stage_progress(store, toy.PIPELINE)
    walk, gather, *_ = stages
    assert walk.known == 4
    assert walk.done + walk.left == 12
    assert gather.may_grow
    assert not walk.may_grow
    assert time_left(stages).startswith("at least ")
    run_campaign(directory, toy.PIPELINE, workers=1, make_executor=InlineExecutor)
    with open_campaign(directory, toy.PIPELINE) as store:
        stages = stage_progress(store, toy.PIPELINE)
    assert time_left(stages) == "none"
    assert [stage.finished for stage in stages] == [stage.known for stage in stages]
    assert not any(stage.may_grow for stage in stages)
