import csv
import json
import re
from collections import defaultdict
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from glasswells.content.vibrations import choose_fields, choose_tangents
from glasswells.khomenko2021.figures.curvature import curvature_pictures
from glasswells.khomenko2021.figures.fields import field_pictures
from glasswells.khomenko2021.figures.overlaps import (
    direction_pictures,
    nonlinear_pictures,
    overlap_edges,
    unknown_end_pictures,
)
from glasswells.khomenko2021.figures.spectrum import spectrum_pictures
from glasswells.khomenko2021.figures.tangents import tangent_pictures
from glasswells.khomenko2021.sections import SECTIONS, vibration_pictures
from glasswells.model.kob_andersen import KobAndersen
from glasswells.report.picture import PAPER_COLORS, figure_style, temperature_colors
from report_contents import N, content, is_repeat, write_quickly
from vibration_contents import (
    direction,
    minimum_vibrations,
    tangent_study,
    well_vibrations,
    with_vibrations,
)

SLUGS = {
    "spectrum", "mode_fields_0", "mode_fields_1", "tangent_0", "tangent_1", "tangents",
    "overlap_directions", "overlap_nonlinear", "overlap_unknown_end", "splitting_frequency",
}  # fmt: skip


@pytest.fixture(autouse=True)
def style():
    with figure_style():
        yield


@pytest.fixture(scope="module")
def made():
    return with_vibrations(content())


def tables_of(made):
    sections = [make(made) for make in SECTIONS]
    return [t for section in sections if section is not None for t in section.tables]


def overlap_pictures(made):
    draw = (direction_pictures, nonlinear_pictures, unknown_end_pictures)
    return [next(each(made)) for each in draw]


def directions_of(axes):
    """Total probability of each filled or stepped histogram in a panel, and its color."""
    found = []
    for line in axes.lines:
        if line.get_drawstyle() == "steps-post":
            x, y = line.get_data()
            found.append(float(np.sum(np.diff(x) * y[:-1])))
    return found


