"""What the commands of the command line share: options, messages, exit codes."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from glasswells.cli.printable import printable

if TYPE_CHECKING:
    from rich.console import Console

    from glasswells.campaign.outline import Staged
    from glasswells.store.pipeline import CampaignOverview, Pipeline
    from glasswells.store.reader import StoreReader


class ExitCode(IntEnum):
    """What the shell gets."""

    DONE = 0
    DAMAGED = 1
    """A store is not what was written, or something unexpected happened."""
    BAD_INPUT = 2
    FRUITLESS = 3
    """Finished, but of some stage all tasks failed: `status` says why."""
    STOPPED = 75
    """Stopped before the end, `resume` goes on (EX_TEMPFAIL)."""


LINE = 200
"""Columns of what is no terminal, such as a pipe or the log of a batch job."""
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
    from glasswells.stages.pipeline import PIPELINE

    return PIPELINE


PASSING_ERRORS = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ESTALE),
    *(errno.ENOMEM, errno.EMFILE, errno.ENFILE, errno.EAGAIN),
)
"""Of the operating system, that say nothing about the campaign: full or lost disks, no memory."""


def make_console() -> Console:
    """Where tables go; long lines are folded on terminals only, texts hold no commands."""
    from rich.console import Console

    class PipeConsole(Console):
        def on_broken_pipe(self) -> None:
            self.quiet = True
            discard_output()

    folds = sys.stdout is not None and sys.stdout.isatty()
    width = None if folds else LINE
    return PipeConsole(width=width, soft_wrap=not folds, markup=False, emoji=False, highlight=False)


def prepare_streams() -> None:
    """Open what a caller has closed, and let no character be unprintable.

    Otherwise the next file that is opened would take the place of a closed standard stream, and
    messages of libraries would be written into it.
    """
    descriptor = os.open(os.devnull, os.O_RDWR)
    while descriptor <= 2:
        descriptor = os.dup(descriptor)
    os.close(descriptor)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def discard_output() -> None:
    """Send the rest of the output nowhere: whoever read it has gone."""
    with suppress(OSError, ValueError, AttributeError):
        descriptor = os.open(os.devnull, os.O_WRONLY)
        os.dup2(descriptor, sys.stdout.fileno())
        os.close(descriptor)


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    import json

    _print(json.dumps(value, indent=2, default=str))


@contextmanager
def look_into(directory: Path, name: str | None) -> Iterator[tuple[StoreReader, Staged]]:
    """A campaign's store and the names of its stages: as kept there, without loading the stages.

    Where none are kept, or others are asked for, with the pipeline itself.
    """
    from glasswells.campaign.outline import kept_outline, outlined_store
    from glasswells.stages.names import PIPELINE_NAME

    if name is None:
        with outlined_store(directory) as store:
            outline = kept_outline(store)
            if outline is not None and outline.name == PIPELINE_NAME:
                yield store, outline
                return
    from glasswells.campaign.campaigns import open_campaign

    pipeline = find_pipeline(name)
    with open_campaign(directory, pipeline) as store:
        yield store, pipeline


def found_at(
    directory: Path, store: StoreReader, name: str | None
) -> tuple[dict[str, Any] | None, Sequence[str]]:
    """What a campaign has found, as numbers and in words; only to count it takes its stages."""
    from glasswells.campaign.overview import has_many, kept_overview, uncounted

    found: CampaignOverview | None = kept_overview(store)
    if found is None and name is None and has_many(store):
        return None, uncounted(store)
    if found is None:
        from glasswells.campaign.campaigns import open_campaign
        from glasswells.campaign.overview import overview_of

        pipeline = find_pipeline(name)
        with open_campaign(directory, pipeline) as whole:
            found = overview_of(whole, pipeline)
    return (None, ()) if found is None else (found.numbers, found.sentences)


def say(text: str) -> None:
    """Print one line."""
    _print(printable(text))


def tell(text: str) -> None:
    """Print one line of a run, whose success does not depend on whether anybody reads it."""
    try:
        say(text)
    except OSError:
        discard_output()


def note(text: str) -> None:
    """Print one line about what is being done, where results are not printed."""
    with suppress(OSError):
        typer.echo(printable(text), err=True)


def shows_progress() -> bool:
    """Whether somebody looks: bars are for terminals, not for logs."""
    return sys.stderr is not None and sys.stderr.isatty()


def note_unkept_kernels() -> None:
    """Say so where each process has to compile all kernels itself."""
    from glasswells.campaign.cache_folder import VARIABLE
    from glasswells.core.compiler import is_kept
    from glasswells.model.soft_spheres import integer_power

    if not is_kept(integer_power(2)):
        note(f"compiled kernels are not kept: let {VARIABLE} name a folder that you can write to")


def _print(text: str) -> None:
    try:
        typer.echo(text)
    except BrokenPipeError:
        discard_output()  # the reader of a pipe has seen enough


@contextmanager
def errors(debug: bool) -> Iterator[None]:
    """One clear message and the right exit code for what is expected to go wrong."""
    from glasswells.core.errors import GlasswellsError

    try:
        yield
    except GlasswellsError as error:
        _report_error(f"error: {error}", debug)
        raise typer.Exit(_exit_code(error)) from None
    except MemoryError:
        _report_error("error: no memory is left; a campaign goes on with `resume`", debug)
        raise typer.Exit(ExitCode.STOPPED) from None
    except Exception as error:
        if isinstance(error, typer.Exit):
            raise
        if isinstance(error, OSError) and error.errno in PASSING_ERRORS:
            _drop_what_cannot_be_written()
            _report_error(f"error: {error}: free what is missing and try again", debug)
            raise typer.Exit(ExitCode.STOPPED) from None
        kind = type(error).__name__
        _report_error(f"unexpected error: {kind}: {error} (--debug shows where)", debug)
        raise typer.Exit(ExitCode.DAMAGED) from None


def _drop_what_cannot_be_written() -> None:
    """Python tries to write the rest at its end, and gives a code of its own if it fails."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        discard_output()


def _report_error(message: str, debug: bool) -> None:
    if debug and sys.stderr is not None:
        import traceback

        traceback.print_exc()
    note(message)


def _exit_code(error: Exception) -> ExitCode:
    from glasswells.engines.errors import EngineError
    from glasswells.store.errors import DamagedStoreError, StoreError

    if isinstance(error, DamagedStoreError):
        return ExitCode.DAMAGED
    if isinstance(error, StoreError | EngineError):
        return ExitCode.STOPPED
    return ExitCode.BAD_INPUT
