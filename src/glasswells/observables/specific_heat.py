r"""The specific heat of two-level systems, summed term by term.

.. math:: \frac{C}{V} = \frac{k_B}{V} \sum \left(\frac{E}{2T}\right)^2 \mathrm{sech}^2\frac{E}{2T}

(Schottky). A constant density n_0 of splittings makes it (pi^2/6) n_0 T.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.checks import positive_array
from glasswells.core.records import Array
from glasswells.observables.records import TwoLevelStates
from glasswells.statistics.bootstrap import DEFAULT_RESAMPLING, Resampling
from glasswells.statistics.sums import EstimatedCurve, sum_per_volume


def sech2(x: Array) -> Array:
    """sech^2 x without overflow."""
    decay = np.exp(-2.0 * np.abs(x))
    result: Array = 4.0 * decay / (1.0 + decay) ** 2
    return result


def schottky(splitting: ArrayLike, temperatures: ArrayLike) -> Array:
    """Specific heat of single two-level systems (K, M) in k_B, of E (K,) at T (M,)."""
    temperature = positive_array("temperatures", temperatures, (None,), "temperatures")
    x = np.asarray(splitting, dtype=np.float64)[:, None] / (2.0 * temperature)
    heat: Array = x**2 * sech2(x)
    return heat


def specific_heat(
    glasses: Sequence[TwoLevelStates],
    temperatures: ArrayLike,
    resampling: Resampling = DEFAULT_RESAMPLING,
) -> EstimatedCurve:
    """C/V in k_B per volume at temperatures (M,), reduced units.

    Parameters
    ----------
    glasses
        Two-level systems of each glass, each distinct one once; a glass without any counts.
    temperatures
        (M,), reduced.
    resampling
        Of the error bars.
    """
    return sum_per_volume(
        [schottky(glass.splitting, temperatures) for glass in glasses],
        [glass.volume for glass in glasses],
        resampling,
    )
