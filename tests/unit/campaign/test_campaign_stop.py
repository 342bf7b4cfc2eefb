"""Stop requests, walltimes and the lock."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from glasswells.campaign.progress import duration
from glasswells.core.errors import InputError
from glasswells.engines.stop import StopRequest, parse_walltime
from glasswells.store.errors import CampaignBusyError, StoreError
from glasswells.store.lock import LOCK_NAME, CampaignLock, is_held


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("45s", 45),
        ("30m", 1800),
        ("1h30m", 5400),
        ("2d", 172800),
        ("0:01:30", 90),
        ("12:30:00", 45000),
        ("1-12:00:00", 129600),
    ],
)
def test_walltimes(text: str, seconds: float) -> None:
    assert parse_walltime(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "1.5h", "-3", "1:2", "3m1h", "1h 30m", "9" * 10**5])
def test_other_walltimes_are_refused(text: str) -> None:
    if text.isdigit():
        with pytest.raises((InputError, ValueError)):
            parse_walltime(text)
    else:
        with pytest.raises(InputError, match="walltime is"):
            parse_walltime(text)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_signals_ask_for_a_stop_and_a_second_one_for_haste(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with StopRequest(grace=60) as stop:
        assert not stop.is_requested
        os.kill(os.getpid(), number)
        assert stop.is_requested
        assert stop.reason == f"signal {number.name}"
        assert 0 < stop.patience <= 60
        os.kill(os.getpid(), number)
        assert stop.patience == 0
    assert signal.getsignal(number) == before


def test_the_walltime_leaves_time_to_stop_in() -> None:
    now = 1000.0
    stop = StopRequest(walltime=0.2, grace=8, clock=lambda: now)
    assert not stop.is_requested
    now += 0.11
    assert stop.is_requested
    assert stop.reason == "walltime"
    assert 0.04 < stop.patience <= 0.05
    now += stop.patience
    assert stop.patience < 1e-9


HOLDER = """
import sys, time
from pathlib import Path
from glasswells.store.lock import CampaignLock
lock = CampaignLock(Path(sys.argv[1]))
print("held", flush=True)
time.sleep(60)
"""


def test_a_lock_is_held_until_its_process_dies(tmp_path: Path) -> None:
    assert not is_held(tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert is_held(tmp_path)
        with pytest.raises(CampaignBusyError, match=f"process {holder.pid} on .*SIGTERM"):
            CampaignLock(tmp_path)
    finally:
        holder.kill()
        holder.communicate()
    assert not is_held(tmp_path)
    with CampaignLock(tmp_path):
        assert is_held(tmp_path)
    assert not is_held(tmp_path)


def test_the_lock_follows_no_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / LOCK_NAME).symlink_to(victim)
    with pytest.raises(StoreError, match="cannot be opened"):
        CampaignLock(tmp_path)
    assert victim.read_text() == "precious"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0, "0 s"),
        (99, "99 s"),
        (120, "2.0 min"),
        (5999, "100 min"),
        (7200, "2.0 h"),
        (36000, "10 h"),
        (259200, "3.0 d"),
    ],
)
def test_durations_to_read(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text
