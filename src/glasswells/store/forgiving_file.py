"""A file that reports a full disk late: for libraries that do not survive an error while writing.

HDF5 writes what it has in memory when a file is closed, and once more at the end of the process; if
that fails it does not end in an error but in a segmentation fault.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any


class ForgivingFile(io.RawIOBase):
    """A new file whose writes always seem to succeed; `check` tells whether they did.

    What the disk does not take stays in memory: what a library still has to write when the first
    error is noticed is little.

    Parameters
    ----------
    path
        The file, which is replaced.

    Raises
    ------
    OSError
        If it cannot be made.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
        self._place = 0
        self._size = 0
        self._kept: list[tuple[int, bytes]] = []
        self._error: OSError | None = None

    def check(self) -> None:
        """Raise the first error of the disk, if there was one.

        Raises
        ------
        OSError
        """
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        """Wait until everything is on the disk, and close the file."""
        if not self.closed:
            self._try(partial(os.fsync, self._descriptor))
            self._try(partial(os.close, self._descriptor))
        super().close()

    def readable(self) -> bool:
        """Yes."""
        return True

    def writable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place."""
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._place, os.SEEK_END: self._size}[whence]
        self._place = start + offset
        return self._place

    def tell(self) -> int:
        """Return the place."""
        return self._place

    def truncate(self, size: int | None = None) -> int:
        """Change the size."""
        size = self._place if size is None else size
        self._size = size
        self._try(partial(os.ftruncate, self._descriptor, size))
        return size

    def write(self, data: Any) -> int:
        """Write everything, to the disk as long as it takes it."""
        content = bytes(data)
        length, place = len(content), self._place
        self._place += length
        self._size = max(self._size, self._place)
        while content and self._error is None:
            written = self._try(partial(os.pwrite, self._descriptor, content, place))
            place, content = place + written, content[written:]
        if content:
            self._kept.append((place, content))
        return length

    def readinto(self, buffer: Any) -> int:
        """Read what was written, wherever it is."""
        view = memoryview(buffer).cast("B")
        start, n = self._place, max(0, min(len(view), self._size - self._place))
        found = bytearray(os.pread(self._descriptor, n, start).ljust(n, b"\0"))
        for place, data in self._kept:
            first, last = max(place, start), min(place + len(data), start + n)
            if first < last:
                found[first - start : last - start] = data[first - place : last - place]
        view[:n] = found
        self._place += n
        return n

    def _try(self, call: Callable[[], int | None]) -> int:
        try:
            return call() or 0
        except OSError as error:
            self._error = self._error or error
            return 0
