"""The complete text of a plan, which a store keeps: what was typed, and what that leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from glasswells.plan.file import parse_plan, tables_of, toml_value
from glasswells.plan.glass_files import contents_in
from glasswells.plan.lanes import with_stored_lanes
from glasswells.plan.left_out import KEY, filled, values_left_out
from glasswells.plan.plan import Plan

HEADING = (
    "# What is not said above, as it was when the campaign began: it holds under later versions,\n"
    "# whatever their defaults are. What is said above goes first.\n"
)


def with_left_out(
    text: str, plan: type[Plan] = Plan, like: str | None = None, *, stored: bool = False
) -> str:
    """A plan's text with the value of each setting that it does not name; if none, as it is.

    Parameters
    ----------
    text
        TOML.
    plan
        The class of the plan.
    like
        Stored text of a campaign, which says what is taken for what the text leaves out, in place
        of the defaults of today.
    stored
        As for `parse_plan`.

    Raises
    ------
    PlanError
        For a plan with errors.
    """
    parsed = with_stored_lanes(parse_plan(text, plan=plan, like=like, stored=stored))
    tables = filled(tables_of(text), plan)
    values = values_left_out(parsed, tables)
    lines = [*_open_settings(parsed, tables), *_lines(values)]
    if not lines:
        return text
    contents = contents_in(text)
    typed = text.removesuffix(contents).rstrip("\n")
    block = "\n".join([f"{HEADING}[[{KEY}]]", *lines, ""])
    return "\n\n".join(part for part in (typed, block, contents) if part)


def _open_settings(plan: Plan, tables: Mapping[str, Any]) -> Iterator[str]:
    """What a value stands for that leaves a setting to the package."""
    if plan.stored_lanes and "stored_lanes" not in tables:
        yield f"stored_lanes = {toml_value(plan.stored_lanes)}  # of explore.lanes = 0"


def _lines(values: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for name, table in values.items():
        yield f"[{KEY}.{name}]"
        yield from (f"{key} = {toml_value(value)}" for key, value in table.items())
