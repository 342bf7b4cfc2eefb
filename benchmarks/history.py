"""What `make bench` measured, one CSV for each machine and day: `benchmarks/history/`.

A run of some benchmarks replaces their rows of the day, and keeps those of the others. The
documentation draws the files (`docs/_extensions/benchmark_history.py`).
"""

from __future__ import annotations

import csv
import io
import os
import platform
import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

from rows import Row, verdict

FOLDER = Path(__file__).with_name("history")
NUMBER = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?: ?([A-Za-z/%]+))?")


class Entry(NamedTuple):
    """One row of a file."""

    date: str
    """ISO 8601."""
    machine: str
    """Processor and number of its cores."""
    version: str
    """Of glasswells."""
    load: str
    """Mean number of processes that wanted to run, over the last 15 minutes before the end."""
    benchmark: str
    work: str
    value: str
    """First number in `measured`; empty: there is none."""
    unit: str
    """What follows it."""
    measured: str
    baseline: str
    ratio: str
    must: str
    aim: str
    met: str
    """The better target that is met, NO or -."""


def entries(
    benchmark: str, rows: Iterable[Row], *, day: str, machine: str, version: str, load: str
) -> list[Entry]:
    """Rows of one benchmark as they are kept."""
    found = []
    for row in rows:
        match = NUMBER.search(row.measured)
        value, unit = (match.group(1), match.group(2) or "") if match else ("", "")
        found.append(
            Entry(
                *(day, machine, version, load, benchmark, row.work, value, unit),
                *(*row[1:6], verdict(row)),
            )
        )
    return found


def keep(measured: Sequence[Entry], folder: Path = FOLDER) -> Path:
    """Write entries of one machine and day beside those of other benchmarks of that day."""
    first = measured[0]
    path = folder / f"{first.date}_{slug(first.machine)}.csv"
    again = {entry.benchmark for entry in measured}
    others = [e for e in read(path) if e.benchmark not in again] if path.exists() else []
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([Entry._fields, *others, *measured])
    folder.mkdir(exist_ok=True)
    draft = path.with_suffix(".draft")
    draft.write_text(text.getvalue(), encoding="utf-8")
    draft.replace(path)
    return path


def read(path: Path) -> list[Entry]:
    """The entries of one file.

    Raises
    ------
    ValueError
        If it has other columns.
    """
    with path.open(encoding="utf-8", newline="") as file:
        head, *lines = csv.reader(file)
    if tuple(head) != Entry._fields:
        raise ValueError(f"{path} has the columns {head}, expected {list(Entry._fields)}")
    return [Entry(*line) for line in lines]


def read_all(folder: Path = FOLDER) -> list[Entry]:
    """All entries, by date."""
    return [entry for path in sorted(folder.glob("*.csv")) for entry in read(path)]


def slug(text: str) -> str:
    """A text as part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def this_machine() -> str:
    """Processor and cores of this machine."""
    name = platform.processor() or platform.machine()
    try:
        info = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        info = ""
    match = re.search(r"model name\s*: (.+)", info)
    return f"{match.group(1).strip() if match else name}, {os.cpu_count()} cores"


def today() -> dict[str, str]:
    """When, where and with what is measured now, as `entries` takes it."""
    import glasswells

    return {
        "day": date.today().isoformat(),
        "machine": this_machine(),
        "version": glasswells.__version__,
        "load": f"{os.getloadavg()[2]:.1f}",
    }
