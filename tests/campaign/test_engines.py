"""Other engines: dask on this machine, an existing scheduler, Slurm; same catalogue, no losses."""

from __future__ import annotations

import gc
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import toy

from glasswells.campaign.campaigns import open_campaign, run_campaign
from glasswells.campaign.catalogue import catalogue_digest
from glasswells.campaign.engines import (
    EngineChoice,
    EngineName,
    executor_factory,
    scheduler_address,
)
from glasswells.campaign.errors import EngineError
from glasswells.campaign.pool import InlineExecutor
from glasswells.campaign.reader import FAILED
from glasswells.campaign.verify import verify_store
from glasswells.core.errors import InputError

pytest.importorskip("distributed")
from certificates import write_certificates
from distributed import Security

from glasswells.campaign import dask_engine

# dask leaves sockets and coroutines behind when a connection breaks.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

Start = Callable[..., Path]
HERE = Path(__file__).parent


def digest(directory: Path) -> str:
    assert verify_store(directory, toy.PIPELINE.codec).problems == ()
    with open_campaign(directory, toy.PIPELINE) as store:
        return catalogue_digest(store)


def reference(start: Start, **plan: Any) -> str:
    directory = start("reference", **plan)
    run_campaign(directory, toy.PIPELINE, workers=1, make_executor=InlineExecutor)
    return digest(directory)


def listening(*pids: int) -> set[tuple[str, int]]:
    """Addresses and ports at which processes and their children listen."""
    import psutil

    found = set()
    for pid in pids:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            for each in (process, *process.children(recursive=True)):
                for connection in each.net_connections():
                    if connection.status == "LISTEN":
                        found.add((connection.laddr.ip, connection.laddr.port))
    return found


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.02)


