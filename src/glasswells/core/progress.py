"""Progress of calls that take more than a few seconds: a bar, or a function of the caller."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from glasswells.core.errors import InputError

Watcher = Callable[[int, int | None, str], None]
"""Called with the steps done, their number (None where nobody knows) and what there is to say."""
Progress = bool | Watcher
"""True: a bar on the standard error stream, or in the notebook; a function: it is called; False:
silence. What is computed does not depend on it."""


class Report(Protocol):
    """What a computation calls as it goes on."""

    def __call__(self, steps: int, text: str = "") -> None:
        """So many more steps are done."""
        ...


def silent(steps: int, text: str = "") -> None:
    """The report to nobody."""


@contextmanager
def reporting(progress: Progress, title: str, total: int | None) -> Iterator[Report]:
    """What to call after each step of a computation of `total` steps.

    Raises
    ------
    InputError
        If `progress` is neither a truth value nor a function.
    """
    if progress is False:
        yield silent
    elif progress is True:
        with _bar(title, total) as watch:
            yield _counting(watch, total)
    elif callable(progress):
        yield _counting(progress, total)
    else:
        raise InputError(
            f"progress is {progress!r}, expected True, False, or a function of the steps done, "
            f"their number and a text"
        )


def _counting(watch: Watcher, total: int | None) -> Report:
    done = 0

    def report(steps: int, text: str = "") -> None:
        nonlocal done
        done += steps
        watch(done, total, text)

    return report


@contextmanager
def _bar(title: str, total: int | None) -> Iterator[Watcher]:
    """A bar of rich, which is loaded only here."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.progress import TimeRemainingColumn as Left

    timing = TimeElapsedColumn() if total is None else Left()
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        timing,
        TextColumn("{task.fields[text]}", markup=False),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total, text="")

        def watch(done: int, _: int | None, text: str) -> None:
            bar.update(task, completed=done, text=text)

        yield watch
