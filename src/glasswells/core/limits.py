"""Limits of settings, stated once: in the annotation of the field that they hold for.

`check_limits` enforces them where a record is made. They are written as an `Interval`, which tables
of plans understand as well: there the same kinds of numbers have the same names.
"""

from __future__ import annotations

import operator
import typing
from functools import cache
from typing import Annotated, Any

from annotated_types import Interval

from glasswells.core.checks import count, finite, fraction, not_negative, positive
from glasswells.core.errors import InputError

Positive = Annotated[float, Interval(gt=0.0)]
NotNegative = Annotated[float, Interval(ge=0.0)]
Fraction = Annotated[float, Interval(ge=0.0, le=1.0)]
Count = Annotated[int, Interval(ge=0)]
PositiveCount = Annotated[int, Interval(ge=1)]


def limits_of(record: Any) -> dict[str, tuple[type[Any], Interval]]:
    """Type and limits of those fields of a class whose annotations state some."""
    return _stated_in(record)


@cache
def _stated_in(record: Any) -> dict[str, tuple[type[Any], Interval]]:
    found = {}
    for name, hint in typing.get_type_hints(record, include_extras=True).items():
        stated = [item for item in getattr(hint, "__metadata__", ()) if isinstance(item, Interval)]
        if stated:
            found[name] = (typing.get_args(hint)[0], stated[0])
    return found


def check_limits(record: Any) -> None:
    """Check all such fields, in `__post_init__`; integers are counts unless `ge` is below 0.

    Raises
    ------
    InputError
        For the first number that is no number, or lies outside.
    """
    for name, (kind, limits) in limits_of(type(record)).items():
        value = getattr(record, name)
        if kind is int:
            count(name, value, minimum=limits.ge if isinstance(limits.ge, int) else 0)
        elif (limits.ge, limits.le) == (0.0, 1.0):
            fraction(name, value)
        elif limits.gt == 0.0:
            positive(name, value)
        elif limits.ge == 0.0:
            not_negative(name, value)
        else:
            finite(name, value)
        # The checks above have the better words, but know no other limits than 0 and 1.
        _check_bounds(name, value, limits)


def _check_bounds(name: str, value: float, limits: Interval) -> None:
    for bound, holds, words in (
        (limits.gt, operator.gt, "more than"),
        (limits.ge, operator.ge, "at least"),
        (limits.lt, operator.lt, "less than"),
        (limits.le, operator.le, "at most"),
    ):
        if bound is not None and not holds(value, bound):
            raise InputError(f"{name} is {value}, expected {words} {bound:g}")
