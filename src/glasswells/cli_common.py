"""What the commands of the command line share: options, messages, exit codes."""

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
    from glasswells.campaign.tasks import CampaignOverview, Pipeline


class ExitCode(IntEnum):
    """What the shell gets."""

    DONE = 0
    DAMAGED = 1
    """A store is not what was written, or something unexpected happened."""
    BAD_INPUT = 2
    STOPPED = 75
    """Stopped before the end, `resume` goes on (EX_TEMPFAIL)."""


Directory = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of a campaign.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")]
PipelineName = Annotated[
    str | None, typer.Option("--pipeline", hidden=True, help="Own stages, MODULE:ATTRIBUTE.")
]


def find_pipeline(name: str | None) -> Pipeline:
    """The stages of this name, or those of the package."""
    if name is not None:
        from glasswells.campaign.campaigns import load_pipeline

        return load_pipeline(name)
    from glasswells.campaign.stages.pipeline import PIPELINE

    return PIPELINE


def make_console() -> Console:
    """Where tables go; long lines are folded on terminals only."""
    from rich.console import Console

    return Console(soft_wrap=not sys.stdout.isatty())


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    import json

    typer.echo(json.dumps(value, indent=2, default=str))


def found_in(store: StoreReader, pipeline: Pipeline) -> CampaignOverview | None:
    """What a campaign has found; None for stages that have nothing to sum up."""
    return None if pipeline.overview is None else pipeline.overview(store)


def say(text: str) -> None:
    """Print one line."""
    typer.echo(text)


@contextmanager
def errors(debug: bool) -> Iterator[None]:
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
    from glasswells.campaign.errors import DamagedStoreError, EngineError, StoreError

    if isinstance(error, DamagedStoreError):
        return ExitCode.DAMAGED
    if isinstance(error, StoreError | EngineError):
        return ExitCode.STOPPED
    return ExitCode.BAD_INPUT
