"""Workers of dask on this machine: started, watched, and started anew where that is needed."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field

import dask
from distributed import Nanny, Security, SpecCluster, Status

from glasswells.engines.dask_engine import (
    CLOSE_SECONDS,
    SETTINGS,
    SILENT,
    DaskExecutor,
    QuietScheduler,
    QuietWorker,
    connected,
)
from glasswells.engines.errors import EngineError

LOOPBACK = "127.0.0.1"
WATCH_SECONDS = 2.0
"""Between two looks at the workers."""
HOPELESS_SECONDS = 300.0
"""Without a single worker, until the run is given up."""


def local_executor(workers: int) -> DaskExecutor:
    """A cluster of processes on this machine: encrypted, on the loopback interface only."""
    # Workers of one machine die of their tasks, those of a cluster also of the end of their jobs:
    # there dask may try more often before the coordinator looks for the culprit.
    dask.config.set({**SETTINGS, "distributed.scheduler.allowed-failures": 1})
    scratch = tempfile.mkdtemp(prefix="glasswells-")
    security = Security.temporary()
    common = {"host": LOOPBACK, "protocol": "tls://", "security": security}
    worker = {
        "cls": Nanny,
        "options": {
            **common,
            "nthreads": 1,
            "worker_class": QuietWorker,
            "memory_limit": 0,
            "local_directory": scratch,
            "silence_logs": SILENT,
        },
    }
    scheduler = {"cls": QuietScheduler, "options": {**common, "dashboard": False}}
    cluster = None
    try:
        cluster = SpecCluster(
            workers=dict.fromkeys(range(workers), worker),
            worker=worker,
            scheduler=scheduler,
            security=security,
            silence_logs=SILENT,
        )
        executor = DaskExecutor(connected(cluster, security), cluster, scratch)
        watch = WorkerWatch(executor=executor, cluster=cluster, count=workers)
        threading.Thread(target=watch.run, daemon=True).start()
        return executor
    except BaseException as error:
        if cluster is not None:
            cluster.close(timeout=CLOSE_SECONDS)
        shutil.rmtree(scratch, ignore_errors=True)
        if isinstance(error, OSError | RuntimeError | TimeoutError):
            raise EngineError(f"the local dask cluster does not start: {error}") from error
        raise


@dataclass(kw_only=True)
class WorkerWatch:
    """Starts workers anew that dask has given up, and gives up when none ever comes.

    A worker that dies is started again by its nanny. If it dies once more while it starts, the
    nanny ends; if on a busy machine it takes longer than `distributed.deploy.lost-worker-timeout`,
    the cluster ends the nanny. dask replaces neither.
    """

    executor: DaskExecutor
    cluster: SpecCluster
    count: int
    """How many workers there should be."""
    alive: float = field(default_factory=time.monotonic)
    """When a worker was last seen."""
    hopeless: float = HOPELESS_SECONDS
    """Seconds without a single worker, until the run is given up."""

    def run(self) -> None:
        """Look at the workers as long as the executor lives."""
        while not self.executor.closed.wait(WATCH_SECONDS):
            with suppress(Exception):  # of a cluster that closes: the next round tries again
                self.look()

    def look(self) -> None:
        """Replace what has ended."""
        now = time.monotonic()
        if self.cluster.scheduler.workers:
            self.alive = now
        elif now - self.alive > self.hopeless:
            self.executor.give_up(
                EngineError(
                    f"no worker of the local dask cluster has started for {self.hopeless:g} s: "
                    f"see that processes can start on this machine, then go on with `resume`"
                )
            )
            return
        nannies = list(self.cluster.workers.items())
        ended = [name for name, n in nannies if n.status in (Status.closed, Status.failed)]
        if ended:
            self.cluster.sync(self.cluster.scale_down, ended)
        if ended or len(nannies) < self.count:
            self.cluster.scale(self.count)
