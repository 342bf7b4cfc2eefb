"""The dask engine on this machine: same catalogue, no losses; and which options go together."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import threading
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import toy
from dask_programs import Start, digest, listening, reference, run
from inspection import wait_for

from glasswells.campaign.campaigns import open_campaign, run_campaign
from glasswells.core.errors import InputError
from glasswells.engines.choice import (
    EngineChoice,
    EngineName,
    executor_factory,
    scheduler_address,
)
from glasswells.engines.errors import EngineError
from glasswells.engines.pool import InlineExecutor, WorkerLostError
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.reader import FAILED
from glasswells.store.verify import verify_store

pytest.importorskip("distributed")
import dask

from glasswells.engines import local_cluster
from glasswells.engines.dask_engine import DaskExecutor

# dask leaves sockets and coroutines behind when a connection breaks.
pytestmark = [
    pytest.mark.early,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.usefixtures("collected"),
]


def test_a_local_dask_cluster_finds_the_same_to_the_bit(start: Start) -> None:
    directory = start("dask")
    before = listening(os.getpid())
    ports: set[tuple[str, int]] = set()

    def observer(store: Any, flights: Any) -> None:
        if not ports:
            ports.update(listening(os.getpid()) - before)

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
interval = 40
time_step = 0.01
quenches = 20
chunk_quenches = 10
[pairs]
min_transitions = 1
max_pairs = 3
"""


@pytest.mark.soak
def test_the_real_stages_find_the_same_on_dask(tmp_path: Path) -> None:
    from glasswells.campaign.campaigns import start_campaign
    from glasswells.stages.pipeline import PIPELINE

    (tmp_path / "plan.toml").write_text(REAL_PLAN)
    digests = set()
    for name, make, workers in (
        ("warm", InlineExecutor, 1),  # fills the cache of compiled kernels
        ("inline", InlineExecutor, 1),
        ("dask", lambda: local_cluster.local_executor(2), 2),
    ):
        directory = start_campaign(tmp_path / "plan.toml", tmp_path / name, PIPELINE)
        run_campaign(directory, PIPELINE, workers=workers, make_executor=make)
        assert verify_store(directory, PIPELINE.codec).problems == ()
        with open_campaign(directory, PIPELINE) as store:
            assert store.product_counts()["structure"] > 1
            if name != "warm":
                digests.add(catalogue_digest(store))
    assert len(digests) == 1


@pytest.mark.parametrize("kills", [20, pytest.param(100, marks=pytest.mark.soak)])
def test_killed_workers_of_a_local_cluster_lose_nothing(
    start: Start, tmp_path: Path, kills: int
) -> None:
    slow_while = tmp_path / "slow"
    slow_while.touch()
    plan = {"glasses": 2, "walks": 3, "chunks": 3 * kills, "steps": 5, "seconds": 0.1}
    plan["slow_while"] = str(slow_while)
    directory = start("killed", **plan)
    executors: list[DaskExecutor] = []

    def make() -> DaskExecutor:
        executors.append(local_cluster.local_executor(2))
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
        slow_while.unlink()

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


def test_workers_that_dask_gives_up_are_replaced(start: Start) -> None:
    """On a busy machine a killed worker comes back later than dask waits."""
    plan = {"glasses": 2, "walks": 2, "chunks": 10, "seconds": 0.1}
    directory = start("replaced", **plan)
    executors: list[DaskExecutor] = []
    killed: set[int] = set()

    def make() -> DaskExecutor:
        executors.append(local_cluster.local_executor(2))
        return executors[-1]

    def observer(store: Any, flights: Any) -> None:
        if not killed:
            nannies = executors[0].cluster.workers.values()
            killed.update(nanny.pid for nanny in nannies)
            for pid in killed:
                os.kill(pid, signal.SIGKILL)

    with dask.config.set({"distributed.deploy.lost-worker-timeout": "10 ms"}):
        ending = run_campaign(
            directory, toy.PIPELINE, workers=2, make_executor=make, observer=observer
        )
    assert ending.is_finished
    assert len(killed) == 2
    assert len(executors) == 1
    assert digest(directory) == reference(start, **plan)


def test_nannies_that_have_ended_are_replaced() -> None:
    """As after a death during the start."""
    executor = local_cluster.local_executor(2)
    try:
        first = dict(executor.cluster.workers)
        executor.cluster.sync(first[0].close)
        assert executor.submit(abs, -1).result(timeout=60) == 1
        wait_for(lambda: len(executor.cluster.scheduler.workers) == 2)
        assert first[1] in executor.cluster.workers.values()
        assert first[0] not in executor.cluster.workers.values()
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def test_a_cluster_whose_workers_never_start_is_given_up() -> None:
    cluster: Any = SimpleNamespace(scheduler=SimpleNamespace(workers={}), workers={})
    reasons: list[EngineError] = []
    executor: Any = SimpleNamespace(closed=threading.Event(), give_up=reasons.append)
    watch = local_cluster.WorkerWatch(executor=executor, cluster=cluster, count=2, hopeless=-1.0)
    watch.look()
    assert "no worker of the local dask cluster" in str(reasons[0])


def test_a_task_that_kills_its_workers_fails_alone(start: Start) -> None:
    directory = start(glasses=1, mode="die")
    assert run(directory, EngineChoice(name=EngineName.DASK), 2).is_finished
    with open_campaign(directory, toy.PIPELINE) as store:
        (failed,) = store.tasks(FAILED)
        assert failed.reason == "worker_died"
        assert store.product_counts()["square"] == store.product_counts()["site"] - 1
        assert [row.attempts for row in store.tasks("done") if row.attempts] == []


def dies_the_next_time(marker: str) -> str:
    if Path(marker).exists():
        os._exit(1)
    Path(marker).touch()
    return "done"


def test_a_task_whose_result_is_lost_and_that_is_then_given_up_ends(tmp_path: Path) -> None:
    """The future of dask's own executor never ends then."""
    executor = local_cluster.local_executor(1)
    try:
        scheduler = executor.cluster.scheduler
        gather = scheduler.handlers["gather"]
        (nanny,) = executor.cluster.workers.values()

        async def losing(keys: Any, **named: Any) -> Any:
            """The worker dies while its result is fetched."""
            scheduler.handlers["gather"] = gather
            os.kill(nanny.pid, signal.SIGKILL)
            while scheduler.workers:
                await asyncio.sleep(0.01)
            return {"status": "error", "keys": list(keys)}

        scheduler.handlers["gather"] = losing
        future = executor.submit(dies_the_next_time, str(tmp_path / "marker"))
        assert isinstance(future.exception(timeout=60), WorkerLostError)
    finally:
        executor.shutdown(wait=False, cancel_futures=True)


def test_a_stop_ends_a_local_cluster_within_the_grace(start: Start) -> None:
    import psutil

    directory = start(glasses=1, seconds=3600.0)
    before = set(psutil.Process().children(recursive=True))

    def observer(store: Any, flights: Any) -> None:
        if len(flights) and not stopped:
            stopped.append(signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGTERM)

    stopped: list[int] = []
    ending = run(directory, EngineChoice(name=EngineName.DASK), 2, grace=0.5, observer=observer)
    assert not ending.is_finished, "it waits for no task, which would take an hour"
    wait_for(
        lambda: (
            not [
                p
                for p in psutil.Process().children(recursive=True)
                if p not in before and "resource_tracker" not in " ".join(p.cmdline())
            ]
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
