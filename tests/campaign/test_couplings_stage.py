"""Stage `couplings`: what strain and heat do to a double well, stored once and read."""

from __future__ import annotations

import csv
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from small_plan import VIBRATIONS_PLAN
from typer.testing import CliRunner

import glasswells as gw
from glasswells.campaign.campaigns import open_campaign as open_store
from glasswells.catalog import catalog as catalog_module
from glasswells.catalog import observables as reading_observables
from glasswells.cli import app
from glasswells.content.campaign import campaign_content
from glasswells.core.records import Configuration, DoubleWell
from glasswells.modes.stiffness import Stiffness
from glasswells.observables.attempt_columns import KELVIN
from glasswells.plan.couplings import CouplingsSection
from glasswells.report.well_tables import wells_table
from glasswells.stages import stored_couplings
from glasswells.stages.couplings import WellCouplings, couplings_parameters, run_couplings
from glasswells.stages.pipeline import PIPELINE
from glasswells.stages.table import read_plan
from glasswells.store.tasks import TaskInput, TaskOutput


@pytest.fixture(scope="module")
def coupled(coupled_campaign: Path) -> gw.Catalog:
    return gw.open_campaign(coupled_campaign)


def records(directory: Path) -> list[WellCouplings]:
    with open_store(directory, PIPELINE) as store:
        return [item.record for item in store.records("well_couplings")]


def log_product(model: gw.Model, configuration: Configuration) -> tuple[float, float]:
    """Of the positive eigenvalues of the dense Hessian without translations; and the lowest one."""
    values = np.linalg.eigvalsh(Stiffness(model, configuration).matrix.toarray())
    kept = np.delete(values, np.argsort(np.abs(values))[:3])
    return float(np.log(kept[kept > 0]).sum()), float(kept[0])


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("computed anew")


def coupled_by(settings: str, *wells: DoubleWell) -> TaskOutput:
    """The stage run by hand."""
    plan = read_plan(VIBRATIONS_PLAN + "[couplings]\nenabled = true\n" + settings)
    parameters = couplings_parameters(plan)
    assert parameters is not None
    seed = np.random.SeedSequence(1)
    return run_couplings(TaskInput(inputs=(wells,), state=None, parameters=parameters, seed=seed))


def test_what_is_stored_is_what_reading_computes_bit_for_bit(
    coupled: gw.Catalog, paths_campaign: Path
) -> None:
    """The campaign without the stage is one as older versions left it."""
    older = gw.open_campaign(paths_campaign)
    assert list(older.double_wells["key"]) == list(coupled.double_wells["key"])
    for before, after in zip(older.summaries, coupled.summaries, strict=True):
        assert np.array_equal(before.deformation_potential, after.deformation_potential)
    for name in ("gamma_longitudinal", "gamma_transverse"):
        assert np.array_equal(older.double_wells[name], coupled.double_wells[name])
    assert "attempt_frequency_a" not in older.double_wells.columns
    g = gw.deformation_potential(coupled.model, coupled[0].double_well)
    assert np.array_equal(coupled.summaries[0].deformation_potential, g.tensor)


