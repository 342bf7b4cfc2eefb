"""Limits of settings, stated once: in the annotation of the field that they hold for.

`check_limits` enforces them where a record is made, and tables of plans take them from there.
"""

from __future__ import annotations

import operator
import typing
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from glasswells.core.checks import count, finite, fraction, not_negative, positive
from glasswells.core.errors import InputError


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """Where a finite number has to lie."""

    above: float | None = None
    """It is larger than this, ..."""
    least: float | None = None
    """... at least this, ..."""
    most: float | None = None
    """... and at most this."""


Positive = Annotated[float, Limits(above=0.0)]
NotNegative = Annotated[float, Limits(least=0.0)]
Fraction = Annotated[float, Limits(least=0.0, most=1.0)]
Count = Annotated[int, Limits(least=0)]
PositiveCount = Annotated[int, Limits(least=1)]


def limits_of(record: Any) -> dict[str, tuple[type[Any], Limits]]:
    """Type and limits of those fields of a class whose annotations state some."""
    return _stated_in(record)


@cache
def _stated_in(record: Any) -> dict[str, tuple[type[Any], Limits]]:
    found = {}
    for name, hint in typing.get_type_hints(record, include_extras=True).items():
        stated = [item for item in getattr(hint, "__metadata__", ()) if isinstance(item, Limits)]
        if stated:
            found[name] = (typing.get_args(hint)[0], stated[0])
    return found


def check_limits(record: Any) -> None:
    """Check all such fields, in `__post_init__`; integers are counts unless `least` is below 0.

    Raises
    ------
    InputError
        For the first number that is no number, or lies outside.
    """
    for name, (kind, limits) in limits_of(type(record)).items():
        value = getattr(record, name)
        if kind is int:
            count(name, value, minimum=int(limits.least or 0))
        elif (limits.least, limits.most) == (0.0, 1.0):
            fraction(name, value)
        elif limits.above == 0.0:
            positive(name, value)
        elif limits.least == 0.0:
            not_negative(name, value)
        else:
            finite(name, value)
        # The checks above have the better words, but know no other limits than 0 and 1.
        _check_bounds(name, value, limits)


def _check_bounds(name: str, value: float, limits: Limits) -> None:
    for bound, holds, words in (
        (limits.above, operator.gt, "more than"),
        (limits.least, operator.ge, "at least"),
        (limits.most, operator.le, "at most"),
    ):
        if bound is not None and not holds(value, bound):
            raise InputError(f"{name} is {value}, expected {words} {bound:g}")
