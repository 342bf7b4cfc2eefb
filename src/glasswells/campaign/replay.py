"""A campaign played again from its plan, with what was recovered from a file in place of work.

So the new store is consistent whatever the file has: each task is there because the plan or a
task before it asks for it, and has the products that its own name promises.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from glasswells.campaign.runner import encode_output
from glasswells.campaign.takeover import Takeover
from glasswells.core.errors import InputError
from glasswells.core.whole_file import sync, write_whole
from glasswells.engines.stored_input import input_from
from glasswells.engines.worker import run_task
from glasswells.store.errors import StoreError
from glasswells.store.pipeline import Pipeline
from glasswells.store.provenance import provenance, utc_now
from glasswells.store.reader import READY, WAITING, TaskRow
from glasswells.store.recovered import Recovered
from glasswells.store.schema import PLAN_NAME, create_store
from glasswells.store.tasks import CODE_FORMAT
from glasswells.store.writer import Store

BATCH = 200
"""Tasks in a transaction."""


@contextmanager
def draft_folder(into: Path, like: Path) -> Iterator[Path]:
    """A folder that gets its name, and the permissions of another, when everything is in it.

    Raises
    ------
    InputError
        If there is something of this name.
    StoreError
        If the folder cannot be written.
    """
    if os.path.lexists(into):
        raise InputError(f"{into} exists, expected the name of a new folder")
    try:
        into.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix=f".{into.name}-", dir=into.parent))
    except OSError as error:
        raise StoreError(f"{into} cannot be made ({error.strerror}): check permissions") from error
    try:
        yield draft
        draft.chmod(like.stat().st_mode & 0o777)
        _name(draft, into)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def _name(draft: Path, into: Path) -> None:
    try:
        draft.rename(into)
        sync(into.parent)
    except OSError as error:
        if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
            raise InputError(
                f"{into} was made by another process meanwhile, expected the name of a new folder"
            ) from None
        raise StoreError(
            f"{into} cannot be made ({error.strerror}): check free space and permissions"
        ) from error


@contextmanager
def new_replay(
    folder: Path, recovered: Recovered, pipeline: Pipeline, plan: Any, plan_text: str, copy: str
) -> Iterator[Replay]:
    """A replay into a new store in a folder, with a copy of the plan to read beside it."""
    seed = pipeline.identity(plan)[1]
    create_store(folder, pipeline=pipeline.name, plan=plan_text, seed=seed)
    try:
        write_whole(folder / PLAN_NAME, copy)
    except OSError as error:
        raise StoreError(
            f"{folder / PLAN_NAME} cannot be written ({error.strerror}): check free space"
        ) from error
    with Store(folder, pipeline.codec) as store:
        yield Replay(Takeover(store, recovered, pipeline, plan, seed))


class Replay:
    """Plays a campaign into a new, empty store.

    Parameters
    ----------
    takeover
        Into that store, which has the plan and no tasks.
    """

    def __init__(self, takeover: Takeover) -> None:
        self.store = takeover.store
        self.recovered = takeover.recovered
        self.pipeline = takeover.pipeline
        self.seed = takeover.seed
        self._takeover = takeover
        self._later_found = -1

    @property
    def records(self) -> int:
        """Products taken over so far."""
        return self._takeover.records

    def run(self, engine: str, *, only_asked_for: bool) -> None:
        """Play the campaign as far as the recovered work goes.

        Parameters
        ----------
        engine
            What the new store's record of sessions calls this one.
        only_asked_for
            Whether nothing is taken over but what the plan and the tasks taken over ask for;
            otherwise also chains whose makers are lost.
        """
        with self.store.transaction():
            self.store.copy_sessions(self.recovered.sessions)
            self.store.begin_session(provenance(workers=0, engine=engine))
            for task in self.pipeline.tasks(self.pipeline.roots(self._takeover.plan), self.seed):
                self.store.add_task(task, self.pipeline.rank(task.stage))
        self._takeover.takes_beginnings = only_asked_for
        self._later_found = self._highest_rank() if only_asked_for else -1
        left = self._take_ready()
        while not only_asked_for and self._take_others():
            left += self._take_ready()
        with self.store.transaction():
            self.store.requeue(left)
            self.store.end_session(f"{utc_now()} done")

    def _take_ready(self) -> list[TaskRow]:
        """Take over what is ready to run, as a coordinator would; the rows that must be run."""
        left: list[TaskRow] = []
        while True:
            with self.store.transaction():
                rows = self.store.claim(BATCH)
                left += [row for row in rows if not self._takeover.take(row) and not self._do(row)]
            if not rows:
                return left

    def _highest_rank(self) -> int:
        """Of the stages with recovered work that this code might have made."""
        formats = {stage.name: stage.code_format for stage in self.pipeline.stages}
        found = {
            chunk.stage
            for chunk in self.recovered.ended()
            if json.loads(chunk.parameters).get(CODE_FORMAT, 1) == formats.get(chunk.stage)
        }
        return max((self.pipeline.rank(stage) for stage in found), default=-1)

    def _do(self, row: TaskRow) -> bool:
        """Do a swift task, if recovered work may follow from it; whether it is done.

        A plan with other rules for pairs asks for other rounds, but these for many searches that
        were made before, each of which is known only after the round that asks for it.
        """
        stage = self.pipeline.stage(row.task.stage)
        if not stage.is_swift or row.rank >= self._later_found:
            return False
        report = run_task(
            stage.run, input_from(self.store, row, late=stage.is_light or stage.reads_late)
        )
        if report.output is None:
            return False
        following = self._takeover.tasks_after(row.task, report.output)
        self.store.act_as_session(None)
        self.store.complete(row, encode_output(self.store.codec, report), following)
        return True

    def _take_others(self) -> bool:
        """Take over one batch of chains whose inputs or makers are lost though they are not."""
        with self.store.transaction():
            taken = 0
            for chain in self.recovered.ended_chains():
                if self._takeover.has(chain) or not self._takeover.is_whole(chain):
                    continue
                row = self._row(chain)
                if row is not None and row.status in (READY, WAITING):
                    taken += self._takeover.take(row)
                if taken == BATCH:
                    break
        return taken > 0

    def _row(self, chain: str) -> TaskRow | None:
        """The first task of a chain in the new store; it is put there if its inputs are."""
        row = self.store.first_of(chain)
        if row is None:
            task = self.recovered.task(chain, self.seed)
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
