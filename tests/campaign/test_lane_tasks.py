"""Campaigns whose tasks carry several trajectories: one catalogue, however they are grouped."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from small_plan import SMALL_PLAN

from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.core.records import Configuration
from glasswells.engines.pool import InlineExecutor
from glasswells.plan.file import parse_plan
from glasswells.stages.explore import (
    exploration_settings,
    explore_parameters,
    states_before,
)
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.tasks import TaskInput

QUENCHES = 20


class PreparedGlassLike(NamedTuple):
    """What an exploration reads of a prepared glass."""

    configuration: Configuration


def text_of(lanes: int, quenches: int = QUENCHES, chunk: int = 8) -> str:
    text = re.sub("rules = .*", "rules = []", SMALL_PLAN)
    text = text.replace("trajectories = 2", "trajectories = 3")
    text = text.replace("lanes = 1", f"lanes = {lanes}")
    text = text.replace("quenches = 40", f"quenches = {quenches}", 1)
    return text.replace("chunk_quenches = 20", f"chunk_quenches = {chunk}")


def explored(folder: Path, name: str, text: str, reuse: Path | None = None) -> Path:
    plan = folder / f"{name}.toml"
    plan.write_text(text, encoding="utf-8")
    others = {} if reuse is None else {"reuse": reuse}
    directory = start_campaign(plan, folder / name, PIPELINE, **others)
    assert run_campaign(directory, PIPELINE, workers=1, make_executor=InlineExecutor).is_finished
    return directory


def found(directory: Path) -> dict[str, list[str]]:
    """Digests of the library's records, which tell every bit."""
    with open_campaign(directory, PIPELINE) as store:
        return {
            kind: [item.digest for item in store.records(kind)]
            for kind in ("exploration", "structure")
        }


def chunks(directory: Path) -> list[tuple[int, int]]:
    with open_campaign(directory, PIPELINE) as store:
        return sorted((row.task.number, row.task.chunk) for row in store.tasks(stage="explore"))


@pytest.fixture(scope="module")
def pairs_of_lanes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return explored(tmp_path_factory.mktemp("two"), "two", text_of(2))


@pytest.mark.compiled
def test_the_library_does_not_depend_on_how_trajectories_are_grouped_or_cut(
    pairs_of_lanes: Path, tmp_path: Path
) -> None:
    together = explored(tmp_path, "together", text_of(16, chunk=QUENCHES))
    assert chunks(pairs_of_lanes) == [(0, 0), (0, 1), (0, 2), (2, 0), (2, 1), (2, 2)]
    assert chunks(together) == [(0, 0)]
    assert found(together) == found(pairs_of_lanes)
    with open_campaign(pairs_of_lanes, PIPELINE) as store:
        (library,) = (item.record for item in store.records("exploration"))
        counts = store.counts()["explore"]
    assert library.quenches == counts["quenches"] == 3 * QUENCHES
    assert sum(t.count for t in library.transitions) == 3 * (QUENCHES - 1)


@pytest.mark.compiled
def test_more_quenches_go_on_from_the_shorter_ones(pairs_of_lanes: Path, tmp_path: Path) -> None:
    longer = explored(tmp_path, "longer", text_of(2, QUENCHES + 5), reuse=pairs_of_lanes)
    anew = explored(tmp_path, "anew", text_of(2, QUENCHES + 5))
    assert found(longer) == found(anew)


def test_a_task_carries_as_many_trajectories_as_there_are_lanes() -> None:
    tasks = {
        lanes: [
            task
            for task in PIPELINE.tasks(PIPELINE.roots(parse_plan(text_of(lanes))), 3)
            if task.stage == "explore"
        ]
        for lanes in (1, 2, 16)
    }
    assert [task.number for task in tasks[1]] == [0, 1, 2]
    assert [task.number for task in tasks[2]] == [0, 2]
    assert [task.number for task in tasks[16]] == [0]
    assert [task.parameters["lanes"]["count"] for task in tasks[2]] == [2, 1]
    assert "lanes" not in tasks[1][0].parameters
    assert len({task.chain for of in tasks.values() for task in of}) == 6


def test_a_trajectory_has_the_seed_of_one_with_a_task_of_its_own(
    soft_liquid: Configuration,
) -> None:
    plan, states = parse_plan(text_of(3)), {}
    for number, count in ((0, 1), (1, 1), (0, 2)):
        seed = np.random.SeedSequence(3, spawn_key=(11, 12, number, 0))
        parameters = explore_parameters(plan, number, count)
        if count == 1:
            del parameters["lanes"]
        task = TaskInput(
            inputs=((PreparedGlassLike(soft_liquid),),),
            state=None,
            parameters=parameters,
            seed=seed,
        )
        settings = exploration_settings(plan.explore)
        states[number, count] = states_before(task, plan.build_model(), settings)
    for k in (0, 1):
        alone, beside = states[k, 1][0].dynamics, states[0, 2][k].dynamics
        assert np.array_equal(alone.velocities, beside.velocities)
        assert np.array_equal(alone.random, beside.random)


@pytest.mark.parametrize("lanes", [1, 3])
def test_explorations_that_blow_up_are_failures_and_say_so(tmp_path: Path, lanes: int) -> None:
    """Without any inherent structure there is nothing to report as explored."""
    plan = tmp_path / "plan.toml"
    text = text_of(lanes).replace("time_step = 0.01", "time_step = 0.5")
    plan.write_text(text, encoding="utf-8")
    directory = start_campaign(plan, tmp_path / "campaign", PIPELINE)
    run_campaign(directory, PIPELINE, workers=1, make_executor=InlineExecutor)
    with open_campaign(directory, PIPELINE) as store:
        explored = [row for row in store.tasks() if row.task.stage == "explore"]
        assert not store.product_counts() or "trajectory" not in store.product_counts()
    assert explored
    assert {(row.status, row.reason) for row in explored} == {("failed", "no_structures")}
    assert all("use a time_step below 0.5" in row.error for row in explored)
