"""The command line. Everything heavy is imported inside the commands: `--help` must be quick."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from glasswells.campaign.reader import StoreReader
    from glasswells.campaign.tasks import Pipeline


class ExitCode(IntEnum):
    """What the shell gets."""

    DONE = 0
    DAMAGED = 1
    """A store is not what was written, or something unexpected happened."""
    BAD_INPUT = 2
    STOPPED = 75
    """Stopped before the end, `resume` goes on (EX_TEMPFAIL)."""


app = typer.Typer(
    name="glasswells",
    help="Tunneling two-level systems in computer glasses: from a plan to tunnel splittings.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a campaign.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
Workers = Annotated[
    int | None,
    typer.Option("--workers", "-w", min=1, help="Tasks at once.", show_default="all cores"),
]
Walltime = Annotated[
    str | None,
    typer.Option("--walltime", help="Stop cleanly before this time is over: 90, 30m, 2:00:00."),
]
Grace = Annotated[
    float, typer.Option("--grace", min=0.0, help="Seconds that chunks in flight get at a stop.")
]
PipelineName = Annotated[
    str | None, typer.Option("--pipeline", hidden=True, help="Own stages, MODULE:ATTRIBUTE.")
]


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="File to write.")] = Path("plan.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    debug: Debug = False,
) -> None:
    """Write a commented plan file with all defaults."""
    with _errors(debug):
        from glasswells.campaign.plan_file import plan_template
        from glasswells.core.errors import InputError

        text = plan_template()
        try:
            with file.open("w" if force else "x", encoding="utf-8") as stream:
                stream.write(text)
        except FileExistsError:
            raise InputError(f"{file} exists: give another name, or --force") from None
        except OSError as error:
            raise InputError(f"{file} cannot be written: {error.strerror}") from None
        _say(f"{file} written: edit it, then start with `glasswells run {file}`")


@app.command()
def run(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="Plan file, TOML.")],
    directory: Annotated[
        Path | None,
        typer.Option("--dir", help="Folder of the campaign.", show_default="its name"),
    ] = None,
    workers: Workers = None,
    walltime: Walltime = None,
    grace: Grace = 8.0,
    pipeline: PipelineName = None,
    debug: Debug = False,
) -> None:
    """Start a campaign, or go on with it if the folder has one with this plan."""
    with _errors(debug):
        from glasswells.campaign.campaigns import start_campaign

        stages = _pipeline(pipeline)
        seconds = _seconds(walltime)
        _work(start_campaign(plan, directory, stages), stages, workers, seconds, grace)


@app.command()
def resume(
    directory: Directory,
    workers: Workers = None,
    walltime: Walltime = None,
    grace: Grace = 8.0,
    pipeline: PipelineName = None,
    debug: Debug = False,
) -> None:
    """Go on with a campaign that was stopped or killed."""
    with _errors(debug):
        _work(directory, _pipeline(pipeline), workers, _seconds(walltime), grace)


@app.command()
def status(
    directory: Directory,
    as_json: AsJson = False,
    pipeline: PipelineName = None,
    debug: Debug = False,
) -> None:
    """Tell what is done, running, left, failed and why."""
    with _errors(debug):
        import dataclasses

        from glasswells.campaign.campaigns import open_campaign
        from glasswells.campaign.lock import is_held
        from glasswells.campaign.progress import stage_progress

        stages = _pipeline(pipeline)
        with open_campaign(directory, stages) as store:
            running = is_held(directory)
            sessions = store.sessions()
            workers = sessions[-1]["workers"] if sessions else 1
            progress = stage_progress(
                store, stages, workers=workers, running=None if running else {}
            )
            failures = _failures(store, limit=None if as_json else 20)
            products = store.kinds()
        if as_json:
            _print_json(
                {
                    "running": running,
                    "finished": _is_finished(progress),
                    "stages": [dataclasses.asdict(stage) for stage in progress],
                    "products": products,
                    "failures": failures,
                    "sessions": sessions,
                }
            )
            return
        from glasswells.campaign.display import failure_table, stage_table

        console = _console()
        state = "finished" if _is_finished(progress) else "running" if running else "not running"
        console.print(stage_table(progress, title=f"{directory} ({state})"))
        if failures:
            console.print(failure_table(failures))
        if state == "not running":
            console.print(f"Go on with `glasswells resume {directory}`", highlight=False)


@app.command()
def report(
    directory: Directory,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder.", show_default="DIR/report")
    ] = None,
    pipeline: PipelineName = None,
    debug: Debug = False,
) -> None:
    """Write one self-contained HTML page, figures and tables."""
    with _errors(debug):
        from glasswells.campaign.campaigns import open_campaign
        from glasswells.report import campaign_content, write_report

        with open_campaign(directory, _pipeline(pipeline)) as store:
            content = campaign_content(store)
        page = write_report(content, output or directory / "report")
        _say(f"{page} written")


@app.command()
def export(
    directory: Directory,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder.", show_default="DIR/export")
    ] = None,
    pipeline: PipelineName = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write all products as CSV tables and npz arrays."""
    with _errors(debug):
        from glasswells.campaign.campaigns import open_campaign
        from glasswells.campaign.export import export_campaign

        with open_campaign(directory, _pipeline(pipeline)) as store:
            files = export_campaign(store, output or directory / "export")
        if as_json:
            _print_json({"files": [str(path) for path in files]})
        else:
            for path in files:
                _say(str(path))