def test_without_vineyard_no_table_has_columns_of_attempts(
    coupled: gw.Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    section = coupled.plan.table(CouplingsSection).model_copy(update={"vineyard": False})
    plan = coupled.plan.model_copy(update={"couplings": section})
    monkeypatch.setattr(catalog_module, "read_stored_plan", lambda _: plan)
    catalog = gw.open_campaign(coupled.directory)
    assert not [n for n in catalog.double_wells.columns if "attempt" in n or "activated" in n]
    assert not [n for n, _, _ in catalog.column_guide if "attempt" in n or "activated" in n]
    assert "gamma_longitudinal" in catalog.double_wells.columns


def test_determinants_are_those_of_the_dense_spectra(coupled: gw.Catalog) -> None:
    kept = {tuple(r.deformation_potential.ravel()): r for r in records(coupled.directory)}
    assert len(kept) == len(coupled)
    seen = 0
    for k, summary in enumerate(coupled.summaries[:4]):
        found, well = kept[tuple(summary.deformation_potential.ravel())], coupled[k].double_well
        saddle, lowest = log_product(coupled.model, well.saddle)
        assert lowest == pytest.approx(well.negative_eigenvalue, rel=1e-6)
        a, b = (log_product(coupled.model, c)[0] for c in (well.minimum_a, well.minimum_b))
        assert found.log_determinant_a == pytest.approx(a, rel=1e-10)
        assert found.log_determinant_b == pytest.approx(b, rel=1e-10)
        assert found.log_determinant_saddle == pytest.approx(saddle, abs=1e-6)
        assert found.attempt_frequency_a == pytest.approx(math.exp((a - saddle) / 2), rel=1e-6)
        expected = gw.attempt_frequencies(coupled.model, well)
        assert (found.attempt_frequency_a, found.attempt_frequency_b) == (expected.a, expected.b)
        seen += 1
    assert seen > 0


def test_reading_computes_nothing_of_it_again(
    coupled_campaign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stored_couplings, "deformation_potential", refuse)
    monkeypatch.setattr(reading_observables, "attempt_frequencies", refuse)
    found = gw.campaign_observables(gw.open_campaign(coupled_campaign), vineyard=True)
    assert all(system.has_all_modes for each in found for system in each.systems)


def test_vineyards_times_are_columns_of_tables_and_of_the_report(coupled: gw.Catalog) -> None:
    table = coupled.double_wells
    for k, summary in enumerate(coupled.summaries):
        a, b = table["attempt_frequency_a"][k], table["attempt_frequency_b"][k]
        for units in coupled.units:
            temperature = units.energy_from_kelvin(KELVIN)
            rate = a * np.exp(-summary.barrier / temperature)
            rate += b * np.exp(-(summary.barrier - summary.asymmetry) / temperature)
            name = f"log10_activated_time_4k_{units.name}".lower().replace("-", "_")
            expected = np.log10(2 * np.pi / rate * units.time_second)
            assert table[name][k] == pytest.approx(expected, abs=1e-10)
    with open_store(coupled.directory, PIPELINE) as store:
        shown = wells_table(campaign_content(store))
    place = shown.columns.index("attempt_frequency_a")
    assert [float(row[place]) for row in shown.rows] == list(table["attempt_frequency_a"])
    guide = {name: (unit, meaning) for name, unit, meaning in coupled.column_guide}
    unit, meaning = guide["log10_activated_time_4k_argon"]
    assert unit == "log10(s)"
    assert "4 K" in meaning


def test_the_sum_over_all_double_wells_takes_the_stored_attempts(coupled: gw.Catalog) -> None:
    usual = gw.campaign_observables(coupled)[0]
    found = gw.campaign_observables(coupled, vineyard=True)[0]
    assert not np.array_equal(found.friction.longitudinal.value, usual.friction.longitudinal.value)


def test_exports_name_the_double_well(coupled: gw.Catalog, tmp_path: Path) -> None:
    done = CliRunner().invoke(
        app, ["export", str(coupled.directory), "--output", str(tmp_path / "out")]
    )
    assert done.exit_code == 0, done.output
    with (tmp_path / "out" / "well_couplings.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["key"] for row in rows} == set(coupled.double_wells["key"])
    assert all(float(row["gamma_longitudinal"]) > 0 for row in rows)


def test_what_cannot_be_computed_is_said_and_leaves_the_rest(coupled: gw.Catalog) -> None:
    """A saddle with other than one negative eigenvalue has no attempt frequency."""
    well = coupled[0].double_well
    output = coupled_by("", well, replace(well, saddle=well.minimum_a))
    (_, good), (_, bad) = output.products
    assert good.failures == ()
    assert np.array_equal(good.deformation_potential, bad.deformation_potential)
    assert math.isnan(bad.attempt_frequency_a)
    assert bad.failures == (
        "vineyard: InputError: the saddle has 0 negative eigenvalues, expected 1",
    )
    assert output.counts == {"double_wells": 2, "attempt_frequencies": 1, "incomplete": 1}


def test_it_is_off_by_default_and_may_leave_out_the_determinants(coupled: gw.Catalog) -> None:
    assert couplings_parameters(read_plan(VIBRATIONS_PLAN)) is None
    output = coupled_by("vineyard = false\n", coupled[0].double_well)
    ((_, found),) = output.products
    assert found.failures == ()
    assert found.gamma_longitudinal > 0
    assert math.isnan(found.log_determinant_a)
