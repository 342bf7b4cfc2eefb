"""The number of trajectories: one for all glasses, or one for each preparation temperature."""

from __future__ import annotations

from collections import Counter

import pytest

from glasswells.campaign.plan_errors import PlanError
from glasswells.campaign.plan_file import parse_plan
from glasswells.campaign.stages.pipeline import roots
from glasswells.campaign.tasks import resolve

GLASSES = """
[glasses]
source = "shipped"
preparation_temperatures = [0.062, 0.092]
counts = [2, 1]
"""


def explorations(text: str) -> dict[str, set[str]]:
    """Chains of the trajectories of each glass."""
    found: dict[str, set[str]] = {}
    for task in resolve(roots(parse_plan(GLASSES + text)), 1):
        if task.stage == "explore":
            found.setdefault(task.glass, set()).add(task.chain)
    return found


@pytest.mark.parametrize(("given", "expected"), [("3", (3, 3, 3)), ("[2, 5]", (2, 2, 5))])
def test_trajectories_of_each_glass(given: str, expected: tuple[int, int, int]) -> None:
    found = explorations(f"[explore]\ntrajectories = {given}")
    names = ("t0p062-0", "t0p062-1", "t0p092-0")
    assert Counter({k: len(v) for k, v in found.items()}) == dict(zip(names, expected, strict=True))


def test_more_trajectories_leave_the_others_as_they_are() -> None:
    few, many = (explorations(f"[explore]\ntrajectories = {n}") for n in (2, 4))
    assert all(few[name] < many[name] for name in few)


@pytest.mark.parametrize("given", ["[1, 2, 3]", "[1]", "[0, 1]", "1.5"])
def test_bad_numbers_are_named(given: str) -> None:
    with pytest.raises(PlanError, match="trajectories"):
        parse_plan(GLASSES + f"[explore]\ntrajectories = {given}")
