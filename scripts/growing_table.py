"""A CSV table that grows row by row: a script that was stopped goes on where it was."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def known_keys(table: Path, columns: Sequence[str]) -> set[tuple[str, ...]]:
    """What the rows of a table have in these columns; nothing if there is no table yet."""
    if not table.exists():
        return set()
    with table.open(newline="", encoding="utf-8") as file:
        return {tuple(row[name] for name in columns) for row in csv.DictReader(file)}


def append_rows(table: Path, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Add rows to a table, which begins with the names of its columns."""
    is_new = not table.exists()
    with table.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        if is_new:
            writer.writerow(columns)
        writer.writerows(rows)
