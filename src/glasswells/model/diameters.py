"""Particle diameters from P(sigma) = A sigma^-3 (Ninarello et al., PRX 7, 021039, 2017)."""

from __future__ import annotations

from typing import Literal

import numpy as np

from glasswells.core.checks import count, float64_array
from glasswells.core.errors import InputError
from glasswells.core.records import Array


def draw_diameters(
    n: int,
    limits: tuple[float, float] = (0.73, 1.62),
    how: Literal["quantile", "random"] = "quantile",
    *,
    seed: int | np.random.SeedSequence | np.random.Generator,
    unit_mean: bool = False,
) -> Array:
    """Diameters (n,) from P(sigma) = A sigma^-3 between two limits, in random order.

    sigma(u) = [a^-2 - u (a^-2 - b^-2)]^-1/2 with `quantile`: u = (k - 1/2)/n, k = 1..n, the same
    list for every seed, randomly assigned to particles; with `random`: u uniform in [0, 1).

    Parameters
    ----------
    n
        Number of particles, at least 2.
    limits
        a and b, 0 < a < b.
    how
        `quantile` or `random`.
    seed
        Of the assignment and, for `random`, of the draws.
    unit_mean
        Rescale so that the mean diameter is 1.

    Raises
    ------
    InputError
        For n < 2, limits that do not increase or are not positive, another `how`.
    """
    n = count("n", n, minimum=2)
    a, b = (float(limit) for limit in float64_array("limits", limits, (2,)))
    if not 0 < a < b:
        raise InputError(f"limits are ({a}, {b}), expected two lengths, 0 < smallest < largest")
    generator = np.random.default_rng(seed)
    if how == "quantile":
        u = (np.arange(1, n + 1) - 0.5) / n
        generator.shuffle(u)
    elif how == "random":
        u = generator.random(n)
    else:
        raise InputError(f"how is {how!r}, expected 'quantile' or 'random'")
    diameters = (a**-2 - u * (a**-2 - b**-2)) ** -0.5
    return diameters / diameters.mean() if unit_mean else diameters
