"""What the digits of a text tell: numbers that were rounded, numbers in single precision."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasswells.core.records import Array

EXACT = 15
"""Digits from which numbers pass for float64, whose shortest texts have 15 to 17 of them."""
FEWEST = 12
"""Different numbers below which nothing is said about their digits."""
ROUNDED_FRACTION = 0.7
"""Of rounded numbers nine in ten have the last digit, if they are no multiples of a spacing."""
LEAST_DIGITS, LEAST_DECIMALS = 4, 3
"""Below, numbers are more likely to be exact as they stand, as those of a lattice are."""
SINGLE = range(8, 13)
"""Digits in which writers print single precision, which has 7.2, without saying that they do."""


def rounding(tokens: Sequence[str]) -> str | None:
    """To how many digits or decimals numbers are rounded, in words; None if to none.

    Parameters
    ----------
    tokens
        Of numbers, as `Lines.real` takes them.
    """
    if max((_digits(token) for token in tokens), default=0) >= EXACT:
        return None
    # 0.125 is a float64 to the last bit: nobody rounded it.
    tokens = [token for token in set(tokens) if Decimal(float(token)) != Decimal(token)]
    if len(tokens) < FEWEST:
        return None
    digits = [_digits(token) for token in tokens]
    decimals = [_decimals(token) for token in tokens]
    fraction, words = max(
        (_fraction_of_most(decimals), f"{max(decimals)} decimals"),
        (_fraction_of_most(digits), f"{max(digits)} digits"),
    )
    is_fine = max(digits) >= LEAST_DIGITS or max(decimals) >= LEAST_DECIMALS
    return words if is_fine and fraction >= ROUNDED_FRACTION else None


def widened(tokens: Sequence[str], values: Array) -> Array:
    """Numbers as float64; if all are single precision printed in more digits, as was meant.

    OVITO keeps radii in single precision and prints 0.44 as 0.4399999976. Where each number of a
    column is that of a float32 to its last digit, it becomes the shortest decimal that rounds to
    the same float32. Numbers of 13 digits and more stay as they are.

    Parameters
    ----------
    tokens, values
        The same numbers, as text and as float64 (N,).
    """
    most = max((_digits(token) for token in tokens), default=0)
    if most not in SINGLE:
        return values
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    printed = [float(f"{float(x):.{most}g}") for x in single]
    return shortest_decimals(single) if np.array_equal(printed, values) else values


def shortest_decimals(single: NDArray[Any]) -> Array:
    """Of single precision numbers, the shortest decimals that round to them, as float64.

    Both are as near to what was rounded; but a diameter of 0.88 is 0.88 again.
    """
    return np.array([float(str(x)) for x in single.astype(np.float32)], dtype=np.float64)


def _digits(token: str) -> int:
    """Significant digits, without zeros at the end."""
    mantissa = token.lower().partition("e")[0].lstrip("+-")
    return len(mantissa.replace(".", "").lstrip("0").rstrip("0"))


def _decimals(token: str) -> int:
    """Decimals without zeros at the end; none of numbers with an exponent."""
    return 0 if "e" in token.lower() else len(token.partition(".")[2].rstrip("0"))


def _fraction_of_most(counts: Sequence[int]) -> float:
    return counts.count(max(counts)) / len(counts)
