"""What a power cut leaves of a folder, from the journal that calls.c keeps of its changes.

Data that no `fsync` of their file followed may be on the disk or not, each write for itself. Names
(made, given, taken away) that no `fsync` of the folder followed come and go in the order in which
they were changed, as journaling file systems do it: some of the first are kept, the rest is lost.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

NAMES = "CRLU"
"""Made, renamed, linked, unlinked."""
NAMELESS = "nameless-"
"""Before the number of a file whose making was taken back, with its data so far."""
DATA = "WT"
"""Written, truncated."""


class Change(NamedTuple):
    what: str
    inode: int
    offset: int
    old_size: int
    """Of a file before a write; below zero: there was none of the name that a rename took."""
    old: bytes
    new: bytes
    name: str
    other: str
    """The second name of a rename or link."""


def unsynced(journal: Path) -> list[Change]:
    """Changes that no sync of their file or folder followed."""
    pending: list[Change] = []
    with journal.open("rb") as file:
        while head := file.readline():
            what, inode, offset, old_size, n_old, n_new, paths = head.decode()[:-1].split(" ", 6)
            name, other = (Path(path).name for path in paths.split("|"))
            old, new = file.read(max(0, int(n_old))), file.read(max(0, int(n_new)))
            change = Change(what, int(inode), int(offset), int(old_size), old, new, name, other)
            if what == "S":
                pending = [c for c in pending if c.what in NAMES or c.inode != change.inode]
            elif what == "D":
                pending = [c for c in pending if c.what in DATA]
            else:
                pending.append(change)
    return pending


def cut_power(where: Path, changes: Sequence[Change], fraction: float, seed: random.Random) -> None:
    """Take back all that was not synced, then do again what the disk happened to have done.

    Parameters
    ----------
    where
        The folder, which is changed.
    changes
        What was not synced.
    fraction
        Of the writes that are kept.
    seed
        Chooses them.
    """
    for path in where.glob("*-shm"):
        path.unlink()
    for change in reversed(changes):
        undo(where, change)
    names = sum(change.what in NAMES for change in changes)
    kept = seed.randint(0, names) if 0 < fraction < 1 else round(fraction * names)
    for change in changes:
        if change.what in NAMES:
            kept -= 1
        if kept >= 0 if change.what in NAMES else seed.random() < fraction:
            redo(where, change)
    for path in where.glob(f"{NAMELESS}*"):
        path.unlink()


def undo(where: Path, change: Change) -> None:
    path, other = where / change.name, where / change.other
    if change.what in DATA:
        if path.exists():  # a log that was deleted after it had gone into the store
            with path.open("r+b") as file:
                file.seek(change.offset)
                file.write(change.old)
                file.truncate(change.old_size)
    elif change.what == "C":
        if path.exists():
            path.rename(where / f"{NAMELESS}{change.inode}")
    elif change.what == "L":
        other.unlink(missing_ok=True)
    elif change.what == "U":
        path.write_bytes(change.old)
    elif other.exists():
        other.rename(path)
        if change.old_size >= 0:
            other.write_bytes(change.old)


def redo(where: Path, change: Change) -> None:
    path, other = where / change.name, where / change.other
    if change.what == "C":
        if (where / f"{NAMELESS}{change.inode}").exists():
            (where / f"{NAMELESS}{change.inode}").rename(path)
    elif not path.exists():
        return
    elif change.what == "W":
        with path.open("r+b") as file:
            file.seek(change.offset)
            file.write(change.new)
    elif change.what == "T":
        with path.open("r+b") as file:
            file.truncate(change.offset)
    elif change.what == "L":
        other.write_bytes(path.read_bytes())
    elif change.what == "U":
        path.unlink()
    else:
        path.rename(other)
