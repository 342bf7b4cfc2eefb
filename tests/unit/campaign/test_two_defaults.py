"""Where defaults of plans and of Python differ, a page says so, with both values."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import glasswells as gw
from glasswells.plan.base import Section
from glasswells.plan.left_out import subsections
from glasswells.stages.table import PLAN

PAGE = Path(__file__).parents[3] / "docs" / "choosing.md"


def listed() -> list[list[str]]:
    text = PAGE.read_text().split("## Defaults in Python and in plans")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    return [[cell.replace("`", "") for cell in row] for row in rows]


def in_plans(place: str) -> Any:
    section: type[Section] = PLAN
    *tables, key = place.split(".")
    for table in tables:
        section = subsections(section)[table]
    return section.model_fields[key].default


def in_python(place: str) -> Any:
    owner, name = place.split(", ")
    return inspect.signature(getattr(gw, owner.removeprefix("gw."))).parameters[name].default


def differing(section: type[Section], place: str = "") -> Iterator[str]:
    """Settings with a home in Python whose default in plans is another one."""
    for key, (record, name) in section.settings_in().items():
        (field,) = (item for item in dataclasses.fields(record) if item.name == name)
        if section.model_fields[key].default != field.default:
            yield f"{place}{key}"
    for key, table in subsections(section).items():
        yield from differing(table, f"{place}{key}.")


def test_the_page_tells_both_values_of_every_setting_that_differs() -> None:
    rows = listed()
    assert len(rows) > 5
    for plan, value, python, other, reason in rows:
        assert str(in_plans(plan)) == value
        known = in_python(python)
        assert ("all" if known is None else f"{known:g}") == other
        assert value != other
        assert reason
    assert set(differing(PLAN)) <= {plan for plan, *_ in rows}
