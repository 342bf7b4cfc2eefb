"""Which settings of two plans differ, in the words of a plan file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from glasswells.core.shown import shown
from glasswells.plan.plan import Plan

MAX_NAMED = 6
"""Settings that a message names."""
ABSENT = "not given"


def plan_differences(
    one: Plan, other: Plan, *, places: tuple[str, str], of_work: bool = False
) -> list[str]:
    """A text for each setting that differs, as `explore.quenches is 100 in old and 200 in new`.

    The contents of the files of glasses are one setting; at most six are named.

    Parameters
    ----------
    one, other
        The plans.
    places
        Where a reader finds each of the two, such as `in FOLDER`.
    of_work
        Only what changes the work: not what the campaign is called.
    """
    first, second = one.model_dump(), other.model_dump()
    if of_work:
        second["campaign"]["name"] = first["campaign"]["name"]
    found = list(_differences(first, second, places))
    if len(found) > MAX_NAMED:
        return [*found[:MAX_NAMED], f"{len(found) - MAX_NAMED} more settings differ"]
    return found


def _differences(
    first: Mapping[str, Any], second: Mapping[str, Any], places: tuple[str, str], table: str = ""
) -> Iterator[str]:
    for key in dict.fromkeys((*first, *second)):
        name = f"{table}{key}"
        one, other = first.get(key, ABSENT), second.get(key, ABSENT)
        if one == other:
            continue
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _differences(one, other, places, f"{name}.")
        elif name == "stored_glasses":
            yield "the contents of glasses.files differ"
        elif name == "stored_lanes":
            yield f"explore.lanes = 0 stands for {_both(one, other, places)}"
        else:
            yield f"{name} is {_both(one, other, places)}"


def _both(one: object, other: object, places: tuple[str, str]) -> str:
    return f"{_value(one)} {places[0]} and {_value(other)} {places[1]}"


def _value(value: object) -> str:
    if value == ABSENT:
        return ABSENT
    return shown(list(value) if isinstance(value, tuple) else value)
