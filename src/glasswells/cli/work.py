"""Commands that work on a campaign's store: `run`, `resume`, `verify`, `salvage`."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glasswells.cli.common import (
    AsJson,
    Debug,
    Directory,
    ExitCode,
    PipelineName,
    errors,
    find_pipeline,
    found_at,
    look_into,
    make_console,
    note,
    note_unkept_kernels,
    print_json,
    say,
    shows_progress,
    tell,
)
from glasswells.cli.work_options import WorkOptions, with_work_options
from glasswells.engines.choice import executor_factory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Executor

    from glasswells.store.pipeline import Pipeline
    from glasswells.store.verify import Verification


@with_work_options
def run(
    *,
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="Plan file, TOML.")],
    directory: Annotated[
        Path | None,
        typer.Option("--dir", help="Folder of the campaign.", show_default="its name"),
    ] = None,
    reuse: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Take over what a campaign has done, or begun, that this one shares.",
        ),
    ] = None,
    how: WorkOptions,
    pipeline: PipelineName = None,
    debug: Debug = False,
) -> None:
    """Start a campaign, or go on with it if the folder has one with this plan.

    Exit codes: 0 finished, 2 bad input, 3 a stage without any success, 75 stopped (`resume` goes
    on), 1 damage or something unexpected.

    A campaign whose plan has got more glasses (`counts`) grows in its folder.
    """
    with errors(debug):
        from glasswells.campaign.campaigns import require_continuable, start_campaign
        from glasswells.campaign.given_plan import own_defaults

        stages = find_pipeline(pipeline)
        # Bad options are refused before a folder is made.
        seconds, where = how.seconds, executor_factory(how.choice, how.workers)
        folder = start_campaign(plan, directory, stages, reuse)
        require_continuable(folder, stages)
        if reuse is not None:
            from glasswells.campaign.reuse import what_is_shared

            for sentence in what_is_shared(folder, reuse, stages):
                tell(sentence)
        for sentence in own_defaults(plan, folder, stages, reuse):
            tell(sentence)
        if pipeline is None:
            _note_cutoff(folder, stages)
            _say_estimate(folder, where[1])
        with _found_last(folder, pipeline):
            _work(folder, stages, how, where, seconds)


@with_work_options
def resume(
    *,
    directory: Directory,
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed", help="Try failed tasks again; redo what ran without them."),
    ] = False,
    trust_code: Annotated[
        bool,
        typer.Option("--trust-code", help="Run the calculator that its plan names: it is mine."),
    ] = False,
    how: WorkOptions,
    pipeline: PipelineName = None,
    debug: Debug = False,
) -> None:
    """Go on with a campaign that was stopped or killed, or whose machine lacked something."""
    with errors(debug):
        where = executor_factory(how.choice, how.workers)
        stages = find_pipeline(pipeline)
        if not trust_code:
            _require_own_code(directory, stages)
        with _found_last(directory, pipeline):
            _work(directory, stages, how, where, how.seconds, retry_failed)


def verify(
    directory: Directory,
    as_json: AsJson = False,
    pipeline: PipelineName = None,
    debug: Debug = False,
) -> None:
    """Check every record of a campaign: checksums, counts, references."""
    with errors(debug):
        import dataclasses

        from glasswells.store.schema import STORE_NAME, require_store
        from glasswells.store.verify import verify_store

        require_store(directory / STORE_NAME)
        note(f"checking {directory}")
        codec = find_pipeline(pipeline).codec
        result = verify_store(directory, codec, progress=shows_progress())
        if as_json:
            print_json({"sound": result.is_sound, **dataclasses.asdict(result)})
        else:
            for problem in result.problems:
                say(problem)
            say(f"{directory}: {_verdict(result)}")
        if not result.is_sound:
            note(f"save what is whole: `glasswells salvage {directory} --into NEW_DIR`")
            raise typer.Exit(ExitCode.DAMAGED)


def salvage(
    directory: Directory,
    into: Annotated[Path, typer.Option("--into", metavar="NEW_DIR", help="Folder to be made.")],
    as_json: AsJson = False,
    pipeline: PipelineName = None,
    debug: Debug = False,
) -> None:
    """Save all whole records of a damaged campaign into a new one that can be resumed."""
    with errors(debug):
        import dataclasses

        from glasswells.campaign.salvage import salvage_campaign

        result = salvage_campaign(directory, into, find_pipeline(pipeline))
        if as_json:
            print_json({"complete": result.is_complete, **dataclasses.asdict(result)})
            return
        for path in result.redone:
            say(f"lost: {path}")
        say(
            f"{into} written: {result.records} of {result.expected_records} products and "
            f"{result.tasks} of {result.expected_tasks} finished tasks saved"
        )
        if result.rows_lost != 0:
            number = "an unknown number of" if result.rows_lost is None else result.rows_lost
            say(f"{number} more tasks left no trace: they will be found again and done")
        if result.refusal:
            say(f"it can be shown, exported and reported, but not resumed: {result.refusal}")
        else:
            say(f"do again what is missing with `glasswells resume {into}`")


def _verdict(found: Verification) -> str:
    """Sound or damaged, and how much of it was looked at."""
    n = len(found.problems)
    verdict = f"DAMAGED, {n} problem{'s' if n > 1 else ''}" if n else "sound"
    if n and not found.rows:
        return f"{verdict}, nothing in it could be checked"
    return (
        f"{verdict} ({found.rows} rows, {found.records} records, {found.arrays} arrays, "
        f"{found.bytes / 1e6:.1f} MB checked)"
    )


def _require_own_code(directory: Path, pipeline: Pipeline) -> None:
    """Refuse to run code that only the store of a campaign names: it may be a stranger's."""
    from glasswells.campaign.campaigns import open_campaign
    from glasswells.core.errors import InputError

    with open_campaign(directory, pipeline) as store:
        code = pipeline.foreign_code(pipeline.kept_plan(store.property("plan")))
    if code:
        raise InputError(
            f"{directory} computes energies by {code}, which would run as you: if you know it, add "
            f"--trust-code, or go on by `glasswells run PLAN --dir {directory}` with your plan"
        )


