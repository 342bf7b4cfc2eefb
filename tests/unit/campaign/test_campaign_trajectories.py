"""Numbers of trajectories, pairs and glasses: for all or by temperature; and plans that grow."""

from __future__ import annotations

from collections import Counter

import pytest

from glasswells.plan.errors import PlanError
from glasswells.plan.file import parse_plan
from glasswells.plan.lanes import has_lanes
from glasswells.stages.pipeline import roots
from glasswells.store.tasks import resolve

GLASSES = """
[glasses]
source = "shipped"
preparation_temperatures = [0.062, 0.092]
counts = [2, 1]
"""


NAMES = ("t0p062-0", "t0p062-1", "t0p092-0")


def explorations(text: str) -> dict[str, set[str]]:
    """Chains of the trajectories of each glass."""
    found: dict[str, set[str]] = {}
    for task in resolve(roots(parse_plan(GLASSES + text)), 1):
        if task.stage == "explore":
            found.setdefault(task.glass, set()).add(task.chain)
    return found


@pytest.mark.parametrize(("given", "expected"), [("3", (3, 3, 3)), ("[2, 5]", (2, 2, 5))])
def test_trajectories_of_each_glass(given: str, expected: tuple[int, int, int]) -> None:
    found = explorations(f"[explore]\nlanes = 1\ntrajectories = {given}")
    assert Counter({k: len(v) for k, v in found.items()}) == dict(zip(NAMES, expected, strict=True))


@pytest.mark.parametrize(("given", "expected"), [("7", (7, 7, 7)), ("[9, 4]", (9, 9, 4))])
def test_limit_of_pairs_of_each_glass(given: str, expected: tuple[int, int, int]) -> None:
    plan = parse_plan(GLASSES + f"[pairs]\nmax_pairs = {given}")
    found = {
        task.glass: task.parameters["pairs"]["max_pairs"]
        for task in resolve(roots(plan), 1)
        if task.stage == "pairs"
    }
    assert found == dict(zip(NAMES, expected, strict=True))


@pytest.mark.parametrize(
    ("more", "expected"),
    [("", (2, 2, 2)), ("friction = 0.1", (20, 20, 20)), ("lanes = 3", (7, 7, 7))],
)
def test_a_task_carries_sixteen_where_the_plan_leaves_the_choice(
    more: str, expected: tuple[int, int, int]
) -> None:
    found = explorations(f"[explore]\ntrajectories = 20\n{more}")
    assert tuple(len(found[name]) for name in NAMES) == expected


def test_few_trajectories_have_tasks_of_their_own() -> None:
    found = explorations("[explore]\ntrajectories = [7, 8]")
    assert tuple(len(found[name]) for name in NAMES) == (7, 7, 1)
    assert has_lanes(parse_plan(GLASSES + "[explore]\ntrajectories = [7, 8]"))
    assert not has_lanes(parse_plan(GLASSES + "[explore]\ntrajectories = 7"))
    few = explorations("[explore]\ntrajectories = 7")
    assert few["t0p062-0"] == explorations("[explore]\ntrajectories = 7\nlanes = 1")["t0p062-0"]


def test_what_has_no_lanes_goes_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    silicon = '[model]\nkind = "stillinger-weber"\n[glasses]\nsource = "melt_quench"\n'
    assert not has_lanes(parse_plan(silicon + '[splittings]\nunits = ["metal"]\n'))
    heavy = '[glasses]\nsource = "files"\nfiles = ["a.xyz"]\nmasses = 2.0\n'
    assert not has_lanes(parse_plan(heavy))
    assert has_lanes(parse_plan(heavy.replace("masses = 2.0", "")))
    assert has_lanes(parse_plan(heavy + "[explore]\nlanes = 16\n"))  # its own word
    monkeypatch.setattr("glasswells.plan.lanes.is_cut_smoothly", lambda model: False)
    assert not has_lanes(parse_plan(""))


def test_more_trajectories_leave_the_others_as_they_are() -> None:
    few, many = (explorations(f"[explore]\nlanes = 1\ntrajectories = {n}") for n in (2, 4))
    assert all(few[name] < many[name] for name in few)


@pytest.mark.parametrize("given", ["[1, 2, 3]", "[1]", "[0, 1]", "1.5"])
@pytest.mark.parametrize("name", ["explore.trajectories", "pairs.max_pairs"])
def test_bad_numbers_are_named(name: str, given: str) -> None:
    section, key = name.split(".")
    with pytest.raises(PlanError, match=key):
        parse_plan(GLASSES + f"[{section}]\n{key} = {given}")


def test_a_plan_grows_by_glasses_and_keeps_all_tasks() -> None:
    few = parse_plan(GLASSES)
    more = parse_plan(GLASSES.replace("[2, 1]", "[2, 4]"))
    assert few.grows_to(more)
    assert few.grows_to(few)
    assert not more.grows_to(few)
    chains = [{task.chain for task in resolve(roots(plan), 1)} for plan in (few, more)]
    assert chains[0] < chains[1]


@pytest.mark.parametrize(
    "other",
    [
        GLASSES.replace("[2, 1]", "[1, 2]"),
        GLASSES.replace("[2, 1]", "[3, 1]") + "[explore]\ninterval = 50",
        GLASSES.replace("[2, 1]", "[3, 1]") + "[campaign]\nseed = 9",
        GLASSES.replace("[0.062, 0.092]", "[0.062, 0.07]"),
        GLASSES.replace("[0.062, 0.092]", "[0.062]").replace("[2, 1]", "[2]"),
    ],
)
def test_other_plans_are_no_growth(other: str) -> None:
    assert not parse_plan(GLASSES).grows_to(parse_plan(other))
