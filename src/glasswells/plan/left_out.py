"""What plans leave out: a campaign keeps what it began with, whatever later defaults are.

The complete text of a plan ends in tables `left_out` with the value of each setting that the lines
above do not name. They are the plan's own word on these settings, so that a campaign says, resumes
and grows by what it was begun with, also under a version with other defaults.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from glasswells.core.shown import shown
from glasswells.plan.base import Section

KEY = "left_out"
"""The array of tables in a plan; what comes first goes before what comes later."""
FORMER: Mapping[str, Mapping[str, Any]] = {
    "explore": {"trajectories": 4, "interval": 40, "time_step": 0.01, "lanes": 1}
}
"""Defaults of version 0.2.0 that are others since. Stores of this version and of 0.1.0, which had
the same, do not say what their plans left out."""


def misplaced(tables: Mapping[str, Any]) -> str | None:
    """What is wrong with the form of `left_out` in the tables of a text, if anything is."""
    given = tables.get(KEY, [])
    if isinstance(given, list) and all(isinstance(table, dict) for table in given):
        return None
    is_table = isinstance(given, dict)
    return (
        f"{KEY} is {'a single table' if is_table else shown(given)}, expected a list of tables as "
        f"campaigns write it: a line [[{KEY}]] with double brackets, below it tables such as "
        f"[{KEY}.explore]; or leave all of this out"
    )


def left_out_in(tables: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What the plan of a campaign left out, by its stored text; of old stores the `FORMER`."""
    return list(tables.get(KEY, ())) or [FORMER]


def filled(
    tables: Mapping[str, Any], plan: type[Section], further: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """The tables of a plan with what it says to have left out, and below that with more such."""
    own = tables.get(KEY, [])
    found = {key: value for key, value in tables.items() if key != KEY}
    for under in (*own, *further):
        found = _over(found, under, plan)
    return found


def values_left_out(
    plan: Section, tables: Mapping[str, Any], place: str = ""
) -> dict[str, dict[str, Any]]:
    """What the text of a plan does not name, with the values that this plan has.

    Parameters
    ----------
    plan
        As read from the text.
    tables
        The text's, `filled`.
    place
        Of the tables in the whole, to be put before their names.

    Returns
    -------
    dict
        Of each table of the plan, by a name such as `explore` or `pairs.close`, its settings.
    """
    found: dict[str, dict[str, Any]] = {}
    for key, table in subsections(type(plan)).items():
        given, section = tables.get(key, {}), getattr(plan, key)
        is_known = given.keys() <= table.model_fields.keys()
        if not is_known and table.model_config.get("extra") != "allow":
            continue  # words of old versions, which mean other settings
        named = {*given, *subsections(table)}
        values = {k: getattr(section, k) for k in table.model_fields if k not in named}
        found |= {f"{place}{key}": values} if values else {}
        found |= values_left_out(section, given, f"{place}{key}.")
    return found


def subsections(section: type[Section]) -> dict[str, type[Section]]:
    """The tables inside a table, by name."""
    kinds = {key: field.annotation for key, field in section.model_fields.items()}
    return {k: t for k, t in kinds.items() if isinstance(t, type) and issubclass(t, Section)}


def _over(
    given: Mapping[str, Any], under: Mapping[str, Any], section: type[Section]
) -> dict[str, Any]:
    """Tables that were given over others, entry by entry."""
    merged = {**under, **given}
    for key, table in subsections(section).items():
        if isinstance(given.get(key), dict) and isinstance(under.get(key), Mapping):
            merged[key] = _over(given[key], under[key], table)
    return merged
