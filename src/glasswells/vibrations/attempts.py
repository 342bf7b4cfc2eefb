"""A quantity that cannot be had is recorded with its reason; the others of its task are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from glasswells.core.errors import GlasswellsError

T = TypeVar("T")

NUMERICAL_ERRORS = (GlasswellsError, ArithmeticError, RuntimeError, ValueError)
"""What our own routines, LAPACK, ARPACK and SuperLU raise for numbers that they cannot handle."""


def attempt(what: str, compute: Callable[[], T], failures: list[str]) -> T | None:
    """The result of `compute`; None if it fails, with the reason added to `failures`."""
    try:
        return compute()
    except NUMERICAL_ERRORS as error:
        failures.append(f"{what}: {type(error).__name__}: {error}")
        return None
