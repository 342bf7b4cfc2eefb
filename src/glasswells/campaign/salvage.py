"""All that is whole in a damaged store, into a new one that `resume` goes on with.

The new store is made by playing the campaign again from its plan, with finds from the damaged
file in place of work: what a task's seals and digests prove to be whole is taken over, the rest
stays to be done. So the new store is consistent whatever the damage, and tasks whose rows were
lost are asked for again by the tasks that they follow.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasswells.campaign.codec import Encoded
from glasswells.campaign.errors import DamagedStoreError, StoreError
from glasswells.campaign.finds import Find, Finds
from glasswells.campaign.provenance import provenance, utc_now
from glasswells.campaign.reader import CONTINUED, DONE, FAILED, READY, WAITING, TaskRow
from glasswells.campaign.schema import STORE_NAME, require_store
from glasswells.campaign.store import FAILED_INPUT, EncodedOutput, Store, create_store
from glasswells.campaign.tasks import Pipeline, Task, TaskOutput, resolve
from glasswells.core.errors import InputError

PLAN_NAME = "plan.toml"
BATCH = 200
"""Tasks in a transaction."""
NO_STATE = Encoded(body="null", arrays={})
"""Stands for the state between two chunks that are both there: it goes when the second comes."""
MAX_NAMED = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class Salvage:
    """What was saved and what was lost."""

    tasks: int
    """Chunks of work whose results were taken over, failed ones included."""
    records: int
    """Products taken over."""
    expected_tasks: int | None
    """Ended tasks that the damaged store had, as far as its rows tell."""
    expected_records: int
    """Products that those tasks had."""
    rows_lost: int | None
    """Tasks whose rows are gone; None: their number is gone too."""
    redone: tuple[str, ...]
    """Seed paths of tasks that had ended and will be done again, the first thousand."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing was lost."""
        return not self.redone and self.rows_lost == 0


def salvage_campaign(directory: Path, into: Path, pipeline: Pipeline) -> Salvage:
    """Make a new campaign from what is whole in a damaged one, which is only read.

    Parameters
    ----------
    directory
        Folder of the damaged campaign; nobody may work on it meanwhile.
    into
        Folder to be made.
    pipeline
        The stages.

    Raises
    ------
    InputError
        If `into` exists.
    FormatError
        If there is no store, or one whose tasks do not say how many products they have.
    DamagedStoreError
        If the plan is lost, from the store and from the folder.
    StoreError
        If the new folder cannot be written.
    """
    require_store(directory / STORE_NAME)
    if os.path.lexists(into):
        raise InputError(f"{into} exists, expected the name of a new folder")
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{into.name}-", dir=into.parent))
    except OSError as error:
        raise StoreError(f"{into} cannot be made ({error.strerror}): check permissions") from error
    try:
        with Finds(directory / STORE_NAME) as finds:
            text = _plan_text(finds, directory, pipeline)
            plan = pipeline.read_plan(text)
            seed = pipeline.identity(plan)[1]
            create_store(draft, pipeline=pipeline.name, plan=text, seed=seed, codec=pipeline.codec)
            (draft / PLAN_NAME).write_text(text, encoding="utf-8")
            with Store(draft, pipeline.codec) as store:
                result = _Replay(store, finds, pipeline, plan, seed).run()
        draft.chmod(directory.stat().st_mode & 0o777)
        draft.rename(into)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    return result


def _plan_text(finds: Finds, directory: Path, pipeline: Pipeline) -> str:
    """The plan that all others found have grown to; without any the copy in the folder."""
    if finds.plans:
        newest, *others = finds.plans
        for other in others:
            if pipeline.grows(pipeline.read_plan(newest), pipeline.read_plan(other)):
                newest = other
        return newest
    try:
        return (directory / PLAN_NAME).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise DamagedStoreError(
            f"{directory} has lost its plan: put the plan file there as {PLAN_NAME} and try again"
        ) from None


