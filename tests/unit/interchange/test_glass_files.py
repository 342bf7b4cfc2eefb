"""A user's own glasses in a campaign: read once, kept by value, whatever happens to the files."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
from exact_configurations import bits

from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.core.errors import InputError
from glasswells.core.records import Configuration
from glasswells.engines.pool import InlineExecutor
from glasswells.interchange.configurations import write_configuration
from glasswells.interchange.shipped import DATA, SHIPPED
from glasswells.model.functions import energy
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.plan.errors import PlanError
from glasswells.plan.file import parse_plan
from glasswells.plan.glass_files import complete_plan, readable_plan
from glasswells.plan.glasses import StoredGlass
from glasswells.stages.pipeline import PIPELINE, roots
from glasswells.stages.prepare import run_prepare
from glasswells.stages.table import spell_out
from glasswells.store.catalogue import catalogue_digest
from glasswells.store.tasks import TaskInput, resolve

PLAN = """\
[campaign]
name = "mine"
[glasses]
source = "files"
preparation_temperatures = [0.1, 0.07]
counts = [1, 1]
files = ["first.xyz", "second.data"]
[explore]
interval = 40
time_step = 0.01
trajectories = 1
quenches = 1
[pairs]
max_pairs = 1
"""


@pytest.fixture
def folder(tmp_path: Path, soft_liquid: Configuration) -> Path:
    write_configuration(soft_liquid, tmp_path / "first.xyz")
    other = soft_liquid.moved_to(np.array(soft_liquid.positions)[::-1])
    write_configuration(other, tmp_path / "second.data")
    (tmp_path / "plan.toml").write_text(PLAN)
    return tmp_path


def prepare_tasks(text: str) -> dict[str, TaskInput]:
    """The inputs of the tasks that prepare glasses, by glass."""
    tasks = resolve(roots(parse_plan(text)), 1)
    return {
        task.glass: TaskInput(
            inputs=(), state=None, parameters=task.parameters, seed=task.seed_sequence
        )
        for task in tasks
        if task.stage == "prepare"
    }


def test_contents_are_kept_by_value(folder: Path, soft_liquid: Configuration) -> None:
    text = complete_plan(PLAN, folder)
    for file in ("first.xyz", "second.data"):
        (folder / file).unlink()
    tasks = prepare_tasks(text)
    assert set(tasks) == {"t0p1-0", "t0p07-0"}
    ((kind, glass),) = run_prepare(tasks["t0p1-0"]).products
    assert kind == "glass"
    assert bits(glass.configuration) == bits(soft_liquid)
    assert glass.preparation_temperature == 0.1
    ((_, other),) = run_prepare(tasks["t0p07-0"]).products
    np.testing.assert_array_equal(other.configuration.positions, soft_liquid.positions[::-1])
    assert complete_plan(text, folder) == text  # complete already: no file is looked for


def test_nobody_knows_whether_it_is_equilibrated(folder: Path, soft_liquid: Configuration) -> None:
    task = prepare_tasks(complete_plan(PLAN, folder))["t0p1-0"]
    report = run_prepare(task).products[0][1].report
    assert "not equilibrated: unknown" in report.flags
    assert "not equilibrated" not in report.flags
    assert not report.is_equilibrated
    assert np.isnan(report.relaxation_times)
    assert report.energy.value == energy(SoftSpheres(), soft_liquid) / 150
    assert report.n_particles == 150


def test_tasks_are_named_by_what_the_files_hold(folder: Path, soft_liquid: Configuration) -> None:
    def names(text: str) -> dict[str, str]:
        found = resolve(roots(parse_plan(text)), 1)
        return {f"{t.stage} {t.glass}": t.id for t in found}

    before = names(complete_plan(PLAN, folder))
    (folder / "first.xyz").rename(folder / "moved.xyz")
    renamed = PLAN.replace("first.xyz", "moved.xyz")
    assert names(complete_plan(renamed, folder)) == before
    nudged = np.array(soft_liquid.positions)
    nudged[0, 0] = np.nextafter(nudged[0, 0], 9.0)
    write_configuration(soft_liquid.moved_to(nudged), folder / "moved.xyz")
    after = names(complete_plan(renamed, folder))
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {f"{stage} t0p1-0" for stage in ("prepare", "explore", "library", "pairs")}


def test_a_campaign_does_not_need_its_files_again(folder: Path) -> None:
    digests = []
    for name in ("a", "b"):
        directory = start_campaign(folder / "plan.toml", folder / name, PIPELINE)
        assert (directory / "plan.toml").read_text() == spell_out(PLAN)
        if name == "b":
            (folder / "first.xyz").write_text("something else")
            (folder / "second.data").unlink()
        run_campaign(directory, PIPELINE, workers=1, make_executor=InlineExecutor)
        with open_campaign(directory, PIPELINE) as store:
            digests.append(catalogue_digest(store))
            assert store.product_counts()["glass"] == 2
            assert readable_plan(store.property("plan")) == spell_out(PLAN)
            assert len(store.property("plan")) > 9000  # two times 150 particles in base64
    assert digests[0] == digests[1]
    with pytest.raises(PlanError, match=r"(?s)first.xyz, line 1.*second.data is no file.*resume"):
        start_campaign(folder / "plan.toml", folder / "b", PIPELINE)


def test_another_file_is_another_plan(folder: Path, soft_liquid: Configuration) -> None:
    start_campaign(folder / "plan.toml", folder / "a", PIPELINE)
    start_campaign(folder / "plan.toml", folder / "a", PIPELINE)
    write_configuration(soft_liquid, folder / "second.data")
    with pytest.raises(InputError, match="holds a campaign with another plan"):
        start_campaign(folder / "plan.toml", folder / "a", PIPELINE)


def test_types_take_their_diameters_from_the_plan(folder: Path, mixture: Configuration) -> None:
    write_configuration(mixture, folder / "first.xyz")
    text = (folder / "first.xyz").read_text().replace(":radius:", ":mass:")
    small = f" {0.44:.17g}\n"
    rows = [
        f"B{r[1:]}" if (r + "\n").endswith(small) else f"A{r[1:]}" for r in text.split("\n")[2:-1]
    ]
    (folder / "first.xyz").write_text("\n".join([*text.split("\n")[:2], *rows, ""]))
    plan = PLAN.replace('"first.xyz", "second.data"', '"first.xyz", "first.xyz"')
    with pytest.raises(PlanError, match=r"first.xyz: holds no diameters"):
        complete_plan(plan, folder)
    plan = plan.replace("[explore]", "diameters = { A = 1.0, B = 0.88 }\n[explore]")
    # The column `mass` is that of radii here.
    plan = plan.replace("[explore]", "masses = 1\n[explore]")
    plan += '[model]\nname = "kob_andersen"\ncutoff = 2.0\n'
    ((_, glass),) = run_prepare(prepare_tasks(complete_plan(plan, folder))["t0p1-0"]).products
    assert bits(glass.configuration) == bits(mixture)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[1, 1]", "[1, 2]"), "glasses: files has 2 entries, but counts adds up to 3"),
        (('source = "files"', 'source = "shipped"'), "source is 'shipped'.*source = \"files\""),
        (('"first.xyz", ', '"../no.xyz", '), r"glasses.files: .*no.xyz is no file"),
        (('"first.xyz", ', '"plan.toml", '), r"plan.toml has the extension '.toml', expected"),
        (
            ("[explore]", "[model]\ncutoff = 3.0\n[explore]"),
            r"(?s)first.xyz: the shortest box edge",
        ),
        (
            ("[explore]", "diameters = { A = -1.0 }\n[explore]"),
            r"glasses.diameters.A: is -1.0, exp",
        ),
        (
            ("[explore]", "masses = 0\n[explore]"),
            r"glasses.masses.\*: is 0, expected greater than 0",
        ),
        (
            ("[explore]", 'masses = { "*" = 1.0, A = 2.0 }\n[explore]'),
            r"masses has '\*', which is all, and others",
        ),
        (
            ("[explore]", 'atom_style = "body"\n[explore]'),
            r"glasses: atom_style is 'body', expected one of atomic, .*hybrid sphere charge",
        ),
        (
            ("[explore]", 'format = "cif"\n[explore]'),
            r"glasses.format: is 'cif', expected 'by_extension', 'extended_xyz'",
        ),
        (
            ('source = "files"', 'source = "prepare"\natom_style = "full"'),
            r"glasses: files is given, but source is 'prepare'",
        ),
    ],
    ids=range(11),
)
def test_plans_that_cannot_be(folder: Path, change: tuple[str, str], message: str) -> None:
    (folder / "plan.toml").write_text(PLAN.replace(*change))
    with pytest.raises(PlanError, match=message):
        start_campaign(folder / "plan.toml", folder / "a", PIPELINE)
    assert not (folder / "a").exists()


def test_one_option_may_not_be_left_over(folder: Path) -> None:
    plan = "[campaign]\nname = 'a'\n[glasses]\n"
    for line in ("masses = 2.0", "atom_style = 'full'", "format = 'gsd'", "diameters = { A = 1 }"):
        name = line.split()[0]
        with pytest.raises(PlanError, match=f"glasses: {name} is given, but source is 'prepare'"):
            parse_plan(plan + line)


def unnamed(folder: Path, soft_liquid: Configuration) -> str:
    """A plan with a data file that says neither atom style nor sizes."""
    rows = [
        f"{k} 7 1 {x:.17g} {y:.17g} {z:.17g}"
        for k, (x, y, z) in enumerate(soft_liquid.positions, 1)
    ]
    edges = [f"0 {edge:.17g} {a}lo {a}hi" for edge, a in zip(soft_liquid.box, "xyz", strict=True)]
    head = ["no style", "", f"{len(rows)} atoms", "1 atom types", *edges, "", "Atoms", ""]
    (folder / "second.data").write_text("\n".join([*head, *rows, ""]))
    (folder / "first.txt").write_bytes((folder / "second.data").read_bytes())
    return PLAN.replace("first.xyz", "second.data")


def test_messages_are_in_the_words_of_the_plan(folder: Path, soft_liquid: Configuration) -> None:
    plan = unnamed(folder, soft_liquid)

    def problems(*lines: str, text: str = plan) -> str:
        with pytest.raises(PlanError) as caught:
            complete_plan(text.replace("[explore]", "\n".join([*lines, "[explore]"])), folder)
        message = str(caught.value)
        assert "pass " not in message
        assert "=..." not in message
        assert message.startswith("the plan has 2 problems:")  # the hint is none
        assert len(caught.value.problems) == 2
        assert message.split("\n")[-1].startswith("  (a campaign that has begun needs no files")
        return message

    assert 'set atom_style in [glasses], such as atom_style = "full"' in problems()
    style = 'atom_style = "molecular"'
    assert "set diameters in [glasses], one number for all, or a table" in problems(style)
    text = plan.replace("second.data", "first.txt")
    assert "set format in [glasses], one of extended_xyz, lammps_data" in problems(text=text)
    lines = [
        style,
        'format = "lammps_data"',
        "diameters = { 1 = 1.5 }",
        "masses = 2.5",
        "[explore]",
    ]
    completed = complete_plan(text.replace("[explore]", "\n".join(lines)), folder)
    assert completed.count("masses = ") == 3
    ((_, glass),) = run_prepare(prepare_tasks(completed)["t0p07-0"]).products
    np.testing.assert_array_equal(glass.configuration.positions, soft_liquid.positions)
    assert set(glass.configuration.diameters) == {1.5}
    assert set(glass.configuration.masses) == {2.5}
    np.savez(folder / "a.npz", positions=soft_liquid.positions, box=soft_liquid.box)
    text = plan.replace("second.data", "a.npz")
    table = 'diameters = { "1" = 1.5 }'
    assert "set diameters in [glasses], one number for all" in problems(table, text=text)
    complete_plan(text.replace("[explore]", "diameters = 1.0\n[explore]"), folder)


def test_masses_of_files_are_kept_by_value(folder: Path, soft_liquid: Configuration) -> None:
    plain = complete_plan(PLAN, folder)
    assert "masses" not in plain  # as campaigns of older versions have it
    masses = np.where(np.arange(150) % 2 == 0, 1.0, 0.53)
    heavy = replace(soft_liquid, masses=masses)
    write_configuration(heavy, folder / "first.xyz")
    completed = complete_plan(PLAN, folder)
    task = prepare_tasks(completed)["t0p1-0"]
    assert bits(run_prepare(task).products[0][1].configuration) == bits(heavy)
    stored = StoredGlass.of("a", heavy)
    assert bits(stored.configuration()) == bits(heavy)
    for bad in ({"masses": ""}, {"masses": stored.masses[4:]}, {"masses": "no base64"}):
        with pytest.raises(ValueError, match="stored glass 'a' is not what was stored"):
            StoredGlass(**stored.model_dump() | bad)


def test_glasses_that_do_not_ship_are_noticed_at_once() -> None:
    with resources.files("glasswells.interchange").joinpath(DATA).open("rb") as file:
        stored = np.load(file)
        assert Counter(stored["temperatures"]) == SHIPPED
    plan = '[campaign]\nname = "a"\n[glasses]\nsource = "shipped"\n'
    parse_plan(plan)
    for line in ("preparation_temperatures = [0.1]", "counts = [11]"):
        with pytest.raises(PlanError, match=r"do not come with glasswells.*source = \"prepare\""):
            parse_plan(plan + line)


def test_stored_glasses_that_were_edited(soft_liquid: Configuration) -> None:
    stored = StoredGlass.of("a", soft_liquid)
    assert bits(stored.configuration()) == bits(soft_liquid)
    fields = stored.model_dump()
    for bad in (
        {"data": fields["data"][4:]},
        {"data": "no base64"},
        {"data": ""},
        {"sha256": "0" * 64},
    ):
        with pytest.raises(ValueError, match="stored glass 'a' is not what was stored"):
            StoredGlass(**fields | bad)
    with pytest.raises(InputError, match=r"has not read them: start it by start_campaign"):
        roots(parse_plan(PLAN))
    extra = PLAN + "\n[[stored_glasses]]\n" + "\n".join(f'{k} = "{v}"' for k, v in fields.items())
    with pytest.raises(PlanError, match=r"stored_glasses has 1 entries, but glasses.files 2"):
        parse_plan(extra)
