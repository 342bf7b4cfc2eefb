"""Writing a campaign's store: what belongs together commits in one transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from glasswells.store import tallies
from glasswells.store.bases import Bases, Packing
from glasswells.store.codec import Codec, Encoded
from glasswells.store.errors import DamagedStoreError
from glasswells.store.lock import CampaignLock
from glasswells.store.reader import (
    CONTINUED,
    DONE,
    ENDED,
    FAILED,
    POSTPONED,
    READY,
    RUNNING,
    WAITING,
    StoreReader,
    TaskRow,
)
from glasswells.store.schema import (
    COLUMNS,
    STORE_FORMAT,
    STORE_NAME,
    format_of,
    require_store,
    seal,
    sync_folder,
    translated,
    upgrade,
)
from glasswells.store.sealed import storable
from glasswells.store.shelf import Shelf
from glasswells.store.tasks import CHECKPOINT, EncodedOutput, Task, canonical

FAILED_INPUT = "failed_input"
"""Reason of a task that never ran because one that it needs has failed."""


class Store(StoreReader):
    """A campaign's store, opened by its one coordinator.

    Opening takes the campaign's lock and puts tasks back in the queue that were running when the
    last coordinator ended, or that it had put off. All changes go through `transaction`.

    Raises
    ------
    CampaignBusyError
        If another process coordinates the campaign.
    """

    _writable = True

    def __init__(self, directory: Path, codec: Codec) -> None:
        require_store(directory / STORE_NAME)  # before a lock file is left where no campaign is
        self._lock = CampaignLock(directory)
        try:
            super().__init__(directory, codec)
        except BaseException:
            self._lock.release()
            raise
        try:
            self._tallied: tallies.Tally = {}
            self._shelf = Shelf(self.path, self._connection, self.array)
            if format_of(self._connection) < STORE_FORMAT:
                self._upgrade()
            self._totals: dict[str, int] = json.loads(self.property("totals"))
            self._session = 0
            self._work_session = 0
            with self.transaction():
                self._change("WHERE status = ?", (RUNNING,), status=READY)
                self._change("WHERE status = ?", (POSTPONED,), status=READY, attempts=0)
            # SQLite goes on if it cannot sync the folder of a new log; a power cut might then bring
            # back the log of before, and lay it over what came later.
            sync_folder(directory)
        except BaseException:
            self.close()
            raise

    def _upgrade(self) -> None:
        """From an older format, after every seal was found to be right."""
        for _ in self.tasks():
            pass
        self._totals = json.loads(self.property("totals"))
        with self.transaction():
            with translated(self.path):
                upgrade(self._connection)
            self._columns = COLUMNS
            if not self._totals.setdefault("tallies", 0):
                self._tallied = self._recounted()

    def close(self) -> None:
        """Move the log into the file, close it and let another coordinator in."""
        try:
            self._connection.close()
        finally:
            self._lock.release()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: on return the changes are on the disk, on an error none is.

        Raises
        ------
        StoreError
            If the disk is full or gone; the store is as before.
        """
        before = dict(self._totals)
        with translated(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
        try:
            with translated(self.path):
                yield
                self._save_tallies()
                if self._totals != before:
                    self._set_property("totals", json.dumps(self._totals))
                self._connection.execute("COMMIT")
        except BaseException:
            self._totals, self._tallied = before, {}
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise

    def grow_plan(self, text: str) -> None:
        """Take a plan with more to do in place of that of before."""
        self._set_property("plan", text)

    def keep_note(self, key: str, text: str) -> None:
        """Keep a text that can be made again, for those who read the store."""
        self._set_property(key, text)

    def begin_session(self, provenance: dict[str, Any]) -> None:
        """Record a run of a coordinator: versions, machine type, times."""
        self._session = 1 + max((s["session"] for s in self.sessions()), default=0)
        self._work_session = self._session
        self._insert("sessions", (self._session, canonical(provenance), ""))

    def end_session(self, ending: str) -> None:
        """Record how this run ended, and when."""
        rows = self._rows("sessions", "WHERE id = ?", (self._session,))
        if not rows:
            raise DamagedStoreError(f"{self.path} lacks session {self._session}")
        row = (self._session, rows[0][1], ending)
        self._execute("DELETE FROM sessions WHERE id = ?", (self._session,))
        self._insert("sessions", row)

    def copy_sessions(self, sessions: Mapping[int, tuple[str, str]]) -> None:
        """Take over provenance and ending of runs by other coordinators."""
        for number, (text, ending) in sorted(sessions.items()):
            self._insert("sessions", (number, text, ending))

    def act_as_session(self, number: int | None) -> None:
        """Let what follows count as the work of an earlier run; None: of this one."""
        self._work_session = self._session if number is None else number

    def add_task(self, task: Task, rank: int) -> bool:
        """Add a task unless it is there already; whether it was new."""
        if self._rows("tasks", "WHERE id = ?", (task.id,)):
            return False
        chain = task.chain  # a digest of all inputs, of which there may be thousands
        for position, ref in enumerate(task.inputs):
            row = (chain, position, ref.chain, ref.kind, ref.item, int(ref.optional))
            self._insert("inputs", row)
        sources: dict[str, bool] = {}
        for ref in task.inputs:
            sources[ref.chain] = sources.get(ref.chain, True) and ref.optional
        states = {source: self._ending(source) for source in sources}
        waiting = sum(state is None for state in states.values())
        seq = self._insert_task(task, rank, WAITING if waiting else READY, waiting)
        for source, optional in sources.items():
            if states[source] == FAILED and not optional:
                self._fail_for_input(seq, source)
                break
        return True

    def claim(self, limit: int) -> list[TaskRow]:
        """The next tasks to run, earliest stage first; they count as running from now."""
        where = f"WHERE status = '{READY}' ORDER BY rank, glass, number, chunk LIMIT ?"
        rows = [self._task_row(row) for row in self._rows("tasks", where, (limit,))]
        for row in rows:
            self._change("WHERE seq = ?", (row.seq,), status=RUNNING)
        return rows

    def complete(
        self, row: TaskRow, result: EncodedOutput, next_tasks: Sequence[tuple[Task, int]] = ()
    ) -> None:
        """Save all that came of a task; if its chain goes on, as its next chunk.

        Parameters
        ----------
        row
            The task.
        result
            Its products, counts and state.
        next_tasks
            The tasks that follow the end of its chain, with the ranks of their stages.
        """
        positions: dict[str, int] = {}
        bases = self._shelf.take_in(row.seq, row.task.inputs, result)
        for kind, record in result.products:
            position = positions.get(kind, 0)
            positions[kind] = position + 1
            self._insert_record(row.seq, kind, position, record, bases)
        for one, other in result.alike:
            self._shelf.bring_together(one, other)
        self._finish(
            row,
            DONE if result.state is None else CONTINUED,
            counts=canonical(dict(result.counts)),
            cpu_seconds=result.cpu_seconds,
            wall_seconds=result.wall_seconds,
            products=len(result.products),
            reason="",
            error="",
        )
        if result.state is not None:
            left = max(1, result.chunks_left)
            task = replace(row.task, chunk=row.task.chunk + 1, chunks_left=left)
            seq = self._insert_task(task, row.rank, READY, 0)
            self._insert_record(seq, CHECKPOINT, 0, result.state, bases)
        self._delete_records(row.seq, CHECKPOINT)  # whose arrays the new records may have
        if result.state is None:
            # Before the next tasks are added: they find this chain ended and do not wait for it.
            self._release(row.task.chain, failed=False)
            for task, rank in next_tasks:
                self.add_task(task, rank)

    def packing(self, row: TaskRow, *, keeps_records: bool) -> Packing:
        """How a worker packs what comes of a task."""
        return Packing(
            codec=self.codec,
            reads=self._shelf.reads(row.seq, row.task.inputs),
            known=self._shelf.arrays_of_task(row.seq, CHECKPOINT),
            keeps_records=keeps_records,
        )

    def fail(self, row: TaskRow, reason: str, error: str, cpu: float = 0, wall: float = 0) -> None:
        """Record that a task failed and why; its last checkpoint stays."""
        self._finish(
            row,
            FAILED,
            reason=reason,
            error=storable(error),
            cpu_seconds=float(cpu),
            wall_seconds=float(wall),
        )
        self._release(row.task.chain, failed=True)

    def postpone(self, row: TaskRow, reason: str, error: str) -> None:
        """Put a task off that the machine could not do; what needs it waits."""
        where, text = "WHERE seq = ?", storable(error)
        self._change(where, (row.seq,), status=POSTPONED, reason=reason, error=text)

    def revive(self, row: TaskRow) -> None:
        """Put a task back in the queue that has failed."""
        cleared = {"reason": "", "error": "", "cpu_seconds": 0.0, "wall_seconds": 0.0}
        changes = {"status": READY, "attempts": 0, "chunks_left": 1, **cleared}
        self._change("WHERE seq = ?", (row.seq,), **changes)

    def forget(self, chain: str) -> None:
        """Remove a chain with all that came of it."""
        for columns in self._rows("tasks", "WHERE chain = ?", (chain,)):
            row = self._task_row(columns)
            for kind in {CHECKPOINT, *(kind for _, kind in self._products_of(row))}:
                self._delete_records(row.seq, kind)
            self._execute("DELETE FROM tasks WHERE seq = ?", (row.seq,))
            self._count_task(columns, -1)
            self._totals["tasks"] -= 1
        self._execute("DELETE FROM inputs WHERE chain = ?", (chain,))

    def erase_what_is_deleted(self) -> None:
        """From now on overwrite deleted rows: `salvage` would take them for lost work."""
        self._execute("PRAGMA secure_delete=ON", ())

    def requeue(self, rows: Sequence[TaskRow]) -> None:
        """Put tasks back that were given up."""
        for row in rows:
            self._change("WHERE seq = ?", (row.seq,), status=READY)

    def blame(self, row: TaskRow) -> TaskRow:
        """Note that a task took its worker down once more."""
        attempts = row.attempts + 1
        self._change("WHERE seq = ?", (row.seq,), attempts=attempts)
        return replace(row, attempts=attempts)

    def _finish(self, row: TaskRow, status: str, **changes: Any) -> None:
        changes = {"status": status, "chunks_left": 0, "session": self._work_session, **changes}
        self._change("WHERE seq = ?", (row.seq,), **changes)

    def _ending(self, chain: str) -> str | None:
        rows = self._rows("tasks", "WHERE chain = ? ORDER BY chunk DESC LIMIT 1", (chain,))
        if not rows:
            raise DamagedStoreError(
                f"{self.path}: a task needs the chain {chain}, which is not in the campaign"
            )
        status = str(rows[0][COLUMNS["tasks"].index("status")])
        return status if status in ENDED else None

    def _release(self, chain: str, *, failed: bool) -> None:
        consumers = self._connection.execute(
            "SELECT chain, MIN(optional) FROM inputs WHERE source = ?"
            " GROUP BY chain ORDER BY chain",
            (chain,),
        ).fetchall()
        for consumer, optional in consumers:
            found = self._rows("tasks", "WHERE id = ? AND status = ?", (consumer, WAITING))
            if not found:
                continue
            field = dict(zip(COLUMNS["tasks"], found[0], strict=True))
            waiting = field["waiting"] - 1
            status = WAITING if waiting else READY
            self._change("WHERE seq = ?", (field["seq"],), waiting=waiting, status=status)
            if failed and not optional:
                self._fail_for_input(field["seq"], chain)

    def _fail_for_input(self, seq: int, chain: str) -> None:
        source = self.last_of(chain).task
        text = f"a task that this one needs has failed: {replace(source, chunk=0).seed_path}"
        self.fail(self.task(seq), FAILED_INPUT, text)

    def _insert_task(self, task: Task, rank: int, status: str, waiting: int) -> int:
        (last,) = self._connection.execute("SELECT MAX(seq) FROM tasks").fetchone()
        seq = (last or 0) + 1
        row = (
            *(seq, task.id, task.stage, rank, task.glass, task.number, task.chunk, task.chain),
            *(canonical(dict(task.parameters)), task.chunks_left, status, waiting, 0, "", ""),
            *("{}", task.seed_path, 0.0, 0.0, 0, 0),
        )
        names = ", ".join((*COLUMNS["tasks"], "seal"))
        self._insert(f"tasks ({names})", row)
        self._count_task(row, 1)
        self._totals["tasks"] += 1
        return seq

    def _insert_record(
        self, seq: int, kind: str, position: int, encoded: Encoded, bases: Bases
    ) -> None:
        self._shelf.put(seq, kind, position, encoded, bases)
        tallies.add(self._tallied, [tallies.of_record(kind)])
        self._totals["records"] += 1

    def _delete_records(self, seq: int, kind: str) -> None:
        for identity, *_ in self._rows("records", "WHERE task = ? AND kind = ?", (seq, kind)):
            self._shelf.remove(identity)
            tallies.add(self._tallied, [tallies.of_record(kind)], -1)
            self._totals["records"] -= 1

    def _count_task(self, row: Sequence[Any], times: int) -> None:
        field = dict(zip(COLUMNS["tasks"], row, strict=True))
        tallies.add(self._tallied, tallies.of_task(field), times)

    def _save_tallies(self) -> None:
        """Add what has changed to the sums that are kept."""
        for key, numbers in self._tallied.items():
            if not any(numbers):
                continue
            text = tallies.text_of(key)
            sums: tallies.Tally = {}
            for _, known in self._rows("tallies", "WHERE key = ?", (text,)):
                sums[key] = json.loads(known)
                self._execute("DELETE FROM tallies WHERE key = ?", (text,))
                self._totals["tallies"] -= 1
            tallies.add(sums, [(key, numbers)])
            for kept in tallies.without_empty(sums).values():
                self._insert("tallies", (text, tallies.text_of(kept)))
                self._totals["tallies"] += 1
        self._tallied = {}

    def _change(self, where: str, values: Sequence[Any], **changes: Any) -> None:
        """Change columns of tasks, after their seals were found to be right."""
        for row in self._rows("tasks", where, values):
            field = {**dict(zip(COLUMNS["tasks"], row, strict=True)), **changes}
            names = ", ".join(f"{name} = ?" for name in changes)
            mark = seal(*(field[name] for name in COLUMNS["tasks"]))
            self._execute(
                f"UPDATE tasks SET {names}, seal = ? WHERE seq = ?",  # noqa: S608 (own names)
                (*changes.values(), mark, field["seq"]),
            )
            self._count_task(row, -1)
            self._count_task(tuple(field[name] for name in COLUMNS["tasks"]), 1)

    def _set_property(self, key: str, value: str) -> None:
        row = (key, value, seal(key, value))
        self._execute("INSERT OR REPLACE INTO campaign VALUES (?, ?, ?)", row)

    def _insert(self, table: str, row: Sequence[Any]) -> None:
        marks = ", ".join("?" * (len(row) + 1))
        self._execute(f"INSERT INTO {table} VALUES ({marks})", (*row, seal(*row)))  # noqa: S608

    def _execute(self, sql: str, values: Sequence[Any]) -> None:
        with translated(self.path):
            self._connection.execute(sql, values)
