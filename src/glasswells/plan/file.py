"""Plan files: TOML in, a checked plan out; and the commented file that `init` writes."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ValidationError, create_model

from glasswells.plan.base import STORED, Section
from glasswells.plan.errors import PlanError, problems
from glasswells.plan.left_out import filled, left_out_in, misplaced
from glasswells.plan.plan import Plan

WIDTH = 96
STORED_PLAN = "the plan of the campaign"
"""What the text of another campaign is called in messages."""
BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")

UNITS_EXAMPLE = """\
# Unit sets of your own, named in splittings.units. All four numbers are needed.
# [units.krypton]
# length = 3.65            # sigma in angstrom
# energy = 164.0           # epsilon / k_B in kelvin
# mass = 83.798            # m in atomic mass units
# tls_threshold = 0.0011   # 0.18 K in units of epsilon
"""


def plan_with(tables: Mapping[str, type[Section]]) -> type[Plan]:
    """The class of plans that have these tables, too, by name; `Plan.table` gives them.

    Raises
    ------
    ValueError
        If a plan has another table of one of these names.
    """
    more: dict[str, Any] = {}
    for name, table in tables.items():
        known = Plan.model_fields.get(name)
        if known is None:
            more[name] = (table, table())
        elif known.annotation is not table:
            raise ValueError(f"plans have another table {name}: expected a name of its own")
    return create_model("Plan", __base__=Plan, **more) if more else Plan


def parse_plan(
    text: str,
    source: str = "the plan",
    plan: type[Plan] = Plan,
    *,
    like: str | None = None,
    stored: bool = False,
) -> Plan:
    """The plan in a TOML text.

    Parameters
    ----------
    text
        TOML.
    source
        What it is called in messages.
    plan
        The class of the plan.
    like
        Stored text of a campaign, which says what is taken for what the text leaves out; it may be
        the same text. None: the defaults of today.
    stored
        Whether the campaign exists: what later versions came to refuse is then let pass.

    Raises
    ------
    PlanError
        With all that is wrong with it, one line each.
    """
    tables = tables_of(text, source)
    further = (
        []
        if like is None
        else left_out_in(tables if like is text else tables_of(like, STORED_PLAN))
    )
    try:
        return plan.model_validate(filled(tables, plan, further), context={STORED: stored})
    except ValidationError as error:
        raise PlanError(source, problems(error, plan)) from None


def tables_of(text: str, source: str = "the plan") -> dict[str, Any]:
    """The tables of a TOML text, unchecked but for the form of what it says to have left out.

    Raises
    ------
    PlanError
        If it is none, or that form is another one.
    """
    try:
        tables = tomllib.loads(text)
    except ValueError as error:  # of TOML, and of integers with thousands of digits
        raise PlanError(source, [f"no TOML: {error}"]) from None
    except RecursionError:
        raise PlanError(source, ["no plan: nested too deeply"]) from None
    problem = misplaced(tables)
    if problem:
        raise PlanError(source, [problem])
    return tables


def plan_template(name: str = "campaign", plan: type[Plan] = Plan) -> str:
    """A plan file with every field at its default and the reason for it as a comment."""
    parts = [
        "# A campaign of glasswells: from glasses to double wells and tunnel splittings.\n"
        "# Run it with `glasswells run THIS_FILE`. Reduced units throughout (energy epsilon,\n"
        "# length <sigma>, mass m, k_B = 1). Lines may be left out: the values are the defaults.\n"
    ]
    for key, field in plan.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            changes = {"name": name} if key == "campaign" else {}
            parts.append(_table(key, field.annotation, changes))
    parts.append(UNITS_EXAMPLE)
    return "\n".join(parts)


def _table(key: str, section: type[BaseModel], changes: dict[str, Any]) -> str:
    lines = [*_comment((section.__doc__ or "").split("\n")[0]), f"[{key}]"]
    inner = []
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            inner.append(_table(f"{key}.{name}", field.annotation, {}))
            continue
        lines += _comment(field.description or "")
        lines.append(f"{name} = {toml_value(changes.get(name, field.default))}")
    return "\n".join(["\n".join(lines) + "\n", *inner])


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, WIDTH - 2)]


def toml_key(key: str) -> str:
    """A key as TOML: as it is if it may be bare."""
    return key if BARE_KEY.fullmatch(key) else json.dumps(key)


def toml_value(value: Any) -> str:
    """A number, text, truth value, or a tuple or table of them as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, dict):
        rows = ", ".join(f"{toml_key(key)} = {toml_value(item)}" for key, item in value.items())
        return f"{{ {rows} }}" if rows else "{}"
    if isinstance(value, tuple | list):
        return f"[{', '.join(toml_value(item) for item in value)}]"
    return repr(value)
