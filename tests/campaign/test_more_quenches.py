"""More quenches for a campaign: trajectories go on from where they ended."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from inspection import digest, stopping_after
from small_plan import SMALL_PLAN

from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.campaign.reuse import what_is_shared
from glasswells.content.joined_exploration import joined_exploration
from glasswells.core.errors import InputError
from glasswells.engines.pool import InlineExecutor
from glasswells.landscape.library import Library
from glasswells.plan.differences import plan_differences
from glasswells.plan.file import parse_plan
from glasswells.report import campaign_content, together
from glasswells.stages.explore import begins_exploration, explore_parameters, trajectory_names
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.tasks import Task
from glasswells.store.verify import verify_store

PLACES = ("in old", "in new")


def text_of(quenches: int, chunk: int = 20) -> str:
    text = SMALL_PLAN.replace("quenches = 40", f"quenches = {quenches}")
    return text.replace("chunk_quenches = 20", f"chunk_quenches = {chunk}")


def started(folder: Path, name: str, text: str, reuse: Path | None = None) -> Path:
    plan = folder / f"{name}.toml"
    plan.write_text(text, encoding="utf-8")
    return start_campaign(plan, folder / name, PIPELINE, reuse)


def finished(directory: Path) -> set[str]:
    """Ids of the tasks that were done in this run."""
    ran: list[str] = []
    ending = run_campaign(
        directory,
        PIPELINE,
        workers=1,
        make_executor=InlineExecutor,
        acknowledged=ran.extend,
    )
    assert ending.is_finished
    return set(ran)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("short")
    directory = started(folder, "short", text_of(20))
    finished(directory)
    return directory


@pytest.fixture(scope="module")
def long(small_campaign: Path) -> Path:
    assert text_of(40) == SMALL_PLAN
    return small_campaign


def tasks_of(directory: Path, stage: str) -> dict[str, int]:
    """The chunk by the id of each task of a stage."""
    with open_campaign(directory, PIPELINE) as store:
        return {row.task.id: row.task.chunk for row in store.tasks(stage=stage)}


def test_a_campaign_that_goes_on_from_a_shorter_one_equals_one_from_the_start(
    short: Path, long: Path, tmp_path: Path
) -> None:
    new = started(tmp_path, "new", text_of(40), reuse=short)
    ran = finished(new)
    assert digest(new, PIPELINE) == digest(long, PIPELINE)
    assert verify_store(new, PIPELINE.codec).is_sound
    explorations = tasks_of(new, "explore")
    assert sorted(explorations.values()) == [0, 0, 1, 1]
    assert {chunk for i, chunk in explorations.items() if i in ran} == {1}
    assert not ran & set(tasks_of(new, "prepare"))


def test_a_report_does_not_count_common_trajectories_twice(
    short: Path, long: Path, tmp_path: Path
) -> None:
    """Nor does it take those at another temperature for the same."""
    text = re.sub("rules = .*", "rules = []", text_of(20))
    colder = started(
        tmp_path, "colder", re.sub("(exploration_temperature = ).*", r"\g<1>0.04", text)
    )
    finished(colder)
    contents = []
    for directory in (short, long, colder):
        with open_campaign(directory, PIPELINE) as store:
            contents.append(campaign_content(store))
    old, new, other = contents
    for both in ([old, old], [old, new], [new, old]):
        with pytest.raises(
            InputError, match=r"share 2 of the trajectories .* newer campaign alone"
        ):
            together(both)
    ((one,), (two,), (joined,)) = (
        c.preparations[0].glasses for c in (old, other, together([old, other]))
    )
    assert joined.n_pairs == one.n_pairs
    assert joined.exploration is not None
    assert one.exploration is not None
    assert two.exploration is not None
    assert joined.exploration.quenches == one.exploration.quenches + two.exploration.quenches


def test_joined_inherent_structures_are_those_of_a_library_of_all(
    short: Path, long: Path, tmp_path: Path
) -> None:
    """The twin has the particles and absorbs one minimum after the other."""
    text = re.sub("rules = .*", "rules = []", text_of(20))
    hotter = started(
        tmp_path, "hotter", re.sub("(exploration_temperature = ).*", r"\g<1>0.3", text)
    )
    finished(hotter)
    explorations, structures = [], []
    for directory in (short, long, hotter):
        with open_campaign(directory, PIPELINE) as store:
            (glass,) = campaign_content(store).preparations[0].glasses
            structures += [item.record for item in store.records("structure")]
            box = next(store.records("glass")).record.configuration.box
        assert glass.exploration is not None
        explorations.append(glass.exploration)
    library = Library(box, explorations[0].identity)
    for structure in structures:
        library.absorb(structure)
    found = joined_exploration(explorations, glass.n_particles)
    assert len(explorations[1].energies) < len(found.energies) < len(structures)
    np.testing.assert_array_equal(found.energies, [s.energy for s in library.structures])
    np.testing.assert_array_equal(found.visits, [s.visits for s in library.structures])


@pytest.mark.parametrize("lanes", [2, 16])
def test_trajectories_have_their_names_however_they_are_grouped_or_cut(lanes: int) -> None:
    plan = parse_plan(text_of(20).replace("lanes = 1", "lanes = 16"))

    def names(count: int, quenches: int, seed: int = 1) -> list[frozenset[str]]:
        found = []
        for first in range(0, 5, count):
            parameters = explore_parameters(plan, first, min(count, 5 - first))
            parameters["explore"] = parameters["explore"] | {"quenches": quenches}
            task = Task(stage="explore", glass="g", number=first, seed=seed, parameters=parameters)
            found.append(trajectory_names(task))
        return found

    one = frozenset().union(*names(1, 20))
    assert len(one) == 5
    assert frozenset().union(*names(lanes, 40)) == one
    assert not one & frozenset().union(*names(lanes, 20, seed=2))


def test_where_trajectories_were_cut_does_not_matter(long: Path, tmp_path: Path) -> None:
    """A trajectory of 30 quenches in chunks of 7, of which one chunk more is started, then 40."""
    text = re.sub("rules = .*", "rules = []", text_of(30, chunk=7))
    first = started(tmp_path, "first", text)
    finished(first)
    second = started(tmp_path, "second", text_of(40, chunk=25), reuse=first)
    finished(second)
    with open_campaign(long, PIPELINE) as one, open_campaign(second, PIPELINE) as other:
        for kind in ("trajectory", "exploration", "structure", "double_well"):
            digests = [[item.digest for item in store.records(kind)] for store in (one, other)]
            assert digests[0] == digests[1], kind
        counts = [store.counts()["explore"] for store in (one, other)]
    assert counts[0] == counts[1]


def test_trajectories_of_other_settings_are_not_gone_on_with(short: Path, tmp_path: Path) -> None:
    text = text_of(40).replace("exploration_temperature = 0.05", "exploration_temperature = 0.051")
    new = started(tmp_path, "new", text, reuse=short)
    with open_campaign(new, PIPELINE) as store:
        assert all(row.task.chunk == 0 for row in store.tasks(stage="explore"))


@pytest.mark.parametrize(
    ("first", "second", "begins"),
    [
        (text_of(20), text_of(40), True),
        (text_of(40), text_of(40, chunk=7), True),
        (text_of(40), text_of(20), False),
        (text_of(20), text_of(40).replace("0.05\n", "0.06\n", 1), False),
        (text_of(20), text_of(40) + "[model]\nnonadditivity = 0.1\n", False),
    ],
)
def test_what_the_beginning_of_a_trajectory_is(first: str, second: str, begins: bool) -> None:
    one, other = (explore_parameters(parse_plan(text)) for text in (first, second))
    assert begins_exploration(one, other) is begins


def test_it_is_said_what_was_taken_over_and_which_settings_differ(
    short: Path, tmp_path: Path
) -> None:
    new = started(tmp_path, "new", text_of(40), reuse=short)
    taken, differ = what_is_shared(new, short, PIPELINE)
    assert f"taken over from {short}: 1 of 1 glasses, 0 of 2 trajectories (2 more go on" in taken
    assert differ.endswith(f"differ: explore.quenches is 20 in {short} and 40 in {new}")

    same = started(tmp_path, "same", text_of(20), reuse=short)
    (taken,) = what_is_shared(same, short, PIPELINE)
    assert "1 of 1 glasses, 2 of 2 trajectories, 1 of 1 libraries" in taken

    stages = (
        replace(stage, code_format=stage.code_format + 1) if stage.name == "explore" else stage
        for stage in PIPELINE.stages
    )
    later = replace(PIPELINE, stages=tuple(stages))
    _, otherwise = what_is_shared(same, short, later)
    assert "computed otherwise: trajectories" in otherwise

    other = started(tmp_path, "seeded", text_of(20).replace("seed = 3", "seed = 4"), reuse=short)
    seeds = f"campaign.seed is 3 in {short} and 4 in {other}"
    assert seeds in what_is_shared(other, short, PIPELINE)[-1]

    empty = started(tmp_path, "empty", text_of(20))
    assert what_is_shared(other, empty, PIPELINE) == [
        f"nothing is taken over from {empty}: it has finished nothing yet"
    ]


def test_a_campaign_that_has_only_begun_gives_its_chunks(tmp_path: Path) -> None:
    begun = started(tmp_path, "begun", text_of(20))  # a glass in three chunks
    run_campaign(
        begun,
        PIPELINE,
        workers=1,
        make_executor=InlineExecutor,
        acknowledged=stopping_after(1),
    )
    new = started(tmp_path, "new", text_of(20), reuse=begun)
    assert what_is_shared(new, begun, PIPELINE) == [
        f"taken over from {begun}: 0 of 0 glasses (1 more go on from where they ended there)"
    ]
    assert len(finished(new)) == len(finished(begun))
    assert digest(new, PIPELINE) == digest(begun, PIPELINE)


def test_another_plan_in_one_folder_is_refused_by_the_settings_that_differ(short: Path) -> None:
    plan = short.parent / "other.toml"
    plan.write_text(text_of(40), encoding="utf-8")
    with pytest.raises(InputError, match="another plan") as caught:
        start_campaign(plan, short, PIPELINE)
    assert f"explore.quenches is 20 in {short} and 40 in {plan}" in str(caught.value)
    assert f"--reuse {short}" in str(caught.value)


def test_differences_are_named_in_the_words_of_a_plan_and_not_without_end() -> None:
    base = parse_plan("")
    other = parse_plan(
        "[model]\nname = 'kob_andersen'\n[splittings]\nunits = ['nip']\n"
        "[prepare]\nn_particles = 3000\n"
    )
    found = plan_differences(base, other, places=PLACES)
    assert "model.name is 'soft_spheres' in old and 'kob_andersen' in new" in found
    assert (
        "splittings.units is ['argon-published', 'argon', 'nip'] in old and ['nip'] in new" in found
    )
    assert plan_differences(base, base, places=PLACES) == []
    parameters = plan_differences(base, parse_plan("[model]\nexponent = 10\n"), places=PLACES)
    assert parameters == ["model.exponent is not given in old and 10 in new"]
    many = "[explore]\nquenches=1\ntrajectories=1\ninterval=1\ntime_step=0.001\nfriction=1.0\n"
    many += "chunk_quenches=1\nmax_force=1e-9\n"
    assert plan_differences(base, parse_plan(many), places=PLACES)[-1] == "1 more settings differ"
