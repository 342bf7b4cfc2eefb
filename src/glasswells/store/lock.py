"""One coordinator per campaign: an operating system lock that dies with its holder."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import time
from pathlib import Path
from types import TracebackType

from glasswells.store.errors import CampaignBusyError, StoreError

LOCK_NAME = "lock"
ATTEMPTS = 5
"""To get the lock: `is_held` of another process may hold it for an instant."""


class CampaignLock:
    """Held while a process coordinates the campaign in `directory`.

    The kernel releases it when the process ends, however it ends: there are no stale locks.

    Raises
    ------
    CampaignBusyError
        If another process holds it; the text says which.
    StoreError
        If the folder cannot be written, or its file system refuses locks.
    """

    def __init__(self, directory: Path) -> None:
        path = directory / LOCK_NAME
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._file = os.open(path, flags, 0o666)
        except OSError as error:
            raise StoreError(f"{path} cannot be opened: {error.strerror}") from error
        try:
            _lock(self._file)
        except BlockingIOError:
            holder = _read_holder(self._file)
            os.close(self._file)
            raise CampaignBusyError(
                f"{directory} is being worked on by {holder}: wait for it, or end it with "
                f"SIGTERM, which stops it cleanly"
            ) from None
        except OSError as error:
            os.close(self._file)
            raise StoreError(
                f"{path} cannot be locked ({error.strerror}): this file system has no locks; "
                f"move the folder to a local disk"
            ) from error
        holder = json.dumps({"pid": os.getpid(), "host": socket.gethostname()})
        with contextlib.suppress(OSError):  # the name is a courtesy, the lock is what counts
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, holder.encode(), 0)

    def release(self) -> None:
        """Let another coordinator in."""
        if self._file >= 0:
            with contextlib.suppress(OSError):
                os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> CampaignLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()


def is_held(directory: Path) -> bool:
    """Whether some process coordinates the campaign now."""
    try:
        descriptor = os.open(directory / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _lock(descriptor: int) -> None:
    for attempt in range(ATTEMPTS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if attempt == ATTEMPTS - 1:
                raise
            time.sleep(0.05)
        else:
            return


def _read_holder(descriptor: int) -> str:
    try:
        holder = json.loads(os.pread(descriptor, 1000, 0))
        return f"process {int(holder['pid'])} on {holder['host']}"
    except (ValueError, KeyError, TypeError):
        return "another process"
