"""A number that is declared once is in every table, in the figures and in the correlations."""

import numpy as np
import pytest

from glasswells.report.figures.distributions import QUANTITIES
from glasswells.report.tables import correlation_table
from glasswells.report.well_tables import wells_table
from glasswells.statistics import summarize_well
from glasswells.statistics.well_numbers import NUMBERS, Shown, WellNumber
from glasswells.statistics.well_table import COLUMNS, Column, WellRow
from report_contents import content, double_well


@pytest.fixture
def well():
    return double_well(np.random.default_rng(5), 0.1, 0.02)


def test_numbers_are_taken_from_the_double_well(well):
    own = WellNumber(name="twice", unit="epsilon", meaning="", value=lambda w: 2 * w.barrier)
    assert summarize_well(well, "g", 0, numbers=[own]).numbers == {"twice": 2 * well.barrier}
    assert summarize_well(well, "g", 0, numbers=()).numbers == {}
    found = summarize_well(well, "g", 0).numbers
    assert list(found) == [number.name for number in NUMBERS]
    lengths = np.linalg.norm(well.displacement_ab, axis=1)
    assert found["largest_displacement"] == lengths.max()


def test_each_number_is_a_column_of_every_table():
    made = content(sizes=((3,),))
    table = wells_table(made)
    wells = [w for p in made.preparations for g in p.glasses for w in g.wells]
    for number in NUMBERS:
        place = table.columns.index(number.name)
        assert [float(row[place]) for row in table.rows] == [w.numbers[number.name] for w in wells]
    assert len({column.name for column in COLUMNS}) == len(COLUMNS)


def test_columns_say_where_they_are_shown(well):
    titles = {column.name for column in COLUMNS if column.shown.title}
    assert titles == {quantity.slug for quantity in QUANTITIES}
    assert all(column.shown.axis for column in COLUMNS if column.shown.title)
    headings = [c.shown.correlated_as for c in COLUMNS if c.shown.correlated_as]
    assert list(correlation_table(content(sizes=((5,),))).columns[3:]) == headings
    summary = summarize_well(well, "g", 0)
    for sign, is_magnitude in ((-1.0, False), (1.0, True)):
        column = Column(
            name="a", unit="", meaning="", value=lambda row: -row.well.barrier,
            shown=Shown(is_magnitude=is_magnitude),
        )  # fmt: skip
        assert column.of(summary) == sign * well.barrier
        assert column.value(WellRow(preparation_temperature=0.07, well=summary)) == -well.barrier
