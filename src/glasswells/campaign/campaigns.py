"""Starting, continuing and opening campaigns: a folder with a store, a plan and a lock."""

from __future__ import annotations

import importlib
import os
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from glasswells.campaign.cache_folder import check_cache_folder
from glasswells.campaign.given_plan import GivenPlan, given_plan, read_text
from glasswells.campaign.outline import keep_outline
from glasswells.campaign.overview import keep_overview
from glasswells.campaign.replay import draft_folder, new_replay
from glasswells.campaign.runner import Acknowledged, Coordinator, Observer
from glasswells.core.errors import InputError
from glasswells.core.whole_file import is_draft, write_whole
from glasswells.engines.pool import WorkerPool, available_cores
from glasswells.engines.stop import GRACE, StopRequest
from glasswells.store.errors import DamagedStoreError, FormatError, StoreError
from glasswells.store.lock import LOCK_NAME, CampaignLock
from glasswells.store.pipeline import Pipeline
from glasswells.store.provenance import provenance, utc_now
from glasswells.store.reader import POSTPONED, StoreReader
from glasswells.store.recovered import Recovered
from glasswells.store.retry import retry_failed
from glasswells.store.schema import PLAN_NAME, STORE_NAME, create_store, require_store
from glasswells.store.tasks import Task
from glasswells.store.writer import Store

OLD_DRAFT = f"{STORE_NAME}.new"
"""How version 0.1.0 called the drafts of stores."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ending:
    """How a run of a campaign ended."""

    is_finished: bool
    """Whether nothing is left to do; otherwise `resume` goes on."""
    reason: str
    """`done`, or why it stopped: `signal SIGTERM`, `walltime`, `3 tasks put off: no_space`."""


def load_pipeline(name: str) -> Pipeline:
    """The pipeline `module:attribute`, for stages of your own.

    Raises
    ------
    InputError
        If there is no such thing.
    """
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise InputError(f"pipeline is {name!r}, expected module:attribute: {error}") from None
    if not isinstance(found, Pipeline):
        raise InputError(f"{name} is a {type(found).__name__}, expected a Pipeline")
    return found


def start_campaign(
    plan_file: Path, directory: Path | None, pipeline: Pipeline, reuse: Path | None = None
) -> Path:
    """Make the folder for a plan, or find the one that was made for the same plan before.

    A campaign may grow: if the plan differs from that of the folder only by more to do, such as
    more glasses, it takes the place of the other one. What the plan leaves out is what it was when
    the campaign of the folder, or the one to reuse, began; the defaults of today are for new ones.

    Parameters
    ----------
    plan_file
        A plan in TOML.
    directory
        Where; by default a folder with the campaign's name in the working directory.
    pipeline
        The stages.
    reuse
        Folder of another campaign, which is only read: a new one takes over each finished task
        that it has in common with it, such as the explorations if only later tables of the plan
        differ. Task by task what is named alike is alike, seed included.

    Raises
    ------
    InputError
        For a plan with errors, and if the folder holds something else.
    FormatError
        If there is no campaign to reuse.
    CampaignBusyError
        If another process makes the campaign at this moment, or works on one that is to grow.
    StoreError
        If the folder cannot be written.
    """
    if directory is None:
        directory = Path(pipeline.identity(pipeline.read_plan(read_text(plan_file)))[0])
    if os.path.isfile(directory / STORE_NAME):
        with open_campaign(directory, pipeline) as store:
            like = store.property("plan")
        _take_up(directory, pipeline, given_plan(plan_file, pipeline, like))
    elif reuse is not None:
        _start_from(reuse, directory, pipeline, plan_file)
    else:
        given = given_plan(plan_file, pipeline)
        _make(directory, pipeline, given)
        _take_up(directory, pipeline, given)
    return directory


def _make(directory: Path, pipeline: Pipeline, given: GivenPlan) -> None:
    """Make a campaign, unless another process makes one in the same folder meanwhile.

    Whoever has the lock looks and makes; nobody else does either.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _require_new(directory)  # before a lock file is left among the files of something else
        with CampaignLock(directory):
            if os.path.isfile(directory / STORE_NAME):
                return
            for left in _require_new(directory):
                left.unlink()
            seed = pipeline.identity(given.plan)[1]
            create_store(directory, pipeline=pipeline.name, plan=given.complete, seed=seed)
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(
            f"{directory} cannot be made ({error.strerror}): check free space and permissions"
        ) from error


