"""Executors on dask, and that of an existing scheduler.

dask itself runs a task again when its worker dies. That is harmless: a task is a pure function,
whichever run of it answers first is the one that is committed, and it is committed once.
"""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import cache
from typing import Any

import dask
from distributed import (
    CancelledError,
    Client,
    KilledWorker,
    Nanny,
    Scheduler,
    Security,
    Worker,
)
from distributed import Future as DaskFuture
from distributed.deploy.cluster import Cluster

from glasswells.engines.errors import EngineError
from glasswells.engines.pool import EngineLostError, WorkerLostError
from glasswells.engines.worker import limit_threads
from glasswells.store.provenance import package_versions

CONNECT_SECONDS = 30.0
"""For a scheduler to answer; also after it was lost."""
CLOSE_SECONDS = 5.0
SILENT = 50
"""Level of dask's log: what matters comes back as an error of a task."""
COUNT_SECONDS = 2.0
"""Between two looks at how many threads the workers have: they come and go."""
SETTINGS = {
    "distributed.worker.memory.target": False,  # results are not written to a worker's disk
    "distributed.worker.memory.spill": False,
    "distributed.scheduler.worker-saturation": 1.1,
    "distributed.scheduler.work-stealing": False,
    "distributed.diagnostics.computations.max-history": 0,
    "distributed.admin.large-graph-warning-threshold": "1GB",  # inputs of a task may take megabytes
}
"""Of dask, for clusters of ours."""


class QuietScheduler(Scheduler):  # type: ignore[misc]
    """A scheduler without the page that dask serves in plain text."""

    def start_http_server(self, *values: Any, **named: Any) -> None:
        """Open no port."""


class QuietWorker(Worker):  # type: ignore[misc]
    """A worker without the page that dask serves in plain text, and deaf to Ctrl-C."""

    def __init__(self, *values: Any, **named: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            # Ctrl-C reaches the whole process group; the coordinator decides what to do about it.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        super().__init__(*values, **named)

    def start_http_server(self, *values: Any, **named: Any) -> None:
        """Open no port."""


class DaskExecutor(Executor):
    """A `concurrent.futures.Executor` whose errors the coordinator understands.

    Parameters
    ----------
    client
        Connected; the executor closes it.
    cluster
        Closed with the executor; None: the workers belong to somebody else.
    scratch
        A folder that is deleted with the executor.
    """

    def __init__(self, client: Client, cluster: Cluster | None = None, scratch: str = "") -> None:
        self.cluster = cluster
        self.closed = threading.Event()
        self._client = client
        self._scratch = scratch
        self._flying: dict[Future[Any], DaskFuture] = {}
        self._ending: EngineError | None = None
        self._threads = 0
        self._counted = -COUNT_SECONDS

    @property
    def workers(self) -> int:
        """Threads of all workers now."""
        if time.monotonic() - self._counted > COUNT_SECONDS:
            with suppress(OSError, RuntimeError, TimeoutError):  # `submit` will tell
                self._threads = sum(self._client.nthreads().values())
            self._counted = time.monotonic()
        return self._threads

    def submit(self, function: Callable[..., Any], /, *values: Any, **named: Any) -> Future[Any]:
        """Send a task to some worker.

        Raises
        ------
        EngineError
            After `give_up`.
        """
        if self._ending is not None:
            raise self._ending
        outer: Future[Any] = Future()
        outer.set_running_or_notify_cancel()  # dask does not say when a task starts
        try:
            inner = self._client.submit(
                run_on_worker, function, *values, pure=False, retries=0, **named
            )
        except RuntimeError as error:  # the client has closed itself
            raise EngineLostError(f"dask takes no tasks any more: {error}") from error
        self._flying[outer] = inner
        self._client.loop.add_callback(self._deliver, inner, outer)
        return outer

    def give_up(self, ending: EngineError) -> None:
        """End all tasks, and those to come, with an error that stops the campaign."""
        self._ending = ending
        self._drop_tasks()

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Close the connection, and the cluster if it is ours; without `wait` at once."""
        self.closed.set()
        if self.cluster is not None and not wait:
            _kill_workers(self.cluster)
        if cancel_futures:
            self._drop_tasks()
        with suppress(Exception):  # of a scheduler that is gone
            self._client.close(timeout=CLOSE_SECONDS)
        if self.cluster is not None:
            with suppress(Exception):
                self.cluster.close(timeout=CLOSE_SECONDS)
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)

    async def _deliver(self, inner: DaskFuture, outer: Future[Any]) -> None:
        """Hand on what becomes of a task, in dask's own thread.

        dask's executor forgets a task that finishes, loses its result with its worker, and is then
        given up: such a task would be waited for without end.
        """
        try:
            result = await inner
        except CancelledError:
            self._settle(outer, EngineLostError("the connection to dask's scheduler was lost"))
        except KilledWorker as error:
            # Not its own text: that names hosts, and goes into the store.
            text = f"all of {error.allowed_failures + 1} workers that ran it"
            self._settle(outer, WorkerLostError(text))
        except Exception as error:
            self._settle(outer, error)
        else:
            if self._flying.pop(outer, None) is not None:
                outer.set_result(result)

    def _drop_tasks(self) -> None:
        for outer, inner in list(self._flying.items()):
            self._settle(outer, EngineLostError("the executor was shut down"))
            with suppress(Exception):  # of a scheduler that is gone
                inner.cancel()

    def _settle(self, outer: Future[Any], error: Exception) -> None:
        if self._flying.pop(outer, None) is not None:
            outer.set_exception(self._ending or error)


def run_on_worker(function: Callable[..., Any], *values: Any) -> Any:
    """Run a task in a worker, whoever started it."""
    _prepare_process()
    return function(*values)


def remote_executor(
    address: str, security: Security | None, seconds: float | None = None
) -> DaskExecutor:
    """The workers of an existing scheduler, which has some `seconds` to answer.

    Raises
    ------
    EngineError
        If it does not answer, or has workers with other versions of what numbers depend on.
    """
    dask.config.set(SETTINGS)
    try:
        client = connected(address, security, seconds)
    except (OSError, TimeoutError) as error:
        raise EngineError(
            f"the scheduler {address} does not answer ({error}): start it, check the address and "
            f"the certificates, then go on with `resume`"
        ) from error
    try:
        _check_versions(client)
    except BaseException:
        client.close(timeout=CLOSE_SECONDS)
        raise
    return DaskExecutor(client)


def connected(
    where: Cluster | str, security: Security | None, seconds: float | None = None
) -> Client:
    """A client of a cluster or of the scheduler at an address."""
    return Client(
        where,
        security=security,
        timeout=CONNECT_SECONDS if seconds is None else seconds,
        set_as_default=False,
        direct_to_workers=False,
    )


def _check_versions(client: Client) -> None:
    """Other versions may give other numbers, and a task by name may be other code."""
    own = package_versions()
    for worker, theirs in client.run(package_versions).items():
        different = [
            f"{k} {theirs.get(k)} (here {v})" for k, v in own.items() if theirs.get(k) != v
        ]
        if different:
            raise EngineError(
                f"the worker {worker} has {', '.join(different)}: install the same versions there"
            )


def _kill_workers(cluster: Cluster) -> None:
    """End the worker processes of a local cluster, whatever they do."""
    for nanny in list(cluster.workers.values()):
        if not isinstance(nanny, Nanny):
            continue
        pid = nanny.pid
        nanny.close_gracefully()  # otherwise it would start the process again
        if pid is not None:  # between two processes it has none
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@cache
def _prepare_process() -> None:
    limit_threads()
