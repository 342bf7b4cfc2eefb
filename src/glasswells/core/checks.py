"""Checks of numbers and arrays at the public boundary: each failure is one clear `InputError`."""

from __future__ import annotations

import operator
from numbers import Real
from typing import Any, SupportsIndex

import numpy as np
from numpy.typing import ArrayLike, NDArray

from glasswells.core.errors import InputError


def float64_array(
    name: str, value: ArrayLike, shape: tuple[int | None, ...]
) -> NDArray[np.float64]:
    """`value` as a new finite, contiguous, native float64 array of `shape` (None: any length).

    Lists and integers are converted, which loses nothing. Single precision is refused: an
    inherent structure rounded to 24 bits is no minimum any more.

    Raises
    ------
    InputError
        For other dtypes, other shapes, NaN and infinities.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise InputError(f"{name} cannot be made an array: {error}") from None
    if array.dtype.kind not in "iuf" or (array.dtype.kind == "f" and array.dtype.itemsize < 8):
        raise InputError(
            f"{name} has dtype {array.dtype}, expected float64: convert it first, for example "
            f"with np.asarray(..., dtype=np.float64), if its precision suffices"
        )
    expected = "(" + ", ".join("N" if n is None else str(n) for n in shape) + ")"
    if array.ndim != len(shape) or any(
        n is not None and n != m for n, m in zip(shape, array.shape, strict=True)
    ):
        raise InputError(f"{name} has shape {array.shape}, expected {expected}")
    result = np.array(array, dtype=np.float64, order="C")
    if not np.isfinite(result).all():
        index = tuple(int(i) for i in np.argwhere(~np.isfinite(result))[0])
        raise InputError(
            f"{name}{list(index)} is {result[index]}, expected finite numbers: find out where it "
            f"was made"
        )
    return result


def positive_array(
    name: str, value: ArrayLike, shape: tuple[int | None, ...], what: str
) -> NDArray[np.float64]:
    """As `float64_array`, for a one-dimensional array of `what`, all of them above zero."""
    array = float64_array(name, value, shape)
    if array.min() <= 0:
        k = int(array.argmin())
        raise InputError(f"{name}[{k}] is {array[k]}, expected {what} above 0")
    return array


def finite(name: str, value: Any) -> float:
    """`value` as a finite float."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, Real):
        raise InputError(f"{name} is {value!r}, expected a number")
    try:
        number = float(value)
    except OverflowError:  # an integer of hundreds of digits
        raise InputError(f"{name} is too large for a float64, expected a finite number") from None
    if not np.isfinite(number):
        raise InputError(f"{name} is {number}, expected a finite number")
    return number


def positive(name: str, value: Any) -> float:
    """`value` as a finite float above zero."""
    number = finite(name, value)
    if number <= 0:
        raise InputError(f"{name} is {number}, expected a number above 0")
    return number


def not_negative(name: str, value: Any) -> float:
    """`value` as a finite float of at least zero."""
    number = finite(name, value)
    if number < 0:
        raise InputError(f"{name} is {number}, expected a number of at least 0")
    return number


def fraction(name: str, value: Any) -> float:
    """`value` as a float in [0, 1]."""
    number = finite(name, value)
    if not 0 <= number <= 1:
        raise InputError(f"{name} is {number}, expected a number in [0, 1]")
    return number


def count(name: str, value: SupportsIndex, minimum: int = 0) -> int:
    """`value` as an integer of at least `minimum`."""
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{name} is {value!r}, expected an integer") from None
    if isinstance(value, bool) or number < minimum:
        raise InputError(f"{name} is {value!r}, expected an integer of at least {minimum}")
    return number
