"""Trajectories as lanes: against double precision, cut anywhere, in any company, blown up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from glasswells.core.geometry import to_multiples
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Configuration
from glasswells.minimization import minimize
from glasswells.model.lanes import fixed_point
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.lane_dynamics import LaneTrajectories, binary_positions
from glasswells.sampling.molecular_dynamics import POSITION, DynamicsCheckpoint, Integrator

pytestmark = pytest.mark.compiled
MODEL = SoftSpheres()
TEMPERATURE, STEP = 0.1, 0.01
ARRAYS = ("positions", "velocities", "forces", "list_reference")


@pytest.fixture
def starts(soft_liquid: Configuration) -> list[DynamicsCheckpoint]:
    glass = minimize(MODEL, soft_liquid).configuration
    integrator = _integrator(glass)
    begin = [integrator.start(glass.positions, seed) for seed in range(3)]
    runs = [integrator.advance(state, 300) for state in begin]
    assert all(run.outcome is Outcome.COMPLETED for run in runs)
    return [run.state for run in runs]


def _integrator(configuration: Configuration) -> Integrator:
    return Integrator(MODEL.interactions(configuration), configuration, TEMPERATURE, STEP)


def together(states: list[DynamicsCheckpoint], step: float = STEP) -> LaneTrajectories:
    return LaneTrajectories(MODEL.interactions(states[0].configuration()), states, step)


def assert_same(a: DynamicsCheckpoint, b: DynamicsCheckpoint) -> None:
    for name in ARRAYS:
        assert np.array_equal(getattr(a, name), getattr(b, name)), name
    assert (a.steps, a.potential_energy) == (b.steps, b.potential_energy)


def test_short_runs_are_those_in_double_precision(starts: list[DynamicsCheckpoint]) -> None:
    """As long as chaos has not blown up the rounding."""
    lanes = together(starts)
    lanes.advance(40)
    integrator = _integrator(starts[0].configuration())
    for b, start in enumerate(starts):
        exact, found = integrator.advance(start, 40).state, lanes.checkpoint(b)
        assert np.abs(found.positions - exact.positions).max() < 2e-6
        assert np.abs(found.velocities - exact.velocities).max() < 2e-5
        assert np.abs(found.forces - exact.forces).max() < 1e-3
        assert found.potential_energy == pytest.approx(exact.potential_energy, rel=1e-5)
        assert found.steps == exact.steps


def test_energy_is_conserved(starts: list[DynamicsCheckpoint]) -> None:
    lanes, totals = together(starts), []
    for _ in range(40):
        lanes.advance(50)
        states = [lanes.checkpoint(b) for b in range(3)]
        totals.append([s.potential_energy + 0.5 * np.square(s.velocities).sum() for s in states])
    per_particle = np.array(totals) / len(starts[0].positions)
    assert np.ptp(per_particle, axis=0).max() < 5e-4  # the breathing of the shadow energy
    drift = per_particle[20:].mean(axis=0) - per_particle[:20].mean(axis=0)
    assert np.abs(drift).max() < 5e-5


def test_cut_anywhere_and_in_any_company(starts: list[DynamicsCheckpoint]) -> None:
    lanes = together(starts)
    lanes.advance(60)
    lanes.advance(40)
    other = together([starts[2], starts[1]])
    other.advance(60)
    alone = together([other.checkpoint(1)])
    alone.advance(40)
    assert_same(alone.checkpoint(0), lanes.checkpoint(1))
    other.advance(40)
    assert_same(other.checkpoint(0), lanes.checkpoint(2))


def test_a_trajectory_that_blows_up_ends_where_it_was_and_leaves_the_others(
    starts: list[DynamicsCheckpoint],
) -> None:
    wild = replace(starts[1], velocities=1e4 * starts[1].velocities)
    lanes, tame = together([starts[0], wild]), together([starts[0]])
    for motion in (lanes, tame):
        motion.advance(30)
        motion.advance(30)
    assert [lanes.is_blown(b) for b in (0, 1)] == [False, True]
    assert_same(lanes.checkpoint(0), tame.checkpoint(0))
    assert lanes.checkpoint(1).steps == wild.steps
    assert np.abs(lanes.checkpoint(1).positions - wild.positions).max() < 1e-8


@pytest.mark.parametrize("edge", [7.3, 1.1, 0.3])
def test_binary_positions_are_the_same_units_of_the_box(edge: float) -> None:
    """Where a box is so small that they are not, positions stay as they are."""
    box = edge * np.array([1.0, 1.3, 1.7])
    units = np.random.default_rng(2).integers(-(2**34), 2**34, (2000, 3))
    positions = binary_positions(units, box)
    assert np.array_equal(fixed_point(positions, box), units)
    assert np.array_equal(positions, to_multiples(positions, POSITION)) == (edge > 1)
