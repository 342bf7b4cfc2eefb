"""Where tasks run: a pool of processes that can be rebuilt and ended at once, or this process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from typing import Any

from glasswells.engines.stop import STOPS
from glasswells.engines.worker import start_worker

EXIT_CODE_SECONDS = 1.0
"""How long the exit code of a worker that died is waited for."""


class WorkerLostError(RuntimeError):
    """The workers that ran a task died; its executor goes on, and so do all other tasks."""


class EngineLostError(BrokenExecutor):
    """The executor is gone for reasons that no task is to blame for, such as a lost connection."""


def available_cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class WorkerPool:
    """An executor and the means to replace it.

    Parameters
    ----------
    workers
        How many tasks run at once; None: as many as the executor's attribute `workers` says at
        the moment, one for each core if it has none.
    make
        Makes an executor; by default a pool of spawned processes.
    """

    def __init__(self, workers: int | None, make: Callable[[], Executor] | None = None) -> None:
        self._workers = workers
        self._make = make or self._processes
        self._executor = self._make()

    @property
    def workers(self) -> int:
        """How many tasks run at once."""
        if self._workers is not None:
            return self._workers
        return int(getattr(self._executor, "workers", 0)) or available_cores()

    @property
    def is_local(self) -> bool:
        """Whether tasks run in processes of this machine, which sees the same disks."""
        return self._make == self._processes

    def submit(self, function: Callable[..., Any], *values: Any) -> Future[Any]:
        """Start a task."""
        with _stops_held_back():  # a worker may be started for it
            return self._executor.submit(function, *values)

    def rebuild(self) -> frozenset[int]:
        """Replace a pool whose worker died; the signals that ended workers before."""
        processes = self._own_processes()
        codes = _exit_codes(processes)
        for process in processes:  # they are deaf to the SIGTERM by which the pool ends them
            process.kill()
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._executor = self._make()
        return frozenset(-code for code in codes if code is not None and code < 0)

    def abandon(self) -> None:
        """End at once, whatever runs."""
        processes = self._own_processes()
        for process in processes:
            process.kill()
        self._executor.shutdown(wait=bool(processes), cancel_futures=True)

    def close(self) -> None:
        """End after the last task."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _own_processes(self) -> list[BaseProcess]:
        return list((getattr(self._executor, "_processes", None) or {}).values())

    def _processes(self) -> Executor:
        context = multiprocessing.get_context("spawn")
        workers = self._workers or available_cores()
        return ProcessPoolExecutor(workers, mp_context=context, initializer=start_worker)


def _exit_codes(processes: Sequence[BaseProcess]) -> list[int]:
    """Of those that have ended; the first may take a moment to be known."""
    end = time.monotonic() + EXIT_CODE_SECONDS
    while True:
        codes = [process.exitcode for process in processes]
        found = [code for code in codes if code is not None]
        if found or not processes or time.monotonic() > end:
            return found
        time.sleep(0.01)


@contextmanager
def _stops_held_back() -> Iterator[None]:
    """Hold back stops in this thread, and in processes it starts until they are ready for them.

    A process that is being started would die of a stop that is meant for the coordinator.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class InlineExecutor(Executor):
    """Runs each task in this process when it is submitted: for debugging and small runs.

    A stop waits for the task in hand to end.
    """

    def submit(self, function: Callable[..., Any], /, *values: Any, **named: Any) -> Future[Any]:
        """Run the task now."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*values, **named))
        except BaseException as error:
            future.set_exception(error)
        return future
