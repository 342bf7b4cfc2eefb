"""The columns on vibrations hold what the records and the columns of a glass hold."""

from dataclasses import replace

import numpy as np

from glasswells.statistics import summarize_well
from glasswells.statistics.vibration_numbers import (
    DIRECTION_NUMBERS,
    SEED_NUMBERS,
    VIBRATION_COLUMNS,
    vibration_numbers,
)
from glasswells.statistics.well_table import COLUMNS, WellRow, column_guide, well_table
from glasswells.statistics.well_vibration_columns import DirectionColumns, SeedColumns
from glasswells.vibrations.records import DIRECTIONS, SEEDS
from report_contents import content
from vibration_contents import well_vibrations, with_vibrations


def test_columns_are_those_of_the_records():
    assert set(DIRECTION_NUMBERS) == set(DirectionColumns.__slots__)
    assert set(SEED_NUMBERS) == set(SeedColumns.__slots__) - {"outcomes", "methods"}
    names = [column.name for column in (*COLUMNS, *VIBRATION_COLUMNS)]
    assert len(set(names)) == len(names)
    found = vibration_numbers(well_vibrations(np.random.default_rng(1)))
    assert set(found) <= {column.name for column in VIBRATION_COLUMNS}
    guide = column_guide((), VIBRATION_COLUMNS)
    assert ("cubic_barrier_softest", "epsilon") in [line[:2] for line in guide]


def test_rows_hold_what_the_columns_of_a_glass_hold():
    made = with_vibrations(content(sizes=((4, 3),)))
    for glass in made.preparations[0].glasses:
        rows = [WellRow(preparation_temperature=0.07, well=w) for w in glass.wells]
        table = well_table(rows, (), VIBRATION_COLUMNS)
        for direction in DIRECTIONS:
            for name in DIRECTION_NUMBERS:
                expected = getattr(glass.vibrations.directions[direction], name)
                np.testing.assert_array_equal(table[f"linear_{name}_{direction}"], expected)
        for seed in SEEDS:
            expected = glass.vibrations.seeds[seed].seed_overlap
            np.testing.assert_array_equal(table[f"seed_overlap_{seed}"], expected)
            expected = glass.vibrations.seeds[seed].barrier
            np.testing.assert_array_equal(table[f"cubic_barrier_{seed}"], expected)
        np.testing.assert_array_equal(table["largest_mobility"], glass.vibrations.largest_mobility)


def test_what_was_not_found_is_not_a_number():
    found = vibration_numbers(
        well_vibrations(np.random.default_rng(1), localized=False, found=False)
    )
    well = summarize_well(content(sizes=((1,),)).shown[0].well, "g", 0)
    row = WellRow(preparation_temperature=0.07, well=replace(well, numbers=found))
    table = well_table([row], (), VIBRATION_COLUMNS)
    assert np.isnan(table["seed_overlap_softest_localized"])
    assert np.isnan(table["cubic_overlap_displacement_ab"])
    assert table["seed_overlap_displacement_ab"] == [1.0]
    assert np.isnan(table["largest_displacement"])  # numbers of a summary made by hand
