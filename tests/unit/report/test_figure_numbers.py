"""The CSV file of a figure holds what the figure shows."""

import csv

import numpy as np
import pytest

from glasswells.report.figures.distributions import distribution_pictures
from glasswells.report.figures.glasses import glass_pictures
from glasswells.report.figures.wells import well_pictures
from glasswells.report.numbers import COLUMNS, drawn_numbers, label_text
from glasswells.report.picture import figure_style, new_figure
from glasswells.report.plotting import CUT_WORDS, MOST_BARS
from glasswells.statistics import distribution
from report_contents import content


@pytest.fixture(autouse=True)
def style():
    with figure_style():
        yield


def rows_of(figure):
    found = drawn_numbers(figure)
    assert found.columns == COLUMNS
    return [dict(zip(found.columns, row, strict=True)) for row in found.rows]


def test_curves_points_bars_and_bands_are_read_back():
    figure = new_figure()
    left, right = figure.subplots(1, 2)
    left.set_title("a panel", loc="left")
    left.set_xlabel(r"$\log_{10}$ $E\,/\,\epsilon$, argon")
    left.plot([1, 2], [3, 4], color="C0", label="$T_f = 0.07$ (2)")
    left.axvline(5.0, color="0.4")
    left.errorbar([1, 2], [3, 4], yerr=[[1, 0.5], [2, 0.25]], fmt="D", ecolor="C0", color="C0")
    right.scatter([7.0], [8.0], color="C1", label="dots")
    right.fill_between([0, 1], [2, 3], [4, 5], color="C0")
    rows = rows_of(figure)
    assert {row["panel"] for row in rows} == {"1", "2"}
    assert {row["title"] for row in rows} == {"a panel", ""}
    assert rows[0]["x axis"] == "log_10 E/epsilon, argon"
    by_curve = {}
    for row in rows:
        key = (row["panel"], row["curve"])
        by_curve.setdefault(key, []).append([row[name] for name in ("x", "y", "low", "high")])
    assert by_curve["1", "T_f = 0.07 (2)"] == [["1", "3", "", ""], ["2", "4", "", ""]]
    assert by_curve["1", "T_f = 0.07 (2) error bars"] == [
        ["1", "3", "2", "5"], ["2", "4", "3.5", "4.25"],
    ]  # fmt: skip
    assert by_curve["1", ""] == [["5", "", "", ""]] * 2  # a threshold has no height
    assert by_curve["2", "dots points"] == [["7", "8", "", ""]]
    band = by_curve["2", "T_f = 0.07 (2) outline of the band"]
    assert {tuple(point[:2]) for point in band} >= {("0", "2"), ("0", "4"), ("1", "3"), ("1", "5")}


def test_a_distribution_is_that_of_the_double_wells():
    made = content()
    picture = next(p for p in distribution_pictures(made) if p.slug == "distance")
    rows = [r for r in rows_of(picture.figure) if r["curve"].startswith("T_f = 0.07")]
    steps = [r for r in rows if "error" not in r["curve"]]
    bars = [r for r in rows if "error" in r["curve"]]
    values = [np.array([w.distance for w in wells]) for wells in made.preparations[0].wells]
    found = distribution(values, np.array([float(r["x"]) for r in steps]))
    np.testing.assert_allclose([float(r["y"]) for r in steps[:-1]], found.density, rtol=1e-9)
    np.testing.assert_allclose([float(r["high"]) for r in bars], found.high, rtol=1e-9)


def test_means_over_glasses_keep_their_values():
    rows = [r for r in rows_of(next(glass_pictures(content())).figure) if r["low"]]
    wells = [len(w) for w in content().preparations[0].wells]
    assert any(float(r["y"]) == pytest.approx(np.mean(wells)) for r in rows)


def test_a_field_has_a_row_for_each_particle(drawn):
    shown = drawn.content.shown[0]
    with (drawn.path.parent / "figures" / "well_0_field.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    field = [[float(r[f"r_AB {axis}"]) for axis in "xyz"] for r in rows]
    np.testing.assert_allclose(field, shown.well.displacement_ab, rtol=1e-11)
    assert [int(r["particle"]) for r in rows] == list(range(len(field)))
    assert next(p for p in well_pictures(shown, 0) if p.slug == "well_0_field").numbers is not None


@pytest.mark.parametrize(
    ("label", "text"),
    [
        (r"$V_b\,/\,\epsilon$, from the upper minimum", "V_b/epsilon, from the upper minimum"),
        (r"participation number $\mathrm{PR_{DW}}$", "participation number PR_DW"),
        ("plain {name}", "plain {name}"),
    ],
)
def test_labels_are_plain_text(label, text):
    assert label_text(label) == text


def test_error_bars_of_few_glasses_do_not_dwarf_their_distribution():
    """Two glasses that differ: their bootstrap, with Student's factor, reaches far."""
    made = content(sizes=((30, 1),))
    pictures = [p for p in distribution_pictures(made) if "drawn one by one" not in p.caption]
    cut = [p for p in pictures if CUT_WORDS in p.caption]
    assert cut
    for picture in cut:
        (axes,) = picture.figure.axes
        (steps,) = (y for y in axes.lines if y.get_drawstyle() == "steps-post")
        assert axes.get_ylim()[1] == pytest.approx(MOST_BARS * max(steps.get_ydata()))
        highest = max(float(r["high"]) for r in rows_of(picture.figure) if r["high"])
        assert highest > axes.get_ylim()[1]  # the file has them whole
