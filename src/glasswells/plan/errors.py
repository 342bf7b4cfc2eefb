"""What is wrong with a plan, all at once: each line says where, what, and what was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from glasswells.core.errors import InputError
from glasswells.core.shown import shown
from glasswells.plan.base import ONE, SEVERAL


class PlanError(InputError):
    """A plan that cannot be used.

    Parameters
    ----------
    source
        Name of the file.
    problems
        One line each.
    hint
        A last line, which is no problem.
    """

    def __init__(self, source: str, problems: Sequence[str], hint: str | None = None) -> None:
        self.problems = tuple(problems)
        heading = f"{source} has {len(problems)} problem{'s' if len(problems) > 1 else ''}:"
        lines = [*problems, *([hint] if hint else [])]
        super().__init__("\n".join([heading, *(f"  {line}" for line in lines)]))


def closest(name: str, options: Iterable[str]) -> str:
    """`; did you mean ...?` or the list of what is possible."""
    options = list(options)
    matches = difflib.get_close_matches(name, options, n=1, cutoff=0.6)
    if matches:
        return f": did you mean {matches[0]!r}?"
    return f", expected one of {', '.join(options)}"


def suggestion(key: str, known: Iterable[str]) -> str:
    """The message for a key that nothing reads."""
    return f"unknown key {key!r}{closest(key, known)}"


def problems(error: ValidationError, model: type[BaseModel]) -> list[str]:
    """The lines for a failed validation, by place in the file."""
    found = error.errors(include_url=False)
    return [_line(item, model) for item in found if not _is_of_bad_entries(item)]


def _is_of_bad_entries(item: Mapping[str, Any]) -> bool:
    """Whether entries are said to be missing that are there, and have problems of their own."""
    given = item["input"]
    long_enough = isinstance(given, Sequence) and len(given) >= item.get("ctx", {}).get(
        "min_length", 0
    )
    return item["type"] == "too_short" and long_enough


def _line(item: Mapping[str, Any], model: type[BaseModel]) -> str:
    place = tuple(step for step in item["loc"] if step not in (ONE, SEVERAL))
    kind, message = item["type"], item["msg"]
    if kind == "extra_forbidden":
        *parents, key = place
        return f"{_path(parents)}{suggestion(str(key), _known(model, parents))}"
    if kind == "missing":
        return f"{_path(place)}missing, expected a value"
    if kind == "value_error":
        return f"{_path(place)}{str(message).removeprefix('Value error, ')}"
    if kind == "string_pattern_mismatch":
        where = _path(place[:-1] if place[-1] == "[key]" else place)
        return (
            f"{where}is {shown(item['input'])}, expected 1 to 64 lower case letters, digits, - "
            f"or _, a letter or digit first"
        )
    if kind in ("model_type", "dict_type"):
        return f"{_path(place)}expected a table, [{'.'.join(map(str, place))}]"
    if kind == "too_short":
        least = item["ctx"]["min_length"]
        what = "one entry" if least == 1 else f"{least} entries"
        return f"{_path(place)}is {shown(item['input'])}, expected at least {what}"
    text = str(message)
    for noise in ("Input should be ", "Input should have "):
        text = text.removeprefix(noise)
    return f"{_path(place)}is {shown(item['input'])}, expected {text[0].lower()}{text[1:]}"


def _path(place: Sequence[Any]) -> str:
    text = ""
    for step in place:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return f"{text}: " if text else ""


def _known(model: type[BaseModel], place: Sequence[Any]) -> list[str]:
    """The keys of the table at `place`."""
    current: Any = model
    for step in place:
        field = current.model_fields.get(step) if hasattr(current, "model_fields") else None
        current = field.annotation if field is not None else current
        # A table of tables, such as [units.NAME], holds its own type as the last argument.
        if not hasattr(current, "model_fields"):
            current = get_args(current)[-1] if get_args(current) else model
    return list(current.model_fields)
