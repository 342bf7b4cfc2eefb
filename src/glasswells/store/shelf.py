"""The records of an open store and their arrays, which share what they have in common."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from glasswells.store.bases import MOST_INPUTS, OWN_BASES, Bases
from glasswells.store.codec import Encoded
from glasswells.store.errors import DamagedStoreError
from glasswells.store.packing import (
    LEAST_BYTES,
    MOST_BASES,
    MULTIPLES,
    PLAIN,
    WORTH,
    Packed,
    pack,
    pack_text,
    unpack,
)
from glasswells.store.schema import ABBREVIATED, NAMED_ARRAYS, seal, translated
from glasswells.store.tasks import CHECKPOINT, EncodedOutput, Ref

MOST_ARRAYS = 16
"""Arrays are compared with those of records that have so many at most."""
LARGEST_ARRAYS = 6
"""Of these, they are compared with so many, which take most room."""
MOST_OF_INPUTS = 12
"""Arrays of all inputs that others are compared with at most."""
LATEST_ARRAYS = 16
"""Of the state that a task goes on from, arrays are compared with so many: the minima that a
trajectory met last are nearer to the next ones than its glass is."""
LOOKED_AT = 64
"""Arrays of the state that are looked at to find these: many take too many others to read."""


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

    def reads(self, task: int, inputs: Sequence[Ref]) -> dict[str, int]:
        """Arrays that those of a task with these inputs are likely to be similar to.

        By digest how many arrays are read for each, itself included: fewer than `MOST_BASES`.
        """
        found: dict[str, int] = {}
        for ref in inputs[:MOST_INPUTS]:
            for digest in self._arrays_like(ref):
                reads = self._reads(digest)
                if reads < MOST_BASES and len(found) < MOST_OF_INPUTS:
                    found[digest] = reads
        return found | self._latest_of_state(task)

    def take_in(self, task: int, inputs: Sequence[Ref], output: EncodedOutput) -> Bases:
        """Add the arrays of an output that are packed already, before its records are `put`.

        What has the bytes of one besides may have it as the difference from an array that is not
        here: then it is packed anew with those that are not packed yet.

        Parameters
        ----------
        task, inputs
            The task that the output is of, and what it takes.
        output
            With all its records.

        Returns
        -------
        Bases
            What the other arrays may be differences from.

        Raises
        ------
        DamagedStoreError
            If an array is the difference from one that is missing, and its bytes are not known.
        """
        packed: dict[str, Encoded] = {}
        at_hand: set[str] = set()
        for record in (*(record for _, record in output.products), output.state):
            if record is not None:
                for digest in record.packed:
                    # The first one counts: a worker packs the next as the difference from itself.
                    packed.setdefault(digest, record)
                at_hand |= record.arrays.keys()
        for digest in packed:
            self._add_after_its_base(digest, packed, at_hand)
        is_done = all(self._has(digest) for digest in at_hand)
        reads = {} if is_done else self.reads(task, inputs)
        return Bases({digest: self._array(digest) for digest in reads}, reads)

    def _add_after_its_base(
        self, digest: str, packed: Mapping[str, Encoded], at_hand: Collection[str]
    ) -> None:
        """As a record further on may have the base. `packed`: a record that has each of them."""
        if self._has(digest):
            return
        found = packed[digest].packed[digest]
        if found.base is not None and found.base in packed:
            self._add_after_its_base(found.base, packed, at_hand)
        if found.base is None or self._has(found.base) or digest not in at_hand:
            self._insert(digest, self._readable(found))

    def put(self, task: int, kind: str, position: int, record: Encoded, bases: Bases) -> None:
        """Add a record of a task; its arrays join the bases of those that come next.

        Those that are packed have been added before: `take_in`.

        Raises
        ------
        DamagedStoreError
            If an array is missing that the record knows to be there.
        """
        for digest in record.known:
            self._base_of(digest)  # refuses one that is missing
        for digest in record.arrays:  # which may be read one by one
            if not self._has(digest):
                packed = bases.pack(digest, record.arrays[digest], passes=kind == CHECKPOINT)
                self._insert(digest, packed)
            elif bases.has_room:
                bases.join(digest, record.arrays[digest], self._reads(digest))
        ((last,),) = self._execute("SELECT MAX(id) FROM records")
        identity = (last or 0) + 1
        mark = seal(identity, task, kind, position, record.digest)
        text = pack_text(record.body)
        row = (identity, task, kind, position, text, record.digest, mark)
        self._execute("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", *row)
        for digest in record.digests:
            self._execute("INSERT INTO arrays VALUES (?, ?)", identity, digest[:ABBREVIATED])

    def bring_together(self, one: frozenset[str], other: frozenset[str]) -> None:
        """Keep an array as the difference from another one, if that takes less room.

        Parameters
        ----------
        one, other
            Digests of the arrays of two records that are nearly one another. Where more than one
            array differs, which is like which is not known, and all stay as they are.
        """
        if len(one - other) != 1 or len(other - one) != 1:
            return
        (digest,), (base,) = one - other, other - one
        is_base = self._execute("SELECT 1 FROM blobs WHERE base = ? LIMIT 1", digest)
        if is_base or self._reads(base) >= MOST_BASES:
            return
        packed = pack(self._array(digest), {base: self._array(base)})
        ((size, before),) = self._execute(
            "SELECT LENGTH(data), base FROM blobs WHERE digest = ?", digest
        )
        if packed.base is not None and len(packed.data) < WORTH * size:
            self._execute(
                "UPDATE blobs SET data = ?, coding = ?, base = ? WHERE digest = ?",
                *(packed.data, packed.coding, packed.base, digest),
            )
            self._drop(before)

    def arrays_of_task(self, task: int, kind: str) -> frozenset[str]:
        """Digests of the arrays in the records of a kind that a task has."""
        rows = self._execute(
            f"SELECT b.digest FROM records r CROSS JOIN {NAMED_ARRAYS}"  # noqa: S608 (own constant)
            " WHERE a.record = r.id AND r.task = ? AND r.kind = ?",
            *(task, kind),
        )
        return frozenset(digest for (digest,) in rows)

    def remove(self, identity: int) -> None:
        """Take a record away, with the arrays that nothing else needs."""
        digests = self._execute(
            f"SELECT b.digest FROM {NAMED_ARRAYS} WHERE a.record = ?",  # noqa: S608 (own constant)
            identity,
        )
        self._execute("DELETE FROM arrays WHERE record = ?", identity)
        self._execute("DELETE FROM records WHERE id = ?", identity)
        for (digest,) in digests:
            self._drop(digest)

    def _drop(self, digest: str | None) -> None:
        """Delete an array that no record has and no other is a difference from; then its base."""
        while digest is not None:
            found = self._execute(
                "SELECT base FROM blobs WHERE digest = ?1"
                " AND NOT EXISTS (SELECT 1 FROM arrays WHERE digest = ?2)"
                " AND NOT EXISTS (SELECT 1 FROM blobs WHERE base = ?1)",
                *(digest, digest[:ABBREVIATED]),
            )
            if not found:
                return
            self._execute("DELETE FROM blobs WHERE digest = ?", digest)
            digest = found[0][0]

    def _latest_of_state(self, task: int) -> dict[str, int]:
        """The same of the state that a task goes on from: the last arrays that came to the store.

        On a grid only: others are not similar to what comes next, or pass with the state.
        """
        latest = self._execute(
            "SELECT digest FROM blobs WHERE coding = ? AND digest IN (SELECT b.digest"  # noqa: S608
            f" FROM records r CROSS JOIN {NAMED_ARRAYS}"
            " WHERE a.record = r.id AND r.task = ? AND r.kind = ?)"
            " ORDER BY rowid DESC LIMIT ?",
            *(MULTIPLES, task, CHECKPOINT, LOOKED_AT),
        )
        reads = {digest: self._reads(digest) for (digest,) in latest}
        near = [digest for digest in reads if reads[digest] < OWN_BASES]
        return {digest: reads[digest] for digest in near[:LATEST_ARRAYS]}

    def _arrays_like(self, ref: Ref) -> list[str]:
        """Digests of the arrays of an input, none if it has many."""
        records = self._execute(
            "SELECT r.id FROM tasks t JOIN records r ON r.task = t.seq"
            " WHERE t.chain = ? AND r.kind = ? ORDER BY t.chunk, r.position LIMIT 2 OFFSET ?",
            *(ref.chain, ref.kind, ref.item or 0),
        )
        if not records or (ref.item is None and len(records) > 1):
            return []
        arrays = self._execute(
            "SELECT b.digest, LENGTH(b.data), b.coding > ? OR LENGTH(b.data) >= ?"  # noqa: S608
            f" FROM {NAMED_ARRAYS} WHERE a.record = ? LIMIT ?",
            *(PLAIN, LEAST_BYTES, records[0][0], MOST_ARRAYS + 1),
        )
        if len(arrays) > MOST_ARRAYS:
            return []
        largest = sorted(arrays, key=lambda row: (-row[1], row[0]))[:LARGEST_ARRAYS]
        return [digest for digest, _, is_long in largest if is_long]

    def _has(self, digest: str) -> bool:
        return bool(self._execute("SELECT 1 FROM blobs WHERE digest = ?", digest))

    def _insert(self, digest: str, packed: Packed) -> None:
        kept = (digest, packed.data, packed.coding, packed.base)
        self._execute("INSERT INTO blobs VALUES (?, ?, ?, ?)", *kept)

    def _readable(self, packed: Packed) -> Packed:
        """The same, or by itself if too many arrays would have to be read for it.

        Whoever packed it may have found its base anew, where the store has it as a difference from
        others.
        """
        if packed.base is None or self._reads(packed.base) < MOST_BASES:
            return packed
        return pack(unpack(packed, self._array(packed.base)), {})

    def _reads(self, digest: str) -> int:
        """How many arrays are read for one, itself included; at most `MOST_BASES`."""
        reads, base = 0, str(digest)
        while base and reads < MOST_BASES:
            reads, base = reads + 1, self._base_of(base) or ""
        return reads

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
