"""The command line, run as a user runs it: exit codes, messages, JSON."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy
from inspection import wait_for, wait_for_workers
from typer.testing import CliRunner

from glasswells.cli import app
from glasswells.plan.file import parse_plan
from glasswells.plan.plan import Plan
from glasswells.store.schema import STORE_NAME

HERE = Path(__file__).parent
COMMAND = [sys.executable, "-m", "glasswells.cli"]
TOY = ["--pipeline", "toy:PIPELINE"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HERE), "COLUMNS": "120", "NO_COLOR": "1"}


def glasswells(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [*COMMAND, *words], capture_output=True, text=True, cwd=cwd, env=ENVIRONMENT, check=False
    )
    assert "Traceback" not in result.stderr
    return result


@contextmanager
def started(*words: str, cwd: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=ENVIRONMENT,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def write_plan(folder: Path, **changes: Any) -> None:
    (folder / "plan.toml").write_text(toy.plan_text(**changes))


def test_the_life_of_a_campaign(tmp_path: Path) -> None:
    write_plan(tmp_path, mode="fail")
    result = glasswells("run", "plan.toml", "-w", "1", *TOY, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert re.search(r"\d\d:\d\d:\d\d Walk: 0 of 4 finished, 12 chunks left", result.stdout)
    assert "finished" in result.stdout

    result = glasswells("status", "toy", *TOY, cwd=tmp_path)
    assert result.returncode == 0
    assert "toy (finished)" in result.stdout
    assert re.search(r"Walk +4 of 4 +0 +0 +12 +0 ", result.stdout), "walks are not their chunks"
    assert re.search(r"Square +(\d+) of \d+ +2 +0 +\1 +0 ", result.stdout)
    assert "time left in all: none" in result.stdout
    assert re.search(r"square +g0 +\d+ +zero +the site is the origin", result.stdout)

    state = json.loads(glasswells("status", "toy", "--json", *TOY, cwd=tmp_path).stdout)
    assert state["finished"] is True
    assert state["running"] is False
    assert state["stages"][0]["done"] == 12
    assert [failure["reason"] for failure in state["failures"]] == ["zero", "zero"]
    assert state["products"]["walk"] == 12

    result = glasswells("verify", "toy", *TOY, cwd=tmp_path)
    assert result.returncode == 0
    assert "toy: sound" in result.stdout
    report = json.loads(glasswells("verify", "toy", "--json", *TOY, cwd=tmp_path).stdout)
    assert report["sound"] is True
    assert report["arrays"] == 12

    result = glasswells("cite", "toy", *TOY, cwd=tmp_path)
    assert "A paper on toys." in result.stdout
    papers = json.loads(glasswells("cite", "toy", "--json", *TOY, cwd=tmp_path).stdout)["papers"]
    assert papers == ["A paper on toys.", "A paper on squares."]

    assert glasswells("resume", "toy", *TOY, cwd=tmp_path).returncode == 0
    assert glasswells("run", "plan.toml", *TOY, cwd=tmp_path).returncode == 0


def test_exports_hold_all_numbers_in_full(tmp_path: Path) -> None:
    write_plan(tmp_path)
    glasswells("run", "plan.toml", "-w", "1", *TOY, cwd=tmp_path)
    result = glasswells("export", "toy", "-o", "out", "--json", *TOY, cwd=tmp_path)
    assert result.returncode == 0
    files = json.loads(result.stdout)["files"]
    assert "out/walk.g0.npz" in files
    from glasswells.campaign.campaigns import open_campaign

    with open_campaign(tmp_path / "toy", toy.PIPELINE) as store:
        walks = list(store.records("walk"))
        squares = list(store.records("square"))
    with (tmp_path / "out" / "square.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["x"]) for row in rows] == [s.record.x for s in squares]
    assert [(row["glass"], int(row["task"])) for row in rows] == [
        (s.glass, s.number) for s in squares
    ]
    with (tmp_path / "out" / "walk.csv").open(newline="") as file:
        assert {row["color"] for row in csv.DictReader(file)} == {"blue"}
    arrays: dict[str, Any] = {}
    for glass in ("g0", "g1"):
        with np.load(tmp_path / "out" / f"walk.{glass}.npz", allow_pickle=False) as file:
            arrays |= dict(file)
    assert len(arrays) == len(walks)
    for row, item in enumerate(walks):
        assert np.array_equal(arrays[f"{row}/path"], item.record.path)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["run", "none.toml"], "none.toml cannot be read"),
        (["run", "bad.toml"], "unknown key typo"),
        (["run", "binary.toml"], "is no text file"),
        (["run", "plan.toml", "--walltime", "soon"], "walltime is 'soon'"),
        (["run", "plan.toml", "--dir", "."], "is not empty"),
        (["resume", "nowhere"], "is missing"),
        (["status", "nowhere"], "is missing"),
        (["salvage", "nowhere", "--into", "new"], "is missing"),
        (["run", "plan.toml", "--engine", "slurm"], "--engine slurm needs --cluster"),
        (["run", "plan.toml", "--scheduler", "tls://a:1"], "--scheduler is for --engine dask"),
        (["run", "plan.toml", "--engine", "dask", "--scheduler", "tcp://a:1"], "is not encrypted"),
        (["run", "plan.toml", "--engine", "slurm", "--cluster", "bad.toml"], "expected one table"),
        (["verify", "nowhere"], "is missing"),
        (["export", "nowhere"], "is missing"),
        (["cite", "nowhere"], "is missing"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write_plan(tmp_path)
    (tmp_path / "bad.toml").write_text("typo = 1")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    before = sorted(tmp_path.rglob("*"))
    result = CliRunner().invoke(app, [*words, *TOY])
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    assert sorted(tmp_path.rglob("*")) == before, "something was written"


def test_bad_words_have_exit_code_2() -> None:
    for words in (["fly"], ["run"], ["run", "p", "--workers", "0"], ["status", "x", "--jsn"]):
        assert CliRunner().invoke(app, words).exit_code == 2


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    result = subprocess.run(
        [*COMMAND, "run", "none.toml", "--debug", *TOY],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=ENVIRONMENT,
        check=False,
    )
    assert result.returncode == 2
    assert "Traceback" in result.stderr
    assert "error: none.toml cannot be read" in result.stderr


def test_a_damaged_campaign_is_salvaged_and_resumed(tmp_path: Path) -> None:
    write_plan(tmp_path)
    glasswells("run", "plan.toml", "-w", "1", *TOY, cwd=tmp_path)
    store = tmp_path / "toy" / "campaign.sqlite"
    os.truncate(store, store.stat().st_size // 2)
    result = glasswells("salvage", "toy", "--into", "saved", *TOY, cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert re.search(r"saved written: \d+ of \d+ products and \d+ of \d+ finished", result.stdout)
    assert "do again what is missing with `glasswells resume saved`" in result.stdout
    assert "Walk" in glasswells("status", "saved", *TOY, cwd=tmp_path).stdout
    assert glasswells("resume", "saved", "-w", "1", *TOY, cwd=tmp_path).returncode == 0
    assert glasswells("verify", "saved", *TOY, cwd=tmp_path).returncode == 0
    words = ["salvage", "saved", "--into", "again", "--json", *TOY]
    report = json.loads(glasswells(*words, cwd=tmp_path).stdout)
    assert report["complete"] is True
    assert report["records"] == report["expected_records"] > 12
    assert report["redone"] == []


def test_a_campaign_starts_from_the_work_of_another(tmp_path: Path) -> None:
    write_plan(tmp_path)
    glasswells("run", "plan.toml", "-w", "1", *TOY, cwd=tmp_path)
    words = ["run", "plan.toml", "--dir", "new", "--reuse", "toy", "-w", "1", *TOY]
    assert glasswells(*words, cwd=tmp_path).returncode == 0
    tables = [
        json.loads(glasswells("status", name, "--json", *TOY, cwd=tmp_path).stdout)["stages"]
        for name in ("toy", "new")
    ]
    assert tables[0] == tables[1]  # the seconds too: nothing was done again
    result = glasswells("run", "plan.toml", "--dir", "x", "--reuse", "no", *TOY, cwd=tmp_path)
    assert result.returncode == 2
    assert "no/campaign.sqlite is missing" in result.stderr
    assert not (tmp_path / "x").exists()


def test_a_damaged_store_has_exit_code_1(tmp_path: Path) -> None:
    write_plan(tmp_path)
    glasswells("run", "plan.toml", "-w", "1", *TOY, cwd=tmp_path)
    store = tmp_path / "toy" / "campaign.sqlite"
    os.truncate(store, store.stat().st_size - 1)
    for command in ("verify", "status", "export", "resume"):
        result = glasswells(command, "toy", *TOY, cwd=tmp_path)
        assert result.returncode == 1
        assert "truncated" in result.stdout + result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_signals_stop_within_the_grace_with_exit_code_75(
    tmp_path: Path, number: signal.Signals
) -> None:
    write_plan(tmp_path, seconds=600.0, glasses=1)
    words = ["-w", "2", "--grace", "0.5", *TOY]
    with started("run", "plan.toml", *words, cwd=tmp_path) as process:
        wait_until_running(tmp_path / "toy")
        wait_for_workers(process.pid, 2)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    assert process.returncode == 75, errors
    assert f"stopped (signal {number.name}): go on with `glasswells resume toy`" in output
    assert "Traceback" not in errors
    state = json.loads(glasswells("status", "toy", "--json", *TOY, cwd=tmp_path).stdout)
    assert state["running"] is False
    assert state["finished"] is False
    assert state["stages"][0]["left"] == 6
    assert state["sessions"][-1]["ending"].endswith(f"signal {number.name}")


def test_the_walltime_stops_with_exit_code_75_and_resume_finishes(tmp_path: Path) -> None:
    write_plan(tmp_path, seconds=0.05, glasses=1, chunks=60)
    words = ["--walltime", "3", "-w", "1", *TOY]
    result = glasswells("run", "plan.toml", *words, cwd=tmp_path)
    assert result.returncode == 75, result.stderr
    assert "stopped (walltime)" in result.stdout
    result = glasswells("resume", "toy", "-w", "2", *TOY, cwd=tmp_path)
    assert result.returncode == 0
    assert "finished" in result.stdout


def test_a_second_coordinator_is_refused(tmp_path: Path) -> None:
    write_plan(tmp_path, seconds=600.0, glasses=1)
    words = ["-w", "1", "--grace", "0", *TOY]
    with started("run", "plan.toml", *words, cwd=tmp_path) as process:
        wait_until_running(tmp_path / "toy")
        result = glasswells("resume", "toy", *TOY, cwd=tmp_path)
        assert result.returncode == 2
        assert f"is being worked on by process {process.pid} on " in result.stderr
        status = glasswells("status", "toy", *TOY, cwd=tmp_path)
        assert "toy (running)" in status.stdout
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 75


def test_init_writes_a_plan_that_can_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert glasswells("init", "mine.toml", cwd=tmp_path).returncode == 0
    assert parse_plan((tmp_path / "mine.toml").read_text()) == Plan()
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(app, ["init", "mine.toml"])
    assert result.exit_code == 2
    assert "--force" in result.stderr
    assert CliRunner().invoke(app, ["init", "mine.toml", "--force"]).exit_code == 0
    assert CliRunner().invoke(app, ["init", "no/such/folder.toml"]).exit_code == 2


def test_help_names_all_commands_and_loads_nothing_heavy(tmp_path: Path) -> None:
    result = glasswells("--help", cwd=tmp_path)
    assert result.returncode == 0
    commands = ("run", "resume", "status", "report", "export", "verify", "salvage", "init")
    commands += ("warmup", "cite")
    for command in commands:
        assert re.search(rf"\b{command}\b", result.stdout)
        assert CliRunner().invoke(app, [command, "--help"]).exit_code == 0
    code = (
        "import sys; from glasswells import cli; "
        "heavy = {'numpy', 'scipy', 'numba', 'pydantic', 'rich', 'sqlite3'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert loaded.stdout == "[]\n"


def test_verify_of_an_overwritten_store_counts_one_problem(tmp_path: Path) -> None:
    (tmp_path / STORE_NAME).write_bytes(bytes(8192))
    result = CliRunner().invoke(app, ["verify", str(tmp_path), *TOY])
    assert result.exit_code == 1
    assert "DAMAGED, 1 problem, nothing in it could be checked" in result.output


def wait_until_running(directory: Path) -> None:
    from glasswells.campaign.campaigns import open_campaign
    from glasswells.store.errors import FormatError
    from glasswells.store.reader import RUNNING

    def is_running() -> bool:
        try:
            with open_campaign(directory, toy.PIPELINE) as store:
                return any(store.tasks(RUNNING))
        except FormatError:
            return False  # not made yet

    wait_for(is_running, tick=0.05)
