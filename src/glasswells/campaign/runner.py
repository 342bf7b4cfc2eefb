"""The coordinator: sees what is missing, hands it to workers, commits what comes back."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from dataclasses import replace
from typing import Any

from glasswells.engines.errors import EngineError
from glasswells.engines.pool import EngineLostError, WorkerLostError, WorkerPool
from glasswells.engines.stop import StopRequest
from glasswells.engines.stored_input import StoredInput, input_from
from glasswells.engines.worker import LIMIT_SIGNAL, NOT_SAVABLE, TaskReport, run_task
from glasswells.store.bases import output_as_saved
from glasswells.store.codec import Codec
from glasswells.store.errors import CodecError, DamagedStoreError
from glasswells.store.machine_failures import (
    WORKER_DIED,
    WORKER_KILLED,
    machine_cause,
    reason_of,
)
from glasswells.store.pipeline import Pipeline, Stage
from glasswells.store.reader import POSTPONED, TaskRow
from glasswells.store.tasks import EncodedOutput, Task, TaskInput, TaskOutput
from glasswells.store.writer import Store

MAX_ATTEMPTS = 3
"""How often a task may take its worker down. Once may be a machine out of memory for other
reasons; a task that does it three times alone in the pool will do it again."""
TASK_LIMIT = "task_limit"
"""Reason of a task that was ended because it took longer than its campaign allows."""
TICK = 0.2
"""Seconds between two looks at the stop request."""

Observer = Callable[[Store, Mapping[str, int]], None]
"""Called after each commit and at each tick with the store and the tasks in flight per stage."""
Acknowledged = Callable[[Sequence[str]], None]
"""Called with the ids of tasks whose results are on the disk."""


class Coordinator:
    """Runs what is missing of one campaign.

    Parameters
    ----------
    store
        The campaign's store, open for writing.
    pipeline
        The table of stages.
    plan
        What the pipeline's functions take as the plan.
    pool
        Where tasks run.
    stop
        Asks for an early end.
    observer, acknowledged
        For progress displays and tests.
    """

    def __init__(
        self,
        store: Store,
        pipeline: Pipeline,
        plan: Any,
        pool: WorkerPool,
        stop: StopRequest,
        *,
        observer: Observer | None = None,
        acknowledged: Acknowledged | None = None,
    ) -> None:
        self.store = store
        self.pipeline = pipeline
        self.plan = plan
        self.pool = pool
        self.stop = stop
        self._observer = observer or (lambda store, flights: None)
        self._acknowledged = acknowledged or (lambda ids: None)
        self._flights: dict[Future[TaskReport], TaskRow] = {}
        self._suspects: list[TaskRow] = []
        self._seed = int(store.property("seed"))
        self._limit = pipeline.task_limit(plan)

    def run(self) -> bool:
        """Work until nothing can be done or a stop is asked for; whether nothing is left.

        What the machine could not do is put off, and so is what waits for it.

        Raises
        ------
        StoreError
            If the disk is full or gone. All that was acknowledged is safe, `run` may be called
            again on a newly opened store.
        EngineError
            If the executor gives up; the same holds.
        """
        self._plant()
        finished: list[tuple[TaskRow, TaskReport]] = []
        try:
            while not self.stop.is_requested:
                claimed = self._commit(finished)
                for row in claimed:
                    self._submit(row)
                if not claimed and not self._flights and not self._suspects:
                    return self._is_end()
                finished = self._collect(TICK)
            self._commit(finished, claim=False)
            self._land()
        except BaseException:
            self.pool.abandon()
            raise
        return False

    def _plant(self) -> None:
        roots = self.pipeline.tasks(self.pipeline.roots(self.plan), self._seed)
        with self.store.transaction():
            for task in roots:
                self.store.add_task(task, self.pipeline.rank(task.stage))

    def _is_end(self) -> bool:
        """Whether nothing is left; that nothing is ready must not be the word of a bad index."""
        left = self.store.open_tasks()
        if left and not any(True for _ in self.store.tasks(POSTPONED)):
            raise DamagedStoreError(
                f"{self.store.path}: {left} tasks are not done and none is ready: see `glasswells "
                f"verify`, then save what is whole by `glasswells salvage`"
            )
        return not left

    def _collect(self, timeout: float) -> list[tuple[TaskRow, TaskReport]]:
        """The reports that arrive within `timeout`."""
        self._observer(self.store, Counter(row.task.stage for row in self._flights.values()))
        landed, _ = wait(self._flights, timeout, FIRST_COMPLETED)
        reports: list[tuple[TaskRow, TaskReport]] = []
        lost: list[tuple[TaskRow, BaseException]] = []
        for future in sorted(landed, key=lambda f: self._flights[f].seq):
            row = self._flights.pop(future)
            error = future.exception()
            if error is None:
                reports.append((row, future.result()))
            elif isinstance(error, DamagedStoreError):  # met by a worker that reads the store
                raise error
            else:
                lost.append((row, error))
        if lost:
            self._search(lost)
        return reports

    def _search(self, lost: Sequence[tuple[TaskRow, BaseException]]) -> None:
        """Find out which task takes workers down: a dead worker spoils all tasks of its pool.

        Those that were in flight are tried again one at a time; only a task that dies alone is
        blamed. Once a stop is asked for, nobody is: it may be what ended the worker.
        """
        for _, error in lost:
            if isinstance(error, EngineError):  # the engine has given up
                raise error
        if any(isinstance(error, EngineLostError) for _, error in lost):
            self._restart([row for row, _ in lost])
            return
        broken = any(isinstance(error, BrokenExecutor) for _, error in lost)
        worker_lost = any(isinstance(error, WorkerLostError) for _, error in lost)
        alone = len(lost) + len(self._flights) == 1
        rows = [row for row, _ in lost]
        signals: frozenset[int] = frozenset()
        if broken:
            rows += self._flights.values()
            self._flights.clear()
            signals = self.pool.rebuild()
        if not self.stop.is_requested and (alone or not (broken or worker_lost)):
            with self.store.transaction():
                rows = [r for r, error in lost if not self._blame(r, error, signals)]
                rows = [self.store.task(row.seq) for row in rows]
        self._suspects.extend(rows)

    def _restart(self, rows: Sequence[TaskRow]) -> None:
        """Put everything back that was handed to an engine which is gone, and start it again."""
        with self.store.transaction():
            self.store.requeue([*rows, *self._flights.values()])
        self._flights.clear()
        self.pool.rebuild()

    def _blame(self, row: TaskRow, error: BaseException, signals: frozenset[int]) -> bool:
        """Count a death against a task; whether that was its last attempt."""
        row = self.store.blame(row)
        if LIMIT_SIGNAL in signals:
            text = f"the task did not end within {self._limit:g} s: raise model.task_limit, or see "
            self.store.fail(row, TASK_LIMIT, f"{text}why its calculator hangs")
            return True
        if row.attempts < MAX_ATTEMPTS:
            return False
        text = f"its worker died {row.attempts} times ({error}): perhaps out of memory; see the "
        was_killed = signal.SIGKILL in signals
        if was_killed or machine_cause(error) is not None:
            reason = WORKER_KILLED if was_killed else reason_of(error)
            self.store.postpone(row, reason, f"{text}system's log, then resume with fewer workers")
        else:
            text += "system's log, then run with fewer workers and `resume --retry-failed`"
            self.store.fail(row, WORKER_DIED, text)
        return True

    def _commit(
        self, finished: Sequence[tuple[TaskRow, TaskReport]], *, claim: bool = True
    ) -> list[TaskRow]:
        """Save reports and claim the next tasks in one transaction."""
        results = [(row, self._digest(row, report)) for row, report in finished]
        claimed: list[TaskRow] = []
        with self.store.transaction():
            for row, (report, encoded, next_tasks) in results:
                if encoded is None and report.is_of_machine:
                    self.store.postpone(row, report.reason, report.error)
                elif encoded is None:
                    self.store.fail(
                        row, report.reason, report.error, report.cpu_seconds, report.wall_seconds
                    )
                else:
                    self.store.complete(row, encoded, next_tasks)
            if self._suspects:
                if claim and not self._flights:
                    claimed = [self._suspects.pop(0)]
            elif claim:
                claimed = self.store.claim(max(0, 2 * self.pool.workers - len(self._flights)))
        done = [row.task.id for row, (report, *_) in results if not report.is_of_machine]
        if done:
            self._acknowledged(done)
        return claimed

    def _digest(
        self, row: TaskRow, report: TaskReport
    ) -> tuple[TaskReport, EncodedOutput | None, list[tuple[Task, int]]]:
        """Encode a report and ask its stage what follows, before anything is written."""
        if report.output is None:
            return report, None, []
        try:
            encoded = encode_output(self.store.codec, report)
            is_end = encoded.state is None
            next_tasks = self._follow(row.task, report.output) if is_end else []
        except Exception as error:  # of the stage's own code: its task fails, the campaign goes on
            is_of_machine = machine_cause(error) is not None
            reason = NOT_SAVABLE if isinstance(error, CodecError) else "follow_up_error"
            failure = TaskReport(
                output=None,
                reason=reason_of(error) if is_of_machine else reason,
                error=f"{type(error).__name__}: {error}",
                is_of_machine=is_of_machine,
                cpu_seconds=report.cpu_seconds,
                wall_seconds=report.wall_seconds,
            )
            return failure, None, []
        return report, encoded, next_tasks

    def _follow(self, task: Task, output: TaskOutput) -> list[tuple[Task, int]]:
        following = self.pipeline.follow(self.plan, task, output)
        tasks = self.pipeline.tasks(following, self._seed, task.chain)
        return [(item, self.pipeline.rank(item.stage)) for item in tasks]

    def _submit(self, row: TaskRow) -> None:
        if not self.pipeline.permits(self.plan, row.task):
            raise DamagedStoreError(
                f"{self.store.path}: a task of the stage {row.task.stage} names other code than "
                f"the plan does: it was not written by this package, do not run it"
            )
        stage = self.pipeline.stage(row.task.stage)
        task_input = self._input(row, stage)
        if stage.is_light:
            done: Future[TaskReport] = Future()
            done.set_result(run_task(stage.run, task_input))
            self._flights[done] = row
            return
        try:
            packing = self.store.packing(row, keeps_records=stage.follow is not None)
            report = self.pool.submit(run_task, stage.run, task_input, self._limit, packing)
            self._flights[report] = row
        except EngineLostError:
            self._restart([row])
        except BrokenExecutor:
            self._suspects.append(row)
            self._suspects.extend(self._flights.values())
            self._flights.clear()
            self.pool.rebuild()

    def _input(self, row: TaskRow, stage: Stage) -> TaskInput | StoredInput:
        """What is handed to a task: copies, or where a worker of this machine finds them."""
        if stage.reads_late and self.pool.is_local:
            folder = self.store.path.parent.resolve()
            return StoredInput(directory=folder, codec=self.store.codec, row=row)
        return input_from(self.store, row, late=stage.is_light)

    def _land(self) -> None:
        """Give chunks in flight the time of grace, save those that end, put the others back."""
        waiting = [future for future in self._flights if future.cancel()]
        given_up = self._suspects + [self._flights.pop(future) for future in waiting]
        while self._flights and self.stop.patience > 0:
            self._observer(self.store, Counter(r.task.stage for r in self._flights.values()))
            landed, _ = wait(self._flights, min(TICK, self.stop.patience), FIRST_COMPLETED)
            reports = []
            for future in landed:
                row = self._flights.pop(future)
                if future.exception() is None:
                    reports.append((row, future.result()))
                else:
                    given_up.append(row)
            self._commit(reports, claim=False)
        with self.store.transaction():
            self.store.requeue([*given_up, *self._flights.values()])
        self.pool.abandon()


def encode_output(codec: Codec, report: TaskReport) -> EncodedOutput:
    """The output of a task as it is saved, with the time that it took."""
    encoded = report.encoded
    if encoded is None:
        if report.output is None:
            raise CodecError("a failed task has no output")
        encoded = output_as_saved(codec, report.output)
    return replace(encoded, cpu_seconds=report.cpu_seconds, wall_seconds=report.wall_seconds)
