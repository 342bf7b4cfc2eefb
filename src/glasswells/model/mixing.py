"""How far and how strongly the pairs of a set of particles interact, by the model's mixing rule."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np

from glasswells.core.compiler import kernel
from glasswells.core.errors import InputError
from glasswells.core.records import Array
from glasswells.model.law import PairLaw

SOUND, NO_RANGE, NOT_SYMMETRIC, OTHER_STRENGTH = 0, 1, 2, 3
"""What the kernel finds wrong with a mixing rule; the texts are `FAULTS`."""
FAULTS = {
    NO_RANGE: "expected a range above 0 and a finite strength",
    NOT_SYMMETRIC: "expected the same with the two exchanged: a pair has no order",
    OTHER_STRENGTH: "expected the strength 1, as `uniform_strength` of its law states",
}
LARGEST_ASYMMETRY = 1e-12
"""Relative difference of mix(a, b) and mix(b, a) that rounding may leave."""


class MixedRanges(NamedTuple):
    """What a mixing rule makes of the diameters of a set of particles."""

    longest: float
    """Largest range_ij of any two of them, length."""
    over_mean: float
    """Upper bound of range_ij / ((sigma_i + sigma_j)/2), at least 1."""
    is_rising: bool = True
    """Whether no range falls when one of the two diameters grows."""
    weakest: float = 1.0
    """Smallest strength_ij."""


def mixed_ranges(law: PairLaw, constants: Any, diameters: Array) -> MixedRanges:
    """Ranges and strengths of all pairs of distinct diameters, self-pairs included.

    Raises
    ------
    InputError
        For a rule that gives a pair no range, depends on the order of the two, or has a strength
        other than 1 where the law states a uniform one.
    """
    sizes: Array = np.unique(diameters)
    return _cached(law, constants, sizes.tobytes())


@lru_cache(maxsize=16)
def _cached(law: PairLaw, constants: Any, sizes: bytes) -> MixedRanges:
    """Kept because each quench makes interactions of the same particles anew."""
    values = np.frombuffer(sizes)
    longest, over_mean, rising, weakest, fault, i, j = mixing_kernel(law)(values, constants)
    if fault != SOUND:
        rule = law.mix(values[i], values[j], constants)
        raise InputError(
            f"the mixing rule gives diameters {values[i]:g} and {values[j]:g} the range "
            f"{rule[0]:g} and the strength {rule[1]:g}, {FAULTS[fault]}"
        )
    return MixedRanges(float(longest), float(over_mean), bool(rising), float(weakest))


@cache
def mixing_kernel(law: PairLaw) -> Any:
    """(distinct sizes, ascending, k) -> the four entries of `MixedRanges`, fault, its pair."""
    mix, uniform = law.mix, law.uniform_strength

    @kernel
    def survey(sizes, k):  # type: ignore[no-untyped-def]
        longest, over_mean, weakest, rising = 0.0, 1.0, np.inf, True
        fault, first, second = 0, 0, 0
        for i in range(sizes.shape[0]):
            before = 0.0
            for j in range(sizes.shape[0]):
                range_ij, strength = mix(sizes[i], sizes[j], k)
                other, other_strength = mix(sizes[j], sizes[i], k)
                found = 0
                if not (np.isfinite(range_ij) and range_ij > 0.0 and np.isfinite(strength)):
                    found = NO_RANGE
                elif abs(range_ij - other) > LARGEST_ASYMMETRY * range_ij or abs(
                    strength - other_strength
                ) > LARGEST_ASYMMETRY * abs(strength):
                    found = NOT_SYMMETRIC
                elif uniform and strength != 1.0:
                    found = OTHER_STRENGTH
                if found != 0 and fault == 0:
                    fault, first, second = found, i, j
                longest = max(longest, range_ij)
                over_mean = max(over_mean, range_ij / (0.5 * (sizes[i] + sizes[j])))
                weakest = min(weakest, strength)
                rising = rising and not range_ij < before
                before = range_ij
        return longest, over_mean, rising, weakest, fault, first, second

    return survey
