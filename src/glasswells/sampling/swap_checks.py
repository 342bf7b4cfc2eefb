"""What swap Monte Carlo asks of a model, beyond what the model asks of a configuration."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from glasswells.core.compiler import kernel
from glasswells.core.errors import InputError
from glasswells.core.records import Array, Configuration
from glasswells.model.law import PairLaw, single_precision
from glasswells.model.pair_model import PairModel

LARGEST_ERROR = 1e-5
"""Relative error of a mixing rule in single precision; rounding alone leaves some 1e-7."""
TINY = 1e-300
"""Keeps a strength of zero from being divided by."""


def check_swap_model(model: PairModel, configuration: Configuration) -> None:
    """Raise `InputError` unless early rejection of swaps is right for this model and particles.

    It needs energies that are nowhere negative, ranges that do not fall when a
    diameter grows, and a mixing rule that single precision does not change.
    """
    attracts = InputError(
        f"the model is {model}, expected a purely repulsive one: early rejection of swaps would "
        f"be wrong with attraction; use molecular_dynamics instead"
    )
    if not model.is_repulsive:
        raise attracts
    model.check(configuration)
    diameters = configuration.diameters
    ranges = model.ranges(diameters)
    if ranges.weakest < 0:
        raise attracts
    if not ranges.is_rising:
        raise InputError(
            f"under {model} the range of a pair falls when a diameter grows towards "
            f"{diameters.max():g}, expected it to rise: the lists of swap moves rely on that; use "
            f"a smaller nonadditivity or smaller diameters"
        )
    _check_single_precision(model, np.unique(diameters))


def _check_single_precision(model: PairModel, sizes: Array) -> None:
    constants = model.constants
    error, i, j = _error_kernel(model.law)(
        sizes, sizes.astype(np.float32), constants, single_precision(constants)
    )
    if error > LARGEST_ERROR:
        raise InputError(
            f"under {model} the range or the strength of the diameters {sizes[i]:g} and "
            f"{sizes[j]:g} changes by {error:.1g} of itself in single precision, in which swap "
            f"moves are made: let the mixing rule tell sizes apart by limits between them, not by "
            f"equality with a decimal number"
        )


@cache
def _error_kernel(law: PairLaw) -> Any:
    """(sizes, the same in single precision, k, k32) -> largest relative error, and its pair."""
    mix = law.mix

    @kernel
    def largest_error(sizes, sizes32, k, k32):  # type: ignore[no-untyped-def]
        largest, first, second = 0.0, 0, 0
        for i in range(sizes.shape[0]):
            for j in range(i + 1):
                range_ij, strength = mix(sizes[i], sizes[j], k)
                range32_ij, strength32 = mix(sizes32[i], sizes32[j], k32)
                error = max(
                    abs(range32_ij - range_ij) / range_ij,
                    abs(strength32 - strength) / max(strength, TINY),
                )
                if error > largest:
                    largest, first, second = error, i, j
        return largest, first, second

    return largest_error
