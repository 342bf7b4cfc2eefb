"""Tables and progress of a campaign on a terminal; plain lines in the log of a batch job."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from glasswells.campaign.progress import StageProgress, duration, stage_progress, time_left
from glasswells.cli.printable import printable
from glasswells.store.pipeline import Pipeline
from glasswells.store.reader import StoreReader

TERMINAL_INTERVAL = 1.0
"""Seconds between two refreshes."""
WIDE = 112
"""Columns of a terminal from which on all columns of the table of stages fit."""
LEFT_OUT = ("chunks done", "per chunk")
"""Where it is narrower."""
LOG_INTERVAL = 30.0
"""Seconds between two lines in a log."""


class ProgressDisplay:
    """Shows where a run stands; pass it as the `observer` of `run_campaign`.

    Parameters
    ----------
    console
        Where.
    pipeline
        The stages.
    workers
        For the time left.
    """

    def __init__(self, console: Console, pipeline: Pipeline, workers: int) -> None:
        self._console = console
        self._pipeline = pipeline
        self._workers = workers
        self._live = (
            Live(console=console, auto_refresh=False, transient=True)
            if console.is_terminal
            else None
        )
        self._next = 0.0
        self._last_line = ""
        self._found: tuple[int, tuple[str, ...]] = (0, ())
        self._is_mute = False

    def __call__(self, store: StoreReader, running: Mapping[str, int]) -> None:
        """Show the state of the campaign, if it is time and somebody looks."""
        if self._is_mute or time.monotonic() < self._next:
            return
        interval = TERMINAL_INTERVAL if self._live else LOG_INTERVAL
        started = time.monotonic()
        stages = stage_progress(store, self._pipeline, workers=self._workers, running=running)
        found = self._found_by(store, stages)
        try:
            if self._live:
                lines = [Text(printable(sentence)) for sentence in found]
                table = stage_table(stages, width=self._console.width)
                self._live.update(Group(table, *lines), refresh=True)
            else:
                self._print_line(stages, found)
        except OSError:  # a terminal that is gone or a log on a full disk ends no campaign
            self._is_mute = True
        # A store with many tasks takes longer to sum up: never spend more than a tenth on it.
        self._next = time.monotonic() + max(interval, 10 * (time.monotonic() - started))

    def __enter__(self) -> ProgressDisplay:
        if self._live:
            with suppress(OSError):
                self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live:
            with suppress(OSError):
                self._live.stop()

    def _found_by(self, store: StoreReader, stages: list[StageProgress]) -> tuple[str, ...]:
        """What was found so far, in sentences; read again only when something was done."""
        done = sum(stage.done for stage in stages)
        if self._pipeline.overview is not None and done != self._found[0]:
            self._found = (done, self._pipeline.overview(store).sentences)
        return self._found[1]

    def _print_line(self, stages: list[StageProgress], found: tuple[str, ...]) -> None:
        parts = [_plain(stage) for stage in stages if stage.done or stage.left or stage.failed]
        line = "; ".join(parts)
        if line and line != self._last_line:
            self._last_line = line
            left = f"; time left: {time_left(stages)}"
            # The first unit set is enough for a log; all of them stand at its end.
            told = "".join(f"; {printable(sentence)}" for sentence in found[:2])
            self._console.print(
                Text(f"{time.strftime('%H:%M:%S')} {line}{left}{told}"), soft_wrap=True
            )


def stage_table(stages: list[StageProgress], title: str | None = None, width: int = WIDE) -> Table:
    """How far the stages of a campaign are; `+` where an earlier stage may ask for more.

    Where the terminal is not wide enough for all columns, those that follow from others are left
    out: no number is broken over lines.
    """
    table = Table(
        title=None if title is None else Text(printable(title)),
        caption=Text(f"time left in all: {time_left(stages)}"),
        box=None,
        pad_edge=False,
        collapse_padding=width < WIDE,
    )
    table.add_column("stage", no_wrap=True)
    shown = [name for name in _cells(stages[0]) if width >= WIDE or name not in LEFT_OUT]
    for name in shown:
        table.add_column(name, justify="right", no_wrap=True)
    for stage in stages:
        cells = _cells(stage)
        table.add_row(Text(stage.title), *(cells[name] for name in shown))
    return table


def _cells(stage: StageProgress) -> dict[str, Text]:
    """Row of a stage by heading."""
    more = "+" if stage.may_grow else ""
    mean = stage.mean_seconds
    return {
        "finished": Text(f"{stage.finished} of {stage.known}{more}"),
        "failed": Text(str(stage.failed), style="red" if stage.failed else ""),
        "running": Text(str(stage.running)),
        "chunks done": Text(str(stage.done)),
        "left": Text(f"{stage.left}{more}"),
        "per chunk": Text("-" if mean is None else f"{mean:.2g} s"),
        "CPU time": Text(duration(stage.cpu_seconds)),
        "time left": Text(duration(stage.seconds_left) if stage.left else "-"),
    }


def found_table(stages: list[StageProgress]) -> Table:
    """What the stages of a campaign have counted; those with nothing to count are left out."""
    table = Table(box=None, pad_edge=False)
    table.add_column("stage", no_wrap=True)
    table.add_column("counted so far")
    for stage in stages:
        counted = [f"{n} {_words(name)}" for name, n in stage.counts.items() if n]
        if counted:
            table.add_row(Text(stage.title), Text(printable(", ".join(counted))))
    return table


def failure_table(rows: list[dict[str, Any]], title: str) -> Table:
    """Tasks that failed or were put off, and why."""
    table = Table(title=Text(title), box=None, pad_edge=False)
    for name in ("stage", "glass", "number", "reason", "what happened"):
        table.add_column(name)
    for row in rows:
        first_line = row["error"].split("\n")[0]
        names = (row["stage"], row["glass"], str(row["number"]), row["reason"], first_line)
        table.add_row(*(Text(printable(name)) for name in names))
    return table


def _plain(stage: StageProgress) -> str:
    more = "+" if stage.may_grow else ""
    text = f"{stage.title}: {stage.finished} of {stage.known}{more} finished"
    if stage.left:
        text += f", {stage.left}{more} chunks left ({duration(stage.seconds_left)})"
    if stage.failed:
        text += f", {stage.failed} failed"
    return text


def _words(name: str) -> str:
    return name.replace("_", " ")
