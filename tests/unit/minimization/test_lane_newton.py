"""Ends of descents in lanes: the minima of the general route, in any company."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from quench_starts import interactions_of, minimum_near_a_lattice, noisy_lattice

from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array, Configuration
from glasswells.minimization import MinimizerSettings, minimize_positions
from glasswells.minimization.lane_newton import Landing, LaneEnds
from glasswells.model.soft_spheres import SoftSpheres

pytestmark = pytest.mark.compiled
MODEL, SETTINGS = SoftSpheres(), MinimizerSettings(newton_below=1e9)  # wherever they start
MORE_THAN_LANES = 19


@pytest.fixture(scope="module")
def minimum() -> Configuration:
    return minimum_near_a_lattice(SETTINGS)


def landing(glass: Configuration, positions: Array) -> Landing:
    interactions = interactions_of(glass)
    return Landing(interactions, positions, *interactions.energy_and_forces(positions))


def landings(minimum: Configuration, count: int) -> list[Landing]:
    rng, shape = np.random.default_rng(4), minimum.positions.shape
    return [
        landing(minimum, minimum.positions + rng.uniform(-1e-3, 1e-3, shape)) for _ in range(count)
    ]


def test_ends_are_those_of_the_general_route(minimum: Configuration) -> None:
    starts = landings(minimum, MORE_THAN_LANES)
    ends = LaneEnds(interactions_of(minimum), SETTINGS).finish(starts)
    assert len(ends) == MORE_THAN_LANES
    for start, end in zip(starts, ends, strict=True):
        assert end is not None
        assert end.outcome is Outcome.CONVERGED
        assert end.max_force <= SETTINGS.max_force
        energy, forces = interactions_of(minimum).energy_and_forces(end.positions)
        assert energy == pytest.approx(end.energy, abs=1e-10)
        assert np.abs(forces).max() <= 1.1 * SETTINGS.max_force
        assert 2 < end.evaluations < 8
        twin = minimize_positions(interactions_of(minimum), start.positions, SETTINGS)
        assert np.abs(end.positions - twin.positions).max() < 1e-8


def test_an_end_does_not_depend_on_the_others(minimum: Configuration) -> None:
    together = LaneEnds(interactions_of(minimum), SETTINGS).finish(
        landings(minimum, MORE_THAN_LANES)
    )
    again = landings(minimum, MORE_THAN_LANES)
    ends = LaneEnds(interactions_of(minimum), SETTINGS)
    for k in (0, 7, 18):
        (alone,) = ends.finish([again[k]])
        assert alone is not None
        assert together[k] is not None
        assert np.array_equal(alone.positions, together[k].positions)
        assert alone.evaluations == together[k].evaluations


def test_what_is_no_clean_end_is_given_back(minimum: Configuration) -> None:
    """A start high up, and one that is not finite, leave those beside them."""
    high = landing(minimum, noisy_lattice(8).positions)
    on_top = minimum.positions.copy()
    on_top[5] = on_top[6]
    near = landings(minimum, 1)[0]
    ends = LaneEnds(interactions_of(minimum), SETTINGS).finish(
        [high, landing(minimum, on_top), near]
    )
    assert ends[:2] == [None, None]
    assert ends[2] is not None


@pytest.mark.parametrize("parts", [0.0, 1.0])
def test_newton_steps_begin_below_the_force_that_settings_state(
    minimum: Configuration, parts: float
) -> None:
    """0: never. What is given back has made none; a force just below the limit makes some."""
    (start,) = landings(minimum, 1)
    largest = float(np.abs(start.forces).max())
    for below, has_ended in ((parts * largest, False), (parts * largest * 1.001, parts > 0)):
        settings = MinimizerSettings(newton_below=below)
        (end,) = LaneEnds(interactions_of(minimum), settings).finish([start])
        assert (end is not None) == has_ended


def test_no_step_takes_more_products_than_settings_state(minimum: Configuration) -> None:
    (start,) = landings(minimum, 1)
    spent = []
    for products in (24, 64):
        settings = replace(SETTINGS, newton_products=products)
        (end,) = LaneEnds(interactions_of(minimum), settings).finish([start])
        assert end is not None
        assert 0 < end.hessian_products <= products * (end.evaluations - 1)
        spent.append(end.hessian_products / (end.evaluations - 1))
    assert spent[1] > 24  # so that the smaller number did limit something


def test_what_is_at_rest_stays(minimum: Configuration) -> None:
    (end,) = LaneEnds(interactions_of(minimum), SETTINGS).finish(
        [landing(minimum, minimum.positions)]
    )
    assert end is not None
    assert np.array_equal(end.positions, minimum.positions)
    assert (end.evaluations, end.hessian_products) == (1, 0)


def test_nothing_to_do(minimum: Configuration) -> None:
    assert LaneEnds(interactions_of(minimum), SETTINGS).finish([]) == []
