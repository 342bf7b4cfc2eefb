"""Nonlinear modes against their equations, evaluated by finite differences of the forces."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.core.errors import InputError
from glasswells.core.outcomes import Outcome
from glasswells.model.functions import forces, fourth_order, hessian, third_order
from glasswells.modes import (
    Stiffness,
    cubic_mode,
    nonlinear_search,
    pseudo_harmonic_mode,
    quartic_mode,
)
from glasswells.modes.kernels import pair_fourth_powers
from glasswells.modes.nonlinear_search import Form, Point, evaluate, walk


def seeds_of(glass, count):
    generator = np.random.default_rng(21)
    n = glass.configuration.n_particles
    seeds = [*glass.displacements, glass.vectors[3].reshape(n, 3)]
    while len(seeds) < count:
        center = glass.configuration.positions[generator.integers(n)]
        away = glass.configuration.positions - center
        away -= glass.configuration.box * np.rint(away / glass.configuration.box)
        weight = np.exp(-(np.linalg.norm(away, axis=1) ** 2))
        seeds.append(generator.standard_normal((n, 3)) * weight[:, None])
    return seeds


def residual_of_eq_5(glass, pi):
    m_pi = (hessian(glass.model, glass.configuration) @ pi.ravel()).reshape(-1, 3)
    u_pi, u = third_order(glass.model, glass.configuration, pi)
    kappa = np.vdot(pi, m_pi)
    return np.linalg.norm(m_pi - kappa / u * u_pi) / np.linalg.norm(m_pi)


def test_cubic_modes_satisfy_eq_5_and_are_stationary_points_of_the_barrier(glass):
    stiffness = Stiffness(glass.model, glass.configuration)
    matrix = hessian(glass.model, glass.configuration)

    def barrier(z):
        kappa = z.ravel() @ (matrix @ z.ravel())
        return (2 / 3) * kappa**3 / third_order(glass.model, glass.configuration, z)[1] ** 2

    generator = np.random.default_rng(0)
    for seed in seeds_of(glass, 12):
        mode = cubic_mode(glass.model, glass.configuration, seed, stiffness=stiffness)
        assert mode.outcome is Outcome.CONVERGED
        assert mode.residual <= 1e-10
        assert residual_of_eq_5(glass, mode.field) < 1e-8
        assert np.linalg.norm(mode.field) == pytest.approx(1, rel=1e-13)
        np.testing.assert_allclose(mode.field.sum(axis=0), 0, atol=1e-11)
        assert mode.cubic < 0 < mode.stiffness
        assert mode.barrier == pytest.approx(barrier(mode.field), rel=1e-10)
        assert 0 <= mode.overlap_with_start <= 1
        # First order in a step of 1e-4 would change b by some 1e-4 of itself.
        aside = generator.standard_normal(mode.field.shape)
        aside -= aside.mean(axis=0)
        aside *= 1e-4 / np.linalg.norm(aside)
        slope = (barrier(mode.field + aside) - barrier(mode.field - aside)) / 2
        assert abs(slope) < 1e-8 * mode.barrier


def test_the_third_order_of_a_cubic_mode_is_that_of_the_forces(glass):
    mode = cubic_mode(glass.model, glass.configuration, glass.displacements[0])
    x, h = glass.configuration.positions, 1e-4

    def slope(s):
        moved = glass.configuration.moved_to(x + s * mode.field)
        return -np.vdot(mode.field, forces(glass.model, moved))

    # V' = kappa s + tau s^2 / 2 + ...: even and odd parts, errors of order h^2.
    assert (slope(h) - slope(-h)) / (2 * h) == pytest.approx(mode.stiffness, rel=1e-5)
    even = slope(h) + slope(-h) - 2 * slope(0.0)  # the force left at the minimum is no third order
    assert even / h**2 == pytest.approx(mode.cubic, rel=1e-4)


def test_a_seed_that_is_the_mode_stays_and_its_opposite_gives_the_same(glass):
    mode = cubic_mode(glass.model, glass.configuration, glass.displacements[0])
    again = cubic_mode(glass.model, glass.configuration, -3.0 * mode.field)
    assert again.iterations <= 1
    assert again.overlap_with_start == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(again.field, mode.field, atol=1e-9)


def test_seeds_that_cycle_end_by_the_fallback(glass):
    stiffness = Stiffness(glass.model, glass.configuration)
    needed = 0
    for seed in seeds_of(glass, 24):
        plain = cubic_mode(
            glass.model, glass.configuration, seed, fallback=False, stiffness=stiffness
        )
        if plain.outcome.converged:
            assert plain.method == "iteration"
            continue
        assert plain.outcome is Outcome.CYCLE
        assert plain.residual > 0.01
        needed += 1
        mode = cubic_mode(glass.model, glass.configuration, seed, stiffness=stiffness)
        assert mode.outcome is Outcome.CONVERGED
        assert mode.method in ("damped", "descent")
        assert residual_of_eq_5(glass, mode.field) < 1e-8
        assert mode.iterations > plain.iterations
    assert needed >= 1


@pytest.mark.parametrize("period", [2, 3, 4, 8])
def test_cycles_of_several_periods_are_found_and_slow_turns_are_none(period, monkeypatch):
    def first_cycle(shrinkage):
        """Fields turn around a mode in so many steps, at a distance that shrinks by a factor."""

        def following(stiffness, form, field, before=None):
            turn = turns[0] * 2 * np.pi / period
            turns[0] += 1
            radius = 0.1 * shrinkage ** turns[0]
            around = radius * np.array([np.cos(turn), np.sin(turn), 0.0])
            return Point(
                field=around, stiffness=1.0, coefficient=1.0, residual=0.05, following=around
            )

        turns = [0]
        with monkeypatch.context() as patch:
            patch.setattr(nonlinear_search, "evaluate", following)
            return walk(None, None, following(None, None, None), "iteration", 1e-10, 300)

    closed = first_cycle(1.0)
    assert closed.outcome is Outcome.CYCLE
    assert closed.iterations == period + nonlinear_search.CYCLE_STEPS - 1
    closing = first_cycle(0.98 if period == 2 else 0.998)
    assert (closing.outcome, closing.iterations) == (Outcome.STEP_LIMIT, 300)


def test_extrapolation_ends_at_the_mode_of_the_plain_steps_and_sooner(glass, monkeypatch):
    stiffness = Stiffness(glass.model, glass.configuration)
    sooner = []
    for seed in seeds_of(glass, 13):
        fast = cubic_mode(glass.model, glass.configuration, seed, stiffness=stiffness)
        with monkeypatch.context() as patch:
            patch.setattr("glasswells.modes.nonlinear_search.EXTRAPOLATE_BELOW", 0.0)
            plain = cubic_mode(glass.model, glass.configuration, seed, stiffness=stiffness)
        assert plain.outcome is fast.outcome is Outcome.CONVERGED
        # A residual of 1e-10 leaves errors up to 1e-8 along the softest direction of ln b, whose
        # square is what the overlap misses.
        assert abs(np.vdot(plain.field, fast.field)) == pytest.approx(1, abs=1e-12)
        sooner.append(plain.iterations - fast.iterations)
    assert max(sooner) > 100


def test_descent_alone_lowers_the_barrier_to_a_mode(glass):
    stiffness = Stiffness(glass.model, glass.configuration)
    form = Form(stiffness.third, degree=3)
    for seed in seeds_of(glass, 6):
        start = evaluate(stiffness, form, seed / np.linalg.norm(seed))
        found = walk(stiffness, form, start, "descent", 1e-9, 400)
        assert found.outcome is Outcome.CONVERGED
        assert found.point.logarithm(3) < start.logarithm(3)
        assert residual_of_eq_5(glass, found.point.field) < 1e-8


def test_the_step_limit_is_an_outcome(glass):
    mode = cubic_mode(
        glass.model, glass.configuration, glass.displacements[0], max_iterations=2, fallback=False
    )
    assert mode.outcome is Outcome.STEP_LIMIT
    assert mode.iterations == 2
    assert mode.residual > 1e-10


def test_fields_without_a_cubic_coefficient_are_an_outcome(crystal):
    # Inversion at a lattice site maps the crystal on itself and this field on its opposite.
    field = np.zeros((108, 3))
    field[0] = 1.0, 0.3, 0.2
    mode = cubic_mode(crystal.model, crystal.configuration, field)
    assert mode.outcome is Outcome.NO_COEFFICIENT
    assert np.isnan(mode.barrier)


def test_a_configuration_off_its_minimum_is_an_outcome(glass):
    moved = glass.configuration.moved_to(
        glass.configuration.positions + np.random.default_rng(1).uniform(-0.2, 0.2, (216, 3))
    )
    mode = cubic_mode(glass.model, moved, glass.displacements[0])
    assert mode.outcome is Outcome.NOT_A_MINIMUM


def test_quartic_modes_satisfy_their_equation(glass):
    stiffness = Stiffness(glass.model, glass.configuration)
    for seed in seeds_of(glass, 8):
        mode = quartic_mode(glass.model, glass.configuration, seed, stiffness=stiffness)
        assert mode.outcome is Outcome.CONVERGED
        z = mode.field
        t, _ = stiffness.fourth(z)
        m = stiffness.product(z)
        assert np.linalg.norm(m - np.vdot(z, m) / np.vdot(z, t) * t) < 1e-8 * np.linalg.norm(m)
        assert mode.coefficient == pytest.approx(
            fourth_order(glass.model, glass.configuration, z), rel=1e-9
        )
        assert mode.cost == pytest.approx(np.vdot(z, m) ** 2 / abs(mode.coefficient), rel=1e-9)
        assert np.vdot(z, seed) >= 0


def slow_fourth_powers(glass, z):
    """Sum of |u|^4 over pairs with a block in the Hessian, and a quarter of its gradient."""
    matrix = hessian(glass.model, glass.configuration).toarray()
    n = len(z)
    total, gradient = 0.0, np.zeros((n, 3))
    for i in range(n):
        for j in range(i):
            if np.any(matrix[3 * i : 3 * i + 3, 3 * j : 3 * j + 3]):
                u = z[i] - z[j]
                total += float(u @ u) ** 2
                gradient[i] += (u @ u) * u
                gradient[j] -= (u @ u) * u
    return total, gradient


def test_pseudo_harmonic_modes_are_stationary_points_of_their_cost(glass):
    stiffness = Stiffness(glass.model, glass.configuration)
    for seed in seeds_of(glass, 8):
        mode = pseudo_harmonic_mode(glass.model, glass.configuration, seed, stiffness=stiffness)
        assert mode.outcome is Outcome.CONVERGED
        m = stiffness.product(mode.field)
        out = np.empty_like(m)
        total = pair_fourth_powers(stiffness.blocks, mode.field, out)
        assert np.linalg.norm(m - np.vdot(mode.field, m) / total * out) < 1e-8 * np.linalg.norm(m)
    slow_total, slow_gradient = slow_fourth_powers(glass, mode.field)
    assert mode.coefficient == pytest.approx(slow_total, rel=1e-12)
    np.testing.assert_allclose(out, slow_gradient, atol=1e-13)


@pytest.mark.parametrize("function", [cubic_mode, quartic_mode, pseudo_harmonic_mode])
@pytest.mark.parametrize(
    ("start", "options", "text"),
    [
        (np.zeros((216, 3)), {}, "start is zero"),
        (np.ones((216, 3)), {}, "uniform translation"),
        (np.ones((3, 3)), {}, r"shape \(3, 3\)"),
        (np.full((216, 3), np.inf), {}, "inf"),
        (np.eye(216, 3), {"tolerance": 0.0}, "tolerance"),
        (np.eye(216, 3), {"max_iterations": 0}, "max_iterations"),
    ],
)
def test_bad_input_is_one_clear_error(glass, function, start, options, text):
    with pytest.raises(InputError, match=text):
        function(glass.model, glass.configuration, start, **options)
