"""The command line. Everything heavy is imported inside the commands: `--help` must be quick."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glasswells.cli.common import (
    AsJson,
    Debug,
    Directory,
    PipelineName,
    errors,
    find_pipeline,
    found_at,
    look_into,
    make_console,
    note,
    note_unkept_kernels,
    prepare_streams,
    print_json,
    say,
    shows_progress,
)
from glasswells.cli.estimate import estimate
from glasswells.cli.observables import observables
from glasswells.cli.work import resume, run, salvage, verify
from glasswells.export.formats import ExportFormat

if TYPE_CHECKING:
    from glasswells.store.reader import StoreReader


def _say_version(wanted: bool) -> None:
    if wanted:
        import glasswells

        say(f"glasswells {glasswells.__version__}")
        raise typer.Exit


app = typer.Typer(
    name="glasswells",
    help="Tunneling two-level systems in computer glasses: from a plan to tunnel splittings.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


@app.command()
def init(
    file: Annotated[Path, typer.Argument(help="File to write.")] = Path("plan.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    debug: Debug = False,
) -> None:
    """Write a commented plan file with all defaults."""
    with errors(debug):
        from glasswells.core.errors import InputError
        from glasswells.core.whole_file import write_whole
        from glasswells.plan.file import plan_template
        from glasswells.stages.table import PLAN

        try:
            write_whole(file, plan_template(plan=PLAN), replace=force)
        except FileExistsError:
            raise InputError(f"{file} exists: give another name, or --force") from None
        except OSError as error:
            raise InputError(f"{file} cannot be written: {error.strerror}") from None
        say(f"{file} written: edit it, then start with `glasswells run {file}`")


app.command()(estimate)
app.command()(run)
app.command()(resume)


@app.command()
def status(
    directory: Directory,
    as_json: AsJson = False,
    pipeline: PipelineName = None,
    debug: Debug = False,
) -> None:
    """Tell what is done, running, left, failed and why."""
    with errors(debug):
        import dataclasses

        from glasswells.campaign.progress import is_finished, stage_progress
        from glasswells.store.lock import is_held
        from glasswells.store.reader import FAILED, POSTPONED

        with look_into(directory, pipeline) as (store, stages):
            running = is_held(directory)
            sessions = store.sessions()
            # `salvage` and the start from another campaign are sessions without workers.
            workers = next((s["workers"] for s in reversed(sessions) if s["workers"]), 1)
            progress = stage_progress(
                store, stages, workers=workers, running=None if running else {}
            )
            failures = _failures(store, FAILED, limit=None if as_json else 20)
            postponed = _failures(store, POSTPONED, limit=None if as_json else 20)
            products = store.product_counts()
            found, sentences = found_at(directory, store, pipeline)
        if as_json:
            print_json(
                {
                    "running": running,
                    "finished": is_finished(progress),
                    "stages": [dataclasses.asdict(stage) for stage in progress],
                    "products": products,
                    "failures": failures,
                    "postponed": postponed,
                    "sessions": sessions,
                    "found": found,
                }
            )
            return
        from glasswells.cli.display import failure_table, found_table, stage_table

        console = make_console()
        state = "finished" if is_finished(progress) else "running" if running else "not running"
        title = f"{directory} ({state})"
        console.print(stage_table(progress, title=title, width=console.width))
        console.print()
        console.print(found_table(progress))
        if failures:
            console.print(failure_table(failures, "Failed"))
        if postponed:
            console.print(failure_table(postponed, "Put off until `resume`, for want of"))
        if state == "not running":
            say(f"Go on with `glasswells resume {directory}`")
        elif failures and state == "finished":
            say(f"Try what failed again with `glasswells resume {directory} --retry-failed`")
        elif state == "finished":
            say(f"See it with `glasswells report {directory}`")
        for sentence in sentences:
            say(sentence)


@app.command()
def report(
    directories: Annotated[
        list[Path], typer.Argument(metavar="DIR...", help="Folders of campaigns.")
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Folder.", show_default="DIR/report, of several ./report"
        ),
    ] = None,
    pipeline: PipelineName = None,
    debug: Debug = False,
) -> None:
    """Write one self-contained HTML page, figures and tables; several campaigns on one page."""
    with errors(debug):
        from glasswells.campaign.campaigns import open_campaign
        from glasswells.khomenko2021 import SECTIONS
        from glasswells.report import campaign_content, together, write_report

        contents = []
        for directory in directories:
            with open_campaign(directory, find_pipeline(pipeline)) as store:
                number = sum(store.product_counts().values())
                note(f"reading {directory} ({number} records), then drawing")
                contents.append(campaign_content(store, progress=shows_progress()))
        folder = directories[0] / "report" if len(directories) == 1 else Path("report")
        page = write_report(
            together(contents), output or folder, SECTIONS, progress=shows_progress()
        )
        say(f"{page} written")
        note(
            f"open it in a browser; for files of one double well: `glasswells extract {directory} "
            f"KEY`, for tables of all: `glasswells export {directory}`"
        )


@app.command()
def export(
    directory: Directory,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder.", show_default="DIR/export")
    ] = None,
    file_format: Annotated[
        ExportFormat,
        typer.Option("--format", "-f", help="csv with npz, or one of the extras hdf5 and parquet."),
    ] = ExportFormat.CSV,
    pipeline: PipelineName = None,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write all products as tables and arrays: CSV and npz, HDF5 or Parquet."""
    with errors(debug):
        from glasswells.campaign.campaigns import open_campaign
        from glasswells.export.campaign import export_campaign

        stages = find_pipeline(pipeline)
        with open_campaign(directory, stages) as store:
            note(f"writing {sum(store.product_counts().values())} records of {directory}")
            files = export_campaign(
                store,
                output or directory / "export",
                file_format,
                stages,
                progress=shows_progress(),
            )
        if as_json:
            print_json({"files": [str(path) for path in files]})
        else:
            for path in files:
                say(str(path))
            note(f"{files[-1]} explains every column; the same rows in Python: gw.open_campaign")


