"""Files that a user names: no more of them is read than makes sense."""

from __future__ import annotations

from pathlib import Path

from glasswells.core.errors import InputError


def read_bounded(path: Path, limit: int, expected: str) -> bytes:
    """The content of a file, which may be a pipe or device without an end.

    Parameters
    ----------
    path
        The file.
    limit
        Most bytes.
    expected
        What it should be, for the error.

    Raises
    ------
    InputError
        If there is more.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise InputError(f"{path} is larger than {limit} bytes, expected {expected}")
    return content
