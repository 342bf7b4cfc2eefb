"""A store's rows, each checked against its seal when it is read."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from glasswells.store.codec import Codec
from glasswells.store.errors import DamagedStoreError
from glasswells.store.schema import (
    COUNTED_TABLES,
    PRODUCTS,
    STORE_NAME,
    columns_of,
    connect,
    format_of,
    seal,
    translated,
)
from glasswells.store.tasks import Ref, Task

WAITING = "waiting"
READY = "ready"
RUNNING = "running"
CONTINUED = "continued"
"""This chunk is done and the chain goes on."""
DONE = "done"
FAILED = "failed"
POSTPONED = "postponed"
"""The machine could not do it; the next coordinator tries again."""
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
    products: int | None
    """How many it has, if it has ended or its chain goes on; None: its store does not say."""


class SealedRows:
    """An open store; see `StoreReader`."""

    _writable = False

    def __init__(self, directory: Path, codec: Codec) -> None:
        self.path = directory / STORE_NAME
        self.codec = codec
        self._connection = connect(self.path, writable=self._writable)
        try:
            self._columns = columns_of(format_of(self._connection))
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
        if self._connection.in_transaction:
            yield
            return
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

    def task(self, seq: int) -> TaskRow:
        """One task by its row number."""
        rows = self._rows("tasks", "WHERE seq = ?", (seq,))
        if not rows:
            raise DamagedStoreError(f"{self.path} lacks task {seq}: see `glasswells verify`")
        return self._task_row(rows[0])

    def note(self, key: str) -> str | None:
        """A text that was kept by `Store.keep_note`; None if there is none."""
        rows = self._rows("campaign", "WHERE key = ?", (key,))
        return str(rows[0][1]) if rows else None

    def sessions(self) -> list[dict[str, Any]]:
        """Provenance and ending of each run of a coordinator, in order."""
        rows = self._rows("sessions", "ORDER BY id")
        return [{"session": i, **json.loads(text), "ending": end} for i, text, end in rows]

    def first_of(self, chain: str) -> TaskRow | None:
        """The first task of a chain; None if the campaign has no such chain."""
        rows = self._rows("tasks", "WHERE chain = ? ORDER BY chunk LIMIT 1", (chain,))
        return self._task_row(rows[0]) if rows else None

    def last_of(self, chain: str) -> TaskRow:
        """The newest task of a chain."""
        where = "WHERE chain = ? ORDER BY chunk DESC LIMIT 1"
        rows = self._rows("tasks", where, (chain,))
        if not rows:
            raise DamagedStoreError(f"{self.path} lacks chain {chain}: see `glasswells verify`")
        return self._task_row(rows[0])

    def _value(self, sql: str, key: Any) -> Any:
        with translated(self.path):
            row = self._connection.execute(sql, (key,)).fetchone()
        return row[0] if row else None

    def _rows(self, table: str, where: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return list(self._each(table, where, values))

    def _each(
        self, table: str, where: str, values: Sequence[Any] = ()
    ) -> Iterator[tuple[Any, ...]]:
        columns = ", ".join(self._columns[table])
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
        field = dict(zip(self._columns["tasks"], row, strict=True))
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
            products=field.get(PRODUCTS),
        )

    def _check_totals(self) -> None:
        with self.snapshot(), translated(self.path):
            written = json.loads(self.property("totals"))
            found = self._counted()
        if found != written:
            raise DamagedStoreError(
                f"{self.path} holds {found}, expected {written}: see `glasswells verify`"
            )

    def _counted(self) -> dict[str, int]:
        """Rows of the tables whose numbers are kept."""
        return {
            table: self._connection.execute(
                f"SELECT COUNT(*) FROM {table}"  # noqa: S608 (own constants)
            ).fetchone()[0]
            for table in COUNTED_TABLES
            if table in self._columns
        }


def storable(text: str) -> str:
    """A text that is Unicode: file names, which errors quote, need not be."""
    return text.encode("utf-8", "backslashreplace").decode()
