import base64
import csv
import dataclasses
import hashlib
import html
import json
import re
import resource
from html.parser import HTMLParser

import pytest

from glasswells.core.errors import InputError
from glasswells.khomenko2021.counts import paper_counts_table, paper_density_table
from glasswells.report import ReportContent, write_report
from glasswells.report.page import compose
from glasswells.report.result import result_sentence
from glasswells.report.tables import correlation_table, density_table, tls_table, write_tables
from glasswells.report.typesetting import symbols, typeset, typeset_own
from glasswells.report.well_tables import smallest_table, wells_table
from glasswells.store.errors import StoreError
from glasswells.tunneling import ARGON, ARGON_PUBLISHED, NIP, NIP_PUBLISHED, UnitSystem
from report_contents import content, every_table, write_quickly, write_small

HOSTILE = "<script>alert(1)</script>$\\frac{"


class Page(HTMLParser):
    """What a browser would see: elements, attributes, and the content of scripts."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.scripts, self._script = [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag == "script":
            self._script = (dict(attributes), [])

    def handle_data(self, data):
        if self._script:
            self._script[1].append(data)

    def handle_endtag(self, tag):
        if tag == "script":
            self.scripts.append((self._script[0], "".join(self._script[1])))
            self._script = None


@pytest.fixture
def written(drawn):
    """The one page that is drawn in all formats, and its text."""
    return drawn.path, drawn.text, drawn.globals


def without_library(text):
    from plotly.offline import get_plotlyjs

    library = get_plotlyjs()
    assert text.count(library) == 1  # inlined, and once
    return text.replace(library, "")


def test_page_has_all_sections_figures_and_the_counts_of_the_paper(written):
    path, text, _ = written
    for word in ("Beside the paper", "21109", "117339", "same_minimum", "bootstrap over"):
        assert word in text
    figures = {p.name: p for p in (path.parent / "figures").iterdir()}
    slugs = {
        "asymmetry", "barrier_from_upper", "barrier_from_lower", "distance", "glasses",
        "participation_number",
        "network", "splitting_0", "splitting_density_0", "well_0_field", "well_0_profile",
    }  # fmt: skip
    repeats = {"splitting_1", "splitting_density_1", "well_1_field", "well_2_profile"}
    for slug in slugs | repeats:
        assert {f"{slug}.svg", f"{slug}.csv"} <= set(figures)
    for slug in slugs:
        assert figures[f"{slug}.png"].read_bytes().startswith(b"\x89PNG")
        assert figures[f"{slug}.pdf"].read_bytes().startswith(b"%PDF")
    images = [a["src"] for tag, a in Page(text).elements if tag == "img"]
    assert len(images) == len([name for name in figures if name.endswith(".svg")])
    for image in images:
        kind, data = image.split(",")
        assert kind == "data:image/svg+xml;base64"
        assert data == "" or b"<svg" in base64.b64decode(data)[:600]


def test_double_wells_say_why_their_splitting_moves(written):
    words = html.unescape(written[1])
    assert "in brackets the zero-point energies in A and B: straight" in words
    assert "(0.031, 0.029), harmonic" in words
    assert "(both states in one well)" in words


def test_page_loads_nothing(written):
    rest = re.sub(r"base64,[^\"]*", "", without_library(written[1]))
    assert not re.search(r"https?:|//[a-z]", rest)
    assert not re.search(r"@import|url\(", rest)
    page = Page(written[1])
    for tag, attributes in page.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base", "form"}
        for name in ("src", "href"):
            if name in attributes:
                assert attributes[name].startswith(("data:", "#"))
        assert not any(name.startswith("on") for name in attributes)


def test_policy_allows_the_scripts_of_the_page_and_nothing_else(written):
    page = Page(written[1])
    (policy,) = [a["content"] for _, a in page.elements if a.get("http-equiv")]
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    (script_rule,) = re.findall(r"script-src ([^;]*)", policy)
    assert "unsafe-inline" not in script_rule
    code = [text for attributes, text in page.scripts if "type" not in attributes]
    assert len(code) == 2
    digests = {base64.b64encode(hashlib.sha256(t.encode()).digest()).decode() for t in code}
    assert set(script_rule.split()) == {f"'sha256-{d}'" for d in digests}


def test_every_place_for_a_plot_has_its_data(written):
    page = Page(written[1])
    places = [a["data-source"] for _, a in page.elements if "data-source" in a]
    sources = {a["id"]: json.loads(t) for a, t in page.scripts if a.get("type")}
    assert len(places) == 6  # network, three displacement fields, two of modes
    plots = {name: plot for name, plot in sources.items() if name.startswith("data-")}
    assert set(places) == set(plots)
    kinds = {trace["type"] for plot in plots.values() for trace in plot["data"]}
    assert kinds == {"scatter", "scatter3d", "cone"}


def test_displacement_field_shows_the_most_mobile_particles_in_red(written):
    page = Page(written[1])
    (plot,) = [json.loads(t) for a, t in page.scripts if a.get("id") == "data-well_0_field"]
    (red,) = [t for t in plot["data"] if t.get("name") == "10 most mobile"]
    assert len(red["x"]) == 10


def test_nothing_global_is_changed(written):
    before, after = written[2]
    assert after == before


def test_figures_that_are_drawn_hold_their_data_no_longer(tmp_path):
    before = []

    def drawn(picture, directory):
        assert picture.figure.axes
        assert not any(figure.axes for figure in before)
        before.append(picture.figure)
        return write_small(picture, directory)

    compose(content(sizes=((3,),)), tmp_path, draw=drawn)
    assert len(before) > 3


def test_names_from_the_data_stay_text(tmp_path):
    own = UnitSystem(
        name=HOSTILE, reduced_hbar=0.02, tls_threshold=1e-3, sigma=3e-10, epsilon=100.0, mass=40.0
    )
    made = content(sizes=((3,),), name=HOSTILE, glass=HOSTILE, units=(own,), solved=(own,))
    text = compose(made, tmp_path, draw=write_small).read_text(encoding="utf-8")
    rest = without_library(text)
    assert "alert(1)" in rest
    assert "<script>alert" not in rest
    assert "&lt;script&gt;alert(1)" in rest
    code = [t for attributes, t in Page(text).scripts if "type" not in attributes]
    assert not any("alert(1)" in t for t in code if t != code[0])
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert all(re.fullmatch(r"[a-z0-9_]+\.(html|svg|csv)", p.name) for p in files)


def test_tables_hold_every_double_well_to_the_last_bit(written):
    made = content()
    wells = [w for p in made.preparations for g in p.glasses for w in g.wells]
    with (written[0].parent / "tables" / "double_wells.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(wells)
    for row, well in zip(rows, wells, strict=True):
        assert float(row["asymmetry"]) == well.asymmetry
        assert float(row["splitting_argon"]) == well.splitting("argon")
        parts = well.splittings["argon"].continuations
        assert float(row["splitting_harmonic_argon"]) == parts["harmonic"].splitting
        assert float(row["zero_point_a_straight_argon"]) == parts["straight"].zero_point_a
        assert row["zero_point_b_walls_argon"] == ""
        assert (row["is_two_level_argon"] == "True") == (well.splitting("argon") < 0.0015)


def test_counts_beside_the_paper(written):
    folder = written[0].parent / "tables"
    with (folder / "counts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["T_f"], r["double wells"]) for r in rows] == [("0.07", "36"), ("0.092", "20")]
    assert rows[1]["double wells per glass"].endswith("*")  # a single glass
    made = content()
    with (folder / "two_level_systems.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    expected = [
        sum(w.splitting(u.name) < u.tls_threshold for wells in p.wells for w in wells)
        for p in made.preparations
        for u in (ARGON, NIP)
    ]
    assert [int(r["TLS"]) for r in rows] == expected
    with (folder / "paper_counts.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    # Argon's own constant does not give the splittings that the paper's counts rest on.
    assert [(r["found here"], r["in paper"]) for r in rows] == [("36", "21109"), ("20", "117339")]
    published = (ARGON_PUBLISHED, NIP_PUBLISHED)
    beside = paper_counts_table(content(units=published, solved=published))
    columns = [dict(zip(beside.columns, row, strict=True)) for row in beside.rows]
    found = [r["in paper"] for r in columns if r["number of"] != "double wells"]
    assert found == ["291", "46", "1008", "248"]
    density = paper_density_table(content(units=published, solved=published))
    # 291 in 50 glasses of 1500 sigma^3, E < 0.0015; 46 below 0.0002; and so on.
    expected = [291 / 112.5, 46 / 15, 1008 / 22.5, 248 / 3]
    assert [float(row[-1]) for row in density.rows] == pytest.approx(expected, rel=5e-3)


def test_pairs_by_another_rule_are_not_told_as_the_papers():
    published = (ARGON_PUBLISHED,)
    made = content(units=published, solved=published)
    assert paper_counts_table(made).rows
    others = dataclasses.replace(
        made,
        preparations=tuple(
            dataclasses.replace(
                p,
                glasses=tuple(
                    dataclasses.replace(g, pairs_by_rule={"close": 3}) for g in p.glasses
                ),
            )
            for p in made.preparations
        ),
    )
    assert paper_counts_table(others).rows == ()
    for row in paper_density_table(others).rows:
        assert row[-2] == "-"
        assert row[-3] != "-"


def test_densities_count_a_core_once():
    """The same double wells twice: the raw density doubles, that of distinct ones stays."""
    wide = dataclasses.replace(ARGON, tls_threshold=1.0)
    made = content(sizes=((6,),), units=(wide,), solved=(wide,))
    (alone,) = made.preparations
    (glass,) = alone.glasses
    copies = [dataclasses.replace(w, number=w.number + 100) for w in glass.wells]
    glasses = (dataclasses.replace(glass, wells=(*glass.wells, *copies)),)
    both = dataclasses.replace(alone, glasses=glasses)
    tables = [density_table(dataclasses.replace(made, preparations=(p,))) for p in (alone, both)]
    once, twice = (dict(zip(t.columns, t.rows[0], strict=True)) for t in tables)
    assert int(twice["N below threshold"]) == 2 * int(once["N below threshold"]) > 0
    assert twice["distinct n_0"] == once["distinct n_0"]
    assert twice["n_0, 1/(J m^3)"] != once["n_0, 1/(J m^3)"]


def test_texts_are_no_formulas_for_spreadsheets(tmp_path):
    list(write_tables(every_table(content(sizes=((1,),), glass="=cmd()")), tmp_path))
    text = (tmp_path / "glasses.csv").read_text()
    assert "'=cmd()" in text
    with (tmp_path / "double_wells.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    float(row["asymmetry"])  # negative numbers stay numbers


@pytest.mark.parametrize(
    "made",
    [
        content(sizes=()),
        content(sizes=((),)),
        content(sizes=((0,),)),
        content(sizes=((0, 0), (0,))),
        content(sizes=((1,),)),
        content(sizes=((2, 0, 1),)),
        content(sizes=((5, 3),), solved=()),
        content(sizes=((5, 3),), units=()),
        content(sizes=((12,),), solved=(ARGON,)),
        ReportContent(name="empty", preparations=(), units=(ARGON,)),
    ],
    ids=[
        "no temperatures", "no glasses", "no double wells", "none in several glasses",
        "one double well", "few", "no splittings", "no unit sets", "one unit set of two", "empty",
    ],
)  # fmt: skip
def test_whatever_is_missing_the_page_is_written(tmp_path, made):
    text = write_quickly(made, tmp_path, draw=write_small).read_text(encoding="utf-8")
    assert "</html>" in text
    rest = re.sub(r"<script.*?</script>|base64,[^\"]*", "", text, flags=re.DOTALL)
    assert not re.search(r"\bnan\b", rest)


def test_the_page_opens_with_what_was_found(tmp_path):
    """One sentence with the numbers, then the unit sets, then the smallest splittings."""
    made = with_single_well(content(sizes=((2, 3),)))
    found, words = made.overview, result_sentence(made)
    (argon, _) = found.units
    for part in (
        "2 explored glasses (of unknown equilibration) hold 5 double wells, 5 of them distinct",
        f"with the unit set argon, {argon.tls.raw} ",
        "(under every continuation)"
        if argon.tls.spread[0] == argon.tls.spread[1]
        else f"({argon.tls.spread[0]} to {argon.tls.spread[1]} by continuation)",
        "1 is a single well in disguise",
        f"E = {argon.smallest:.3g}\xa0\N{GREEK SMALL LETTER EPSILON} = ",
        f" = {argon.smallest_kelvin:.3g}\xa0K",
        "the campaign is finished.",
    ):
        assert part in words
    text = write_quickly(made, tmp_path).read_text(encoding="utf-8")
    lead = text.index(str(typeset(words)))
    order = [
        lead,
        *(text.index(mark) for mark in ("single wells in disguise</th>", "well_0_field")),
    ]
    assert order == sorted(order)
    assert lead < text.index("<h2>")


def with_single_well(made):
    """The first double well of all with its two lowest states in one well, and a small E."""
    p, *others = made.preparations
    glass, *more = p.glasses
    well, *wells = glass.wells
    changed = dataclasses.replace(
        well.splittings["argon"], splitting=1e-9, is_two_level=False, flags=("single_well",)
    )
    well = dataclasses.replace(well, splittings={**well.splittings, "argon": changed})
    glass = dataclasses.replace(glass, wells=(well, *wells), keys={0: "0123456789ab-0"})
    p = dataclasses.replace(p, glasses=(glass, *more))
    return dataclasses.replace(made, preparations=(p, *others))


def test_smallest_splittings_are_those_of_two_wells():
    made = with_single_well(content(sizes=((9, 7),)))
    table = smallest_table(made)
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    every = [w for g in made.preparations[0].glasses for w in g.wells if w.tunnels("argon")]
    every.sort(key=lambda w: w.splitting("argon"))
    assert len(every) == 15
    assert "Left out: 1 double wells" in table.note
    for row, well in zip(rows, every[:10], strict=True):
        solved = well.splittings["argon"]
        assert row["E (epsilon)"] == f"{solved.splitting:.3g}"
        assert row["E (K)"] == f"{ARGON.energy_kelvin(solved.splitting):.3g}"
        assert row["Delta_0 (epsilon)"] == f"{solved.tunneling_amplitude:.3g}"
        assert row["V_b upper (epsilon)"] == f"{well.barrier_from_upper:.3g}"
        assert row["glass"] == well.glass
        first, *rest = row["particles that move"].split()
        assert int(first) == well.core_particles[0]
        assert len(rest) < 30
    assert len(table.hints) == len(table.columns)
    keys = [row[0] for row in wells_table(made).rows]
    assert keys == ["0123456789ab-0", *[""] * 15]


def test_an_unfinished_campaign_says_so_wherever_there_is_nothing_yet(tmp_path):
    made = ReportContent(name="young", preparations=(), units=(ARGON,), tasks_left=4)
    text = write_quickly(made, tmp_path).read_text(encoding="utf-8")
    assert "the campaign is unfinished: 4 tasks left." in text
    assert text.count("Nothing here yet (unfinished: 4 tasks left).") >= 6
    assert "There are no" not in text
    assert "None." not in text
    done = dataclasses.replace(made, tasks_left=0)
    text = write_quickly(done, tmp_path).read_text(encoding="utf-8")
    assert "There are no double wells." in text
    assert "unfinished" not in text
    explored = content(sizes=((), (2,)), solved=())
    young, old = dataclasses.replace(explored, tasks_left=4), explored
    for table in (tls_table, density_table, correlation_table):
        assert table(young).rows == ()
        assert len(table(old).rows) == 2


def test_symbols_are_typeset_and_nothing_else_is_touched():
    assert typeset("T_f = 3e-05, r_12") == (
        "<i>T</i><sub>f</sub> = 3 \N{MULTIPLICATION SIGN} 10<sup>\N{MINUS SIGN}5</sup>, "
        "<i>r</i><sub>12</sub>"
    )
    for name in ("my_T_f", "T_file", "766a83075ed3-0", "12e45-0", "x.T_f"):
        assert typeset(name) == name
    assert typeset("<T_f>") == "&lt;<i>T</i><sub>f</sub>&gt;"
    assert symbols("epsilon -1") == "epsilon -1"
    assert typeset_own("epsilon `run`") == "\N{GREEK SMALL LETTER EPSILON} <code>run</code>"


def test_same_content_gives_the_same_page(tmp_path):
    pages = [write_quickly(content(sizes=((2,),)), tmp_path / name) for name in "ab"]
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_folder_that_cannot_be_written_gives_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_report(content(sizes=((1,),)), tmp_path / "file")


def test_a_full_disk_leaves_the_report_of_before(tmp_path):
    page = write_quickly(content(sizes=((1,),)), tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (page.stat().st_size // 2, hard))
    try:
        with pytest.raises(StoreError, match="File too large"):
            write_report(content(sizes=((2,),)), tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    after = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert not [path for path in after if path.name.startswith(".")], "a draft is left"
    assert after[page] == before[page]


def test_a_few_splittings_are_no_plateau():
    """Wide thresholds, so that one temperature has many two-level systems and the other a few."""
    wide = dataclasses.replace(ARGON, tls_threshold=1.0)
    rows = density_table(content(sizes=((12, 9, 15), (4,)), units=(wide,))).rows
    words = {int(row[2]) >= 5: row[-1] for row in rows}
    assert words[False] == "too few"
    assert words[True] != "too few"
