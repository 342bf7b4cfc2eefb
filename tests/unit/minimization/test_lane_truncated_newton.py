"""Truncated Newton steps in lanes: downhill whatever the curvature, in any company."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from quench_starts import interactions_of, minimum_near_a_lattice, noisy_lattice

from glasswells.core.geometry import displacement
from glasswells.core.records import Array, Configuration
from glasswells.minimization import MinimizerSettings, minimize_positions
from glasswells.minimization.lane_truncated_newton import (
    Arrival,
    TruncatedNewton,
    accept,
    choose,
    measure,
    place,
    straighten,
)
from glasswells.minimization.lane_truncated_newton import _empty_crew as empty_crew
from glasswells.model.interactions import PairInteractions
from glasswells.model.lane_vectors import LANES
from glasswells.model.soft_spheres import SoftSpheres

pytestmark = pytest.mark.compiled
MODEL, SETTINGS, GOAL = SoftSpheres(), MinimizerSettings(), 2e-3
MORE_THAN_LANES = 19


@pytest.fixture(scope="module")
def minimum() -> Configuration:
    return minimum_near_a_lattice(SETTINGS)


def arrivals(minimum: Configuration, count: int, by: float = 0.03) -> list[Arrival]:
    rng, shape = np.random.default_rng(4), minimum.positions.shape
    return [Arrival(minimum.positions + rng.uniform(-by, by, shape), 7) for _ in range(count)]


def newton(glass: Configuration) -> TruncatedNewton:
    return TruncatedNewton(interactions_of(glass), SETTINGS, GOAL)


def test_lanes_arrive_in_the_minimum_of_the_whole_descent(minimum: Configuration) -> None:
    interactions, starts = interactions_of(minimum), arrivals(minimum, MORE_THAN_LANES)
    ends = newton(minimum).approach(starts)
    for start, end in zip(starts, ends, strict=True):
        assert np.abs(interactions.energy_and_forces(start.positions)[1]).max() > 100 * GOAL
        assert np.abs(interactions.energy_and_forces(end.positions)[1]).max() < 1.1 * GOAL
        assert 7 + 2 < end.evaluations < 7 + 40
        bottom = minimize_positions(interactions, end.positions, SETTINGS)
        moved = displacement(minimum.positions, bottom.positions, minimum.box)
        assert np.abs(moved).max() < 1e-6
        drift = (end.positions - start.positions).mean(axis=0)
        assert np.abs(drift).max() < 1e-6  # forces do no work on a uniform part


def test_a_lane_does_not_depend_on_the_others(minimum: Configuration) -> None:
    starts = arrivals(minimum, MORE_THAN_LANES)
    together = newton(minimum).approach(starts)
    lanes = newton(minimum)
    for k in (0, 15, 18):
        (alone,) = lanes.approach([starts[k]])
        assert np.array_equal(alone.positions, together[k].positions)
        assert alone.evaluations == together[k].evaluations


def test_where_the_energy_curves_down_steps_go_down(
    minimum: Configuration, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Far up even some of the first directions do: then the preconditioned force is followed."""
    lanes, interactions, spent = newton(minimum), interactions_of(minimum), []
    solve = lanes._curvature.solve_residual

    def counted(*arguments: Any) -> Any:
        system = solve(*arguments)
        spent.extend(system.products)
        return system

    monkeypatch.setattr(lanes._curvature, "solve_residual", counted)
    starts = [Arrival(noisy_lattice(seed, 0.2).positions, 1) for seed in range(4)]
    for start, end in zip(starts, lanes.approach(starts), strict=True):
        assert lowest_eigenvalue(interactions, start.positions) < -1
        before, after = (interactions.energy_and_forces(x.positions) for x in (start, end))
        assert after[0] < before[0]
        assert np.abs(after[1]).max() < 0.1 * np.abs(before[1]).max()
    assert -1 in spent


def lowest_eigenvalue(interactions: PairInteractions, positions: Array) -> float:
    hessian = interactions.derivatives(positions).matrix().toarray()
    return float(np.linalg.eigvalsh(hessian)[0])


def test_a_start_that_is_not_finite_leaves_the_others(minimum: Configuration) -> None:
    first, second = arrivals(minimum, 2)
    on_top = minimum.positions.copy()
    on_top[5] = on_top[6]
    lost, found = newton(minimum).approach([Arrival(on_top, 1), second])
    (alone,) = newton(minimum).approach([second])
    assert np.array_equal(found.positions, alone.positions)
    assert lost.evaluations == 2
    assert np.abs(lost.positions - on_top).max() < 1e-8
    assert not np.array_equal(first.positions, second.positions)


def test_what_has_arrived_stays(minimum: Configuration) -> None:
    (end,) = newton(minimum).approach([Arrival(minimum.positions, 3)])
    assert end.evaluations == 4
    assert np.abs(end.positions - minimum.positions).max() < 1e-8


def test_nothing_to_do(minimum: Configuration) -> None:
    assert newton(minimum).approach([]) == []


def test_rows_of_lanes_do_what_arrays_do() -> None:
    rng, n = np.random.default_rng(2), 5
    crew = empty_crew(n)
    shape = 3, n, LANES

    def fill(field: Array, scale: float = 1.0) -> Array:
        field[:] = scale * rng.normal(size=field.shape)
        return field.copy()

    position, direction = fill(crew.position), fill(crew.direction)
    force, accepted, step = fill(crew.force), fill(crew.accepted), fill(crew.step, 0.1)
    crew.start[:] = rng.integers(-1000, 1000, crew.start.shape)
    per_length = np.float32(2e5), np.float32(3e5), np.float32(4e5)
    place(crew, per_length)
    moved = (position + (np.float64(step) * direction.reshape(-1, LANES)).ravel()).reshape(shape)
    units = crew.start + np.rint(moved * np.array(per_length)[:, None, None]).ravel()
    assert np.abs(crew.r - units).max() <= 1  # rounded from single precision
    measure(crew)
    rows = force.reshape(4, n, LANES).astype(np.float64)
    assert crew.energy == pytest.approx(rows[3].sum(axis=0))
    along = direction.reshape(shape).astype(np.float64)
    assert crew.work == pytest.approx((rows[:3] * along).sum(axis=(0, 1)))
    assert np.array_equal(crew.longest, np.abs(rows[:3]).max(axis=(0, 1)).astype(np.float32))
    crew.which[:] = np.arange(LANES) % 3 == 0
    chosen = np.tile(crew.which != 0, 3 * n)
    other = rng.normal(size=3 * n * LANES).astype(np.float32)
    copied = other.copy()
    choose(crew.which, crew.direction, copied)
    assert np.array_equal(copied, np.where(chosen, direction, other))
    accept(crew)
    assert crew.position == pytest.approx(np.where(chosen, moved.ravel(), position), abs=1e-6)
    assert np.array_equal(crew.accepted, np.where(chosen, force[: 3 * n * LANES], accepted))
    straighten(crew)
    straight = along - (crew.which != 0) * along.mean(axis=1, keepdims=True)
    waiting = crew.which == 0
    assert np.array_equal(
        crew.direction.reshape(-1, LANES)[:, waiting], along.reshape(-1, LANES)[:, waiting]
    )
    assert crew.direction.reshape(shape) == pytest.approx(straight, abs=1e-6)
    assert crew.longest == pytest.approx((straight**2).sum(axis=0).max(axis=0), rel=1e-5)
    work = (straight * crew.accepted.reshape(shape)).sum(axis=(0, 1))
    assert crew.work == pytest.approx(work, abs=1e-5)
