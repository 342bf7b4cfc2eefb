"""What a worker process does: run one task, report what came of it, write to no disk."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

from glasswells.engines.stop import STOPS
from glasswells.engines.stored_input import StoredInput
from glasswells.store.bases import Packing
from glasswells.store.errors import CodecError, DamagedStoreError
from glasswells.store.machine_failures import machine_cause, reason_of
from glasswells.store.tasks import EncodedOutput, TaskFailedError, TaskInput, TaskOutput

LIMIT_SIGNAL = getattr(signal, "SIGALRM", 0)
"""By which a task that hangs ends its worker; its default action is to end the process."""
NOT_SAVABLE = "not_savable"
"""Reason of a task whose output the store does not take."""
THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMBA_NUM_THREADS",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskReport:
    """What came of a task."""

    output: TaskOutput | None
    """None: the task failed."""
    reason: str = ""
    """Why it failed, one snake_case word."""
    error: str = ""
    """The same at length."""
    is_of_machine: bool = False
    """Whether it failed for a reason that is none of its own, and is to be tried again."""
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    encoded: EncodedOutput | None = None
    """The output as it is saved, if it was packed where it was computed."""


def run_task(
    run: Callable[[TaskInput], TaskOutput],
    task_input: TaskInput | StoredInput,
    limit: float = 0.0,
    packing: Packing | None = None,
) -> TaskReport:
    """Run one task, and pack what came of it; failures of any kind come back as data.

    All but those of the store that a task reads from: they are none of its own.
    After `limit` seconds, if not 0, the process ends itself, unless it is the coordinator: code
    that is not ours may hang where no exception can reach it.
    """
    cpu, wall = time.thread_time(), time.perf_counter()
    output, encoded, reason, error, is_of_machine = None, None, "", "", False
    try:
        with _at_hand(task_input) as given:
            with _alarm(limit):
                found = run(given)
            encoded = None if packing is None else packing.packed(given, found)
        output = found if packing is None else packing.wanted(found)
    except TaskFailedError as failure:
        reason, error = failure.reason, failure.text
    except DamagedStoreError:
        raise
    except CodecError as failure:
        reason, error = NOT_SAVABLE, f"{type(failure).__name__}: {failure}"
    except Exception as failure:
        reason, is_of_machine = reason_of(failure), machine_cause(failure) is not None
        error = f"{failure}\n{_without_folders(traceback.format_exc(limit=-6))}"
    return TaskReport(
        output=output,
        reason=reason,
        error=error,
        is_of_machine=is_of_machine,
        cpu_seconds=time.thread_time() - cpu,
        wall_seconds=time.perf_counter() - wall,
        encoded=encoded,
    )


def _at_hand(
    task_input: TaskInput | StoredInput,
) -> AbstractContextManager[TaskInput]:
    return task_input.at_hand() if isinstance(task_input, StoredInput) else nullcontext(task_input)


@contextmanager
def _alarm(limit: float) -> Iterator[None]:
    """End this process by `LIMIT_SIGNAL` after so many seconds; 0: never."""
    can = hasattr(signal, "setitimer") and multiprocessing.parent_process() is not None
    if limit <= 0 or not can:
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def start_worker() -> None:
    """Prepare a fresh worker process: one thread, deaf to stops, no life of its own."""
    # Ctrl-C, `timeout`, systemd and batch systems signal the whole process group; the coordinator
    # alone decides what to do about it, and ends its workers by SIGKILL.
    for number in STOPS:
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    limit_threads()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def limit_threads() -> None:
    """Let numerical libraries use one thread in this process, loaded already or not."""
    for name in THREAD_VARIABLES:
        os.environ[name] = "1"
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    threadpool_limits(limits=1)


def _end_with_parent() -> None:
    """End this process when the coordinator is gone: it would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _without_folders(text: str) -> str:
    """A traceback without the folders above this package, which name users and machines."""
    return re.sub(r'File "(?:[^"\n]*/(?=glasswells/)|[^"\n]*/)([^"\n]+)"', r'File "\1"', text)
