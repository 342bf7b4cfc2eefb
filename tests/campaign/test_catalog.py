"""A campaign from Python: its tables, the records behind a row, files for other programs."""

from __future__ import annotations

import csv
import dataclasses
import io
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

import glasswells as gw
from glasswells.campaign.campaigns import open_campaign as open_store
from glasswells.catalog.table import Columns
from glasswells.cli import app
from glasswells.cli.display import ProgressDisplay
from glasswells.core.geometry import displacement
from glasswells.stages.found import campaign_overview
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.reader import StoreReader


@pytest.fixture(scope="module")
def directory(vibrations_campaign: Path) -> Path:
    return vibrations_campaign


def test_a_row_for_each_double_well_with_the_numbers_of_its_records(catalog: gw.Catalog) -> None:
    table = catalog.double_wells
    assert len(table) == len(catalog) > 0
    assert [name for name, _, _ in catalog.column_guide] == list(table.columns)
    for k in range(len(table)):
        found = catalog[k]
        well = found.double_well
        assert found.key == table["key"][k]
        assert found.glass == table["glass"][k]
        assert well.barrier == table["barrier_a"][k]
        assert well.barrier - well.asymmetry == table["barrier_b"][k]
        assert np.linalg.norm(well.displacement_ab) == table["distance"][k]
        for units in catalog.units:
            name = units.name.lower().replace("-", "_")
            splitting = found.splittings[units.name]
            assert splitting.splitting == table[f"splitting_{name}"][k]
            kelvin = units.energy_kelvin(splitting.splitting)
            assert kelvin == table[f"splitting_kelvin_{name}"][k]
            assert splitting.is_two_level == table[f"is_two_level_{name}"][k]


def test_movers_are_the_particles_that_move_at_least_half_as_far_as_the_first(
    catalog: gw.Catalog,
) -> None:
    moved = np.linalg.norm(catalog[0].double_well.displacement_ab, axis=1)
    expected = np.flatnonzero(moved >= 0.5 * moved.max())[:30]
    named = [int(k) for k in catalog.double_wells["movers"][0].split()]
    assert sorted(named) == sorted(expected)
    assert named[0] == moved.argmax()


def test_rows_of_distinct_double_wells_point_at_themselves(catalog: gw.Catalog) -> None:
    table = catalog.double_wells
    first = {int(n) for n in np.asarray(table["repeats"])}
    for number, repeats in zip(table["number"], table["repeats"], strict=True):
        assert repeats <= number
        assert (number in first) == (number == repeats)


def test_two_level_systems_are_the_rows_that_some_unit_set_calls_so(catalog: gw.Catalog) -> None:
    every, systems = catalog.double_wells, catalog.two_level_systems
    columns = [name for name in every.columns if name.startswith("is_two_level_")]
    active = np.any([np.asarray(every[name], dtype=bool) for name in columns], axis=0)
    assert sorted(systems["key"]) == sorted(np.asarray(every["key"])[active])


def test_keys_find_the_same_record_as_rows(catalog: gw.Catalog) -> None:
    last = catalog[len(catalog) - 1]
    by_key = catalog[last.key]
    assert np.array_equal(by_key.double_well.saddle.positions, last.double_well.saddle.positions)
    assert by_key.vibrations is not None


@pytest.mark.parametrize("which", ["nothing", 10**6, -(10**6)])
def test_what_is_not_there_is_named(catalog: gw.Catalog, which: int | str) -> None:
    with pytest.raises(gw.InputError, match=str(which)):
        catalog[which]


@pytest.mark.parametrize("which", ["--3", "\u00b2", "-", "9" * 19])
def test_texts_that_are_no_row_are_keys(catalog: gw.Catalog, which: str) -> None:
    with pytest.raises(gw.InputError, match="expected a key"):
        catalog[which]


@pytest.mark.parametrize("which", [0.7, True, None, (0, 1), np.array([1])])
def test_only_integers_and_texts_name_a_row(catalog: gw.Catalog, which: Any) -> None:
    with pytest.raises(gw.InputError, match="expected a row number"):
        catalog[which]
    with pytest.raises(gw.InputError, match="expected a row number"):
        catalog.splittings(which)


