"""The records of an open store and their arrays, which share what they have in common."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from glasswells.store.codec import Encoded
from glasswells.store.errors import DamagedStoreError
from glasswells.store.packing import LEAST_BYTES, MOST_BASES, pack, pack_text
from glasswells.store.schema import seal, translated
from glasswells.store.tasks import Ref

MOST_CANDIDATES = 12
"""Arrays that one array is compared with at most, to find what it is a difference from."""
OWN_BASES = 5
"""Of arrays of the same output, those may be bases for which fewer arrays than this are read: the
minima of a trajectory shall be bases of what paths between them find."""
MOST_INPUTS, MOST_ARRAYS = 4, 6
"""Of these inputs of a task, and of records with so many arrays at most, arrays are compared with:
a path has those of its two minima, a trajectory that of its glass."""


class Shelf:
    """Puts records into a store and takes them away.

    Parameters
    ----------
    path, connection
        Of the store, open for writing.
    array
        Gives the bytes of an array that is there.
    """

    def __init__(
        self, path: Path, connection: sqlite3.Connection, array: Callable[[str], bytes]
    ) -> None:
        self._path = path
        self._connection = connection
        self._array = array

    def bases(self, inputs: Sequence[Ref]) -> dict[str, bytes]:
        """Arrays that those of a task with these inputs are likely to be similar to, by digest."""
        found: dict[str, bytes] = {}
        for ref in inputs[:MOST_INPUTS]:
            for digest in self._arrays_of(ref):
                data = self._array(digest)
                if self._may_be_base(digest, data, MOST_BASES) and len(found) < MOST_CANDIDATES:
                    found[digest] = data
        return found

    def put(
        self, task: int, kind: str, position: int, record: Encoded, bases: dict[str, bytes]
    ) -> None:
        """Add a record of a task; its arrays join the bases of those that come next.

        Raises
        ------
        DamagedStoreError
            If an array is missing that the record knows to be there.
        """
        for digest in record.known:
            self._base_of(digest)  # refuses one that is missing
        for digest, data in record.arrays.items():
            if not self._execute("SELECT 1 FROM blobs WHERE digest = ?", digest):
                packed = pack(data, bases)
                kept = (digest, packed.data, packed.coding, packed.base)
                self._execute("INSERT INTO blobs VALUES (?, ?, ?, ?)", *kept)
            if len(bases) < MOST_CANDIDATES and self._may_be_base(digest, data, OWN_BASES):
                bases[digest] = data
        ((last,),) = self._execute("SELECT MAX(id) FROM records")
        identity = (last or 0) + 1
        mark = seal(identity, task, kind, position, record.digest)
        text = pack_text(record.body)
        row = (identity, task, kind, position, text, record.digest, mark)
        self._execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", *row)
        for digest in (*record.arrays, *record.known):
            self._execute("INSERT INTO arrays VALUES (?, ?)", identity, digest)

    def remove(self, identity: int) -> None:
        """Take a record away, with the arrays that nothing else needs."""
        digests = self._execute("SELECT digest FROM arrays WHERE record = ?", identity)
        self._execute("DELETE FROM arrays WHERE record = ?", identity)
        self._execute("DELETE FROM records WHERE id = ?", identity)
        for (digest,) in digests:
            self._drop(digest)

    def _drop(self, digest: str | None) -> None:
        """Delete an array that no record has and no other is a difference from; then its base."""
        while digest is not None:
            found = self._execute(
                "SELECT base FROM blobs WHERE digest = ?1"
                " AND NOT EXISTS (SELECT 1 FROM arrays WHERE digest = ?1)"
                " AND NOT EXISTS (SELECT 1 FROM blobs WHERE base = ?1)",
                digest,
            )
            if not found:
                return
            self._execute("DELETE FROM blobs WHERE digest = ?", digest)
            digest = found[0][0]

    def _arrays_of(self, ref: Ref) -> list[str]:
        """Digests of the arrays of an input, none if it has many."""
        records = self._execute(
            "SELECT r.id FROM tasks t JOIN records r ON r.task = t.seq"
            " WHERE t.chain = ? AND r.kind = ? ORDER BY t.chunk, r.position LIMIT 2 OFFSET ?",
            *(ref.chain, ref.kind, ref.item or 0),
        )
        if not records or (ref.item is None and len(records) > 1):
            return []
        digests = self._execute(
            "SELECT digest FROM arrays WHERE record = ? LIMIT ?", records[0][0], MOST_ARRAYS + 1
        )
        return [digest for (digest,) in digests] if len(digests) <= MOST_ARRAYS else []

    def _may_be_base(self, digest: str, data: bytes, most: int) -> bool:
        """Whether it is long enough, and fewer than `most` arrays are read for it, it included."""
        if len(data) < LEAST_BYTES:
            return False
        reads, base = 0, str(digest)
        while base and reads < most:
            reads, base = reads + 1, self._base_of(base) or ""
        return reads < most

    def _base_of(self, digest: str) -> str | None:
        found = self._execute("SELECT base FROM blobs WHERE digest = ?", digest)
        if not found:
            raise DamagedStoreError(
                f"{self._path}: array {digest} is missing: see `glasswells verify`"
            )
        base: str | None = found[0][0]
        return base

    def _execute(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with translated(self._path):
            return self._connection.execute(sql, values).fetchall()
