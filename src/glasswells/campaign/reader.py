"""Reading a campaign's store: every row's seal and every record's digest is checked on the way."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from glasswells.campaign.codec import Codec, sha256
from glasswells.campaign.errors import CodecError, DamagedStoreError
from glasswells.campaign.schema import COLUMNS, STORE_NAME, connect, seal, translated
from glasswells.campaign.tasks import CHECKPOINT, Ref, Task

WAITING = "waiting"
READY = "ready"
RUNNING = "running"
CONTINUED = "continued"
"""This chunk is done and the chain goes on."""
DONE = "done"
FAILED = "failed"
ENDED = (DONE, FAILED)


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskRow:
    """A task as the store knows it."""

    seq: int
    task: Task
    rank: int
    """Place of its stage in the pipeline."""
    status: str
    attempts: int
    """How often it took its worker down."""
    reason: str
    """Why it failed, one word; empty otherwise."""
    error: str
    """The same at length."""
    counts: dict[str, int]
    cpu_seconds: float
    wall_seconds: float


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


class StoreReader:
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

    _writable = False

    def __init__(self, directory: Path, codec: Codec) -> None:
        self.path = directory / STORE_NAME
        self.codec = codec
        self._connection = connect(self.path, writable=self._writable)
        try:
            self._check_totals()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let all reads inside see one state of the campaign, whatever is written meanwhile."""
        with translated(self.path):
            self._connection.execute("BEGIN")
        try:
            yield
        finally:
            with translated(self.path):
                self._connection.execute("COMMIT")

    def property(self, key: str) -> str:
        """A text that belongs to the whole campaign, such as its plan."""
        rows = self._rows("campaign", "WHERE key = ?", (key,))
        if not rows:
            raise DamagedStoreError(f"{self.path} lacks its {key!r}: see `glasswells verify`")
        return str(rows[0][1])

    def sessions(self) -> list[dict[str, Any]]:
        """Provenance and ending of each run of a coordinator, in order."""
        rows = self._rows("sessions", "ORDER BY id")
        return [{"session": i, **json.loads(text), "ending": end} for i, text, end in rows]

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

    def summary(self) -> list[dict[str, Any]]:
        """For each stage and status the number of tasks, chunks left and seconds spent."""
        with translated(self.path):
            cursor = self._connection.execute(
                "SELECT stage, status, COUNT(*) AS tasks, SUM(chunks_left) AS chunks_left,"
                " SUM(cpu_seconds) AS cpu_seconds, SUM(wall_seconds) AS wall_seconds"
                " FROM tasks GROUP BY rank, stage, status ORDER BY rank, status"
            )
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def counts(self) -> dict[str, dict[str, int]]:
        """The numbers that tasks counted, summed for each stage."""
        return self._nested(
            "SELECT stage, key, SUM(value) FROM tasks, json_each(tasks.counts)"
            " GROUP BY rank, stage, key ORDER BY rank, key"
        )

    def reasons(self) -> dict[str, dict[str, int]]:
        """For each stage how many tasks failed for which reason."""
        return self._nested(
            f"SELECT stage, reason, COUNT(*) FROM tasks WHERE status = '{FAILED}'"  # noqa: S608
            " GROUP BY rank, stage, reason ORDER BY rank, reason"
        )

    def kinds(self) -> dict[str, int]:
        """How many products there are of each kind."""
        with translated(self.path):
            cursor = self._connection.execute(
                "SELECT kind, COUNT(*) FROM records GROUP BY kind ORDER BY kind"
            )
            return {kind: n for kind, n in cursor if kind != CHECKPOINT}

    def records(
        self, kind: str, *, stage: str | None = None, glass: str | None = None
    ) -> Iterator[StoredRecord]:
        """Products of one kind, by stage, glass, number, chunk and position."""
        sql = (
            "SELECT r.id, t.seq FROM records r JOIN tasks t ON r.task = t.seq WHERE r.kind = ?"
            " AND (? IS NULL OR t.stage = ?) AND (? IS NULL OR t.glass = ?)"
            " ORDER BY t.rank, t.glass, t.number, t.chunk, t.seq, r.position"
        )
        with translated(self.path):
            found = self._connection.execute(sql, (kind, stage, stage, glass, glass)).fetchall()
        for record, seq in found:
            yield self._stored(record, self.task(seq).task)

    def products(self, ref: Ref) -> tuple[Any, ...]:
        """The records that a `Ref` stands for, in order."""
        sql = (
            # CROSS JOIN: first the chain's few tasks, not the many records of this kind.
            "SELECT r.id FROM tasks t CROSS JOIN records r ON r.task = t.seq"
            " WHERE t.chain = ? AND r.kind = ? ORDER BY t.chunk, r.position"
        )
        values: list[Any] = [ref.chain, ref.kind]
        if ref.item is not None:
            sql += " LIMIT 1 OFFSET ?"
            values.append(ref.item)
        with translated(self.path):
            found = self._connection.execute(sql, values).fetchall()
        if ref.item is not None and not found and not ref.optional:
            raise DamagedStoreError(
                f"{self.path} lacks {ref.kind} {ref.item} of {ref.chain}: see `glasswells verify`"
            )
        return tuple(self._record(record)[0] for (record,) in found)

    def checkpoint(self, seq: int) -> Any:
        """The state that the task `seq` goes on from; None if it is a first chunk."""
        rows = self._rows("records", "WHERE task = ? AND kind = ?", (seq, CHECKPOINT))
        return self._record(rows[0][0])[0] if rows else None

    def task(self, seq: int) -> TaskRow:
        """One task by its row number."""
        return self._task_row(self._rows("tasks", "WHERE seq = ?", (seq,))[0])

    def digests(self) -> Iterator[tuple[str, ...]]:
        """Everything that a catalogue is made of, without times, checkpoints and row numbers."""
        for row in self.tasks():
            counts = json.dumps(row.counts, sort_keys=True)
            yield ("task", row.task.id, row.task.seed_path, row.status, row.reason, counts)
            where = "WHERE task = ? AND kind <> ? ORDER BY kind, position"
            for _, _, kind, position, digest in self._rows("records", where, (row.seq, CHECKPOINT)):
                yield ("record", row.task.id, kind, str(position), digest)

    def _stored(self, record: int, task: Task) -> StoredRecord:
        value, kind, position, digest = self._record(record)
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

    def _record(self, record: int) -> tuple[Any, str, int, str]:
        _, _, kind, position, digest = self._rows("records", "WHERE id = ?", (record,))[0]
        body = self._value("SELECT body FROM records WHERE id = ?", record)
        if not isinstance(body, str) or sha256(body.encode()) != digest:
            raise DamagedStoreError(f"{self.path}: record {record} is not what was written")
        try:
            return self.codec.decode(body, self._blob), kind, position, digest
        except CodecError as error:
            raise DamagedStoreError(f"{self.path}: record {record}: {error}") from error

    def _blob(self, digest: str) -> bytes:
        data = self._value("SELECT data FROM blobs WHERE digest = ?", digest)
        if not isinstance(data, bytes) or sha256(data) != digest:
            raise DamagedStoreError(f"{self.path}: array {digest} is not what was written")
        return data

    def _nested(self, sql: str) -> dict[str, dict[str, int]]:
        totals: dict[str, dict[str, int]] = {}
        with translated(self.path):
            for outer, inner, value in self._connection.execute(sql):
                totals.setdefault(outer, {})[inner] = value
        return totals

    def _value(self, sql: str, key: Any) -> Any:
        with translated(self.path):
            row = self._connection.execute(sql, (key,)).fetchone()
        return row[0] if row else None

    def _rows(self, table: str, where: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return list(self._each(table, where, values))

    def _each(
        self, table: str, where: str, values: Sequence[Any] = ()
    ) -> Iterator[tuple[Any, ...]]:
        columns = ", ".join(COLUMNS[table])
        with translated(self.path):
            cursor: sqlite3.Cursor = self._connection.execute(
                f"SELECT {columns}, seal FROM {table} {where}",  # noqa: S608 (own constants)
                values,
            )
            for *row, expected in cursor:
                if seal(*row) != expected:
                    raise DamagedStoreError(
                        f"{self.path}: a row of {table} is not what was written ({row[0]}): see "
                        f"`glasswells verify`"
                    )
                yield tuple(row)

    def _task_row(self, row: tuple[Any, ...]) -> TaskRow:
        field = dict(zip(COLUMNS["tasks"], row, strict=True))
        inputs = tuple(
            Ref(chain=source, kind=kind, item=item, optional=bool(optional))
            for _, _, source, kind, item, optional in self._rows(
                "inputs", "WHERE chain = ? ORDER BY position", (field["chain"],)
            )
        )
        task = Task(
            stage=field["stage"],
            glass=field["glass"],
            number=field["number"],
            seed=int(field["seed_path"].split("/")[0]),
            inputs=inputs,
            parameters=json.loads(field["parameters"]),
            chunk=field["chunk"],
            chunks_left=field["chunks_left"],
        )
        if task.id != field["id"] or task.chain != field["chain"]:
            raise DamagedStoreError(f"{self.path}: task {field['id']} is not what its name says")
        return TaskRow(
            seq=field["seq"],
            task=task,
            rank=field["rank"],
            status=field["status"],
            attempts=field["attempts"],
            reason=field["reason"],
            error=field["error"],
            counts=json.loads(field["counts"]),
            cpu_seconds=field["cpu_seconds"],
            wall_seconds=field["wall_seconds"],
        )

    def _check_totals(self) -> None:
        with self.snapshot(), translated(self.path):
            found = {
                "tasks": self._connection.execute("SELECT COUNT(*) FROM tasks").fetchone()[0],
                "records": self._connection.execute("SELECT COUNT(*) FROM records").fetchone()[0],
            }
            written = json.loads(self.property("totals"))
        if found != written:
            raise DamagedStoreError(
                f"{self.path} holds {found}, expected {written}: see `glasswells verify`"
            )
