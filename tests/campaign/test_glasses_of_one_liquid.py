"""Several glasses of one liquid: what is sampled is one trajectory, and what is told of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from glasswells.campaign.campaigns import run_campaign, start_campaign
from glasswells.engines.pool import InlineExecutor
from glasswells.landscape.preparation import PreparedGlass
from glasswells.plan.errors import PlanError
from glasswells.plan.file import parse_plan
from glasswells.report import campaign_content
from glasswells.report.tables import glasses_table
from glasswells.stages.pipeline import PIPELINE
from glasswells.stages.prepare import prepare_chunks
from glasswells.store.reader import StoreReader
from glasswells.store.tasks import Task

PLAN = """
[glasses]
preparation_temperatures = [0.15, 0.2]
counts = [{glasses}, 1]
[prepare]
n_particles = 100
melt_sweeps = 100
burn_in = 50
sweeps = [{sweeps}, 200]
chunk_sweeps = 100
{liquid}
[explore]
trajectories = 1
quenches = 2
[pairs]
rules = []
"""
SEVERAL = "glasses_per_liquid = [2, 1]\nsweeps_between = 250"


def campaign(folder: Path, text: str) -> Path:
    plan = folder / "plan.toml"
    plan.write_text(text, encoding="utf-8")
    directory = start_campaign(plan, folder / "campaign", PIPELINE)
    run_campaign(directory, PIPELINE, workers=1, make_executor=InlineExecutor)
    return directory


def glasses(directory: Path) -> dict[str, PreparedGlass]:
    with StoreReader(directory, PIPELINE.codec) as store:
        return {row.glass: row.record for row in store.records("glass")}


def tasks_of(text: str) -> tuple[Task, ...]:
    plan = parse_plan(text)
    return PIPELINE.tasks(PIPELINE.roots(plan), plan.campaign.seed)


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = PLAN.format(glasses=3, sweeps=500, liquid=SEVERAL)
    return campaign(tmp_path_factory.mktemp("several"), plan)


@pytest.fixture(scope="module")
def made(several: Path) -> dict[str, PreparedGlass]:
    return glasses(several)


def test_a_liquid_gives_its_glasses_one_after_the_other(made: dict[str, PreparedGlass]) -> None:
    told = {name: (g.report.sweeps, g.report.sweeps_apart) for name, g in made.items()}
    assert told == {
        "t0p15-0": (500.0, None),
        "t0p15-1": (750.0, 250),
        "t0p15-2": (500.0, None),  # of a liquid of its own
        "t0p2-0": (200.0, None),
    }


def test_the_second_glass_is_what_a_longer_preparation_gives(
    made: dict[str, PreparedGlass], tmp_path: Path
) -> None:
    alone = campaign(tmp_path, PLAN.format(glasses=1, sweeps=750, liquid=""))
    longer = glasses(alone)["t0p15-0"]
    second = made["t0p15-1"]
    assert np.array_equal(longer.configuration.positions, second.configuration.positions)
    assert longer.report.energy == second.report.energy
    assert longer.report.diameter_time == second.report.diameter_time


def test_the_report_says_how_far_apart_they_are(
    several: Path, made: dict[str, PreparedGlass]
) -> None:
    with StoreReader(several, PIPELINE.codec) as store:
        table = glasses_table(campaign_content(store))
    name, times = (table.columns.index(word) for word in ("glass", "relaxation times"))
    told = {row[name]: row[times] for row in table.rows}
    apart = made["t0p15-1"].report.relaxation_times_apart
    assert told["t0p15-1"].endswith(f" ({apart:.3g})")
    assert [glass for glass, text in told.items() if "(" in text] == ["t0p15-1"]


def test_chunks_are_counted_to_the_multiples_at_which_they_end() -> None:
    plan = parse_plan(PLAN.format(glasses=3, sweeps=500, liquid=SEVERAL.replace("[2", "[3")))
    # To 500 in five chunks, to 600, 700 and 750, then to 800, 900 and 1000.
    assert [prepare_chunks(plan, 0.15, k) for k in range(3)] == [5, 3, 3]
    assert prepare_chunks(plan, 0.2, 0) == 2


@pytest.mark.parametrize("name", ["sweeps", "glasses_per_liquid", "sweeps_between"])
def test_a_number_that_no_store_can_count_to_is_refused(name: str) -> None:
    with pytest.raises(PlanError, match=rf"prepare.{name}: is 1\d*, expected less than or equal"):
        parse_plan(f"[prepare]\n{name} = {10**19}")


def test_more_glasses_of_the_liquid_come_later_and_change_nothing() -> None:
    plans = [PLAN.format(glasses=n, sweeps=500, liquid=SEVERAL) for n in (1, 2)]
    few, more = ({task.chain for task in tasks_of(plan)} for plan in plans)
    assert few < more
    assert parse_plan(plans[0]).grows_to(parse_plan(plans[1]))


def test_a_glass_with_a_liquid_of_its_own_has_the_tasks_that_it_had() -> None:
    """Older stores name them so; a list of one number for each temperature says the same."""
    one = PLAN.format(glasses=1, sweeps=200, liquid="").replace("[200, 200]", "200")
    listed = PLAN.format(glasses=1, sweeps=200, liquid="glasses_per_liquid = 1\nsweeps_between = 7")
    assert [task.chain for task in tasks_of(one)] == [task.chain for task in tasks_of(listed)]
    (first, *_) = tasks_of(one)
    assert sorted(first.parameters) == ["model", "prepare", "source", "temperature"]
    assert first.parameters["prepare"]["sweeps"] == 200
    assert "glasses_per_liquid" not in first.parameters["prepare"]


@pytest.mark.parametrize("name", ["sweeps", "glasses_per_liquid", "sweeps_between"])
def test_a_list_of_the_wrong_length_is_refused(name: str) -> None:
    glasses = "[glasses]\ncounts = [1, 1]\npreparation_temperatures = [0.1, 0.2]\n"
    text = f"{glasses}[prepare]\n{name} = [1, 2, 3]"
    with pytest.raises(PlanError, match=rf"prepare.{name} has 3 entries, expected one number, or"):
        parse_plan(text)
