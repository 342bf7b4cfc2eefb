"""The numbers that relate a double well to the modes of its minimum A, as columns of its row."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from glasswells.statistics.well_table import Column, WellRow
from glasswells.statistics.well_vibration_columns import direction_numbers, seed_numbers
from glasswells.vibrations.records import DIRECTIONS, SEEDS, WellVibrations

FREQUENCY = "sqrt(epsilon/m)/sigma"
DIRECTION_WORDS: Mapping[str, str] = {
    "tangent_a": "r_12",
    "displacement_as": "r_AS",
    "displacement_ab": "r_AB",
}
SEED_WORDS: Mapping[str, str] = {
    "displacement_ab": "r_AB",
    "softest_localized": "the softest localized mode",
    "softest": "the softest mode",
}
DIRECTION_NUMBERS: Mapping[str, tuple[str, str]] = {
    "overlap": ("", "largest c of {} with a normal mode of A; a lower bound if not certified"),
    "ceiling": ("", "upper bound of that c over all modes"),
    "certified": ("", "1 if no other mode can have a larger c with {}, else 0"),
    "mode": ("", "number of the mode that {} overlaps most"),
    "frequency": (FREQUENCY, "of the mode that {} overlaps most"),
    "participation_ratio": ("", "of the mode that {} overlaps most"),
    "mobility": ("", "overlap a of the mobilities of {} and of that mode"),
}
"""Unit and meaning by the fields of `DirectionColumns`."""
SEED_NUMBERS: Mapping[str, tuple[str, str]] = {
    "seed_overlap": ("", "c of {} with r_AB"),
    "seed_mobility": ("", "a of {} with r_AB"),
    "overlap": ("", "c with r_AB of the cubic mode seeded by {}"),
    "mobility": ("", "a with r_AB of the cubic mode seeded by {}"),
    "barrier": ("epsilon", "of the cubic mode seeded by {}"),
    "overlap_with_start": ("", "c of the cubic mode with {}, its seed"),
    "is_double_well": ("", "1 if the energy along the cubic mode seeded by {} is a double well"),
}
"""The same by those of `SeedColumns`."""
OTHER_NUMBERS: Mapping[str, str] = {
    "largest_mobility": "largest a of r_AB with one of the softest modes of A",
    "mobility_modes": "how many soft modes those are; 0 if none",
    "largest_mobility_all": "largest a of r_AB with any mode, where the spectrum is complete",
}


def vibration_numbers(found: WellVibrations) -> dict[str, float]:
    """All of them by the names of their columns; what is not known is left out."""
    numbers = {name: float(getattr(found, name)) for name in OTHER_NUMBERS}
    for direction in found.directions:
        for name, value in direction_numbers(direction).items():
            numbers[f"linear_{name}_{direction.direction}"] = value
    for seed in SEEDS:
        for name, value in seed_numbers(found.seeded(seed)).items():
            numbers[_seed_heading(name, seed)] = value
    return numbers


def _seed_heading(name: str, seed: str) -> str:
    return f"{name if name.startswith('seed_') else 'cubic_' + name}_{seed}"


def _column(name: str, unit: str, meaning: str) -> Column:
    def value(row: WellRow) -> float:
        return row.well.numbers.get(name, np.nan)

    return Column(name=name, unit=unit, meaning=meaning, value=value)


VIBRATION_COLUMNS: tuple[Column, ...] = (
    *(
        _column(f"linear_{name}_{direction}", unit, meaning.format(DIRECTION_WORDS[direction]))
        for direction in DIRECTIONS
        for name, (unit, meaning) in DIRECTION_NUMBERS.items()
    ),
    *(
        _column(_seed_heading(name, seed), unit, meaning.format(SEED_WORDS[seed]))
        for seed in SEEDS
        for name, (unit, meaning) in SEED_NUMBERS.items()
    ),
    *(_column(name, "", meaning) for name, meaning in OTHER_NUMBERS.items()),
)
"""In tables of campaigns that computed modes; NaN for double wells without them."""
