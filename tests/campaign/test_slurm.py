"""Slurm: jobs that end are replaced, and nothing but plain values gets into their scripts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from dask_programs import HERE, Start, digest, listening, reference, run
from inspection import wait_for

from glasswells.campaign.engines import EngineChoice, EngineName
from glasswells.campaign.slurm import SlurmJobs, read_slurm_jobs
from glasswells.core.errors import InputError

SBATCH = """#!/bin/sh
# Stands for Slurm: a job is a process of this machine, and runs a copy of the script.
copy="{folder}/script.$$"
cp "$1" "$copy"
setsid sh "$copy" >> "{folder}/jobs.log" 2>&1 &
echo $! >> "{folder}/jobs"
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
kill -9 -- -"$1"
"""


# dask leaves sockets and coroutines behind when a connection breaks.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("collected")
def test_slurm_jobs_that_end_are_replaced(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two jobs of two workers; both are ended from outside; nothing is lost, all jobs end."""
    pytest.importorskip("distributed")
    import psutil

    from glasswells.campaign import dask_engine

    monkeypatch.setattr(dask_engine, "WATCH_SECONDS", 1.0)

    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name, text in (("sbatch", SBATCH), ("scancel", SCANCEL)):
        (bin_folder / name).write_text(text.replace("{folder}", str(tmp_path)))
        (bin_folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{bin_folder}:{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(HERE))
    monkeypatch.setenv("DASK_JOBQUEUE__SLURM__DEATH_TIMEOUT", "60")
    jobs_file = tmp_path / "jobs.toml"
    jobs_file.write_text(
        f"[slurm]\njobs = 2\ncores = 2\nmemory = '2 GB'\nwalltime = '1:00:00'\n"
        f"interface = 'lo'\nshared_directory = '{tmp_path}'\npartition = 'long'\n"
        f"directives = ['--constraint=skylake', '--exclusive']\n"
    )
    plan = {"glasses": 2, "walks": 3, "chunks": 16, "seconds": 0.15}
    directory = start("slurm", **plan)
    acknowledged: list[str] = []
    ports: set[tuple[str, int]] = set()
    ended: list[int] = []

    def job_ids() -> list[int]:
        file = tmp_path / "jobs"
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    def observer(store: Any, flights: Any) -> None:
        log = tmp_path / "jobs.log"
        both_run = log.exists() and log.read_text().count("Registered to") >= 4
        if len(acknowledged) > 10 and both_run and not ended:
            ports.update(listening(os.getpid(), *job_ids()))
            ended.extend(job_ids())
            for pid in ended:
                os.killpg(pid, signal.SIGKILL)

    choice = EngineChoice(name=EngineName.SLURM, cluster=jobs_file)
    ending = run(directory, choice, acknowledged=acknowledged.extend, observer=observer)
    assert ending.is_finished
    assert len(acknowledged) == len(set(acknowledged))
    assert digest(directory) == reference(start, **plan)
    assert len(ended) == 2
    assert len(job_ids()) == 4, "each is replaced once"
    assert {ip for ip, _ in ports} == {"127.0.0.1"}
    script = next(tmp_path.glob("script.*")).read_text()
    for line in ("-J glasswells", "-p long", "-n 1", "--cpus-per-task=2", "-t 1:00:00"):
        assert f"#SBATCH {line}\n" in script
    assert "#SBATCH --constraint=skylake\n#SBATCH --exclusive\n" in script
    assert "--tls-key" in script
    assert "BEGIN" not in script, "certificates lie in files, not in the script"
    assert not list(tmp_path.glob("glasswells-*")), "the keys are gone with the run"
    wait_for(
        lambda: (
            not any(psutil.pid_exists(pid) for pid in job_ids())
            or all(
                psutil.Process(pid).status() == "zombie"
                for pid in job_ids()
                if psutil.pid_exists(pid)
            )
        )
    )


def test_ctrl_c_stops_a_run_as_with_other_engines() -> None:
    """In a process of its own: only the first import of dask-jobqueue takes the handler."""
    pytest.importorskip("dask_jobqueue")
    code = (
        "import signal\n"
        "def ours(*_): pass\n"
        "signal.signal(signal.SIGINT, ours)\n"
        "from glasswells.campaign.dask_engine import _slurm_cluster_class\n"
        "_slurm_cluster_class()\n"
        "assert signal.getsignal(signal.SIGINT) is ours\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# ---- X8: what a script may hold

GOOD = {
    "jobs": 2,
    "cores": 3,
    "memory": "6 GB",
    "walltime": "12:00:00",
    "interface": "lo",
    "shared_directory": "/shared/me",
}
INJECTIONS = [
    '"; touch /tmp/pwned; "',
    "$(touch /tmp/pwned)",
    "`touch /tmp/pwned`",
    "a\n#SBATCH --uid=0",
    "a\ntouch /tmp/pwned",
    "a b",
    "a'b",
    "a;b",
    "a|b",
    "a&b",
    "a>b",
    "--wrap=x",
    "%(python)s",
    "~/x",
    "$HOME",
    "/a/../../etc",
    "",
    "x" * 5000,
    "a\0b",
    "\u202e",
]


@pytest.mark.parametrize(
    "field",
    [
        *("memory", "walltime", "interface", "shared_directory", "partition", "account"),
        *("log_directory", "local_directory", "python"),
    ],
)
@pytest.mark.parametrize("text", INJECTIONS)
def test_nothing_but_plain_values_gets_into_a_slurm_script(field: str, text: str) -> None:
    with pytest.raises(InputError, match=f"{field} is"):
        SlurmJobs(**{**GOOD, field: text})


@pytest.mark.parametrize("text", [t for t in INJECTIONS if t != "--wrap=x"])
def test_nothing_but_plain_options_gets_into_a_slurm_script(text: str) -> None:
    for directive in (text, f"--constraint={text}", f"--{text}"):
        with pytest.raises(InputError, match="a directive is"):
            SlurmJobs(**GOOD, directives=(directive,))


@pytest.mark.parametrize(
    "value", [0, -1, 10_001, True, "2", 1.5, None, pytest.param(16**5000, id="huge")]
)
def test_numbers_of_jobs_are_numbers(value: Any) -> None:
    for field in ("jobs", "cores"):
        with pytest.raises(InputError, match=f"{field} is"):
            SlurmJobs(**{**GOOD, field: value})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[slurm]\njobs = 1", "lacks cores, memory, walltime, interface, shared_directory"),
        ("[slurm]\npartitoin = 'x'", "unknown key 'partitoin': did you mean partition"),
        ("[slurm", "is no TOML"),
        ("[pbs]\njobs = 1", "expected one table"),
        ("jobs = 1", "expected one table"),
        (f"jobs = {'7' * 5000}", "is no TOML: Exceeds the limit"),
        (f"jobs = {'[' * 50_000}", "is no TOML"),
        ("#" * 200_000, "is larger than"),
    ],
)
def test_bad_files_of_jobs_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "jobs.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_slurm_jobs(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_slurm_jobs(tmp_path / "nowhere")
