"""Arrays that were unpacked a short while ago, which the next ones are differences from."""

from __future__ import annotations

MOST_BYTES = 64 * 2**20
"""Of all arrays together, 1800 sets of places of 1500 particles: minima of a trajectory, between
which paths were searched."""


class RecentArrays:
    """The arrays that were asked for last, as many as fit into some room.

    Parameters
    ----------
    most_bytes
        The room.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._data: dict[str, bytes] = {}  # the one asked for last at the end

    def get(self, digest: str) -> bytes | None:
        """The bytes of an array, if it is at hand."""
        data = self._data.pop(digest, None)
        if data is not None:
            self._data[digest] = data
        return data

    def add(self, digest: str, data: bytes) -> None:
        """Have an array at hand; those asked for longest ago make room."""
        self._bytes += len(data) - len(self._data.pop(digest, b""))
        self._data[digest] = data
        while self._bytes > self._most_bytes:
            oldest = next(iter(self._data))
            self._bytes -= len(self._data.pop(oldest))
