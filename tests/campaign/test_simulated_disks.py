"""Campaigns on a disk that fails and under a clock that jumps: each history from one seed.

A history that breaks a promise is played again by
`LD_PRELOAD=calls.so python simulate.py FOLDER SEED 1`.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from power_cut import Change, cut_power, unsynced

pytestmark = pytest.mark.early

HERE = Path(__file__).parent
PROCESSES = 2


@pytest.mark.parametrize(
    "histories",
    [200, pytest.param(10_000, marks=pytest.mark.soak)],
)
def test_no_history_of_a_failing_disk_breaks_a_promise(
    folder: Path, shim: Path, histories: int
) -> None:
    each = histories // PROCESSES
    running = []
    for k in range(PROCESSES):
        place = folder / str(k)
        place.mkdir()
        words = [sys.executable, str(HERE / "simulate.py"), str(place), str(k * each), str(each)]
        process = subprocess.Popen(
            words,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "LD_PRELOAD": str(shim)},
        )
        running.append(process)
    for process in running:
        output, errors = process.communicate()
        assert process.returncode == 0, errors
        seen = json.loads(output)
        print(seen)  # noqa: T201 (for the record of a soak)
        assert seen["looks"] > 2 * each
        for fate in ("die", "tear", "shorten", "full", "fail", "fail a sync"):
            assert seen[fate] > each / 10
        assert seen["ended with -9"] > each / 2, "deaths"
        assert seen["ended with 75"] > each / 2, "errors and stops"
        assert seen["power cuts"] > each


JOURNAL = b"".join(
    (
        b"C 1 0 0 0 0 /x/store|\n",
        b"W 1 0 0 0 3 /x/store|\nabc",
        b"S 1 0 0 0 0 /x/store|\n",
        b"W 1 3 3 0 3 /x/store|\ndef",
        b"C 2 0 0 0 0 /x/draft|\n",
        b"W 2 0 0 0 1 /x/draft|\np",
        b"R 2 0 1 1 0 /x/draft|/x/plan\nq",
    )
)


def after_a_power_cut(tmp_path: Path, journal: bytes, fraction: float) -> dict[str, str]:
    (tmp_path / "journal").write_bytes(journal)
    where = tmp_path / "x"
    where.mkdir()
    (where / "store").write_text("abcdef")
    (where / "plan").write_text("p")
    generator = random.Random(1)  # noqa: S311 (no secrets here)
    cut_power(where, unsynced(tmp_path / "journal"), fraction, generator)
    return {path.name: path.read_text() for path in where.iterdir()}


def test_a_power_cut_takes_what_was_not_synced(tmp_path: Path) -> None:
    """The name of the store was not synced either, though its first bytes were."""
    assert after_a_power_cut(tmp_path, JOURNAL, 0.0) == {"plan": "q"}


def test_a_synced_folder_keeps_its_names_and_not_their_contents(tmp_path: Path) -> None:
    found = after_a_power_cut(tmp_path, JOURNAL + b"D 9 0 0 0 0 /x|\n", 0.0)
    assert found == {"store": "abc", "plan": ""} or found == {"store": "abc", "plan": "p"}


def test_a_lucky_power_cut_takes_nothing(tmp_path: Path) -> None:
    assert after_a_power_cut(tmp_path, JOURNAL, 1.0) == {"store": "abcdef", "plan": "p"}


def test_a_rename_may_come_before_the_data(tmp_path: Path) -> None:
    change = Change("W", 2, 0, 0, b"", b"p", "draft", "")
    rename = Change("R", 2, 0, 1, b"q", b"", "draft", "plan")
    where = tmp_path / "x"
    seen = set()
    for seed in range(20):
        where.mkdir(exist_ok=True)
        (where / "plan").write_text("p")
        cut_power(where, [change, rename], 0.5, random.Random(seed))  # noqa: S311
        seen.add(tuple(sorted((p.name, p.read_text()) for p in where.iterdir())))
        for path in where.iterdir():
            path.unlink()
    assert (("plan", ""),) in seen, "torn"
    assert (("draft", ""), ("plan", "q")) in seen, "not renamed"
    assert (("plan", "p"),) in seen, "whole"
