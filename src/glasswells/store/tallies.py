"""Sums over a store's tasks and records, kept beside them so that nobody has to add them up.

A sum has a key, which says over what, and whole numbers only: seconds are counted in nanoseconds,
so that a sum does not depend on the order in which it was made, and `verify` can make it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from glasswells.store.sealed import FAILED

TASKS, COUNTS, REASONS, KINDS = "tasks", "counts", "reasons", "kinds"
ALL = (TASKS, COUNTS, REASONS, KINDS)
"""What is summed: tasks by stage, status and glass; what tasks counted; why
they failed; records."""
SUMMED = ("chunks_left", "cpu_seconds", "wall_seconds")
"""Columns of tasks that are added up."""
SECONDS = 1e-9
"""Unit in which times are added up."""

Key = tuple[Any, ...]
Tally = dict[Key, list[int]]
"""Sums by key. The first number counts what is summed; where it is 0 there is no sum."""


def of_task(field: Mapping[str, Any]) -> Iterator[tuple[Key, list[int]]]:
    """What the row of one task, its columns by name, adds to the sums."""
    rank, stage, glass = field["rank"], field["stage"], field["glass"]
    times = [round(field[name] / SECONDS) for name in SUMMED[1:]]
    yield (TASKS, rank, stage, field["status"], glass), [1, field["chunks_left"], *times]
    for name, number in json.loads(field["counts"]).items():
        yield (COUNTS, rank, stage, glass, name), [1, number]
    if field["status"] == FAILED:
        yield (REASONS, rank, stage, field["reason"]), [1]


def of_record(kind: str) -> tuple[Key, list[int]]:
    """What one record adds."""
    return (KINDS, kind), [1]


def add(tally: Tally, sums: Iterable[tuple[Key, list[int]]], times: int = 1) -> None:
    """Add numbers to sums, so many times."""
    for key, numbers in sums:
        known = tally.get(key, [0] * len(numbers))
        tally[key] = [old + times * new for old, new in zip(known, numbers, strict=True)]


def without_empty(tally: Tally) -> Tally:
    """The sums over anything."""
    return {key: numbers for key, numbers in tally.items() if numbers[0]}


def text_of(part: Iterable[Any]) -> str:
    """A key, or the numbers of a sum, as they are stored."""
    return json.dumps(list(part), separators=(",", ":"))


def bounds(what: str) -> tuple[str, str]:
    """Texts between which all keys of one sort lie."""
    start = text_of([what])[:-1]
    return f"{start},", f"{start}-"


def summary_of(tally: Tally) -> list[dict[str, Any]]:
    """For each stage, status and glass the number of tasks, chunks left and seconds spent."""
    rows = []
    for key in sorted(key for key in tally if key[0] == TASKS):
        tasks, chunks, cpu, wall = tally[key]
        numbers = (chunks, cpu * SECONDS, wall * SECONDS)
        names = dict(zip(("stage", "status", "glass"), key[2:], strict=True))
        rows.append({**names, "tasks": tasks, **dict(zip(SUMMED, numbers, strict=True))})
    return rows


def by_stage(tally: Tally, what: str) -> dict[str, dict[str, int]]:
    """Counts or reasons, summed for each stage, in the order of the stages."""
    found: dict[tuple[int, str], dict[str, int]] = {}
    for key, numbers in tally.items():
        if key[0] == what:
            of_stage = found.setdefault((key[1], key[2]), {})
            of_stage[key[-1]] = of_stage.get(key[-1], 0) + numbers[-1]
    return {key[1]: dict(sorted(found[key].items())) for key in sorted(found)}


def by_glass(tally: Tally) -> dict[str, dict[str, dict[str, int]]]:
    """What tasks counted, for each glass, then stage."""
    found: dict[str, dict[str, dict[str, int]]] = {}
    for key in sorted(key for key in tally if key[0] == COUNTS):
        _, _, stage, glass, name = key
        found.setdefault(glass, {}).setdefault(stage, {})[name] = tally[key][-1]
    return found


def kinds_of(tally: Tally) -> dict[str, int]:
    """Records of each kind."""
    return {key[1]: tally[key][0] for key in sorted(tally) if key[0] == KINDS}
