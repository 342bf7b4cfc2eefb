"""Campaigns that push minima over their saddles: off unless asked for, same bits after a kill."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from small_plan import SMALL_PLAN
from typer.testing import CliRunner

from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.cli import app
from glasswells.core.records import DoubleWell
from glasswells.engines.pool import InlineExecutor
from glasswells.estimation.estimate import estimate_campaign
from glasswells.estimation.reference import reference_rates
from glasswells.plan.errors import PlanError
from glasswells.plan.plan import Plan
from glasswells.stages.pipeline import PIPELINE
from glasswells.stages.push import run_push
from glasswells.stages.table import read_plan
from glasswells.store.tasks import TaskInput

PUSH = """
[push]
enabled = true
minima = 2
modes = 2
"""
PLAN = (
    SMALL_PLAN.replace('["linked", "close"]', '["linked", "pushed"]')
    .replace("quenches = 40", "quenches = 20", 1)
    .replace("[modes]", "[modes]\nenabled = false")
    + PUSH
)


def run(folder: Path, text: str) -> Path:
    (folder / "plan.toml").write_text(text, encoding="utf-8")
    directory = start_campaign(folder / "plan.toml", folder / "campaign", PIPELINE)
    assert run_campaign(directory, PIPELINE, workers=1, make_executor=InlineExecutor).is_finished
    return directory


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(tmp_path_factory.mktemp("pushes"), PLAN)


def test_pushed_minima_join_the_library_without_visits(campaign: Path) -> None:
    with open_campaign(campaign, PIPELINE) as store:
        (pushed,) = (item.record for item in store.records("pushed"))
        (exploration,) = (item.record for item in store.records("exploration"))
        structures = [item.record for item in store.records("structure")]
    assert len(pushed.done) == 2
    assert exploration.saddles
    assert max(saddle.j for saddle in exploration.saddles) < len(structures)
    for saddle in exploration.saddles:
        assert saddle.i < saddle.j
        assert saddle.energy > max(structures[k].energy for k in (saddle.i, saddle.j))
    assert sum(s.visits for s in structures) <= exploration.quenches
    walked = [s for s in structures if s.visits]
    assert structures[: len(walked)] == walked  # those of the dynamics keep their numbers
    assert len(structures) > len(walked)


def test_pairs_behind_saddles_are_followed_under_their_rule(campaign: Path) -> None:
    with open_campaign(campaign, PIPELINE) as store:
        (exploration,) = (item.record for item in store.records("exploration"))
        pairs = [item.record for item in store.records("pair")]
        wells = [item.record for item in store.records("double_well")]
    chosen = {
        (min(p.i, p.j), max(p.i, p.j)) for p in pairs if "pushed" in p.rules and p.part_of is None
    }
    assert chosen <= {(saddle.i, saddle.j) for saddle in exploration.saddles}
    assert chosen
    assert any(isinstance(well, DoubleWell) for well in wells)


@pytest.mark.parametrize("late", [False, True])
def test_a_push_goes_on_from_its_state_bit_for_bit(campaign: Path, late: bool) -> None:
    """The task again, each chunk from the state as the store keeps it; also where places are read
    when somebody looks at one."""
    plan: Plan = read_plan(PLAN)
    with open_campaign(campaign, PIPELINE) as store:
        task = next(row.task for row in store.tasks(stage="push"))
        (kept,) = (item.digest for item in store.records("pushed"))
        state, arrays = None, dict[str, bytes]()
        for _ in range(plan.push.minima):
            seed = np.random.SeedSequence(0)  # nothing is drawn
            inputs = tuple(tuple(store.products(ref, late=late)) for ref in task.inputs)
            output = run_push(
                TaskInput(inputs=inputs, parameters=task.parameters, seed=seed, state=state)
            )
            if output.state is not None:
                encoded = PIPELINE.codec.encode(output.state)
                arrays |= encoded.arrays
                state = PIPELINE.codec.decode(encoded.body, arrays.__getitem__, late=late)
    ((kind, record),) = output.products
    assert kind == "pushed"
    assert PIPELINE.codec.encode(record).digest == kept


def test_a_report_of_pushed_minima_is_drawn(campaign: Path, tmp_path: Path) -> None:
    """Minima without visits have no place in the network of visits."""
    words = ["report", str(campaign), "--output", str(tmp_path / "page")]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    page = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert "Inherent structures of one glass" in page


def test_nothing_is_pushed_unless_asked_for() -> None:
    plan = read_plan(SMALL_PLAN)
    assert not plan.push.enabled
    assert "push" not in {task.stage for task in PIPELINE.roots(plan)}
    (library,) = (task for task in PIPELINE.roots(plan) if task.stage == "library")
    assert {ref.kind for ref in library.inputs} == {"trajectory"}


def test_the_rule_needs_the_pushes() -> None:
    with pytest.raises(PlanError, match=r"push\.enabled"):
        read_plan(PLAN.replace("enabled = true", "enabled = false"))


def test_an_estimate_knows_what_pushes_cost() -> None:
    plan = read_plan(PLAN)
    without = read_plan(
        PLAN.replace("enabled = true", "enabled = false").replace('"pushed"', '"close"')
    )
    costs = {
        p.push.enabled: {
            s.stage: s.cpu_seconds.value for s in estimate_campaign(p, reference_rates(p), 1).stages
        }
        for p in (plan, without)
    }
    assert costs[False]["push"] == 0
    more = read_plan(PLAN.replace("minima = 2", "minima = 4"))
    twice = estimate_campaign(more, reference_rates(more), 1)
    assert costs[True]["push"] > 0
    assert {s.stage: s.cpu_seconds.value for s in twice.stages}["push"] == pytest.approx(
        2 * costs[True]["push"]
    )
    assert not any("left out" in note for note in twice.notes)
