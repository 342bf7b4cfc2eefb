"""What a benchmark returns: rows of one table."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple


class Row(NamedTuple):
    """One measured figure beside its baseline and its targets, each as text with its unit."""

    work: str
    """What was done."""
    measured: str
    """Our figure: median and unit."""
    baseline: str = "-"
    """The baseline's figure, measured in the same run, and its name."""
    ratio: str = "-"
    """How many times better than the baseline."""
    must: str = "-"
    """The figure to reach."""
    aim: str = "-"
    """The figure hoped for."""
    meets_must: bool | None = None
    """None: no target, or not measured."""
    meets_aim: bool | None = None


HEADER = ("work", "measured", "baseline", "ratio", "must", "aim", "met?")


def verdict(row: Row) -> str:
    """The last column: the better target that is met."""
    if row.meets_must is None:
        return "-"
    if not row.meets_must:
        return "NO"
    return "aim" if row.meets_aim else "must"


@contextmanager
def pinned() -> Iterator[None]:
    """Keep this process on one core, and free it again: what comes next may need them all."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def print_rows(rows: Sequence[Row]) -> None:
    """Print rows as one aligned table."""
    table = [HEADER, *((*row[:6], verdict(row)) for row in rows)]
    widths = [max(len(line[k]) for line in table) for k in range(len(HEADER))]
    table.insert(1, tuple("-" * w for w in widths))
    for line in table:
        print(
            "  ".join(text.ljust(w) for text, w in zip(line, widths, strict=True)).rstrip(),
            flush=True,
        )
