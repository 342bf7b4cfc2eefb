"""What experiments would measure, from a campaign: in Python and on the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from small_plan import VIBRATIONS_PLAN
from typer.testing import CliRunner

import glasswells as gw
from glasswells.campaign.campaigns import start_campaign
from glasswells.cli import app
from glasswells.stages.pipeline import PIPELINE
from glasswells.statistics import duplicates


@pytest.fixture(scope="module")
def directory(vibrations_campaign: Path) -> Path:
    return vibrations_campaign


def test_couplings_to_strain_are_columns(catalog: gw.Catalog) -> None:
    table = catalog.double_wells
    for k in (0, len(catalog) - 1):
        g = gw.deformation_potential(catalog.model, catalog[k].double_well)
        assert table["gamma_longitudinal"][k] == pytest.approx(g.gamma_longitudinal2**0.5)
        assert table["gamma_transverse"][k] == pytest.approx(g.gamma_transverse2**0.5)


def test_observables_count_distinct_systems_once(catalog: gw.Catalog) -> None:
    """The strength by hand, over the distinct two-level systems of each unit set."""
    found = gw.campaign_observables(catalog, hertz=1e6)
    assert [each.units.name for each in found] == [units.name for units in catalog.units]
    for each in found:
        name = each.units.name
        active = [
            well
            for well in catalog.summaries
            if name in well.splittings and well.splittings[name].is_two_level
        ]
        distinct = [w for k, w in enumerate(active) if duplicates(active)[k] == k]
        assert each.two_level_systems == len(distinct) == len(each.systems)
        total = sum(
            (w.splittings[name].tunneling_amplitude / w.splittings[name].splitting) ** 2
            * gw.DeformationPotential(tensor=w.deformation_potential).gamma_longitudinal2
            for w in distinct
        )
        (volume,) = {float(np.prod(catalog[0].double_well.minimum_a.box))}
        expected = total / each.medium.longitudinal / volume / each.units.tls_threshold
        assert each.strength.longitudinal.value == pytest.approx(expected)
        assert each.omega == pytest.approx(2 * np.pi * 1e6 * each.units.time_second)


def test_the_network_of_a_glass_has_its_barriers_and_couplings(catalog: gw.Catalog) -> None:
    wells = [catalog[k].double_well for k in range(len(catalog))]
    network = gw.network_of(catalog.model, wells)
    usable = [w for w in wells if min(w.frequency_a, w.frequency_b) > 0]
    assert len(network.saddles) == len(usable)
    assert len(network.energies) <= 2 * len(usable)
    for (a, b), top, well in zip(network.ends, network.saddles, usable, strict=True):
        assert network.energies[b] - network.energies[a] == pytest.approx(well.asymmetry, abs=1e-9)
        assert top - network.energies[a] == pytest.approx(well.barrier, abs=1e-9)
        g = gw.deformation_potential(catalog.model, well).tensor
        assert network.couplings[b] - network.couplings[a] == pytest.approx(g, abs=1e-5)


def test_a_network_knows_a_minimum_that_it_meets_again(catalog: gw.Catalog) -> None:
    well = next(
        w
        for k in range(len(catalog))
        if min((w := catalog[k].double_well).frequency_a, w.frequency_b) > 0
    )
    network = gw.network_of(catalog.model, [well, well])
    assert len(network.energies) == 2
    assert len(network.saddles) == 2


def test_the_command_tells_observables(directory: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["observables", str(directory)])
    assert done.exit_code == 0
    assert "tunneling_strength_longitudinal" in done.output
    told = CliRunner().invoke(
        app, ["observables", str(directory), "--json", "--output", str(tmp_path / "out")]
    )
    assert told.exit_code == 0
    numbers = json.loads(told.stdout)
    assert numbers["tasks_left"] == 0
    for name in ("observables", "specific_heat", "internal_friction", "two_level_systems"):
        with (tmp_path / "out" / f"{name}.csv").open(encoding="utf-8") as file:
            assert len(list(csv.DictReader(file))) == len(numbers[name])


def test_attempts_of_all_modes_are_those_of_each_two_level_system(catalog: gw.Catalog) -> None:
    usual = gw.campaign_observables(catalog)[0]
    found = gw.campaign_observables(catalog, vineyard=True)[0]
    assert len(found.systems) == len(usual.systems)
    rows = {(w.glass, w.number): k for k, w in enumerate(catalog.summaries)}
    for before, after in zip(usual.systems, found.systems, strict=True):
        well = catalog[rows[after.glass, after.number]].double_well
        assert (before.attempt_a, before.attempt_b) == (well.frequency_a, well.frequency_b)
        if after.has_all_modes:
            expected = gw.attempt_frequencies(catalog.model, well)
            assert (after.attempt_a, after.attempt_b) == (expected.a, expected.b)


def test_observables_of_nothing_end_in_one_clear_error(directory: Path, tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_text(VIBRATIONS_PLAN, encoding="utf-8")
    unfinished = start_campaign(tmp_path / "plan.toml", tmp_path / "begun", PIPELINE)
    (tmp_path / "file").write_text("", encoding="utf-8")
    for arguments, code, words in (
        ([str(tmp_path / "none")], 2, "holds no campaign"),
        ([str(unfinished)], 2, "holds no double well yet"),
        ([str(directory), "--frequency", "0"], 2, "hertz is 0.0"),
        ([str(directory), "--output", str(tmp_path / "file")], 2, "is a file"),
    ):
        done = CliRunner().invoke(app, ["observables", *arguments])
        assert done.exit_code == code, done.output
        assert words in done.stderr


def test_observables_of_an_unfinished_campaign_say_so(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gw.Catalog, "tasks_left", 3)
    done = CliRunner().invoke(app, ["observables", str(directory), "--json"])
    assert done.exit_code == 0
    assert "is unfinished, 3 tasks left" in done.stderr
    assert json.loads(done.stdout)["tasks_left"] == 3
