"""What earlier versions made keeps its name, so that new campaigns take it over."""

from __future__ import annotations

from glasswells.core.records import DoubleWell
from glasswells.plan.file import parse_plan
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.tasks import Task, TaskOutput

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
lanes = 1
"""


def test_names_of_glasses_are_those_of_the_first_version() -> None:
    """Those of trajectories changed once, when their states and places came to be kept to a grid:
    no trajectory is the same since."""
    plan = parse_plan(PLAN)
    tasks = PIPELINE.tasks(PIPELINE.roots(plan), plan.campaign.seed)
    names = {(task.stage, task.number): task.chain for task in tasks}
    assert names["prepare", 0] == "a8f86ad332491a8dac3d96df1ce61c9838e5c9871c2d494e0be5dfc9faf4f3f2"
    assert names["explore", 0] == "d2d8c22cb0967e9a9b21b7a0178f9ccbf424fc3ee6af82d165c4bde4a140d788"
    assert names["explore", 1] == "bef3f8da51b8ce156c2e998c2936bc1c355f1539ab8872f11e51bb6608dd7ce0"


def test_a_double_well_asks_for_the_splittings_that_it_always_asked_for() -> None:
    plan = parse_plan(PLAN)
    found = TaskOutput(products=(("double_well", object.__new__(DoubleWell)),))
    search = Task(stage="paths", glass="t0p07-0", number=5, seed=2028)
    (asked,) = PIPELINE.tasks(PIPELINE.follow(plan, search, found), 2028, search.chain)
    assert (asked.stage, asked.glass, asked.number) == ("splittings", "t0p07-0", 5)
    assert asked.chain == "d7e17f2cfbeb1160734c3a3266afb0f04c83b8104ed887bc818221b34ebb5602"
    assert PIPELINE.follow(plan, search, TaskOutput()) == []
