"""Estimates of campaigns that melt their glasses."""

from __future__ import annotations

import pytest

from glasswells.core.records import Configuration
from glasswells.estimation import calibration
from glasswells.estimation.estimate import estimate_campaign
from glasswells.estimation.reference import reference_rates
from glasswells.plan.file import parse_plan

PLAN = """
[model]
kind = "stillinger-weber"
name = "vink-2001"
[glasses]
source = "melt_quench"
counts = [2]
[melt_quench]
n_particles = {n}
rates = [{rate}]
[splittings]
units = ["metal"]
"""


def prepare_seconds(n: int, rate: float) -> float:
    plan = parse_plan(PLAN.format(n=n, rate=rate))
    found = estimate_campaign(plan, reference_rates(plan), 1)
    (stage,) = [s for s in found.stages if s.stage == "prepare"]
    assert stage.tasks.value == 2 * -(-plan.melt_quench.settings(rate).blocks // 200)
    return stage.cpu_seconds.value


def test_a_preparation_costs_its_blocks() -> None:
    blocks = parse_plan(PLAN.format(n=512, rate=1e13)).melt_quench.settings(1e13).blocks
    # 20 ps of melt and 320 ps of cooling in blocks of 100 steps of 2 fs
    assert blocks == 100 + 1600
    assert prepare_seconds(512, 1e13) == pytest.approx(2 * blocks * 0.03 * 512 / 1500)
    assert prepare_seconds(512, 1e12) > 9 * prepare_seconds(512, 1e13)
    assert prepare_seconds(1024, 1e13) == pytest.approx(2 * prepare_seconds(512, 1e13))


def test_the_calibration_quenches_quickly() -> None:
    plan = parse_plan(PLAN.format(n=64, rate=1e13))
    glass, cost = calibration._quick_quench(plan, plan.build_model(), 1e13)
    assert isinstance(glass, Configuration)
    assert glass.n_particles == 64
    assert cost > 0
