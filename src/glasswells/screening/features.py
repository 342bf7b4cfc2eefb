"""Static features of a pair: all that the trees are told."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glasswells.core.records import Array, Pair
from glasswells.landscape.close import expected_splitting

FEATURES = (
    "abs_energy_difference",
    "distance",
    "participation_number",
    "displacement_1",
    "displacement_2",
    "displacement_3",
    "distance_12",
    "distance_13",
    "distance_23",
    "transitions",
    "rarer_transitions",
)
"""Names of the columns of `static_features`, in order."""


def static_features(pairs: Sequence[Pair]) -> Array:
    """Features (n, 11) of pairs, the same whichever of the two minima comes first.

    |Delta_E|, d, PR_DW; the three largest displacements; the distances between the particles that
    move so, first to second, first to third, second to third; T_ij + T_ji and the smaller of the
    two. A splitting does not change if the minima are exchanged, and so do none of these.
    """
    rows = [
        (
            abs(pair.energy_difference),
            pair.distance,
            pair.participation_number,
            *pair.largest_displacements,
            *pair.largest_distances,
            pair.forward_count + pair.backward_count,
            min(pair.forward_count, pair.backward_count),
        )
        for pair in pairs
    ]
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(FEATURES))


def guessed_depths(pairs: Sequence[Pair]) -> Array:
    """-log10 of the splittings (n,) that the rule `close` guesses from Delta_E and d alone."""
    return -np.log10([expected_splitting(pair) for pair in pairs], dtype=np.float64)