def _require_new(directory: Path) -> list[Path]:
    """Refuse a folder with anything in it but what a killed start has left, which is returned."""
    found = sorted(path for path in directory.iterdir() if path.name != LOCK_NAME)
    if directory / STORE_NAME in found:  # another process was faster
        return []
    drafts = [
        path for path in found if is_draft(path.name, STORE_NAME) or path.name.startswith(OLD_DRAFT)
    ]
    others = [path.name for path in found if path not in drafts]
    if others:
        raise InputError(
            f"{directory} is not empty ({others[0]}), expected a new folder: give one by --dir"
        )
    return drafts


def _take_up(directory: Path, pipeline: Pipeline, given: GivenPlan) -> None:
    """See that a campaign's plan is the one given, or let it grow to that."""
    with open_campaign(directory, pipeline) as store:
        before = pipeline.kept_plan(store.property("plan"))
    copy = directory / PLAN_NAME
    if before != given.plan:
        if not pipeline.grows(before, given.plan):
            places = f"in {directory}", f"in {given.file}"
            differences = pipeline.differences(before, given.plan, places=places)
            raise InputError(_another_plan(directory, differences))
        with _open_to_go_on(directory, pipeline) as store, store.transaction():
            store.grow_plan(given.complete)
            _write_copy(copy, given.text)
    elif not copy.exists():
        _write_copy(copy, given.text)


def _another_plan(directory: Path, differences: Sequence[str]) -> str:
    told = f": {'; '.join(differences)}" if differences else ""
    return (
        f"{directory} holds a campaign with another plan ({directory / PLAN_NAME}){told}. In a "
        f"folder only numbers of glasses may grow, with the rule `screened` not even these: "
        f"`glasswells run PLAN --dir NEW --reuse {directory}` begins a campaign with what the two "
        f"have in common, `glasswells resume {directory}` goes on with the old plan"
    )


def _write_copy(path: Path, text: str) -> None:
    """Write the plan to read beside the store."""
    try:
        write_whole(path, text)
    except OSError as error:
        raise StoreError(
            f"{path} cannot be written ({error.strerror}), the campaign is as before: check free "
            f"space and permissions"
        ) from error


def _start_from(other: Path, directory: Path, pipeline: Pipeline, plan_file: Path) -> None:
    """Start a campaign with the finished tasks that it has in common with another one."""
    require_store(other / STORE_NAME)
    with (
        draft_folder(directory, like=other) as draft,
        Recovered(other / STORE_NAME) as recovered,
    ):
        there = recovered.properties
        like = there.get("plan") if there.get("pipeline") == pipeline.name else None
        given = given_plan(plan_file, pipeline, like)
        with new_replay(
            draft, recovered, pipeline, given.plan, given.complete, given.text
        ) as replay:
            replay.run("reuse", only_asked_for=True)


def open_campaign(directory: Path, pipeline: Pipeline) -> StoreReader:
    """The store of a campaign for reading.

    Raises
    ------
    FormatError
        If it was made by other stages.
    """
    store = StoreReader(directory, pipeline.codec)
    try:
        _check_pipeline(store, pipeline)
    except BaseException:
        store.close()
        raise
    return store


def _open_to_go_on(directory: Path, pipeline: Pipeline) -> Store:
    """The store of a campaign to go on with.

    To open it so brings it to the format of today, which the version that began it may not read:
    one that this version must not go on with stays as it is.
    """
    with open_campaign(directory, pipeline) as store:
        _check_code_formats(store, pipeline)
    return Store(directory, pipeline.codec)