class _Replay:
    def __init__(
        self, store: Store, finds: Finds, pipeline: Pipeline, plan: Any, seed: int
    ) -> None:
        self.store = store
        self.finds = finds
        self.pipeline = pipeline
        self.plan = plan
        self.seed = seed
        self._kept: set[str] = set()
        self._records = 0

    def run(self) -> Salvage:
        """Play the campaign as far as the finds go."""
        with self.store.transaction():
            self.store.copy_sessions(self.finds.sessions)
            self.store.begin_session(provenance(workers=0, engine="salvage"))
            for task in resolve(self.pipeline.roots(self.plan), self.seed):
                self.store.add_task(task, self.pipeline.rank(task.stage))
        left = self._take_ready()
        while self._take_others():
            left += self._take_ready()
        with self.store.transaction():
            self.store.requeue(left)
            self.store.end_session(f"{utc_now()} done")
        return self._result()

    def _take_ready(self) -> list[TaskRow]:
        """Take over what is ready to run, as a coordinator would; the rows that must be run."""
        left: list[TaskRow] = []
        while True:
            with self.store.transaction():
                rows = self.store.claim(BATCH)
                left += [row for row in rows if not self._take(row)]
            if not rows:
                return left

    def _take_others(self) -> bool:
        """Take over one batch of chains whose inputs or makers are lost though they are not."""
        with self.store.transaction():
            taken = 0
            for chain in self.finds.ended_chains():
                if chain in self._kept or not self._is_whole(chain):
                    continue
                row = self._row(chain)
                if row is not None and row.status in (READY, WAITING):
                    taken += self._take(row)
                if taken == BATCH:
                    break
        return taken > 0

    def _row(self, chain: str) -> TaskRow | None:
        """The first task of a chain in the new store; it is put there if its inputs are."""
        row = self.store.first_of(chain)
        if row is None:
            task = self.finds.task(chain, self.seed)
            stages = [stage.name for stage in self.pipeline.stages]
            if (
                task is None
                or task.stage not in stages
                or any(self.store.first_of(ref.chain) is None for ref in task.inputs)
            ):
                return None
            self.store.add_task(task, self.pipeline.rank(task.stage))
            row = self.store.first_of(chain)
        return row

    def _is_whole(self, chain: str) -> bool:
        finds = self.finds.chunks(chain)
        return bool(finds) and finds[-1].status in (DONE, FAILED) and self._chunks(chain)[1]

    def _chunks(self, chain: str) -> tuple[Sequence[Find], bool]:
        """The chunks of a chain that can be taken over, and whether they reach its end."""
        finds = self.finds.chunks(chain)
        whole = 0
        while whole < len(finds) and self.finds.is_whole(finds[whole]):
            whole += 1
        if whole and finds[whole - 1].status == DONE:
            return finds[:whole], True
        while whole > 0 and self._state(finds, whole) is None:
            whole -= 1
        if whole < len(finds) and finds[whole].status == FAILED:
            return finds[: whole + 1], True
        return finds[:whole], False

    def _state(self, finds: Sequence[Find], chunk: int) -> Encoded | None:
        """The state that a chunk starts from, if it is whole."""
        return self.finds.checkpoint(finds[chunk]) if chunk < len(finds) else None

    def _take(self, row: TaskRow) -> bool:
        """Take over a chain as far as it is whole; whether its row needs no work any more."""
        if row.task.chunk:
            return False
        finds, reaches_end = self._chunks(row.task.chain)
        if not finds or (row.status == WAITING and not reaches_end):
            return False
        last = finds[-1]
        try:
            following = self._following(row.task, last)
        except Exception:  # whatever a stage makes of records that it cannot have written
            return False
        for find in finds:
            self.store.act_as_session(find.session)
            if find.status == FAILED:
                if find.reason == FAILED_INPUT:
                    return False
                self.store.fail(row, find.reason, find.error, find.cpu_seconds, find.wall_seconds)
            else:
                state = self._next_state(row.task.chain, find, is_last=find is last)
                output = self._output(find, state)
                self.store.complete(row, output, following if find.status == DONE else ())
                self._records += len(output.products)
            if find is not last:
                row = self.store.last_of(row.task.chain)
        self._kept.add(row.task.chain)
        return True

    def _next_state(self, chain: str, find: Find, *, is_last: bool) -> Encoded | None:
        if find.status != CONTINUED:
            return None
        chunks = self.finds.chunks(chain)
        state = self._state(chunks, find.chunk + 1)
        if state is None and is_last:
            raise DamagedStoreError(f"the state after chunk {find.chunk} of {chain} is lost")
        return state or NO_STATE

    def _output(self, find: Find, state: Encoded | None) -> EncodedOutput:
        return EncodedOutput(
            products=tuple(self.finds.products(find)),
            counts=json.loads(find.counts),
            state=state,
            chunks_left=self.finds.chunks_left_after(find),
            cpu_seconds=find.cpu_seconds,
            wall_seconds=find.wall_seconds,
        )

    def _following(self, task: Task, last: Find) -> list[tuple[Task, int]]:
        """The tasks that the end of a chain asks for."""
        follow = self.pipeline.stage(task.stage).follow
        if follow is None or last.status != DONE:
            return []
        codec = self.store.codec
        products = tuple(
            (kind, codec.decode(encoded.body, encoded.arrays.__getitem__))
            for kind, encoded in self.finds.products(last)
        )
        output = TaskOutput(products=products, counts=json.loads(last.counts))
        tasks = resolve(follow(self.plan, task, output), self.seed, task.chain)
        return [(item, self.pipeline.rank(item.stage)) for item in tasks]

    def _result(self) -> Salvage:
        kept = {row.task.id for row in self.store.tasks(CONTINUED, DONE, FAILED)}
        ended = [find for find in self.finds.ended() if find.reason != FAILED_INPUT]
        redone = [find.seed_path for find in ended if find.id not in kept]
        totals = self.finds.properties.get("totals")
        lost = json.loads(totals)["tasks"] - self.finds.task_count if totals else None
        return Salvage(
            tasks=len(kept),
            records=self._records,
            expected_tasks=len(ended),
            expected_records=sum(find.products for find in ended),
            rows_lost=None if lost is None else max(0, lost),
            redone=tuple(sorted(redone)[:MAX_NAMED]),
        )