def test_integers_of_numpy_and_digits_are_rows(catalog: gw.Catalog) -> None:
    assert catalog[np.int64(0)].key == catalog["0"].key == catalog[0].key
    assert catalog["-1"].key == catalog[-1].key == catalog[len(catalog) - 1].key


def test_columns_without_pandas_have_length_and_names() -> None:
    table = Columns({"splitting": [0.5, 0.25], "glass": ["a", "b"]})
    assert len(table) == 2
    assert table.columns == ("splitting", "glass")
    assert table["splitting"].tolist() == [0.5, 0.25]
    assert "0.25" in repr(table)


def test_extract_writes_files_that_are_read_back_to_the_last_bit(
    directory: Path, catalog: gw.Catalog, tmp_path: Path
) -> None:
    result = CliRunner().invoke(app, ["extract", str(directory), "0", "-o", str(tmp_path)])
    assert result.exit_code == 0, result.output
    well = catalog[0].double_well
    for ending in ("xyz", "dump"):
        a, b, saddle = (
            gw.read_configuration(tmp_path / f"{name}.{ending}") for name in ("a", "b", "saddle")
        )
        assert np.array_equal(a.positions, well.minimum_a.positions)
        assert np.array_equal(b.positions, well.minimum_b.positions)
        assert np.array_equal(saddle.positions, well.saddle.positions)
        ends = [gw.read_configuration(tmp_path / f"path.{ending}", frame=k) for k in (0, 40)]
        assert np.array_equal(ends[0].positions, well.minimum_a.positions)
        step = displacement(ends[1].positions, well.minimum_b.positions, a.box)
        assert np.abs(step).max() < 1e-12
    numbers = (tmp_path / "a.xyz").read_text().splitlines()[2].split()[-3:]
    assert [float(x) for x in numbers] == well.displacement_ab[0].tolist()


