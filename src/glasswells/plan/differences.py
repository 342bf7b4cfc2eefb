"""Which settings of two plans differ, in the words of a plan file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from glasswells.core.shown import shown
from glasswells.plan.plan import Plan

MAX_NAMED = 6
"""Settings that a message names."""
ABSENT = "not given"


def plan_differences(there: Plan, here: Plan, *, of_work: bool = False) -> list[str]:
    """A text for each setting that differs, as `explore.quenches is 100 there and 200 here`.

    The contents of the files of glasses are one setting; at most six are named.

    Parameters
    ----------
    there, here
        The plans.
    of_work
        Only what changes the work: not what the campaign is called.
    """
    one, other = there.model_dump(), here.model_dump()
    if of_work:
        other["campaign"]["name"] = one["campaign"]["name"]
    found = list(_differences(one, other))
    if len(found) > MAX_NAMED:
        return [*found[:MAX_NAMED], f"{len(found) - MAX_NAMED} more settings differ"]
    return found


def _differences(
    there: Mapping[str, Any], here: Mapping[str, Any], place: str = ""
) -> Iterator[str]:
    for key in dict.fromkeys((*there, *here)):
        name = f"{place}{key}"
        one, other = there.get(key, ABSENT), here.get(key, ABSENT)
        if one == other:
            continue
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            yield from _differences(one, other, f"{name}.")
        elif name == "stored_glasses":
            yield "the contents of glasses.files differ"
        else:
            yield f"{name} is {_value(one)} there and {_value(other)} here"


def _value(value: object) -> str:
    if value == ABSENT:
        return ABSENT
    return shown(list(value) if isinstance(value, tuple) else value)
