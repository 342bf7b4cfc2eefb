"""Chains of another campaign's file in place of work: whole ones, and beginnings of longer ones."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from glasswells.store.codec import Encoded
from glasswells.store.errors import DamagedStoreError
from glasswells.store.pipeline import Pipeline
from glasswells.store.reader import CONTINUED, DONE, FAILED, WAITING, TaskRow
from glasswells.store.recovered import Recovered, RecoveredChunk
from glasswells.store.tasks import CODE_FORMAT, EncodedOutput, Task, TaskOutput
from glasswells.store.writer import FAILED_INPUT, Store

NO_STATE = Encoded(body="null", arrays={})
"""Stands for the state between two chunks that are both there: it goes when the second comes."""


class Takeover:
    """Takes over into a store what a file holds of the tasks that the store asks for.

    Parameters
    ----------
    store
        Open for writing; all that is taken over belongs into its transactions.
    recovered
        What another campaign's file holds.
    pipeline, plan, seed
        As for `Coordinator`.
    """

    def __init__(
        self, store: Store, recovered: Recovered, pipeline: Pipeline, plan: Any, seed: int
    ) -> None:
        self.store = store
        self.recovered = recovered
        self.pipeline = pipeline
        self.plan = plan
        self.seed = seed
        self.takes_beginnings = True
        """Whether a chain may go on from a shorter one, where its stage allows that."""
        self.records = 0
        """Products taken over so far."""
        self._kept: set[str] = set()
        self._spoiled = recovered.spoiled_chains()

    def has(self, chain: str) -> bool:
        """Whether a chain was taken over."""
        return chain in self._kept

    def is_whole(self, chain: str) -> bool:
        """Whether the file has a chain to its end."""
        chunks = self.recovered.chunks(chain)
        return bool(chunks) and chunks[-1].status in (DONE, FAILED) and self._chunks(chain)[1]

    def take(self, row: TaskRow) -> bool:
        """Take over a chain as far as it is there; whether its row needs no work any more."""
        if row.task.chunk:
            return False
        return self._take(row) or (self.takes_beginnings and self._take_beginning(row))

    def tasks_after(self, task: Task, output: TaskOutput) -> list[tuple[Task, int]]:
        """The tasks that a stage asks for after the end of a chain, with their ranks."""
        following = self.pipeline.follow(self.plan, task, output)
        tasks = self.pipeline.tasks(following, self.seed, task.chain)
        return [(item, self.pipeline.rank(item.stage)) for item in tasks]

    def _take_beginning(self, row: TaskRow) -> bool:
        """Let a chain go on from the longest one that is its beginning."""
        begins = self.pipeline.stage(row.task.stage).begins
        if begins is None or row.status == WAITING:
            return False
        task, best = row.task, list[tuple[RecoveredChunk, Encoded]]()
        for chain in self.recovered.chains_of(task.stage, task.glass, task.number):
            other = None if chain in self._spoiled else self.recovered.task(chain, self.seed)
            if (
                other is not None
                and other.inputs == task.inputs
                and begins(other.parameters, task.parameters)
            ):
                best = max(best, self._steps(task.stage, chain), key=len)
        for done, (chunk, state) in enumerate(best, start=1):
            self.store.act_as_session(chunk.session)
            left = max(1, task.chunks_left - done)
            self.store.complete(row, self._output(chunk, (), state, left))
            row = self.store.last_of(task.chain)
        if best:
            self._kept.add(task.chain)
        return bool(best)

    def _steps(self, stage: str, chain: str) -> list[tuple[RecoveredChunk, Encoded]]:
        """The chunks of a chain that are there, each with what the next would go on from."""
        chunks, _ = self._chunks(chain)
        steps = []
        for chunk in chunks:
            if chunk.status == DONE:
                state = self._state_at_end(stage, chunk)
            elif chunk.status == CONTINUED:
                state = self._state(self.recovered.chunks(chain), chunk.chunk + 1) or NO_STATE
            else:
                break
            steps.append((chunk, state))
        while steps and steps[-1][1] is NO_STATE:
            steps.pop()
        return steps

    def _state_at_end(self, stage: str, chunk: RecoveredChunk) -> Encoded:
        """What a longer chain goes on from where this one has ended."""
        products = [encoded for _, encoded in self.recovered.products(chunk)]
        join, codec = self.pipeline.stage(stage).join, self.store.codec
        if len(products) == 1 or join is None:
            return products[0]
        state = join(
            [codec.decode(found.body, found.arrays.__getitem__, late=True) for found in products]
        )
        return self.recovered.with_arrays(codec.encode(state).body)

    def _chunks(self, chain: str) -> tuple[Sequence[RecoveredChunk], bool]:
        """The chunks of a chain that can be taken over, and whether they reach its end."""
        chunks = self.recovered.chunks(chain)
        whole = 0
        while whole < len(chunks) and self.recovered.is_whole(chunks[whole]):
            whole += 1
        if whole and chunks[whole - 1].status == DONE:
            return chunks[:whole], True
        while whole > 0 and self._state(chunks, whole) is None:
            whole -= 1
        if whole < len(chunks) and chunks[whole].status == FAILED:
            return chunks[: whole + 1], True
        return chunks[:whole], False

    def _state(self, chunks: Sequence[RecoveredChunk], number: int) -> Encoded | None:
        """The state that a chunk starts from, if it is whole."""
        return self.recovered.checkpoint(chunks[number]) if number < len(chunks) else None

    def _take(self, row: TaskRow) -> bool:
        """Take over a chain of the same name as far as it is whole."""
        chunks, reaches_end = self._chunks(row.task.chain)
        if (
            row.task.chain in self._spoiled
            or not chunks
            or (row.status == WAITING and not reaches_end)
        ):
            return False
        last = chunks[-1]
        try:
            following = self._following(row.task, last)
        except Exception:  # whatever a stage makes of records that it cannot have written
            return False
        for chunk in chunks:
            self.store.act_as_session(chunk.session)
            if chunk.status == FAILED:
                if chunk.reason == FAILED_INPUT:
                    return False
                self.store.fail(
                    row, chunk.reason, chunk.error, chunk.cpu_seconds, chunk.wall_seconds
                )
            else:
                state = self._next_state(row.task.chain, chunk, is_last=chunk is last)
                left = self.recovered.chunks_left_after(chunk)
                output = self._output(chunk, self.recovered.products(chunk), state, left)
                self.store.complete(row, output, following if chunk.status == DONE else ())
                self.records += len(output.products)
            if chunk is not last:
                row = self.store.last_of(row.task.chain)
        self._kept.add(row.task.chain)
        return True

    def _next_state(self, chain: str, chunk: RecoveredChunk, *, is_last: bool) -> Encoded | None:
        if chunk.status != CONTINUED:
            return None
        chunks = self.recovered.chunks(chain)
        state = self._state(chunks, chunk.chunk + 1)
        if state is None and is_last:
            raise DamagedStoreError(f"the state after chunk {chunk.chunk} of {chain} is lost")
        return state or NO_STATE

    @staticmethod
    def _output(
        chunk: RecoveredChunk,
        products: Sequence[tuple[str, Encoded]],
        state: Encoded | None,
        left: int,
    ) -> EncodedOutput:
        return EncodedOutput(
            products=tuple(products),
            counts=json.loads(chunk.counts),
            state=state,
            chunks_left=left,
            cpu_seconds=chunk.cpu_seconds,
            wall_seconds=chunk.wall_seconds,
        )

    def _following(self, task: Task, last: RecoveredChunk) -> list[tuple[Task, int]]:
        """The tasks that the end of a chain asks for.

        None if another code made it: what that asked for is not what this one would, and its
        records may be others.
        """
        today = self.pipeline.stage(task.stage).code_format
        is_of_today = task.parameters.get(CODE_FORMAT, 1) == today
        if not is_of_today or not self.pipeline.may_ask(task.stage) or last.status != DONE:
            return []
        codec = self.store.codec
        products = tuple(
            (kind, codec.decode(encoded.body, encoded.arrays.__getitem__))
            for kind, encoded in self.recovered.products(last)
        )
        output = TaskOutput(products=products, counts=json.loads(last.counts))
        return self.tasks_after(task, output)