def test_page_has_the_seven_figures_and_the_verdicts(drawn):
    folder = drawn.path.parent
    assert {p.stem for p in (folder / "figures").glob("*.svg")} >= SLUGS
    for number in (2, 3, 4, 5, 6, 7, 8):
        assert f"Compare Fig. {number} of the paper" in drawn.text
    assert 'id="vibrations"' in drawn.text
    with (folder / "tables" / "double_wells.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    glasses = [g for p in drawn.content.preparations for g in p.glasses]
    overlaps = [c for g in glasses for c in g.vibrations.directions["tangent_a"].overlap]
    assert [float(row["linear_overlap_tangent_a"]) for row in rows] == overlaps
    with (folder / "tables" / "verdicts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["T_f"] for row in rows} == {"0.07", "0.092"}
    assert {row["section"] for row in rows} == {"IV A", "IV B", "IV C", "IV D"}
    assert {row["verdict"] for row in rows} <= {"agrees", "disagrees", "undecided"}
    for row in rows:
        assert re.fullmatch(r"-|-?\d\.\d{3} \[-?\d\.\d{3}, -?\d\.\d{3}\]\*?", row["value"])


def test_a_campaign_without_modes_has_no_such_pages(tmp_path):
    text = write_quickly(content(sizes=((),)), tmp_path).read_text(encoding="utf-8")
    assert 'id="vibrations"' not in text
    assert not (tmp_path / "tables" / "verdicts.csv").exists()
    assert tables_of(content(sizes=((),))) == []


def test_claims_and_counts_stand_beside_the_papers_own_model_only(tmp_path):
    """A campaign on another material keeps its figures, and is not judged."""
    made = with_vibrations(content(sizes=((2, 1),)))
    for model in (None, KobAndersen()):
        folder = tmp_path / str(model is None)
        text = write_quickly(replace(made, model=model), folder).read_text(encoding="utf-8")
        assert 'id="paper"' not in text
        assert "of the paper" not in text
        assert 'id="vibrations"' in text
        assert not (folder / "tables" / "verdicts.csv").exists()
        assert not (folder / "tables" / "paper_counts.csv").exists()


@pytest.mark.parametrize(
    "made",
    [
        with_vibrations(content(sizes=((1,),))),
        with_vibrations(content(sizes=((2, 0, 1), (0,)))),
        with_vibrations(content(sizes=((0,),))),
        with_vibrations(content(sizes=((), (4,)))),
        with_vibrations(content(sizes=((12,),), solved=())),
        with_vibrations(content(sizes=((12,),), units=(), solved=())),
        with_vibrations(content(sizes=((5, 6),)), studied=0),
        with_vibrations(content(sizes=((5, 6),)), make=partial(well_vibrations, localized=False)),
        with_vibrations(content(sizes=((5, 6),)), make=partial(well_vibrations, found=False)),
        with_vibrations(
            content(sizes=((11,),)), make=partial(well_vibrations, overlaps=(np.nan,) * 3)
        ),
    ],
    ids=[
        "one double well", "few", "none", "no glasses", "no splittings", "no units",
        "no tangents", "no localized modes", "no cubic modes", "no overlaps",
    ],
)  # fmt: skip
def test_whatever_is_missing_figures_and_tables_come_out(made):
    pictures = vibration_pictures(made)
    for picture in pictures:
        if not is_repeat(picture):
            picture.figure.draw_without_rendering()  # layout and every artist, without pixels
        json.dumps(picture.interactive, allow_nan=False)
    texts = [picture.caption for picture in pictures]
    texts += [cell for t in tables_of(made) for row in t.rows for cell in row]
    assert not [text for text in texts if re.search(r"\bnan\b", text)]


def test_spectrum_draws_every_mode_but_the_translations(made):
    picture = next(spectrum_pictures(made))
    modes, stars = picture.figure.axes[0].lines[:2]
    assert len(modes.get_xdata()) == 3 * N - 3
    spectrum = made.vibrations.spectrum.vibrations
    np.testing.assert_array_equal(stars.get_xdata(), spectrum.frequencies[[3, 5]])
    assert "2 quasilocalized" in picture.caption
    assert f"N = {N}" in picture.caption
    (inset,) = picture.figure.axes[0].child_axes
    np.testing.assert_array_equal(inset.lines[0].get_xdata()[:3], [4, 5, 6])
    np.testing.assert_array_equal(inset.lines[1].get_xdata(), [4, 6])


def test_spectrum_of_a_few_modes_says_so(made):
    rng = np.random.default_rng(2)
    few = minimum_vibrations(rng, modes=20, quasilocalized=())
    shown = replace(made.vibrations.spectrum, vibrations=few)
    picture = next(
        spectrum_pictures(replace(made, vibrations=replace(made.vibrations, spectrum=shown)))
    )
    assert "the softest 20 modes" in picture.caption
    assert len(picture.figure.axes[0].lines[0].get_xdata()) == 17


def test_overlap_histograms_hold_all_double_wells(made):
    directions, nonlinear, unknown = overlap_pictures(made)
    assert len(directions.figure.axes) == len(nonlinear.figure.axes) == 4
    all_wells = directions.figure.axes[2:]
    assert [re.search(r", (\d+) double", a.get_title(loc="left")).group(1) for a in all_wells] == [
        "36",
        "20",
    ]
    for axes in [*all_wells, *nonlinear.figure.axes, *unknown.figure.axes]:
        totals = directions_of(axes)
        assert totals
        np.testing.assert_allclose(totals, 1.0, rtol=1e-12)  # nothing lies outside the bins
    for text in ("36 double wells in 3 glasses", "20 double wells in 1 glass", f"N = {N}",
                 "bootstrap over glasses", "with a single glass"):  # fmt: skip
        assert text in directions.caption
    assert "T_f = 0.07: all certified." in directions.caption


def test_subset_of_figure_5_is_counted(made):
    upper = overlap_pictures(made)[0].figure.axes[:2]
    for axes, p in zip(upper, made.preparations, strict=True):
        n = sum(w.splitting("argon") < 1e-3 for wells in p.wells for w in wells)  # PR_DW is 3
        assert f", {n} double well" in axes.get_title(loc="left")


def test_what_is_not_certified_or_not_found_is_counted():
    def make(rng, **settings):
        found = well_vibrations(rng, **settings)
        first = direction("tangent_a", 0.5, certified=False, bound=0.8)
        return replace(found, directions=(first, *found.directions[1:]))

    made = with_vibrations(
        content(sizes=((3, 4),)), make=partial(make, localized=False, found=False)
    )
    directions, nonlinear, unknown = overlap_pictures(made)
    assert "7 of r_12 not certified (lower bounds)" in directions.caption
    assert "r_AS not" not in directions.caption
    assert "0 cubic modes from 7 times r_AB; not found: 7 cycle." in nonlinear.caption
    assert "0 cubic modes from 0 times the softest localized mode (7 minima A without)" in (
        unknown.caption
    )
    assert "7 cubic modes from 7 times the softest mode." in unknown.caption
    (counts,) = [t for t in tables_of(made) if t.slug == "vibrations"]
    row = dict(zip(counts.columns, counts.rows[0], strict=True))
    assert row["certified: r_12, r_AS, r_AB"] == "0 of 7, 7 of 7, 7 of 7"
    assert [v for k, v in row.items() if k.startswith("nonlinear")] == ["0 of 7, 0 of 0, 7 of 7"]


def test_double_wells_without_modes_are_counted(made):
    p = made.preparations[0]
    first = replace(p.glasses[0], vibrations=None)
    partly = replace(made, preparations=(replace(p, glasses=(first, *p.glasses[1:])),))
    caption = overlap_pictures(partly)[0].caption
    assert f"the modes of {len(first.wells)} double wells are not known" in caption


def test_splitting_against_frequency(made):
    picture = next(curvature_pictures(made))
    assert len(picture.figure.axes) == 4  # two temperatures, two unit sets
    axes = picture.figure.axes[0]
    every, tunneling = axes.lines[:2]
    assert len(every.get_xdata()) == len(tunneling.get_xdata()) == 36
    assert tunneling.get_color() == PAPER_COLORS[0.07]
    value, low, high = map(float, re.findall(r"-?\d\.\d\d", axes.get_title(loc="left"))[1:])
    assert -1 <= low <= value <= high < 0  # anticorrelated by construction
    assert picture.figure.axes[1].get_title(loc="left").endswith("*")  # a single glass
    assert "T_f = 0.07, argon: 36 drawn." in picture.caption


def test_unresolved_splittings_are_left_out_and_counted():
    made = content(sizes=((6, 6),))
    p = made.preparations[0]
    glasses = []
    for glass in p.glasses:
        wells = []
        for k, well in enumerate(glass.wells):
            flags = (("unresolved",), ("single_well",), (), (), (), ())[k]
            found = {name: replace(s, flags=flags) for name, s in well.splittings.items()}
            wells.append(replace(well, splittings=found))
        glasses.append(replace(glass, wells=tuple(wells)))
    made = with_vibrations(replace(made, preparations=(replace(p, glasses=tuple(glasses)),)))
    picture = next(curvature_pictures(made))
    lines = picture.figure.axes[0].lines[:2]
    assert [len(line.get_xdata()) for line in lines] == [10, 8]
    assert "argon: 10 drawn, 2 left out (unresolved or not solved); of the 8 that are no " in (
        picture.caption
    )


def test_fields_have_the_sign_and_norm_of_r_ab(made):
    picture = next(iter(field_pictures(made)))
    assert [axes.get_title() for axes in picture.figure.axes] == [
        "$r_{AB}$", "best linear mode", "nonlinear mode",
    ]  # fmt: skip
    buttons = picture.interactive["layout"]["updatemenus"][0]["buttons"]
    assert [b["label"] for b in buttons] == [
        "r<sub>AB</sub>", "best linear mode", "nonlinear mode",
    ]  # fmt: skip
    traces = picture.interactive["data"]
    json.dumps(picture.interactive, allow_nan=False)
    for button in buttons:
        visible = button["args"][0]["visible"]
        assert len(visible) == len(traces)
        red = [t for t, v in zip(traces, visible, strict=True) if v and "most" in t.get("name", "")]
        assert len(red[0]["x"]) == 10
    assert "c = " in picture.caption


def test_modes_that_are_not_known_are_named():
    made = with_vibrations(content(sizes=((3,),)), make=partial(well_vibrations, found=False))
    picture = next(iter(field_pictures(made)))
    assert len(picture.figure.axes) == 2
    assert "No nonlinear mode was found (cycle)" in picture.caption


def test_tangents_by_images_and_by_distance(made):
    one, _, everyone = tangent_pictures(made)
    left, middle, right = one.figure.axes
    study = made.vibrations.tangents[0].vibrations.tangents
    assert [len(line.get_xdata()) for line in left.lines] == [37] * 4
    assert left.lines[0].get_label() == "40"
    np.testing.assert_array_equal(left.lines[-1].get_ydata(), study.image_overlaps[-1, 3:])
    # From far to near: mode 4 rises, and the last row is the smallest distance.
    heights = [line.get_ydata()[0] for line in middle.lines]
    assert heights == sorted(heights)
    assert heights[-1] == study.overlaps[0, 3]
    assert right.lines[0].get_label() == "4"
    assert "6 double wells of 3 glasses" in everyone.caption
    assert "2 double wells of 1 glass" in everyone.caption


def test_tangents_of_distances_in_any_order_and_without_bands():
    rng = np.random.default_rng(4)

    def make(rng_, *, number=0, tangents=None):
        study = tangent_study(rng, distances=[0.01, 1e-4, 0.1], images=())
        return well_vibrations(rng_, number=number, tangents=study)

    pictures = list(tangent_pictures(with_vibrations(content(sizes=((2,),)), make=make)))
    axes = pictures[0].figure.axes[2]
    x = axes.lines[0].get_xdata()
    assert list(x) == sorted(x)
    assert pictures[0].figure.axes[0].texts[0].get_text() == "none"


def test_chosen_double_wells(made):
    glasses = [(g.name, g.vibrations) for p in made.preparations for g in p.explored]
    (best, median) = choose_fields(glasses)
    gains = {
        (name, int(k)): gain
        for name, g in glasses
        for k, gain in zip(
            g.wells,
            g.seeds["displacement_ab"].overlap - g.directions["displacement_ab"].overlap,
            strict=True,
        )
    }
    assert gains[best[1:]] == max(gains.values())
    assert gains[median[1:]] == sorted(gains.values(), reverse=True)[len(gains) // 2]
    smallest = choose_tangents(glasses, "argon")[0]
    studied = [
        (g.splittings["argon"][t.well], name, t.well) for name, g in glasses for t in g.tangents
    ]
    assert smallest[1:] == min(studied)[1:]
    assert choose_fields([]) == choose_tangents([], "argon") == []


def test_a_temperature_has_one_color_in_every_figure(made):
    pictures = [*overlap_pictures(made)[1:], next(curvature_pictures(made))]
    for picture in pictures:
        columns = defaultdict(set)
        for axes in picture.figure.axes:
            column = axes.get_subplotspec().colspan.start
            columns[column] |= {
                line.get_color() for line in axes.lines if line.get_color() in PAPER_COLORS.values()
            }
        assert columns == {0: {PAPER_COLORS[0.07]}, 1: {PAPER_COLORS[0.092]}}
    colors = temperature_colors([0.092, 0.05, 0.062, 0.08])
    assert colors[0.092] == PAPER_COLORS[0.092]
    assert len(set(colors.values())) == 4


@pytest.mark.parametrize(("n", "bins"), [(0, 5), (8, 5), (125, 10), (10**6, 20)])
def test_bins_of_overlaps(n, bins):
    edges = overlap_edges(n)
    assert len(edges) == bins + 1
    assert (edges[0], edges[-1]) == (0.0, 1.0)


def test_marks_of_single_values_have_no_vertical_axis():
    for picture in overlap_pictures(with_vibrations(content(sizes=((5,), (3,))))):
        assert {axes.get_ylabel() for axes in picture.figure.axes} == {""}
    for picture in overlap_pictures(with_vibrations(content(sizes=((12,), (3,))))):
        labels = {axes.get_ylabel() for axes in picture.figure.axes}
        assert labels == {"", "probability density"}