@app.command()
def extract(
    directory: Directory,
    which: Annotated[
        str, typer.Argument(metavar="K", help="Row of the table of double wells, or a key.")
    ],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder.", show_default="DIR/extract/K"),
    ] = None,
    images: Annotated[int, typer.Option(help="Of the path, both ends included.")] = 41,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Write one double well as files for OVITO, ASE and LAMMPS: A, saddle, B, the path."""
    with errors(debug):
        from glasswells.catalog import extract_double_well, open_campaign

        catalog = open_campaign(directory)
        key = catalog[which].key
        folder = output or directory / "extract" / key
        files = [str(path) for path in extract_double_well(catalog, key, folder, images)]
        if as_json:
            print_json({"key": key, "files": files})
        else:
            for name in files:
                say(name)
            note("open path.xyz in OVITO; the modifier Vector display shows who moves where")


app.command()(observables)
app.command()(verify)
app.command()(salvage)


@app.command()
def warmup(
    plan: Annotated[
        Path | None,
        typer.Argument(
            metavar="[PLAN]",
            help="Plan file; its own kernels, as those of silicon or of lanes, too.",
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """Compile all kernels now, so that the first campaign starts at once."""
    with errors(debug):
        from glasswells.campaign.given_plan import read_text
        from glasswells.campaign.warmup import warm_up
        from glasswells.plan.lanes import has_lanes
        from glasswells.plan.model import SILICON
        from glasswells.stages.table import read_plan

        if plan is None:
            seconds = warm_up()
        else:
            asked = read_plan(read_text(plan), str(plan))
            seconds = warm_up(silicon=asked.model.kind == SILICON, lanes=has_lanes(asked))
        say(f"all kernels are compiled ({seconds:.1f} s): begin with `glasswells init`")
        note_unkept_kernels()


@app.command()
def cite(
    directory: Directory,
    as_json: AsJson = False,
    pipeline: PipelineName = None,
    debug: Debug = False,
) -> None:
    """List the papers whose methods a campaign used."""
    with errors(debug):
        from glasswells.campaign.campaigns import open_campaign

        stages = find_pipeline(pipeline)
        with open_campaign(directory, stages) as store:
            papers = stages.citations(row["stage"] for row in store.summary())
        if as_json:
            print_json({"papers": papers})
        else:
            for paper in papers:
                say(paper)


def main() -> None:
    """Entry point of the command `glasswells`."""
    prepare_streams()
    app()


def _failures(store: StoreReader, status: str, limit: int | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for row in store.tasks(status):
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
