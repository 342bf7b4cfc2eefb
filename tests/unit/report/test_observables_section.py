"""The section on what experiments would measure."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from glasswells.observables import Medium, observables_of
from glasswells.report import ReportContent
from glasswells.report.figures.observables import parameter_pictures
from glasswells.report.picture import figure_style
from glasswells.report.sections import observables_section
from report_contents import content

MEDIUM = Medium(density=1.0, longitudinal=24.0, transverse=4.5)


@pytest.fixture(scope="module")
def measured() -> ReportContent:
    """The small content with couplings drawn at random."""
    made = content()
    random = np.random.default_rng(5)

    def coupled(well):
        g = random.normal(size=(3, 3))
        return dataclasses.replace(well, deformation_potential=g + g.T)

    found = tuple(
        observables_of(
            [[coupled(w) for w in wells] for wells in p.wells],
            [g.volume for g in p.explored],
            MEDIUM,
            units,
            preparation_temperature=p.temperature,
        )
        for p in made.preparations
        for units in made.units
    )
    return dataclasses.replace(made, observables=found)


def test_there_is_no_section_where_nothing_is_known() -> None:
    assert observables_section(content()) is None


def test_it_has_a_column_for_each_unit_set_and_folds_all_but_the_first(
    measured: ReportContent,
) -> None:
    with figure_style():
        section = observables_section(measured)
        assert section is not None
        pictures = {p.slug: p.is_folded for p in section.pictures}
    assert pictures == {
        "specific_heat_0": False,
        "specific_heat_1": True,
        "internal_friction_0": False,
        "internal_friction_1": True,
        **{f"tunneling_parameters_{k}": k > 0 for k in (0, 1) if measured.observables[k].systems},
    }
    assert "tunneling_parameters_0" in pictures
    (table,) = section.tables
    assert table.columns == ("T_f", "observable", "unit", "argon", "NiP")
    rows = {(row[0], row[1]): row[3:] for row in table.rows}
    strength = measured.observables[0].strength.longitudinal
    assert rows["0.07", "tunneling strength longitudinal"][0] == strength.text()
    assert "3e-4" in table.note


def test_each_two_level_system_is_a_point_of_its_delta_and_delta_0(measured: ReportContent) -> None:
    with figure_style():
        (first, *_) = parameter_pictures(measured)
    units = measured.observables[0].units
    expected = {
        (f"{units.energy_kelvin(np.sqrt(s.splitting**2 - s.amplitude**2)):.6g}",
         f"{units.energy_kelvin(s.amplitude):.6g}")
        for o in measured.observables
        if o.units == units
        for s in o.systems
    }  # fmt: skip
    drawn = {
        (f"{x:.6g}", f"{y:.6g}")
        for line in first.figure.axes[0].lines
        if line.get_linestyle() == "None"
        for x, y in zip(line.get_xdata(), line.get_ydata(), strict=True)
    }
    assert drawn == expected
    assert "standard model" in first.caption
