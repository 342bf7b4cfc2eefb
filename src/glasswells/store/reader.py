"""Reading a campaign's store: every row's seal and every record's digest is checked on the way."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasswells.store import tallies
from glasswells.store.codec import Codec, SharedArrays, sha256
from glasswells.store.errors import CodecError, DamagedStoreError
from glasswells.store.packing import MOST_BASES, Packed, unpack, unpack_text
from glasswells.store.recent_arrays import RecentArrays
from glasswells.store.schema import NAMED_ARRAYS, PACKED, format_of, translated
from glasswells.store.sealed import CONTINUED as CONTINUED
from glasswells.store.sealed import DONE as DONE
from glasswells.store.sealed import ENDED as ENDED
from glasswells.store.sealed import FAILED as FAILED
from glasswells.store.sealed import POSTPONED as POSTPONED
from glasswells.store.sealed import READY as READY
from glasswells.store.sealed import RUNNING as RUNNING
from glasswells.store.sealed import WAITING as WAITING
from glasswells.store.sealed import SealedRows
from glasswells.store.sealed import TaskRow as TaskRow
from glasswells.store.tasks import CHECKPOINT, CODE_FORMAT, Ref, TaskOutput


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredRecord:
    """A product and where it came from."""

    stage: str
    glass: str
    number: int
    chain: str
    kind: str
    position: int
    digest: str
    record: Any


class StoreReader(SealedRows):
    """A campaign's store, opened for reading; may be used while a coordinator writes.

    Parameters
    ----------
    directory
        The campaign's folder.
    codec
        The types that its records may have.

    Raises
    ------
    FormatError, DamagedStoreError, StoreError
        As for `schema.connect`; `DamagedStoreError` also from every method that meets a row or
        an array that is not what was written.
    """

    def __init__(self, directory: Path, codec: Codec) -> None:
        self._recent = RecentArrays()
        self._places: dict[int, tuple[int, str, int, int, str, str, int]] = {}
        self._made: dict[bool, tuple[int, tallies.Tally]] = {}
        super().__init__(directory, codec)

    def sums_digest(self) -> str:
        """Equal as long as no task has ended and no record was added."""
        sums = {**self._tally(tallies.TASKS), **self._tally(tallies.KINDS)}
        return sha256(json.dumps(sorted([list(key), sums[key]] for key in sums)).encode())

    def tasks(self, *statuses: str, stage: str | None = None) -> Iterator[TaskRow]:
        """Tasks of these statuses (all if none), by stage, glass, number and chunk."""
        clauses, values = [], list(statuses)
        if statuses:
            clauses.append(f"status IN ({', '.join('?' * len(statuses))})")
        if stage is not None:
            clauses.append("stage = ?")
            values.append(stage)
        where = f"WHERE {' AND '.join(clauses)}" if clauses else ""
        order = "ORDER BY rank, glass, number, chunk, seq"
        for row in self._each("tasks", f"{where} {order}", values):
            yield self._task_row(row)

    def code_formats(self, stage: str) -> set[int]:
        """Code formats of the tasks of a stage: more than one where older work was salvaged."""
        of_each = "WHERE seq IN (SELECT MIN(seq) FROM tasks WHERE stage = ? GROUP BY parameters)"
        rows = (self._task_row(row) for row in self._each("tasks", of_each, [stage]))
        return {row.task.parameters.get(CODE_FORMAT, 1) for row in rows}

    def summary(self) -> list[dict[str, Any]]:
        """For each stage, status and glass the number of tasks, chunks left and seconds spent."""
        return tallies.summary_of(self._tally(tallies.TASKS))

    def counts(self) -> dict[str, dict[str, int]]:
        """The numbers that tasks counted, summed for each stage."""
        return tallies.by_stage(self._tally(tallies.COUNTS), tallies.COUNTS)

    def glass_counts(self) -> dict[str, dict[str, dict[str, int]]]:
        """The same for each glass, then stage."""
        return tallies.by_glass(self._tally(tallies.COUNTS))

    def stored_bytes(self) -> dict[str, float]:
        """How the bytes of the file are shared out to the products of stages.

        An array that several records have is counted for the first stage. Pages that are partly
        empty, indices and checkpoints are shared out in proportion.
        """
        with translated(self.path):
            rows = self._connection.execute(
                "SELECT stage, SUM(size) FROM ("  # noqa: S608 (own constant)
                "SELECT t.stage, LENGTH(r.body) AS size FROM records r JOIN tasks t"
                " ON t.seq = r.task WHERE r.kind <> ? UNION ALL "
                "SELECT stage, size FROM (SELECT MIN(t.rank), t.stage, LENGTH(b.data) AS size"
                f" FROM {NAMED_ARRAYS} JOIN records r"
                " ON r.id = a.record JOIN tasks t ON t.seq = r.task WHERE r.kind <> ?"
                " GROUP BY b.digest)) GROUP BY stage",
                (CHECKPOINT, CHECKPOINT),
            ).fetchall()
            (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
            (size,) = self._connection.execute("PRAGMA page_size").fetchone()
        total = sum(n for _, n in rows)
        return {stage: pages * size * n / total for stage, n in rows}

    def reasons(self) -> dict[str, dict[str, int]]:
        """For each stage how many tasks failed for which reason."""
        return tallies.by_stage(self._tally(tallies.REASONS), tallies.REASONS)

    def product_counts(self) -> dict[str, int]:
        """How many products there are of each kind."""
        counts = tallies.kinds_of(self._tally(tallies.KINDS))
        return {kind: number for kind, number in counts.items() if kind != CHECKPOINT}

    def records(
        self, kind: str, *, stage: str | None = None, glass: str | None = None
    ) -> Iterator[StoredRecord]:
        """Products of one kind, by stage, glass, number, chunk and position."""
        found = self._of_kind(kind)
        ordered = sorted((*self._place(seq), position, i) for i, seq, position in found)
        for *_, of_stage, of_glass, seq, _, identity in ordered:
            if stage in (None, of_stage) and glass in (None, of_glass):
                yield self._stored(identity, kind, self.task(seq))

    def glasses(self, kind: str) -> tuple[str, ...]:
        """Glasses that have products of one kind, in order; no record is read."""
        tasks = {task for _, task, _ in self._of_kind(kind)}
        return tuple(dict.fromkeys(place[1] for place in sorted(self._place(t) for t in tasks)))

    def _of_kind(self, kind: str) -> list[tuple[int, int, int]]:
        """Id, task and position of the records of one kind, none hidden by a damaged index."""
        counts = tallies.kinds_of(self._tally(tallies.KINDS))
        with translated(self.path):
            found = self._connection.execute(
                "SELECT id, task, position FROM records WHERE kind = ?", (kind,)
            ).fetchall()
        if len({identity for identity, *_ in found}) < counts.get(kind, 0):
            raise DamagedStoreError(f"{self.path}: an index is damaged: see `glasswells verify`")
        return found

    def products(self, ref: Ref, *, late: bool = False) -> tuple[Any, ...]:
        """The records that a `Ref` stands for, in order.

        With `late` their configurations are read whenever somebody looks at one, from this store.
        """
        found = [record for row in self._chain(ref.chain) for record in self._products_of(row)]
        of_kind = [identity for identity, kind in found if kind == ref.kind]
        if ref.item is not None:
            if ref.item >= len(of_kind) and not ref.optional:
                raise DamagedStoreError(
                    f"{self.path} lacks {ref.kind} {ref.item} of {ref.chain}: see "
                    f"`glasswells verify`"
                )
            of_kind = of_kind[ref.item : ref.item + 1]
        shared: SharedArrays = {}
        return tuple(self._record(identity, shared, late=late)[0] for identity in of_kind)

    def checkpoint(self, row: TaskRow, *, late: bool = False) -> Any:
        """The state that a task goes on from, None if it is a first chunk; `late` as `products`."""
        rows = self._rows("records", "WHERE task = ? AND kind = ?", (row.seq, CHECKPOINT))
        if not rows and row.task.chunk:
            raise DamagedStoreError(f"{self.path}: task {row.seq} has lost its checkpoint")
        return self._record(rows[0][0], late=late)[0] if rows else None

    def open_tasks(self) -> int:
        """How many tasks have not ended, by the sums, which need no index."""
        ended = (CONTINUED, DONE, FAILED)
        return sum(row["tasks"] for row in self.summary() if row["status"] not in ended)

    def consumers(self, chains: Iterable[str]) -> set[str]:
        """Chains that take products of these, directly or through others."""
        found: set[str] = set()
        left = list(chains)
        while left:
            for consumer, *_ in self._rows("inputs", "WHERE source = ?", (left.pop(),)):
                if consumer not in found:
                    found.add(consumer)
                    left.append(consumer)
        return found

    def last_output(self, row: TaskRow) -> TaskOutput:
        """Products and counts of a task that is done."""
        products = [(kind, self._record(identity)[0]) for identity, kind in self._products_of(row)]
        return TaskOutput(products=tuple(products), counts=row.counts)

    def digests(self) -> Iterator[tuple[str, ...]]:
        """Everything that a catalogue is made of, without times, checkpoints and row numbers."""
        for row in self.tasks():
            counts = json.dumps(row.counts, sort_keys=True)
            yield ("task", row.task.id, row.task.seed_path, row.status, row.reason, counts)
            self._products_of(row)  # refuses an index that hides some
            where = "WHERE task = ? AND kind <> ? ORDER BY kind, position"
            for _, _, kind, position, digest in self._rows("records", where, (row.seq, CHECKPOINT)):
                yield ("record", row.task.id, kind, str(position), digest)

    def _all_tasks(self) -> Iterator[dict[str, Any]]:
        """The columns of every task, in the order in which they were added.

        No index is used, and each seal is checked: a sum over rows of which one is not what was
        written would be wrong without a word. A page that hides rows, or shows some twice, is
        noticed by their number.
        """
        seen, last = 0, 0
        names = self._columns["tasks"]
        with self.snapshot():
            for row in self._each("tasks", "NOT INDEXED ORDER BY seq"):
                field = dict(zip(names, row, strict=True))
                if field["seq"] <= last:
                    break
                seen, last = seen + 1, field["seq"]
                yield field
            written = json.loads(self.property("totals"))["tasks"]
        if seen != written:
            raise DamagedStoreError(
                f"{self.path} shows {seen} tasks, which is not what was written: see "
                f"`glasswells verify`"
            )

    def _tally(self, what: str) -> tallies.Tally:
        """The sums of one sort, as they are kept, or made where an old format keeps none."""
        if format_of(self._connection) < PACKED:
            made = self._made_once(of_records=what == tallies.KINDS)
            return {key: numbers for key, numbers in made.items() if key[0] == what}
        rows = self._rows("tallies", "WHERE key > ? AND key < ?", tallies.bounds(what))
        return {tuple(json.loads(key)): json.loads(value) for key, value in rows}

    def _made_once(self, *, of_records: bool) -> tallies.Tally:
        """Sums over records or over tasks, made once for each state of the file."""
        with self.snapshot(), translated(self.path):
            (state,) = self._connection.execute("PRAGMA data_version").fetchone()
            known = self._made.get(of_records)
            if known is None or known[0] != state:
                made = self._sums_over_records() if of_records else self._sums_over_tasks()
                known = self._made[of_records] = (state, made)
        return known[1]

    def _recounted(self) -> tallies.Tally:
        """All sums, made from the rows that they are about."""
        with self.snapshot():
            return {**self._sums_over_tasks(), **self._sums_over_records()}

    def _sums_over_tasks(self) -> tallies.Tally:
        made: tallies.Tally = {}
        for field in self._all_tasks():
            tallies.add(made, tallies.of_task(field))
        return made

    def _sums_over_records(self) -> tallies.Tally:
        return {tallies.of_record(k)[0]: [n] for k, n in self._counted_kinds().items()}

    def _counted_kinds(self) -> dict[str, int]:
        """How many records there are of each kind, as two indices say that must agree.

        A flipped bit in one of them would otherwise hide records in silence.
        """
        one, other = (
            f"SELECT {k}, kind, COUNT(*) FROM records INDEXED BY {index} GROUP BY kind"  # noqa: S608
            for k, index in enumerate(("records_by_kind", "records_by_task"))
        )
        counts: tuple[dict[str, int], dict[str, int]] = ({}, {})
        with translated(self.path):
            # One statement, so that both see the same state while a coordinator writes.
            for k, kind, count in self._connection.execute(f"{one} UNION ALL {other}"):
                counts[k][kind] = count
        if counts[0] != counts[1]:
            raise DamagedStoreError(f"{self.path}: an index is damaged: see `glasswells verify`")
        return counts[0]

    def _place(self, seq: int) -> tuple[int, str, int, int, str, str, int]:
        """What records are sorted by; none of it ever changes."""
        if seq not in self._places:
            row = self.task(seq)
            task = row.task
            order = (row.rank, task.glass, task.number, task.chunk)
            self._places[seq] = (*order, task.stage, task.glass, seq)
        return self._places[seq]

    def _chain(self, chain: str) -> list[TaskRow]:
        """All tasks of a chain that has ended, none hidden by a damaged index."""
        rows = [
            self._task_row(row)
            for row in self._rows("tasks", "WHERE chain = ? ORDER BY chunk", (chain,))
        ]
        wanted = [*range(len(rows))], [CONTINUED] * (len(rows) - 1)
        found = [row.task.chunk for row in rows], [row.status for row in rows[:-1]]
        if found != wanted or not rows or rows[-1].status not in ENDED:
            raise DamagedStoreError(
                f"{self.path}: the chain {chain} is not whole: see `glasswells verify`"
            )
        return rows

    def _products_of(self, row: TaskRow) -> list[tuple[int, str]]:
        """Ids and kinds of a task's products, by position."""
        with translated(self.path):
            found = self._connection.execute(
                "SELECT id, kind FROM records WHERE task = ? AND kind <> ? ORDER BY position",
                (row.seq, CHECKPOINT),
            ).fetchall()
        if row.products is not None and len(found) != row.products:
            raise DamagedStoreError(
                f"{self.path}: task {row.seq} has {len(found)} products, expected {row.products}"
            )
        return found

    def _stored(self, record: int, wanted: str, row: TaskRow) -> StoredRecord:
        value, kind, position, digest = self._record(record)
        task = row.task
        if kind != wanted:
            raise DamagedStoreError(f"{self.path}: an index is damaged: see `glasswells verify`")
        return StoredRecord(
            stage=task.stage,
            glass=task.glass,
            number=task.number,
            chain=task.chain,
            kind=kind,
            position=position,
            digest=digest,
            record=value,
        )

    def _record(
        self, record: int, shared: SharedArrays | None = None, *, late: bool = False
    ) -> tuple[Any, str, int, str]:
        rows = self._rows("records", "WHERE id = ?", (record,))
        if not rows:
            raise DamagedStoreError(f"{self.path} lacks record {record}: see `glasswells verify`")
        _, _, kind, position, digest = rows[0]
        try:
            body = unpack_text(self._value("SELECT body FROM records WHERE id = ?", record))
            if sha256(body.encode()) != digest:
                raise CodecError("it is not what was written")
            bytes_of = self._array_again if late else self.array
            value = self.codec.decode(body, bytes_of, shared, late=late)
            return value, kind, position, digest
        except CodecError as error:
            raise DamagedStoreError(f"{self.path}: record {record}: {error}") from error

    def array(self, digest: str, depth: int = 0) -> bytes:
        """The bytes of an array."""
        row = self._kept(digest)
        if row is None or depth > MOST_BASES:
            raise DamagedStoreError(f"{self.path}: array {digest} is missing")
        data, coding, base = row
        known = b""
        if base is not None:
            known = self._recent.get(base) or self.array(base, depth + 1)
            self._recent.add(base, known)
        try:
            if isinstance(data, bytes):
                data = unpack(Packed(data, coding, base), known)
        except CodecError:
            data = None
        if not isinstance(data, bytes) or sha256(data) != digest:
            raise DamagedStoreError(f"{self.path}: array {digest} is not what was written")
        return data

    def _array_again(self, digest: str) -> bytes:
        """The bytes of an array that may be asked for again soon."""
        data = self._recent.get(digest) or self.array(digest)
        self._recent.add(digest, data)
        return data

    def _kept(self, digest: str) -> tuple[Any, int, str | None] | None:
        """What is in the place of an array: data, how it is packed and its base."""
        packing = "coding, base" if format_of(self._connection) >= PACKED else "0, NULL"
        with translated(self.path):
            found: tuple[Any, int, str | None] | None = self._connection.execute(
                f"SELECT data, {packing} FROM blobs WHERE digest = ?",  # noqa: S608 (own names)
                (digest,),
            ).fetchone()
        return found