def run_campaign(
    directory: Path,
    pipeline: Pipeline,
    *,
    workers: int | None = None,
    walltime: float | None = None,
    grace: float = GRACE,
    make_executor: Callable[[], Executor] | None = None,
    engine: str = "local",
    observer: Observer | None = None,
    acknowledged: Acknowledged | None = None,
    retry: bool = False,
) -> Ending:
    """Do what is missing of a campaign, until it is finished or a stop is asked for.

    Parameters
    ----------
    directory
        The campaign's folder.
    pipeline
        Its stages.
    workers
        Tasks at once; by default one for each core, or as many as the executor has `workers`.
    walltime
        Seconds by which the process should have ended; None: no limit.
    grace
        Seconds that chunks in flight get when a stop is asked for.
    make_executor
        Makes the `concurrent.futures.Executor` to use; by default a pool of local processes.
    engine
        Name of that executor for the record.
    observer, acknowledged
        As for `Coordinator`.
    retry
        Whether to try again what has failed, and undo what was made without it: `retry_failed`.

    Raises
    ------
    CampaignBusyError
        If another process works on it.
    StoreError
        If the disk is full or gone; what was acknowledged is safe.
    EngineError
        If the executor cannot be started, or not again after it was lost, or gives up.
    DamagedStoreError
        If something that is needed is not what was written.
    InputError
        If it was begun by a version that computed one of its stages otherwise.
    """
    if workers is None and make_executor is None:
        workers = available_cores()
    if workers is not None and workers < 1:
        raise InputError(f"workers is {workers}, expected at least 1")
    check_cache_folder()
    with StopRequest(walltime, grace) as stop, _open_to_go_on(directory, pipeline) as store:
        plan = pipeline.kept_plan(store.property("plan"))
        pool = WorkerPool(workers, make_executor)
        try:
            with store.transaction():
                store.begin_session(provenance(workers=pool.workers, engine=engine))
                keep_outline(store, pipeline)
            if retry:
                retry_failed(store, pipeline, plan)
            is_finished = Coordinator(
                store,
                pipeline,
                plan,
                pool,
                stop,
                observer=observer,
                acknowledged=acknowledged,
            ).run()
            reason = "done" if is_finished else stop.reason or _put_off(store)
            ending = Ending(is_finished=is_finished, reason=reason)
        except BaseException as error:
            with suppress(OSError), store.transaction():
                store.end_session(f"{utc_now()} {type(error).__name__}")
            raise
        finally:
            pool.close()
        with store.transaction():
            store.end_session(f"{utc_now()} {ending.reason}")
        # After the ending is safe, for this may take minutes and meet damage. Who has asked for a
        # stop does not wait so long.
        if not stop.is_requested:
            keep_overview(store, pipeline)
    return ending


def require_continuable(directory: Path, pipeline: Pipeline) -> None:
    """See that `run_campaign` would go on with a campaign, before anything is said about it.

    Raises
    ------
    CampaignBusyError
        If another process works on it.
    FormatError
        If it was made by other stages.
    InputError
        If it was begun by a version that computed one of its stages otherwise.
    """
    with CampaignLock(directory), open_campaign(directory, pipeline) as store:
        _check_code_formats(store, pipeline)


def _put_off(store: Store) -> str:
    """What the machine could not do, in a few words."""
    reasons = Counter(row.reason for row in store.tasks(POSTPONED))
    return f"{reasons.total()} tasks put off: {', '.join(sorted(reasons))}"


def _check_pipeline(store: StoreReader, pipeline: Pipeline) -> None:
    name = store.property("pipeline")
    if name != pipeline.name:
        raise FormatError(
            f"{store.path} was made by the pipeline {name!r}, expected {pipeline.name!r}: give "
            f"the right one with --pipeline"
        )


def _has_other_work(store: StoreReader, stage: str, asked: Sequence[Task]) -> bool:
    """Whether there is work of a stage on some glass, but none that a plan asks for.

    Raises
    ------
    DamagedStoreError
        If there is, but the index does not find it.
    """
    known: set[str] = set()
    for task in asked:  # a glass has hundreds, of which the first tells
        if task.glass not in known and store.first_of(task.chain) is not None:
            known.add(task.glass)
    unknown = {task.chain: task.glass for task in asked if task.glass not in known}
    if not unknown:
        return False
    there = {row.task.chain: row.task.glass for row in store.tasks(stage=stage)}
    if unknown.keys() & there.keys():
        raise DamagedStoreError(f"{store.path}: an index is damaged: see `glasswells verify`")
    return not set(unknown.values()).isdisjoint(there.values())


def _check_code_formats(store: StoreReader, pipeline: Pipeline) -> None:
    """That results of an older code are not continued by a newer one, as one catalogue.

    The code formats of stages say so; and tasks of a glass none of which the plan would ask for
    under this version, whose names are made of all that their results depend on.
    """
    plan = pipeline.kept_plan(store.property("plan"))
    asked = pipeline.tasks(pipeline.roots(plan), int(store.property("seed")))
    for stage in pipeline.stages:
        if store.code_formats(stage.name) - {stage.code_format} or _has_other_work(
            store, stage.name, [task for task in asked if task.stage == stage.name]
        ):
            raise InputError(
                f"{store.path.parent} was begun by another version of glasswells, which computed "
                f"the stage {stage.name} otherwise: it can be read, but not continued. Begin a new "
                f"campaign with what can be taken over from it: `glasswells run PLAN --dir NEW "
                f"--reuse {store.path.parent}`"
            )
