"""All that is whole in a damaged store, into a new one that `resume` goes on with.

The campaign is played again from its plan (`Replay`): what a task's seals and digests prove to be
whole is taken over, the rest stays to be done, and tasks whose rows were lost are asked for again
by the tasks that they follow.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from glasswells.campaign.replay import draft_folder, new_replay
from glasswells.campaign.reuse import computed_otherwise
from glasswells.core.errors import InputError
from glasswells.store.bounded import read_bounded
from glasswells.store.errors import DamagedStoreError
from glasswells.store.machine_failures import RECORDED
from glasswells.store.pipeline import Pipeline
from glasswells.store.reader import CONTINUED, DONE, FAILED
from glasswells.store.recovered import Recovered
from glasswells.store.schema import PLAN_NAME, STORE_NAME, require_store
from glasswells.store.writer import FAILED_INPUT, Store

MAX_NAMED = 1000
MAX_BYTES = 1 << 28
"""Of the copy of a plan, which may hold glasses by value: some 65 kB each for 1500 particles."""


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
    refusal: str = ""
    """Why the plan is refused today, or that results of an older code would be mixed with those of
    today; then the new campaign is read as before, but not resumed."""

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
        If `into` exists, and for a plan that not even an older version took.
    FormatError
        If there is no store, or one whose tasks do not say how many products they have.
    DamagedStoreError
        If the plan is lost, from the store and from the folder.
    StoreError
        If the new folder cannot be written.
    """
    require_store(directory / STORE_NAME)
    with (
        draft_folder(into, like=directory) as draft,
        Recovered(directory / STORE_NAME) as recovered,
    ):
        text = _plan_text(recovered, directory, pipeline)
        plan = pipeline.stored_plan(text)
        with new_replay(draft, recovered, pipeline, plan, text, text) as replay:
            replay.run("salvage", only_asked_for=False)
            saved = _result(replay.store, recovered, replay.records)
            otherwise = computed_otherwise(replay.store, pipeline)
        refusal = _refusal(pipeline, text)
        if otherwise and not refusal:
            refusal = (
                f"another version of glasswells computed otherwise: {', '.join(otherwise)}. Begin "
                f"a new campaign with what can be taken over: `glasswells run PLAN --dir NEW "
                f"--reuse {into}`"
            )
        return replace(saved, refusal=refusal)


def _refusal(pipeline: Pipeline, text: str) -> str:
    """Why no campaign begins, or goes on, with a plan today; empty if one does."""
    try:
        pipeline.kept_plan(text)
    except InputError as error:
        return str(error)
    return ""


def _plan_text(recovered: Recovered, directory: Path, pipeline: Pipeline) -> str:
    """The plan that all others found have grown to; without any the copy in the folder."""
    if recovered.plans:
        newest, *others = recovered.plans
        for other in others:
            if pipeline.grows(pipeline.stored_plan(newest), pipeline.stored_plan(other)):
                newest = other
        return newest
    try:
        return read_bounded(directory / PLAN_NAME, MAX_BYTES, "a plan").decode()
    except (OSError, UnicodeDecodeError):
        raise DamagedStoreError(
            f"{directory} has lost its plan: put the plan file there as {PLAN_NAME} and try again"
        ) from None


def _result(store: Store, recovered: Recovered, records: int) -> Salvage:
    kept = {row.task.id for row in store.tasks(CONTINUED, DONE, FAILED)}
    # What failed for want of its input, or for a reason of the machine, was no finished work.
    ended = [chunk for chunk in recovered.ended() if chunk.reason not in (FAILED_INPUT, *RECORDED)]
    redone = [chunk.seed_path for chunk in ended if chunk.id not in kept]
    totals = recovered.properties.get("totals")
    lost = json.loads(totals)["tasks"] - recovered.task_count if totals else None
    return Salvage(
        tasks=len(ended) - len(redone),
        records=records,
        expected_tasks=len(ended),
        expected_records=sum(chunk.products for chunk in ended),
        rows_lost=None if lost is None else max(0, lost),
        redone=tuple(sorted(redone)[:MAX_NAMED]),
    )