@app.command()
def verify(
    directory: Directory,
    as_json: AsJson = False,
    pipeline: PipelineName = None,
    debug: Debug = False,
) -> None:
    """Check every record of a campaign: checksums, counts, references."""
    with _errors(debug):
        import dataclasses

        from glasswells.campaign.verify import verify_store

        result = verify_store(directory, _pipeline(pipeline).codec)
        if as_json:
            _print_json({"sound": result.is_sound, **dataclasses.asdict(result)})
        else:
            for problem in result.problems:
                _say(problem)
            verdict = "sound" if result.is_sound else f"DAMAGED, {len(result.problems)} problems"
            _say(
                f"{directory}: {verdict} ({result.rows} rows, {result.records} records, "
                f"{result.arrays} arrays, {result.bytes / 1e6:.1f} MB checked)"
            )
        if not result.is_sound:
            raise typer.Exit(ExitCode.DAMAGED)


@app.command()
def warmup(debug: Debug = False) -> None:
    """Compile all kernels now, so that the first campaign starts at once."""
    with _errors(debug):
        from glasswells.campaign.warmup import warm_up

        seconds = warm_up()
        _say(f"all kernels are compiled ({seconds:.1f} s)")


@app.command()
def cite(
    directory: Directory,
    as_json: AsJson = False,
    pipeline: PipelineName = None,
    debug: Debug = False,
) -> None:
    """List the papers whose methods a campaign used."""
    with _errors(debug):
        from glasswells.campaign.campaigns import open_campaign
        from glasswells.campaign.citations import citations

        with open_campaign(directory, _pipeline(pipeline)) as store:
            papers = citations(dict.fromkeys(row["stage"] for row in store.summary()))
        if as_json:
            _print_json({"papers": papers})
        else:
            for paper in papers:
                _say(paper)


def main() -> None:
    """Entry point of the command `glasswells`."""
    app()


def _work(
    directory: Path,
    pipeline: Pipeline,
    workers: int | None,
    walltime: float | None,
    grace: float,
) -> None:
    from glasswells.campaign.campaigns import run_campaign
    from glasswells.campaign.display import ProgressDisplay
    from glasswells.campaign.pool import available_cores

    workers = workers or available_cores()
    with ProgressDisplay(_console(), pipeline, workers) as display:
        ending = run_campaign(
            directory,
            pipeline,
            workers=workers,
            walltime=walltime,
            grace=grace,
            observer=display,
        )
    if not ending.is_finished:
        _say(f"stopped ({ending.reason}): go on with `glasswells resume {directory}`")
        raise typer.Exit(ExitCode.STOPPED)
    _say(f"finished: see `glasswells status {directory}` and `glasswells report {directory}`")


def _failures(store: StoreReader, limit: int | None) -> list[dict[str, Any]]:
    from glasswells.campaign.reader import FAILED

    rows: list[dict[str, Any]] = []
    for row in store.tasks(FAILED):
        if limit is not None and len(rows) == limit:
            break
        rows.append(
            {
                "stage": row.task.stage,
                "glass": row.task.glass,
                "number": row.task.number,
                "chunk": row.task.chunk,
                "reason": row.reason,
                "error": row.error,
            }
        )
    return rows


def _is_finished(progress: list[Any]) -> bool:
    return any(stage.done for stage in progress) and not any(stage.left for stage in progress)


def _pipeline(name: str | None) -> Pipeline:
    if name is not None:
        from glasswells.campaign.campaigns import load_pipeline

        return load_pipeline(name)
    from glasswells.campaign.stages.pipeline import PIPELINE

    return PIPELINE


def _seconds(walltime: str | None) -> float | None:
    from glasswells.campaign.stop import parse_walltime

    return None if walltime is None else parse_walltime(walltime)


def _console() -> Console:
    from rich.console import Console

    return Console(soft_wrap=not sys.stdout.isatty())


def _print_json(value: Any) -> None:
    import json

    typer.echo(json.dumps(value, indent=2, default=str))


def _say(text: str) -> None:
    typer.echo(text)


@contextmanager
def _errors(debug: bool) -> Iterator[None]:
    """One clear message and the right exit code for what is expected to go wrong."""
    from glasswells.core.errors import GlasswellsError

    try:
        yield
    except GlasswellsError as error:
        _report_error(f"error: {error}", debug)
        raise typer.Exit(_exit_code(error)) from None
    except BrokenPipeError:
        raise typer.Exit(ExitCode.DONE) from None  # the reader of a pipe has seen enough
    except Exception as error:
        if isinstance(error, typer.Exit):
            raise
        kind = type(error).__name__
        _report_error(f"unexpected error: {kind}: {error} (--debug shows where)", debug)
        raise typer.Exit(ExitCode.DAMAGED) from None


def _report_error(message: str, debug: bool) -> None:
    if debug:
        import traceback

        traceback.print_exc()
    typer.echo(message, err=True)


def _exit_code(error: Exception) -> ExitCode:
    from glasswells.campaign.errors import DamagedStoreError, StoreError

    if isinstance(error, DamagedStoreError):
        return ExitCode.DAMAGED
    if isinstance(error, StoreError):
        return ExitCode.STOPPED
    return ExitCode.BAD_INPUT


if __name__ == "__main__":
    main()
