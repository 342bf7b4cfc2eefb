"""Tables and progress of a campaign on a terminal; plain lines in the log of a batch job."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from glasswells.campaign.progress import StageProgress, duration, stage_progress
from glasswells.campaign.reader import StoreReader
from glasswells.campaign.tasks import Pipeline

TERMINAL_INTERVAL = 1.0
"""Seconds between two refreshes."""
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

    def __call__(self, store: StoreReader, running: Mapping[str, int]) -> None:
        """Show the state of the campaign, if it is time."""
        if time.monotonic() < self._next:
            return
        interval = TERMINAL_INTERVAL if self._live else LOG_INTERVAL
        started = time.monotonic()
        stages = stage_progress(store, self._pipeline, workers=self._workers, running=running)
        if self._live:
            self._live.update(stage_table(stages), refresh=True)
        else:
            self._print_line(stages)
        # A store with many tasks takes longer to sum up: never spend more than a tenth on it.
        self._next = time.monotonic() + max(interval, 10 * (time.monotonic() - started))

    def __enter__(self) -> ProgressDisplay:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._live:
            self._live.stop()

    def _print_line(self, stages: list[StageProgress]) -> None:
        parts = [_plain(stage) for stage in stages if stage.done or stage.left or stage.failed]
        line = "; ".join(parts)
        if line and line != self._last_line:
            self._console.print(f"{time.strftime('%H:%M:%S')} {line}", highlight=False)
            self._last_line = line


def stage_table(stages: list[StageProgress], title: str | None = None) -> Table:
    """How far the stages of a campaign are."""
    table = Table(title=title, box=None, pad_edge=False)
    table.add_column("stage", no_wrap=True)
    for name in ("done", "running", "left", "failed", "per chunk", "CPU time", "time left"):
        table.add_column(name, justify="right")
    for stage in stages:
        table.add_row(
            stage.title,
            str(stage.done),
            str(stage.running),
            str(stage.left),
            f"[red]{stage.failed}[/red]" if stage.failed else "0",
            "-" if stage.mean_seconds is None else f"{stage.mean_seconds:.2g} s",
            duration(stage.cpu_seconds),
            duration(stage.seconds_left) if stage.left else "-",
        )
    return table


def found_table(stages: list[StageProgress]) -> Table:
    """What the stages of a campaign have counted; those with nothing to count are left out."""
    table = Table(box=None, pad_edge=False)
    table.add_column("stage", no_wrap=True)
    table.add_column("counted so far")
    for stage in stages:
        counted = [f"{n} {_words(name)}" for name, n in stage.counts.items() if n]
        if counted:
            table.add_row(stage.title, ", ".join(counted))
    return table


def failure_table(rows: list[dict[str, Any]]) -> Table:
    """Failed tasks and why."""
    table = Table(title="Failed", box=None, pad_edge=False)
    for name in ("stage", "glass", "number", "reason", "what happened"):
        table.add_column(name)
    for row in rows:
        first_line = row["error"].split("\n")[0]
        table.add_row(row["stage"], row["glass"], str(row["number"]), row["reason"], first_line)
    return table


def _plain(stage: StageProgress) -> str:
    text = f"{stage.title}: {stage.done} done"
    if stage.left:
        text += f", {stage.left} left ({duration(stage.seconds_left)})"
    if stage.failed:
        text += f", {stage.failed} failed"
    return text


def _words(name: str) -> str:
    return name.replace("_", " ")
