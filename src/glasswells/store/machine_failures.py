"""Failures that say nothing about the task: for want of space, memory or a file that can be read.

A task is a pure function of its inputs, so whatever the operating system refuses is the machine's
affair and may be otherwise tomorrow. Such a failure is never a result: the task is put off, what
needs it waits, and `resume` tries it again.
"""

from __future__ import annotations

import errno
import re

MACHINE_ERRORS = (MemoryError, OSError, ImportError)
"""No memory; what a disk, a network or a limit of the system refuses; code that cannot be loaded,
as from an installation that is being replaced or where no memory is left to map a library."""
NAMES = {
    errno.ENOSPC: "no_space",
    errno.EDQUOT: "no_space",
    errno.EFBIG: "no_space",
    errno.ENOMEM: "no_memory",
}
NO_THREAD = "can't start new thread"
"""Text of the RuntimeError that Python raises where the system gives no more threads."""
WORKER_KILLED = "worker_killed"
"""Reason of a task whose worker was ended by SIGKILL, which is what a system short of memory does;
nothing that a task computes can send it."""
WORKER_DIED = "worker_died"
"""Reason of a task whose worker ended in any other way."""
MAX_CAUSES = 16
RECORDED = frozenset(
    {
        *("memory_error", "_array_memory_error", "import_error", "module_not_found_error"),
        *("oserror", "blocking_io_error", "broken_pipe_error", "connection_error"),
        *("connection_aborted_error", "connection_refused_error", "connection_reset_error"),
        *("file_exists_error", "file_not_found_error", "interrupted_error", "timeout_error"),
        *("is_a_directory_error", "not_a_directory_error", "permission_error"),
        *("process_lookup_error", "child_process_error", WORKER_DIED),
    }
)
"""Under which reasons version 0.1.0 recorded them as results; among them the deaths of workers,
which it did not tell apart."""


def reason_of(error: BaseException) -> str:
    """One snake_case word for an exception: what failures are counted by."""
    cause = machine_cause(error)
    if isinstance(cause, MemoryError):
        return "no_memory"
    if isinstance(cause, OSError) and cause.errno in NAMES:
        return NAMES[cause.errno]
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(cause or error).__name__).lower()


def machine_cause(error: BaseException) -> BaseException | None:
    """The error of the machine behind an exception, itself or one it was raised from; else None.

    An error that was raised while another one was handled counts as that one's consequence.
    """
    link: BaseException | None = error
    for _ in range(MAX_CAUSES):
        if link is None:
            return None
        no_thread = isinstance(link, RuntimeError) and NO_THREAD in str(link)
        if isinstance(link, MACHINE_ERRORS) or no_thread:
            return link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return None
