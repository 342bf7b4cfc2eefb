"""Explorations made by earlier versions keep their names, so that new campaigns take them over."""

from __future__ import annotations

from glasswells.plan.file import parse_plan
from glasswells.stages.pipeline import PIPELINE

PLAN = """
[campaign]
seed = 2028
[glasses]
source = "shipped"
preparation_temperatures = [0.07]
counts = [1]
[explore]
trajectories = 2
quenches = 2000
interval = 100
time_step = 0.02
chunk_quenches = 250
"""


def test_names_of_glasses_and_trajectories_are_those_of_the_first_version() -> None:
    plan = parse_plan(PLAN)
    tasks = PIPELINE.tasks(PIPELINE.roots(plan), plan.campaign.seed)
    names = {(task.stage, task.number): task.chain for task in tasks}
    assert names["prepare", 0] == "a8f86ad332491a8dac3d96df1ce61c9838e5c9871c2d494e0be5dfc9faf4f3f2"
    assert names["explore", 0] == "e7ce2adbf95961b2b9f39cd4ee1f88a69b7c874dae6b4ffddf4639c5cd0774c3"
    assert names["explore", 1] == "94f220068bb5ae6d208159ed6d6f40e03205fb3271ce990286a655fa9447b3d8"