@contextmanager
def _found_last(directory: Path, name: str | None) -> Iterator[None]:
    """End with what the campaign has found, whether it has finished or stopped."""
    try:
        yield
    except typer.Exit:
        _say_found(directory, name)
        raise
    _say_found(directory, name)


def _say_found(directory: Path, name: str | None) -> None:
    with look_into(directory, name) as (store, _):
        _, sentences = found_at(directory, store, name)
    for sentence in sentences:
        tell(sentence)


def _note_cutoff(directory: Path, pipeline: Pipeline) -> None:
    """One line if the pair law of a campaign, one that somebody else wrote, jumps at its cutoff."""
    from glasswells.campaign.campaigns import open_campaign
    from glasswells.model.law import cutoff_jumps
    from glasswells.model.pair_model import PairModel

    with open_campaign(directory, pipeline) as store:
        section = pipeline.kept_plan(store.property("plan")).model
    model = section.native
    if isinstance(model, PairModel) and not model.ends_smoothly:
        words = cutoff_jumps(model).words
        if words:
            note(f"the pair law {section.name} jumps at its cutoff: {words}")


def _say_estimate(directory: Path, workers: int | None) -> None:
    """One line on how long a campaign will take, by what is known without measuring."""
    from contextlib import suppress

    from glasswells.core.errors import GlasswellsError
    from glasswells.engines.pool import available_cores
    from glasswells.estimation.forecast import start_line

    with suppress(GlasswellsError):  # of an advice; a run meets and reports damage itself
        tell(start_line(directory, workers or available_cores()))


def _work(
    directory: Path,
    pipeline: Pipeline,
    how: WorkOptions,
    where: tuple[Callable[[], Executor] | None, int | None],
    walltime: float | None,
    retry: bool = False,
) -> None:
    from glasswells.campaign.campaigns import open_campaign, run_campaign
    from glasswells.campaign.progress import fruitless, stage_progress
    from glasswells.cli.display import ProgressDisplay
    from glasswells.engines.pool import available_cores

    note_unkept_kernels()
    make_executor, workers = where
    with ProgressDisplay(make_console(), pipeline, workers or available_cores()) as display:
        ending = run_campaign(
            directory,
            pipeline,
            workers=workers,
            walltime=walltime,
            grace=how.grace,
            make_executor=make_executor,
            engine=how.engine,
            observer=display,
            retry=retry,
        )
    if not ending.is_finished:
        tell(f"stopped ({ending.reason}): go on with `glasswells resume {directory}`")
        raise typer.Exit(ExitCode.STOPPED)
    with open_campaign(directory, pipeline) as store:
        stages = stage_progress(store, pipeline)
    failed = [f"{p.failed} of {p.title} ({', '.join(p.reasons)})" for p in stages if p.failed]
    if failed:
        tell(
            f"failed: {'; '.join(failed)}: `glasswells status {directory}` says why, "
            f"`glasswells resume {directory} --retry-failed` tries again"
        )
    barren = [stage.title for stage in fruitless(stages)]
    if barren:
        tell(f"finished, but nothing came of: {', '.join(barren)}")
        raise typer.Exit(ExitCode.FRUITLESS)
    tell(f"finished: see `glasswells status {directory}` and `glasswells report {directory}`")