@contextmanager
def program(*words: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of dask, ended with the block."""
    environment = {**os.environ, "PYTHONPATH": str(HERE)}
    with (
        log.open("wb") as file,
        subprocess.Popen(
            [sys.executable, "-m", *words], stdout=file, stderr=file, env=environment
        ) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What dask leaves behind is collected here, not in some later test."""
    yield
    gc.collect()


@pytest.fixture
def certificates(tmp_path: Path) -> dict[str, Path]:
    return write_certificates(tmp_path / "tls")


def tls_words(certificates: dict[str, Path]) -> list[str]:
    return [
        *("--tls-ca-file", str(certificates["ca"])),
        *("--tls-cert", str(certificates["cert"])),
        *("--tls-key", str(certificates["key"])),
    ]


@contextmanager
def scheduler(
    tmp_path: Path, certificates: dict[str, Path] | None, port: int = 0
) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A dask scheduler as a process of its own, and its address."""
    file = tmp_path / "scheduler.json"
    file.unlink(missing_ok=True)
    words = ["distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(port)]
    words += ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    words += ["--scheduler-file", str(file)]
    words += ["--protocol", "tcp"] if certificates is None else tls_words(certificates)
    with program(*words, log=tmp_path / "scheduler.log") as process:
        wait_for(lambda: file.exists() and "address" in file.read_text())
        found = re.search(r'"address": "([^"]+)"', file.read_text())
        assert found
        yield process, found[1]


@contextmanager
def worker(
    tmp_path: Path, address: str, certificates: dict[str, Path] | None, name: str
) -> Iterator[subprocess.Popen[bytes]]:
    words = ["distributed.cli.dask_worker", address, "--nthreads", "1", "--name", name]
    words += ["--host", "127.0.0.1", "--no-nanny", "--memory-limit", "0"]
    words += ["--no-dashboard", "--dashboard-address", "127.0.0.1:0"]
    words += ["--local-directory", str(tmp_path / name)]
    words += [] if certificates is None else tls_words(certificates)
    with program(*words, log=tmp_path / f"{name}.log") as process:
        yield process


def remote(address: str, certificates: dict[str, Path]) -> EngineChoice:
    return EngineChoice(
        name=EngineName.DASK,
        scheduler=address,
        tls_ca=certificates["ca"],
        tls_cert=certificates["cert"],
        tls_key=certificates["key"],
    )


def run(directory: Path, choice: EngineChoice, workers: int | None = None, **options: Any) -> Any:
    make, workers = executor_factory(choice, workers)
    return run_campaign(
        directory, toy.PIPELINE, workers=workers, make_executor=make, engine=choice.name, **options
    )


def test_a_local_dask_cluster_finds_the_same_to_the_bit(start: Start) -> None:
    directory = start("dask")
    ports: set[tuple[str, int]] = set()

    def observer(store: Any, flights: Any) -> None:
        if not ports:
            ports.update(listening(os.getpid()))

    assert run(directory, EngineChoice(name=EngineName.DASK), 2, observer=observer).is_finished
    assert digest(directory) == reference(start)
    # scheduler, two nannies, two workers; nothing on other interfaces, no page in plain text
    assert {ip for ip, _ in ports} == {"127.0.0.1"}
    assert len(ports) == 5
    with open_campaign(directory, toy.PIPELINE) as store:
        assert store.sessions()[0]["engine"] == "dask"
        assert store.sessions()[0]["workers"] == 2


REAL_PLAN = """
[campaign]
name = "small"
seed = 3
[glasses]
preparation_temperatures = [0.1]
[prepare]
n_particles = 150
melt_sweeps = 200
burn_in = 50
sweeps = 1000
chunk_sweeps = 500
[explore]
exploration_temperature = 0.05
trajectories = 2
quenches = 20
chunk_quenches = 10
[pairs]
min_transitions = 1
max_pairs = 3
"""


@pytest.mark.soak
def test_the_real_stages_find_the_same_on_dask(tmp_path: Path) -> None:
    from glasswells.campaign.campaigns import start_campaign
    from glasswells.campaign.stages.pipeline import PIPELINE

    (tmp_path / "plan.toml").write_text(REAL_PLAN)
    digests = set()
    for name, make, workers in (
        ("warm", InlineExecutor, 1),  # fills the cache of compiled kernels
        ("inline", InlineExecutor, 1),
        ("dask", lambda: dask_engine.local_executor(2), 2),
    ):
        directory = start_campaign(tmp_path / "plan.toml", tmp_path / name, PIPELINE)
        run_campaign(directory, PIPELINE, workers=workers, make_executor=make)
        assert verify_store(directory, PIPELINE.codec).problems == ()
        with open_campaign(directory, PIPELINE) as store:
            assert store.kinds()["structure"] > 1
            if name != "warm":
                digests.add(catalogue_digest(store))
    assert len(digests) == 1


@pytest.mark.parametrize(
    "kills", [20, pytest.param(100, marks=[pytest.mark.soak, pytest.mark.timeout(3000)])]
)
def test_killed_workers_of_a_local_cluster_lose_nothing(start: Start, kills: int) -> None:
    plan = {"glasses": 2, "walks": 3, "chunks": kills + 5, "steps": 5, "seconds": 0.1}
    directory = start("killed", **plan)
    executors: list[dask_engine.DaskExecutor] = []

    def make() -> dask_engine.DaskExecutor:
        executors.append(dask_engine.local_executor(2))
        return executors[-1]

    generator = random.Random(5)  # noqa: S311 (no secrets here)
    killed: set[int] = set()
    over = threading.Event()

    def kill() -> None:
        """Kill each worker process once, at a random time after it has come to life."""
        while not over.is_set() and len(killed) < kills:
            time.sleep(generator.uniform(0.05, 0.3))
            nannies = list(executors[0].cluster.workers.values()) if executors else []
            alive = [
                n.pid
                for n in nannies
                if n.pid and n.pid not in killed and n.status.name == "running"
            ]
            if alive:
                pid = generator.choice(alive)
                os.kill(pid, signal.SIGKILL)
                killed.add(pid)

    thread = threading.Thread(target=kill)
    thread.start()
    acknowledged: list[str] = []
    try:
        ending = run_campaign(
            directory, toy.PIPELINE, workers=2, make_executor=make, acknowledged=acknowledged.extend
        )
    finally:
        over.set()
        thread.join()
    assert ending.is_finished
    assert len(killed) == kills, "the campaign was over before the last kill: make it longer"
    assert len(acknowledged) == len(set(acknowledged))
    with open_campaign(directory, toy.PIPELINE) as store:
        assert list(store.tasks(FAILED)) == []
    assert digest(directory) == reference(start, **plan)
    assert len(executors) == 1, "a killed worker is no reason to start a new cluster"


def test_a_task_that_kills_its_workers_fails_alone(start: Start) -> None:
    directory = start(glasses=1, mode="die")
    assert run(directory, EngineChoice(name=EngineName.DASK), 2).is_finished
    with open_campaign(directory, toy.PIPELINE) as store:
        (failed,) = store.tasks(FAILED)
        assert failed.reason == "worker_died"
        assert store.kinds()["square"] == store.kinds()["site"] - 1
        assert [row.attempts for row in store.tasks("done") if row.attempts] == []


def test_a_stop_ends_a_local_cluster_within_the_grace(start: Start) -> None:
    import psutil

    directory = start(glasses=1, seconds=600.0)
    before = set(psutil.Process().children(recursive=True))
    begin = time.monotonic()
    choice = EngineChoice(name=EngineName.DASK)
    ending = run(directory, choice, 2, walltime=6.0, grace=0.5)
    assert not ending.is_finished
    assert time.monotonic() - begin < 20
    wait_for(
        lambda: (
            not [
                p
                for p in psutil.Process().children(recursive=True)
                if p not in before and "resource_tracker" not in " ".join(p.cmdline())
            ]
        )
    )


def test_a_scheduler_and_two_workers_as_processes_of_their_own(
    start: Start, tmp_path: Path, certificates: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = start("remote")
    with ExitStack() as stack:
        process, address = stack.enter_context(scheduler(tmp_path, certificates))
        assert address.startswith("tls://127.0.0.1:")
        workers = [
            stack.enter_context(worker(tmp_path, address, certificates, f"w{k}")) for k in range(2)
        ]
        assert run(directory, remote(address, certificates)).is_finished
        assert all(each.poll() is None for each in (process, *workers)), "not ours to end"
        # As docs/CLUSTER.md starts them.
        assert {ip for ip, _ in listening(process.pid, *(w.pid for w in workers))} == {"127.0.0.1"}
        monkeypatch.setattr(dask_engine, "CONNECT_SECONDS", 2.0)
        stranger = Security.temporary()  # other certificates
        with pytest.raises(EngineError, match="does not answer"):
            dask_engine.remote_executor(address, stranger)
    assert digest(directory) == reference(start)


def test_the_command_line_with_a_scheduler(
    tmp_path: Path, certificates: dict[str, Path], start: Start
) -> None:
    (tmp_path / "plan.toml").write_text(toy.plan_text())
    words = [sys.executable, "-m", "glasswells.cli", "run", "plan.toml", "--engine", "dask"]
    words += ["--pipeline", "toy:PIPELINE"]
    with ExitStack() as stack:
        _, address = stack.enter_context(scheduler(tmp_path, certificates))
        for k in range(2):
            stack.enter_context(worker(tmp_path, address, certificates, f"w{k}"))
        words += ["--scheduler", address]
        for name in ("ca", "cert", "key"):
            words += [f"--tls-{name}", str(certificates[name])]
        done = subprocess.run(
            words,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "PYTHONPATH": str(HERE)},
        )
    assert done.returncode == 0, done.stderr
    assert "finished" in done.stdout
    assert digest(tmp_path / "toy") == reference(start)


@pytest.mark.soak
def test_a_scheduler_that_dies_and_comes_back_costs_nothing(
    start: Start, tmp_path: Path, certificates: dict[str, Path]
) -> None:
    plan = {"glasses": 2, "chunks": 10, "seconds": 0.1}
    directory = start("reborn", **plan)
    acknowledged: list[str] = []
    with ExitStack() as stack:
        first = ExitStack()
        process, address = first.enter_context(scheduler(tmp_path, certificates))
        port = int(address.rsplit(":", 1)[1])
        first.enter_context(worker(tmp_path, address, certificates, "w0"))

        def replace() -> None:
            wait_for(lambda: len(acknowledged) > 5)
            process.kill()
            process.wait()
            stack.enter_context(scheduler(tmp_path, certificates, port))
            stack.enter_context(worker(tmp_path, address, certificates, "w1"))

        thread = threading.Thread(target=replace)
        thread.start()
        ending = run(directory, remote(address, certificates), acknowledged=acknowledged.extend)
        thread.join()
        first.close()
    assert ending.is_finished
    assert len(acknowledged) == len(set(acknowledged))
    assert digest(directory) == reference(start, **plan)


@pytest.mark.soak
def test_a_scheduler_that_is_gone_stops_the_run_and_resume_goes_on(
    start: Start, tmp_path: Path, certificates: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_engine, "CONNECT_SECONDS", 3.0)
    plan = {"glasses": 2, "chunks": 10, "seconds": 0.1}
    directory = start("orphan", **plan)
    acknowledged: list[str] = []
    with (
        scheduler(tmp_path, certificates) as (process, address),
        worker(tmp_path, address, certificates, "w0"),
    ):

        def kill() -> None:
            wait_for(lambda: len(acknowledged) > 5)
            process.kill()

        thread = threading.Thread(target=kill)
        thread.start()
        with pytest.raises(EngineError, match=r"does not answer .*`resume`"):
            run(directory, remote(address, certificates), acknowledged=acknowledged.extend)
        thread.join()
    ending = run(directory, EngineChoice(), 1, acknowledged=acknowledged.extend)
    assert ending.is_finished
    assert len(acknowledged) == len(set(acknowledged))
    assert digest(directory) == reference(start, **plan)


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


def test_slurm_jobs_that_end_are_replaced(
    start: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two jobs of two workers; both are ended from outside; nothing is lost, all jobs end."""
    import psutil

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


@pytest.mark.parametrize(
    ("text", "insecure", "address"),
    [
        ("tls://node-1.cluster:8786", False, "tls://node-1.cluster:8786"),
        ("127.0.0.1:8786", False, "tls://127.0.0.1:8786"),
        ("127.0.0.1:8786", True, "tcp://127.0.0.1:8786"),
        ("tls://[::1]:8786", False, "tls://[::1]:8786"),
    ],
)
def test_addresses(text: str, insecure: bool, address: str) -> None:
    assert scheduler_address(text, insecure=insecure) == address


@pytest.mark.parametrize(
    "text",
    ["tcp://127.0.0.1:8786", "inproc://a", "http://a:1", "a", "a:0", "a:70000", "a:1\n", "-x:1;id"],
)
def test_addresses_that_are_refused(text: str) -> None:
    with pytest.raises(InputError, match="scheduler is"):
        scheduler_address(text, insecure=False)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scheduler": "a:1"}, "--scheduler is for --engine dask"),
        ({"name": EngineName.SLURM}, "needs --cluster"),
        ({"name": EngineName.DASK, "cluster": Path("x")}, "no other engine"),
        ({"name": EngineName.DASK, "insecure": True}, "need --scheduler"),
        ({"name": EngineName.DASK, "scheduler": "a:1", "tls_ca": Path("x")}, "needed together"),
        ({"name": EngineName.DASK, "scheduler": "a:1"}, "no certificates"),
        (
            {"name": EngineName.DASK, "scheduler": "a:1"}
            | dict.fromkeys(("tls_ca", "tls_cert", "tls_key"), Path("nowhere.pem")),
            "nowhere.pem is missing",
        ),
    ],
)
def test_contradictory_options_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        executor_factory(EngineChoice(**options), None)
