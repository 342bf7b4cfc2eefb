"""Slurm: jobs that end are replaced, and nothing but plain values gets into their scripts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from dask_programs import HERE, Start, digest, listening, reference, run
from inspection import wait_for

from glasswells.core.errors import InputError
from glasswells.engines.choice import EngineChoice, EngineName
from glasswells.engines.errors import EngineError
from glasswells.engines.slurm import SlurmJobs, read_slurm_jobs

SBATCH = """#!/bin/sh
# Stands for Slurm: a job is a process of this machine, and runs a copy of the script.
{before}
copy="{folder}/script.$$"
cp "$1" "$copy"
setsid sh "$copy" >> "{folder}/jobs.log" 2>&1 &
echo $! >> "{folder}/jobs"
echo "Submitted batch job $!"
"""
SCANCEL = """#!/bin/sh
kill -9 -- -"$1"
"""
SQUEUE = """#!/bin/sh
for job in $(cat "{folder}/jobs"); do
  if kill -0 "$job" 2>/dev/null && ! grep -q "^State:.Z" "/proc/$job/status"; then echo "$job"; fi
done
"""
REFUSING = """echo "sbatch: error: invalid partition specified: nowhere" >&2
exit 1"""
CANCELLED_AT_FIRST = """if mkdir "{folder}/a" || mkdir "{folder}/b"; then
  echo 999999999 >> "{folder}/jobs"
  echo "Submitted batch job 999999999"
  exit
fi"""
"""Two jobs that are gone when Slurm is asked."""


class StandIn:
    """Programs named as Slurm's in front of the path, and a file that describes jobs for them."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from glasswells.engines import slurm_cluster

        monkeypatch.setattr(slurm_cluster, "WATCH_SECONDS", 1.0)
        monkeypatch.setenv("PATH", f"{folder / 'bin'}:{os.environ['PATH']}")
        monkeypatch.setenv("PYTHONPATH", str(HERE))
        monkeypatch.setenv("DASK_JOBQUEUE__SLURM__DEATH_TIMEOUT", "60")
        self.folder = folder
        (folder / "bin").mkdir()
        (folder / "jobs").touch()

    def choice(self, *, before: str = "", more: str = "") -> EngineChoice:
        """Two jobs of two workers."""
        sbatch = SBATCH.replace("{before}", before)
        for name, text in (("sbatch", sbatch), ("scancel", SCANCEL), ("squeue", SQUEUE)):
            program = self.folder / "bin" / name
            program.write_text(text.replace("{folder}", str(self.folder)))
            program.chmod(0o755)
        file = self.folder / "jobs.toml"
        file.write_text(
            f"[slurm]\njobs = 2\ncores = 2\nmemory = '2 GB'\nwalltime = '1:00:00'\n"
            f"interface = 'lo'\nshared_directory = '{self.folder}'\n{more}\n"
        )
        return EngineChoice(name=EngineName.SLURM, cluster=file)

    def job_ids(self) -> list[int]:
        """Of all jobs that were ever submitted."""
        return [int(line) for line in (self.folder / "jobs").read_text().split()]

    def workers_seen(self) -> int:
        log = self.folder / "jobs.log"
        return log.read_text().count("Registered to") if log.exists() else 0

    def wait_until_empty(self) -> None:
        """No job runs any more, and no key is left."""
        import psutil

        wait_for(
            lambda: all(
                not psutil.pid_exists(pid) or psutil.Process(pid).status() == "zombie"
                for pid in self.job_ids()
            )
        )
        assert not list(self.folder.glob("glasswells-*")), "the keys are gone with the run"


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    pytest.importorskip("distributed")
    return StandIn(tmp_path, monkeypatch)


