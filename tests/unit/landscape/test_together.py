"""Trajectories explored side by side: against quenches in double precision, cut, in any company."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import pytest
from rough_glasses import rough_glass

from glasswells.core.errors import InputError
from glasswells.core.geometry import displacement, to_multiples
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Configuration
from glasswells.landscape.explore import (
    continue_exploration,
    continue_explorations,
    explore,
    start_exploration,
)
from glasswells.landscape.places import PLACE, settled
from glasswells.landscape.trajectory import ExplorationSettings, ExplorationState, Trajectory
from glasswells.minimization import MinimizerSettings
from glasswells.model.lanes import floating_point
from glasswells.model.soft_spheres import SoftSphereConstants, SoftSpheres
from glasswells.sampling.lane_dynamics import LaneTrajectories
from glasswells.sampling.molecular_dynamics import POSITION

MODEL = SoftSpheres()
SETTINGS = ExplorationSettings(temperature=0.06, interval=40, lanes=3)
QUENCHES = 12
compiled = pytest.mark.compiled


@pytest.fixture(scope="module")
def glass() -> Configuration:
    return rough_glass()


def begin(glass: Configuration, count: int, **changes: float) -> list[ExplorationState]:
    settings = replace(SETTINGS, **changes)  # type: ignore[arg-type]
    return [start_exploration(MODEL, glass, settings, seed) for seed in range(count)]


@pytest.fixture(scope="module")
def uncut(glass: Configuration) -> list[ExplorationState]:
    return continue_explorations(MODEL, begin(glass, 3), SETTINGS, QUENCHES)


def assert_equal_states(a: ExplorationState, b: ExplorationState) -> None:
    assert np.array_equal(a.dynamics.positions, b.dynamics.positions)
    assert np.array_equal(a.dynamics.velocities, b.dynamics.velocities)
    assert a.transitions == b.transitions
    assert (a.last, a.quenches, a.evaluations) == (b.last, b.quenches, b.evaluations)
    assert len(a.structures) == len(b.structures)
    for s, t in zip(a.structures, b.structures, strict=True):
        assert (s.index, s.energy, s.visits) == (t.index, t.energy, t.visits)
        assert np.array_equal(s.configuration.positions, t.configuration.positions)


@compiled
def test_minima_and_counts_are_those_of_double_precision(glass: Configuration) -> None:
    """Where lanes descend by the same method: L-BFGS as far as single precision goes."""
    alone = replace(SETTINGS, minimizer=MinimizerSettings(newton_below=0))
    found_states = continue_explorations(MODEL, begin(glass, 3), alone, QUENCHES)
    twins, motion = quenched_alone(glass)
    for b, (twin, found) in enumerate(zip(twins, found_states, strict=True)):
        expected = twin.state()
        assert found.failures == 0
        assert found.transitions == expected.transitions
        assert [s.visits for s in found.structures] == [s.visits for s in expected.structures]
        for s, t in zip(found.structures, expected.structures, strict=True):
            assert s.energy == pytest.approx(t.energy, abs=1e-9)
            # Minima equal to rounding may lie on two sides of the middle between two kept places.
            assert np.abs(s.configuration.positions - t.configuration.positions).max() <= PLACE
            ends = [settled(MODEL, x, SETTINGS.minimizer) for x in (s, t)]
            assert all(end is not None for end in ends)
            moved = displacement(*(end.configuration.positions for end in ends), glass.box)
            assert np.abs(moved).max() < 1e-7
        assert np.array_equal(found.dynamics.positions, motion.checkpoint(b).positions)


def quenched_alone(glass: Configuration) -> tuple[list[Trajectory], LaneTrajectories]:
    """Quench by quench from the same snapshots: two trajectories would part by chaos."""
    starts = begin(glass, 3)
    motion = LaneTrajectories(
        MODEL.interactions(glass), [s.dynamics for s in starts], SETTINGS.time_step
    )
    twins = [Trajectory(state, SETTINGS, MODEL.interactions(glass)) for state in starts]
    for _ in range(QUENCHES):
        motion.advance(SETTINGS.interval)
        for b, twin in enumerate(twins):
            positions = floating_point(motion.units(b), glass.box)
            twin.quench(MODEL.interactions(glass), positions, SETTINGS.minimizer)
    return twins, motion


@compiled
def test_by_newton_steps_most_quenches_end_where_they_end_alone(
    glass: Configuration, uncut: list[ExplorationState]
) -> None:
    """Near the boundaries of basins another method is another map; what it finds are minima."""
    twins, _ = quenched_alone(glass)
    common = 0
    for twin, found in zip(twins, uncut, strict=True):
        expected = {round(s.energy, 7): s.visits for s in twin.state().structures}
        common += sum(min(s.visits, expected.get(round(s.energy, 7), 0)) for s in found.structures)
        assert found.failures == 0
        for structure in found.structures:
            end = settled(MODEL, structure, SETTINGS.minimizer)
            assert end is not None
            assert end.energy == pytest.approx(structure.energy, abs=1e-9)
    assert common >= 0.9 * 3 * QUENCHES


@compiled
def test_it_finds_something(uncut: list[ExplorationState]) -> None:
    assert sum(len(state.structures) for state in uncut) > 6
    assert sum(state.recognized for state in uncut) > 0
    for state in uncut:
        assert state.quenches == sum(s.visits for s in state.structures) == QUENCHES
        assert sum(t.count for t in state.transitions) == QUENCHES - 1


@compiled
def test_cut_anywhere_and_in_any_company(
    glass: Configuration, uncut: list[ExplorationState]
) -> None:
    first = continue_explorations(MODEL, begin(glass, 3), SETTINGS, 5)
    pair = continue_explorations(MODEL, first[1:], SETTINGS, QUENCHES - 5)
    lone = continue_explorations(MODEL, first[:1], SETTINGS, QUENCHES - 5)
    for a, b in zip([*lone, *pair], uncut, strict=True):
        assert_equal_states(a, b)
    two = replace(SETTINGS, lanes=2)
    for a, b in zip(
        continue_explorations(MODEL, begin(glass, 3), two, QUENCHES), uncut, strict=True
    ):
        assert_equal_states(a, b)


@compiled
def test_a_trajectory_that_blows_up_ends_alone(glass: Configuration) -> None:
    states = begin(glass, 2)
    wild = replace(states[0].dynamics, velocities=1e4 * states[0].dynamics.velocities)
    ended, sound = continue_explorations(
        MODEL, [replace(states[0], dynamics=wild), states[1]], SETTINGS, 2
    )
    assert (ended.outcome, ended.quenches) == (Outcome.NOT_FINITE, 0)
    (alone,) = continue_explorations(MODEL, states[1:], SETTINGS, 2)
    assert_equal_states(sound, alone)


@compiled
def test_trajectories_that_keep_places_keep_no_forces(glass: Configuration) -> None:
    """Positions are whole multiples of a power of two, which are the same units of the box."""
    settings = replace(SETTINGS, keep_places=True)
    whole = continue_explorations(MODEL, begin(glass, 2), settings, 5)
    cut = begin(glass, 2)
    for part in (2, 3):
        cut = continue_explorations(MODEL, cut, settings, part)
    for a, b in zip(cut, whole, strict=True):
        assert_equal_states(a, b)
        assert a.dynamics.forces is None
        positions = a.dynamics.positions
        assert np.array_equal(positions, to_multiples(positions, POSITION))


@pytest.mark.parametrize("change", [{"friction": 0.1}, {"lanes": 1}])
def test_other_dynamics_take_the_general_route(
    glass: Configuration, change: dict[str, float]
) -> None:
    settings = replace(SETTINGS, **change)  # type: ignore[arg-type]
    states = begin(glass, 2, **change)
    for state, found in zip(states, continue_explorations(MODEL, states, settings, 2), strict=True):
        assert_equal_states(found, continue_exploration(MODEL, state, settings, 2))


def test_unequal_masses_take_the_general_route(glass: Configuration) -> None:
    heavy = replace(glass, masses=np.linspace(1, 2, glass.n_particles))
    states = begin(heavy, 2)
    for state, found in zip(states, continue_explorations(MODEL, states, SETTINGS, 1), strict=True):
        assert_equal_states(found, continue_exploration(MODEL, state, SETTINGS, 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Truncated(SoftSpheres):
    """x^-12, cut off without the polynomial that ends it."""

    ends_smoothly: ClassVar[bool] = False

    @property
    def constants(self) -> SoftSphereConstants:
        smooth = SoftSpheres(cutoff=self.cutoff).constants
        polynomial = ("c0", "c2", "c4", "slope2", "slope4", "curve4", "third4")
        return smooth._replace(**dict.fromkeys(polynomial, 0.0))


@compiled
def test_an_energy_that_jumps_takes_the_general_route(glass: Configuration) -> None:
    """There the size of its jumps is seen, which tells which energies are the same."""
    model = Truncated()
    states = [start_exploration(model, glass, SETTINGS, seed) for seed in range(2)]
    for state, found in zip(states, continue_explorations(model, states, SETTINGS, 2), strict=True):
        alone = continue_exploration(model, state, SETTINGS, 2)
        assert_equal_states(found, alone)
        assert found.energy_resolution == alone.energy_resolution > 0


@compiled
def test_explore_takes_lanes(glass: Configuration, uncut: list[ExplorationState]) -> None:
    found = explore(MODEL, glass, 0.06, QUENCHES, 40, seed=3, trajectories=3, settings=SETTINGS)
    assert found.quenches == 3 * QUENCHES
    assert sum(t.count for t in found.transitions) == 3 * (QUENCHES - 1)


def test_too_many_lanes() -> None:
    with pytest.raises(InputError, match="lanes is 17"):
        replace(SETTINGS, lanes=17)