@pytest.fixture(scope="module")
def exports(directory: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    result = CliRunner().invoke(app, ["export", str(directory), "-o", str(folder)])
    assert result.exit_code == 0, result.output
    return folder


def test_exports_name_a_double_well_as_every_other_table_does(
    catalog: gw.Catalog, exports: Path
) -> None:
    pandas = pytest.importorskip("pandas")
    wells = pandas.read_csv(exports / "double_well.csv")
    splittings = pandas.read_csv(exports / "splitting.csv")
    assert set(wells["key"]) == set(catalog.double_wells["key"])
    assert wells["key"].is_unique
    joined = wells.merge(splittings, on="key", validate="one_to_many")
    assert len(joined) == len(splittings) == len(catalog.units) * len(wells)
    argon = joined[joined["splitting.units"] == "argon"].set_index("key")
    table = catalog.double_wells
    for k, key in enumerate(table["key"]):
        assert argon.loc[key, "splitting.splitting"] == table["splitting_argon"][k]
        assert argon.loc[key, "barrier"] == table["barrier_a"][k]
    for name in ("well_summary", "well_vibrations", "well_vibrations.directions"):
        assert set(pandas.read_csv(exports / f"{name}.csv")["key"]) == set(wells["key"])


def test_lists_in_records_are_long_tables(directory: Path, exports: Path) -> None:
    pandas = pytest.importorskip("pandas")
    explorations = pandas.read_csv(exports / "exploration.csv")
    transitions = pandas.read_csv(exports / "exploration.transitions.csv")
    with open_store(directory, PIPELINE) as store:
        (stored,) = store.records("exploration")
    assert len(explorations) == 1
    assert len(explorations.columns) < 20
    found = transitions[["i", "j", "count"]].to_numpy().tolist()
    assert found == [[t.i, t.j, t.count] for t in stored.record.transitions]
    assert set(transitions["of_row"]) == {0}
    assert transitions["entry"].tolist() == list(range(len(transitions)))


def test_the_column_guide_of_an_export_explains_every_column(exports: Path) -> None:
    """With units for all real numbers, and from the code: no column is without a meaning."""
    with (exports / "columns.csv").open(newline="", encoding="utf-8") as file:
        guide = list(csv.DictReader(file))
    assert [f"{g['table']}.{g['column']}" for g in guide if not g["meaning"]] == []
    real = [g for g in guide if g["type"] == "real" or "float" in g["type"]]
    assert sorted({g["column"] for g in real if not g["unit"]}) == []
    listed = {(g["table"], g["column"]) for g in guide if not g["type"].startswith("array")}
    for path in exports.glob("*.csv"):
        if path.name != "columns.csv":
            with path.open(newline="", encoding="utf-8") as file:
                heading = next(csv.reader(file))
            assert {(path.stem, name) for name in heading} <= listed


def test_the_list_of_products_is_what_campaigns_save(directory: Path) -> None:
    with open_store(directory, PIPELINE) as store:
        for kind in store.product_counts():
            assert isinstance(next(store.records(kind)).record, PIPELINE.products[kind])


@pytest.mark.parametrize("is_terminal", [False, True])
def test_a_run_tells_what_it_has_found_so_far(directory: Path, is_terminal: bool) -> None:
    output = io.StringIO()
    console = Console(file=output, force_terminal=is_terminal, width=2000)
    with open_store(directory, PIPELINE) as store:
        first, of_units, *_ = campaign_overview(store).sentences
        with ProgressDisplay(console, PIPELINE, 1) as display:
            display(store, {})
    assert first in output.getvalue()
    assert of_units in output.getvalue()
    assert "smallest E" in of_units or "no splitting" in of_units


SCRIPT = Path(__file__).parents[2] / "docs" / "gallery" / "plot_13_campaign.py"


def test_the_script_of_the_documentation_is_short_and_runs(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a campaign to a plot by pandas and files for OVITO in at most fifteen lines."""
    pytest.importorskip("pandas")
    cell = SCRIPT.read_text(encoding="utf-8").split("# %%\n")[1]
    lines = [line for line in cell.splitlines() if line and not line.startswith("#")]
    assert len(lines) <= 15
    monkeypatch.setattr("matplotlib.pyplot.show", lambda: None)
    names: dict[str, Any] = {"folder": directory, "print": lambda *_: None}
    exec("\n".join(lines), names)  # noqa: S102 (a file of this project)
    axes, campaign = names["axes"], names["campaign"]
    drawn = np.asarray(axes.collections[0].get_offsets())
    wells = campaign.double_wells
    expected = np.column_stack([wells["distance"], wells["splitting_argon"]])
    assert np.array_equal(drawn, expected)
    smallest = wells["key"].iloc[wells["splitting_argon"].argmin()]
    assert names["lowest"] == next(iter(campaign.two_level_systems["key"]), smallest)
    assert sorted(path.name for path in names["files"])[:2] == ["a.dump", "a.xyz"]
    plt = names["plt"]
    plt.close("all")


@pytest.mark.parametrize("program", ["ase", "ovito"])
def test_other_programs_read_both_minima_and_who_moves(
    catalog: gw.Catalog, tmp_path: Path, program: str
) -> None:
    read = {"ase": read_by_ase, "ovito": read_by_ovito}[program]
    pytest.importorskip(program)
    gw.extract_double_well(catalog, 0, str(tmp_path))
    well = catalog[0].double_well
    minima = {"a": well.minimum_a, "b": well.minimum_b, "saddle": well.saddle}
    for name, expected in minima.items():
        for ending in ("xyz", "dump"):
            positions, moves = read(tmp_path / f"{name}.{ending}")
            assert np.abs(positions - expected.positions).max() < 1e-12
            wanted = well.displacement_as if name == "saddle" else well.displacement_ab
            assert moves is None or np.abs(moves - wanted).max() < 1e-12


def test_files_of_a_calculators_double_well_ask_for_its_energy(
    paths_campaign: Path, tmp_path: Path
) -> None:
    """The campaign names a calculator, which reading never runs; Python may give the energy."""
    catalog = gw.open_campaign(paths_campaign)
    files = gw.extract_double_well(catalog, 0, tmp_path / "own")
    energy = catalog.model
    calculator = catalog.plan.model.model_copy(update={"kind": "ase"})
    catalog.plan = catalog.plan.model_copy(update={"model": calculator})
    with pytest.raises(gw.InputError, match=r"gw\.extract_double_well\(.*, model=") as refused:
        gw.extract_double_well(catalog, 0, tmp_path / "none")
    assert str(catalog.directory) in str(refused.value)
    assert not (tmp_path / "none").exists()
    given = gw.extract_double_well(catalog, 0, tmp_path / "given", model=energy)
    assert [f.name for f in given] == [f.name for f in files]
    assert all(f.read_bytes() == g.read_bytes() for f, g in zip(files, given, strict=True))


def read_by_ase(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Positions and displacements; ASE leaves out the columns of a dump that it does not know."""
    import ase.io

    atoms = ase.io.read(path, format=None if path.suffix == ".xyz" else "lammps-dump-text")
    return atoms.positions, atoms.arrays.get("displacement")


def read_by_ovito(path: Path) -> tuple[np.ndarray, np.ndarray]:
    from ovito.io import import_file

    particles = import_file(str(path)).compute().particles
    name = "displacement" if path.suffix == ".xyz" else "Displacement"
    return np.array(particles.positions), np.array(particles[name])


def test_images_are_equally_spaced_and_pass_the_saddle(catalog: gw.Catalog) -> None:
    well = catalog[0].double_well
    images = gw.path_images(catalog.model, well, 81)
    steps = [
        float(np.linalg.norm(displacement(x.positions, y.positions, x.box)))
        for x, y in itertools.pairwise(images)
    ]
    # A chord is shorter than the arc that it spans; equal arcs have nearly equal chords.
    assert sum(steps) == pytest.approx(well.path_length, rel=1e-3)
    assert max(steps) < 1.05 * min(steps)
    energies = [gw.energy(catalog.model, image) for image in images]
    top = max(energies) - energies[0]
    # Of 81 images the highest is within half a step of the saddle.
    assert 0.98 * well.barrier < top <= well.barrier * (1 + 1e-9)


def test_unknown_double_wells_on_the_command_line_are_bad_input(directory: Path) -> None:
    result = CliRunner().invoke(app, ["extract", str(directory), "99999"])
    assert result.exit_code == 2
    assert "99999" in result.output


def test_a_file_in_place_of_a_folder_is_bad_input(directory: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine", encoding="utf-8")
    result = CliRunner().invoke(app, ["extract", str(directory), "0", "-o", str(taken)])
    assert result.exit_code == 2
    assert "taken is a file, expected a folder" in result.output
    assert taken.read_text(encoding="utf-8") == "mine"


def test_a_summary_is_saved_with_its_coupling_only_where_it_is_known(catalog: gw.Catalog) -> None:
    known = catalog.summaries[0]
    unknown = dataclasses.replace(known, deformation_potential=np.full((3, 3), np.nan))
    for summary, version in ((known, 2), (unknown, 1)):
        encoded = PIPELINE.codec.encode(summary)
        body = json.loads(encoded.body)
        assert body["version"] == version
        again = PIPELINE.codec.decode(encoded.body, encoded.arrays.__getitem__)
        assert np.array_equal(
            again.deformation_potential, summary.deformation_potential, equal_nan=True
        )


def test_double_wells_whose_glass_is_lost_are_left_out(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a salvaged campaign, until it is resumed."""
    records = StoreReader.records

    def without_glasses(store: StoreReader, kind: str, **further: Any) -> Iterator[Any]:
        return iter(()) if kind == "glass" else records(store, kind, **further)

    monkeypatch.setattr(StoreReader, "records", without_glasses)
    assert len(gw.open_campaign(directory).double_wells["key"]) == 0