# dask leaves sockets and coroutines behind when a connection breaks.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.usefixtures("collected")
def test_slurm_jobs_that_end_are_replaced(start: Start, slurm: StandIn) -> None:
    """Two jobs of two workers; both are ended from outside; nothing is lost, all jobs end."""
    plan = {"glasses": 2, "walks": 3, "chunks": 16, "seconds": 0.15}
    directory = start("slurm", **plan)
    acknowledged: list[str] = []
    ports: set[tuple[str, int]] = set()
    ended: list[int] = []

    def observer(store: Any, flights: Any) -> None:
        if len(acknowledged) > 10 and slurm.workers_seen() >= 4 and not ended:
            ports.update(listening(os.getpid(), *slurm.job_ids()))
            ended.extend(slurm.job_ids())
            for pid in ended:
                os.killpg(pid, signal.SIGKILL)

    before = listening(os.getpid())
    directives = "partition = 'long'\ndirectives = ['--constraint=skylake', '--exclusive']"
    choice = slurm.choice(more=directives)
    ending = run(directory, choice, acknowledged=acknowledged.extend, observer=observer)
    assert ending.is_finished
    assert len(acknowledged) == len(set(acknowledged))
    assert digest(directory) == reference(start, **plan)
    assert len(ended) == 2
    assert len(slurm.job_ids()) == 4, "each is replaced once"
    assert {ip for ip, _ in ports - before} == {"127.0.0.1"}
    script = next(slurm.folder.glob("script.*")).read_text()
    for line in ("-J glasswells", "-p long", "-n 1", "--cpus-per-task=2", "-t 1:00:00"):
        assert f"#SBATCH {line}\n" in script
    assert "#SBATCH --constraint=skylake\n#SBATCH --exclusive\n" in script
    assert "--tls-key" in script
    assert "BEGIN" not in script, "certificates lie in files, not in the script"
    slurm.wait_until_empty()


@pytest.mark.usefixtures("collected")
def test_jobs_cancelled_in_the_queue_are_replaced(start: Start, slurm: StandIn) -> None:
    directory = start("campaign")
    assert run(directory, slurm.choice(before=CANCELLED_AT_FIRST)).is_finished
    assert digest(directory) == reference(start)
    assert len(slurm.job_ids()) == 4, "each is replaced once"
    slurm.wait_until_empty()


@pytest.mark.usefixtures("collected")
def test_jobs_that_slurm_refuses_end_the_run_with_its_words(start: Start, slurm: StandIn) -> None:
    directory = start("refused")
    with pytest.raises(EngineError, match=r"invalid partition specified: nowhere\): correct"):
        run(directory, slurm.choice(before=REFUSING))
    assert slurm.job_ids() == []
    slurm.wait_until_empty()


@pytest.mark.usefixtures("collected")
def test_jobs_that_never_have_a_worker_end_the_run(start: Start, slurm: StandIn) -> None:
    """It was not for the campaign: with another engine it goes on."""
    directory = start("fruitless")
    with pytest.raises(EngineError, match="3 times all Slurm jobs ended before they had a worker"):
        run(directory, slurm.choice(more="python = '/no/such/python'"))
    assert len(slurm.job_ids()) >= 6, "three times two; more if they do not end together"
    slurm.wait_until_empty()
    assert run(directory, EngineChoice(), workers=1).is_finished
    assert digest(directory) == reference(start)


def test_nothing_is_submitted_after_giving_up() -> None:
    """The run needs a moment to end; the watch may look again before."""
    pytest.importorskip("dask_jobqueue")
    from glasswells.engines import slurm_cluster

    submitted: list[int] = []
    reasons: list[EngineError] = []
    cluster = SimpleNamespace(
        workers={"0": SimpleNamespace(refusal="no such partition", job_id=None)},
        scheduler=SimpleNamespace(workers={}),
        sync=lambda function, *values: function(*values),
        scale_down=lambda names: None,
        scale=lambda jobs: submitted.append(jobs),
    )
    executor = SimpleNamespace(closed=threading.Event(), give_up=reasons.append)
    stand_ins: dict[str, Any] = {"executor": executor, "cluster": cluster}
    watch = slurm_cluster.JobWatch(
        **stand_ins, seen=slurm_cluster._Seen(), count=1, seconds=0.0, queue=set
    )
    for _ in range(6):
        watch.look()
    assert submitted == [1, 1]
    assert "no such partition" in str(reasons[0])


def test_ctrl_c_stops_a_run_as_with_other_engines() -> None:
    """In a process of its own: only the first import of dask-jobqueue takes the handler."""
    pytest.importorskip("dask_jobqueue")
    code = (
        "import signal\n"
        "def ours(*_): pass\n"
        "signal.signal(signal.SIGINT, ours)\n"
        "import glasswells.engines.slurm_cluster\n"
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
