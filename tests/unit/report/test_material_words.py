"""Reports on materials: their units, their rates, and no word about another material's paper."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import report_contents

from glasswells.landscape.quench_report import MeltQuenchReport
from glasswells.report import ReportContent, write_report
from glasswells.report import page as page_module
from glasswells.report.material_tables import material_tables
from glasswells.report.material_words import ANGSTROM, in_words_of, material_words, reword_figures
from glasswells.report.page import every_table
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
    return replace(made, preparations=tuple(preparations), is_material=True, is_papers_model=False)


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
    assert material_words(silicon())(reduced) == material
    assert material_words(report_contents.content())(reduced) == reduced


def test_the_sentence_and_the_glasses_state_the_rate() -> None:
    content = silicon()
    sentence = material_words(content)(result_sentence(content))
    assert sentence.startswith("2 explored glasses (melt-quenched at 1e+12 and 1e+13 K/s) hold 5")
    assert "equilibrated" not in sentence
    assert "eV" in sentence
    assert " K;" in sentence
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


def test_tables_and_figures_hold_no_reduced_units(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(page_module, "write_picture", report_contents.write_small)
    content = silicon()
    for table in in_words_of(content, every_table(content)):
        text = " ".join((table.title, table.note, *table.columns, *table.hints))
        assert not re.search(r"\bepsilon\b|\bT_f\b|\(sigma\)", text), table.slug
    text = write_report(content, tmp_path / "report").read_text(encoding="utf-8")
    assert "Beside the paper" not in text
    assert "Compare Fig" not in text
    assert "no fictive temperature is claimed" in text
    assert "Reduced units" not in text
    csv = (tmp_path / "report" / "tables" / "double_wells.csv").read_text().splitlines()[0]
    assert "cooling_rate" in csv
    assert "mechanism" in csv
    assert "preparation_temperature" not in csv


def test_figures_of_reduced_units_stay_as_they_are() -> None:
    with page_module.figure_style():
        for content, unit in ((report_contents.content(), r"\epsilon"), (silicon(), "eV")):
            pictures = [p for s in page_module.pictures_of(content).values() for p in s]
            reword_figures(content, pictures)
            drawn = [axes.get_xlabel() for p in pictures if p.figure for axes in p.figure.axes]
            assert any(unit in label for label in drawn)
            assert any(r"\epsilon" in label for label in drawn) == (unit == r"\epsilon")
