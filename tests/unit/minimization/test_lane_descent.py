"""The first stretch of descents as lanes: downhill, into the same minima, in any company."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from quench_starts import noisy_lattice

from glasswells.core.records import Configuration
from glasswells.minimization import MinimizerSettings, minimize_positions
from glasswells.minimization.lane_descent import ARRIVAL, LaneDescents
from glasswells.model.interactions import PairInteractions
from glasswells.model.lanes import fixed_point, floating_point
from glasswells.model.soft_spheres import SoftSpheres

pytestmark = pytest.mark.compiled
MODEL, SETTINGS = SoftSpheres(), MinimizerSettings()
MORE_THAN_LANES = 21


@pytest.fixture(scope="module")
def minimum() -> Configuration:
    start = noisy_lattice(3)
    interactions = MODEL.interactions(start)
    end = minimize_positions(interactions, start.positions, SETTINGS)
    return start.moved_to(end.positions)


def snapshots(minimum: Configuration, count: int) -> list[NDArray[np.int64]]:
    rng = np.random.default_rng(4)
    shape = minimum.positions.shape
    return [
        fixed_point(minimum.positions + rng.normal(0, 0.05, shape), minimum.box)
        for _ in range(count)
    ]


def descents(minimum: Configuration) -> tuple[LaneDescents, PairInteractions]:
    interactions = MODEL.interactions(minimum)
    assert isinstance(interactions, PairInteractions)
    return LaneDescents(interactions, SETTINGS), interactions


def test_lanes_arrive_and_end_in_the_minimum_of_the_whole_descent(minimum: Configuration) -> None:
    lanes, interactions = descents(minimum)
    starts = snapshots(minimum, MORE_THAN_LANES)
    for start, arrival in zip(starts, lanes.descend(starts), strict=True):
        energy, forces = interactions.energy_and_forces(arrival.positions)
        assert np.abs(forces).max() < 1.1 * ARRIVAL
        assert 1 < arrival.evaluations < 200
        begin = floating_point(start, minimum.box)
        whole = minimize_positions(interactions, begin, SETTINGS)
        end = minimize_positions(interactions, arrival.positions, SETTINGS)
        assert whole.energy <= energy < whole.energy + 1e-2
        assert end.max_force <= SETTINGS.max_force
        assert end.energy == pytest.approx(whole.energy, abs=1e-9)
        assert np.abs(end.positions - whole.positions).max() < 1e-6


def test_a_lane_does_not_depend_on_the_others(minimum: Configuration) -> None:
    starts = snapshots(minimum, MORE_THAN_LANES)
    together = descents(minimum)[0].descend(starts)
    for k in (0, 15, 16, 20):
        (alone,) = descents(minimum)[0].descend([starts[k]])
        assert np.array_equal(alone.positions, together[k].positions)
        assert alone.evaluations == together[k].evaluations


def test_a_start_without_a_finite_energy_leaves_the_others(minimum: Configuration) -> None:
    starts = snapshots(minimum, 3)
    starts[1] = starts[1].copy()
    starts[1][5] = starts[1][6]  # one on top of the other
    arrivals = descents(minimum)[0].descend(starts)
    (alone,) = descents(minimum)[0].descend(starts[2:])
    assert np.array_equal(arrivals[2].positions, alone.positions)
    assert arrivals[1].evaluations == 2  # one by L-BFGS, one where Newton steps would begin
    assert np.array_equal(arrivals[1].positions, floating_point(starts[1], minimum.box))


def test_without_newton_steps_lanes_arrive_as_well(minimum: Configuration) -> None:
    """As where settings forbid them; it takes more evaluations."""
    interactions = MODEL.interactions(minimum)
    assert isinstance(interactions, PairInteractions)
    starts = snapshots(minimum, 3)
    whole = LaneDescents(interactions, MinimizerSettings(newton_below=0)).descend(starts)
    for arrival, other in zip(whole, descents(minimum)[0].descend(starts), strict=True):
        _, forces = interactions.energy_and_forces(arrival.positions)
        assert np.abs(forces).max() < 1.1 * ARRIVAL
        assert arrival.evaluations > other.evaluations
        assert np.abs(arrival.positions - other.positions).max() < 0.02


def test_nothing_to_do(minimum: Configuration) -> None:
    assert descents(minimum)[0].descend([]) == []
