"""Glasses made up for tests of screening, whose truth is known."""

from __future__ import annotations

import numpy as np

from glasswells.core.records import Pair
from glasswells.screening.records import Searched

THRESHOLD = 0.0015


def made_up(n: int, seed: int, glasses: int = 10) -> list[Searched]:
    """Pairs that are double wells with probability 0.9 if few particles move, else 0.2.

    log10 E = log10(|Delta_E| + 0.05 exp(-d / 0.1)) plus normal noise of 0.15, so that both
    models have something to find and neither can be sure.
    """
    rng = np.random.default_rng(seed)
    known = []
    for k in range(n):
        distance, difference = rng.uniform(0.1, 0.9), rng.uniform(0, 0.01)
        number = rng.uniform(1, 9)
        first, second, third = sorted(distance * rng.uniform(0.1, 0.7, size=3), reverse=True)
        apart = rng.uniform(0.8, 3, size=3)
        pair = Pair(
            i=2 * k,
            j=2 * k + 1,
            energy_difference=difference * rng.choice((-1, 1)),
            distance=distance,
            participation_number=number,
            largest_displacements=(first, second, third),
            largest_distances=(apart[0], apart[1], apart[2]),
            forward_count=int(rng.integers(0, 50)),
            backward_count=int(rng.integers(0, 50)),
        )
        found = rng.random() < (0.9 if number < 5 else 0.2)
        noise = 10 ** rng.normal(scale=0.15)
        splitting = (difference + 0.05 * np.exp(-distance / 0.1)) * noise
        known.append(
            Searched(
                glass=f"g{k % glasses}", pair=pair, splitting=float(splitting) if found else None
            )
        )
    return known
