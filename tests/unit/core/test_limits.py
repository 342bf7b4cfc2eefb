"""Limits of settings, wherever they lie."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import pytest
from annotated_types import Interval

from glasswells.core.errors import InputError
from glasswells.core.limits import Fraction, NotNegative, Positive, check_limits


@dataclass(frozen=True, kw_only=True)
class Settings:
    angle: Annotated[float, Interval(ge=-2.0, le=3.5)] = 0.0
    width: Annotated[float, Interval(gt=0.0, le=20.0)] = 5.0
    height: Annotated[float, Interval(gt=2.0)] = 3.0
    floor: Annotated[float, Interval(ge=1.5)] = 1.5
    top: Annotated[float, Interval(le=-1.0)] = -1.0
    open: Annotated[float, Interval(gt=-1.0, lt=2.0)] = 1.0
    number: Annotated[int, Interval(gt=2, le=4)] = 3
    step: Annotated[int, Interval(ge=-3)] = -3
    part: Fraction = 1.0
    length: Positive = 7.0
    rest: NotNegative = 0.0

    def __post_init__(self) -> None:
        check_limits(self)


@pytest.mark.parametrize(
    ("name", "inside", "outside"),
    [
        ("angle", (-2.0, 3.5), (-2.01, 3.51)),
        ("width", (0.1, 20.0), (0.0, 20.1)),
        ("height", (2.1, 9.0), (1.0, 2.0)),
        ("floor", (1.5, 9.0), (1.0, -1.0)),
        ("top", (-1.0, -9.0), (-0.9, 1.0)),
        ("open", (-0.9, 1.9), (-1.0, 2.0)),
        ("number", (3, 4), (2, 5)),
        ("step", (-3, 7), (-4,)),
        ("part", (0.0, 1.0), (-0.1, 1.1)),
        ("length", (0.1,), (0.0,)),
        ("rest", (0.0, 2.0), (-0.1,)),
    ],
)
def test_each_limit_holds_wherever_it_lies(
    name: str, inside: tuple[float, ...], outside: tuple[float, ...]
) -> None:
    for value in inside:
        assert getattr(Settings(**{name: value}), name) == value
    for value in (*outside, math.nan, math.inf, True):
        with pytest.raises(InputError, match=f"{name} is {value}, expected"):
            Settings(**{name: value})
