"""Reports on materials: their units, their rates, and no word about another material's paper."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

import report_contents
from glasswells.khomenko2021 import SECTIONS
from glasswells.landscape.quench_report import MeltQuenchReport
from glasswells.report import ReportContent
from glasswells.report.material_tables import material_tables
from glasswells.report.material_words import ANGSTROM, Rewording
from glasswells.report.page import compose, page_of
from glasswells.report.picture import figure_style
from glasswells.report.result import result_sentence
from glasswells.report.tables import glasses_table
from glasswells.tunneling import METAL

REPORT = MeltQuenchReport(
    rate=8.77e-7, melt_temperature=0.3, melt_time=2000.0, melt_displacement=5.0,
    final_temperature=0.026, n_particles=40, energy=-3.0, inherent_energy=-3.05,
)  # fmt: skip


def silicon() -> ReportContent:
    """Two rates of cooling, in electronvolts and angstroms, with bonds."""
    made = report_contents.content(sizes=((3,), (2,)), units=(METAL,), solved=(METAL,))
    rates = (1e12, 1e13)
    preparations = []
    for p, rate in zip(made.preparations, rates, strict=True):
        glasses = [
            replace(
                g,
                equilibration=REPORT,
                wells=tuple(replace(w, mechanism="hop", bonds_made=1, bonds_broken=2)
                            for w in g.wells),
            )
            for g in p.glasses
        ]  # fmt: skip
        preparations.append(replace(p, temperature=rate, glasses=tuple(glasses)))
    return replace(made, preparations=tuple(preparations), is_material=True, model=None)


@pytest.mark.parametrize(
    ("reduced", "material"),
    [
        ("E (epsilon)", "E (eV)"),
        (r"$V_b\,/\,\epsilon$, from the upper minimum", r"$V_b$ (eV), from the upper minimum"),
        (r"$V - V_A$ ($\epsilon$)", r"$V - V_A$ ($\mathrm{eV}$)"),
        ("n_0, 1/(epsilon sigma^3)", f"n_0, 1/(eV {ANGSTROM}^3)"),
        ("d (sigma)", f"d ({ANGSTROM})"),
        ("T_f", "rate (K/s)"),
        ("T_f = 1e+12: 3 double wells", "rate 1e+12 K/s: 3 double wells"),
        ("glass q1e12-0, T_f = 1e+12, N = 512.", "glass q1e12-0, rate 1e+12 K/s, N = 512."),
        ("$T_f = 1e+12$ (3)", "rate 1e+12 K/s (3)"),
        ("key", "key"),
    ],
)
def test_words_of_reduced_units_become_those_of_the_material(reduced: str, material: str) -> None:
    assert Rewording(silicon()).words(reduced) == material
    assert Rewording(report_contents.content()).words(reduced) == reduced


def test_the_sentence_and_the_glasses_state_the_rate() -> None:
    content = silicon()
    sentence = Rewording(content).words(result_sentence(content))
    assert sentence.startswith("2 explored glasses (melt-quenched at 1e+12 and 1e+13 K/s) hold 5")
    assert "equilibrated" not in sentence
    assert "eV" in sentence
    assert "\xa0K;" in sentence
    rows = glasses_table(content).rows
    assert rows[0][6] == "melt-quenched at rate 1e+12 K/s"
    assert rows[0][5] == "-3.0000"
    assert not content.preparations[0].are_equilibrated


def test_double_wells_in_kelvin_gigahertz_and_angstroms() -> None:
    content = silicon()
    physical, mechanisms = material_tables(content)
    wells = [w for p in content.preparations for g in p.glasses for w in g.wells]
    smallest = min(wells, key=lambda w: w.splitting("metal"))
    row = dict(zip(physical.columns, physical.rows[0], strict=True))
    kelvin = smallest.splitting("metal") * 11604.518
    assert float(row["E (K)"]) == pytest.approx(kelvin, rel=5e-3)
    # E / h with h = 4.135667696e-15 eV s
    hertz = smallest.splitting("metal") / 4.135667696e-15
    assert float(row["E/h (GHz)"]) == pytest.approx(hertz / 1e9, rel=5e-3)
    assert float(row["V_b upper (meV)"]) == pytest.approx(
        1e3 * smallest.barrier_from_upper, rel=5e-3
    )
    assert float(row[f"d ({ANGSTROM})"]) == pytest.approx(smallest.distance, rel=5e-3)
    # omega in units of 1 / (10.18051 fs)
    assert float(row["in A (GHz)"]) == pytest.approx(
        smallest.frequency_a / (2 * 3.14159265 * 10.18051e-15) / 1e9, rel=1e-3
    )
    assert row["bonds"] == "+1 -2"
    assert [r[0] for r in mechanisms.rows] == ["hop"]
    assert list(material_tables(report_contents.content())) == []


def test_tables_and_figures_hold_no_reduced_units(tmp_path) -> None:
    content = silicon()
    with figure_style():
        page = page_of(content, SECTIONS)
        drawn = [
            label
            for picture in page.pictures
            if picture.figure
            for axes in picture.figure.axes
            for label in (axes.get_xlabel(), axes.get_ylabel(), axes.get_title())
        ]
    for table in page.tables:
        text = " ".join((table.title, table.note, *table.columns, *table.hints))
        assert not re.search(r"\bepsilon\b|\bT_f\b|\(sigma\)", text), table.slug
    assert any("eV" in label for label in drawn)
    assert not any(r"\epsilon" in label or "T_f" in label for label in drawn)
    assert "paper" not in {section.slug for section in page.sections}
    path = compose(content, tmp_path, SECTIONS, draw=report_contents.write_small)
    text = path.read_text(encoding="utf-8")
    assert "Beside the paper" not in text
    assert "Compare Fig" not in text
    assert "no fictive temperature is claimed" in text
    assert "Reduced units" not in text
    heading = (tmp_path / "tables" / "double_wells.csv").read_text().splitlines()[0]
    assert "cooling_rate" in heading
    assert "mechanism" in heading
    assert "preparation_temperature" not in heading


def test_a_report_in_reduced_units_stays_as_it_is() -> None:
    with figure_style():
        page = page_of(report_contents.content())
        labels = [a.get_xlabel() for p in page.pictures if p.figure for a in p.figure.axes]
    assert any(r"\epsilon" in label for label in labels)
    assert "material" not in {section.slug for section in page.sections}
