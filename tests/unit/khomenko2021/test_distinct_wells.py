"""One core met in several backgrounds: one double well in every figure and verdict."""

from dataclasses import replace

import numpy as np
import pytest

from glasswells.khomenko2021.figures.curvature import curvature_pictures
from glasswells.khomenko2021.figures.overlaps import (
    direction_pictures,
    nonlinear_pictures,
    unknown_end_pictures,
)
from glasswells.khomenko2021.figures.spectrum import spectrum_pictures
from glasswells.khomenko2021.figures.tangents import tangent_pictures
from glasswells.khomenko2021.sections import SECTIONS
from glasswells.report.picture import figure_style
from glasswells.report.well_tables import wells_table
from glasswells.statistics import collect_minimum_vibrations
from report_contents import N, content
from vibration_contents import minimum_vibrations, well_vibrations, with_vibrations


@pytest.fixture(autouse=True)
def style():
    with figure_style():
        yield


def full_spectrum_for_the_first(rng, *, number=0, **settings):
    """As in a campaign: one double well's largest a is known over all modes, too."""
    found = well_vibrations(rng, number=number, **settings)
    return replace(found, largest_mobility_all=0.9 if number == 0 else np.nan)


@pytest.fixture(scope="module")
def made():
    """Five double wells, of which numbers 1 and 3 repeat 0; all but 4 have their tangents."""
    plain = content(sizes=((5,),))
    p = plain.preparations[0]
    (glass,) = p.glasses
    first = glass.wells[0]
    wells = [
        replace(
            well, barrier=first.barrier, asymmetry=first.asymmetry,
            core_particles=first.core_particles, core_displacements=first.core_displacements,
        ) if k in (1, 3) else well
        for k, well in enumerate(glass.wells)
    ]  # fmt: skip
    glass = replace(glass, wells=tuple(wells))
    plain = replace(plain, preparations=(replace(p, glasses=(glass,)),))
    return with_vibrations(plain, make=full_spectrum_for_the_first, studied=4)


def tables_of(made):
    return [t for make in SECTIONS for t in make(made).tables]


def rows(made, slug):
    (table,) = [t for t in tables_of(made) if t.slug == slug]
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_figures_count_a_core_once_and_say_both_numbers(made):
    pictures = [
        next(draw(made))
        for draw in (
            direction_pictures, nonlinear_pictures, unknown_end_pictures, curvature_pictures,
        )
    ]  # fmt: skip
    for picture in pictures:
        assert "5 double wells in 1 glass" in picture.caption
        assert "counts once: 3 distinct of 5 at T_f = 0.07." in picture.caption
    directions, nonlinear, _, curvature = (p.figure for p in pictures)
    for axes in (directions.axes[1], nonlinear.axes[0]):
        assert ", 3 double wells" in axes.get_title(loc="left")
        assert {len(line.get_xdata()) for line in axes.lines} == {3}
    assert len(curvature.axes[0].lines[0].get_xdata()) == 3
    *_, everyone = tangent_pictures(made)
    assert "2 double wells of 1 glass, distinct ones of 4 studied" in everyone.caption


def test_verdicts_are_over_distinct_double_wells_beside_all_with_copies(made):
    found = [row for row in rows(made, "verdicts") if row["value"] != "-"]
    of_all = [row for row in found if row["double wells"] in ("all", "all resolved")]
    assert len(of_all) > 10
    assert {(row["distinct"], row["with copies"]) for row in of_all} == {("3", "5")}
    assert any(row["value"] != row["value with copies"] for row in of_all)
    assert {row["verdict with copies"] for row in found} <= {"agrees", "disagrees", "undecided"}
    cells = [row["T_f = 0.07"] for row in rows(made, "verdict_overview")]
    assert sum("3 in 1 glass" in cell and "(with copies: " in cell for cell in cells) > 10


def test_where_no_core_is_met_again_nothing_is_said_twice():
    made = with_vibrations(content(sizes=((5,),)))
    assert not any("with copies:" in row["T_f = 0.07"] for row in rows(made, "verdict_overview"))
    for row in rows(made, "verdicts"):
        same = (row["with copies"], row["value with copies"], row["verdict with copies"])
        assert same == (row["distinct"], row["value"], row["verdict"])


def test_tables_hold_all_double_wells_and_name_what_each_repeats(made):
    table = wells_table(made)
    places = [table.columns.index(name) for name in ("repeats", "cubic_overlap_displacement_ab")]
    assert [row[places[0]] for row in table.rows] == ["0", "0", "2", "0", "4"]
    seeds = made.preparations[0].vibrations_with_copies[0].seeds["displacement_ab"]
    assert [float(row[places[1]]) for row in table.rows] == [*seeds.overlap]
    (counts,) = rows(made, "vibrations")
    assert (counts["double wells"], counts["distinct"]) == ("5 of 5", "3")
    assert counts["tangents studied"] == "4"


def test_mobilities_are_compared_over_the_same_modes(made):
    nonlinear = next(nonlinear_pictures(made))
    own = made.preparations[0].vibrations[0].largest_mobility
    assert (
        f"linear modes 4 to 60; where all 3N modes are known (1), its mean is {own[0]:.3f} over"
        in (nonlinear.caption)
    )
    assert "and 0.900 over all." in nonlinear.caption
    linear = nonlinear.figure.axes[1].lines[0]
    assert sorted(linear.get_xdata()) == sorted(own)  # 0.9 is not among them


def test_a_largest_mobility_over_other_modes_is_left_out_and_counted():
    """As saved before all double wells had one range."""

    def make(rng, *, number=0, **settings):
        found = well_vibrations(rng, number=number, **settings)
        return replace(found, mobility_modes=3 * N if number == 0 else 60)

    nonlinear = next(nonlinear_pictures(with_vibrations(content(sizes=((4,),)), make=make)))
    assert "without the 1 where others were looked at" in nonlinear.caption
    assert len(nonlinear.figure.axes[1].lines[0].get_xdata()) == 3


def test_numbers_of_quasilocalized_modes_are_over_one_range_of_frequencies(made):
    """A full spectrum with a localized mode beyond what is known of the other minimum."""
    rng = np.random.default_rng(9)
    few = minimum_vibrations(rng, modes=10, quasilocalized=(4,))
    few = replace(few, frequencies=few.frequencies / 2)  # its softest ten end below 8
    full = minimum_vibrations(rng, quasilocalized=(4, 110))
    p = made.preparations[0]
    glass = replace(p.glasses[0], minima=collect_minimum_vibrations([few, full]))
    both = replace(made, preparations=(replace(p, glasses=(glass,)),))
    complete_below = float(few.frequencies[-1])
    assert both.complete_below == complete_below
    assert full.frequencies[3] < complete_below < full.frequencies[109]
    words = f"of the modes below frequency {complete_below:.3g}"
    caption = next(spectrum_pictures(both)).caption
    assert "1.0 quasilocalized modes on average in 2 minima of 1 glass" in caption
    assert words in caption
    (counts,) = rows(both, "vibrations")
    assert counts["quasilocalized modes per minimum"] == "1.00"
    (table,) = [t for t in tables_of(both) if t.slug == "vibrations"]
    assert words in table.note
