"""Kernels of the descents against their slow twins."""

from __future__ import annotations

import numpy as np
import pytest
from quench_starts import N_SMALL, mixture, noisy_lattice

from glasswells.core.records import Configuration
from glasswells.minimization import kernels
from glasswells.minimization.newton import NewtonSolver
from glasswells.minimization.quench import minimize
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.pair_model import PairModel
from glasswells.model.soft_spheres import SoftSpheres


def two_loop_recursion(
    gradient: np.ndarray, steps: list[np.ndarray], changes: list[np.ndarray]
) -> np.ndarray:
    """Nocedal & Wright, Numerical Optimization, algorithm 7.4, as printed; oldest pair first."""
    q = gradient.copy()
    alphas = []
    for s, y in zip(reversed(steps), reversed(changes), strict=True):
        alphas.append((s @ q) / (y @ s))
        q -= alphas[-1] * y
    r = q * (steps[-1] @ changes[-1]) / (changes[-1] @ changes[-1])
    for s, y, alpha in zip(steps, changes, reversed(alphas), strict=True):
        r += s * (alpha - (y @ r) / (y @ s))
    return -r


@pytest.mark.parametrize("precision", [np.float32, np.float64])
@pytest.mark.parametrize("place", [0, 4, 448])
def test_no_bad_number_is_passed_over(precision: type, place: int) -> None:
    force = np.linspace(-3, 2, 450, dtype=precision)
    assert kernels.largest_component(force) == 3
    for bad in (np.nan, np.inf, -np.inf):
        force[place] = bad
        assert not np.isfinite(kernels.largest_component(force))


@pytest.mark.parametrize("history", [1, 2, 5])
def test_direction_is_that_of_the_two_loop_recursion(history: int) -> None:
    generator = np.random.default_rng(1)
    size = 30
    root = generator.normal(size=(size, size))
    matrix = root @ root.T + np.eye(size)
    w = kernels.workspace(generator.normal(size=(size // 3, 3)), history, 100.0)
    force = -matrix @ w.trial_d
    kernels.begin(w, force, -0.5 * force @ w.trial_d)
    steps: list[np.ndarray] = []
    changes: list[np.ndarray] = []
    kernels.propose(w, 1e9, False)
    np.testing.assert_allclose(w.direction_d, force / 100.0, rtol=1e-14)
    for _ in range(3 * history + 2):
        before, force_before = w.position_d.copy(), w.force_d.copy()
        force = -matrix @ w.trial_d
        verdict = kernels.judge(w, force, -0.5 * force @ w.trial_d, True, False)
        if verdict == kernels.REJECTED:
            continue
        steps.append(w.position_d - before)
        changes.append(force_before - w.force_d)
        kernels.propose(w, 1e9, False)
        expected = two_loop_recursion(-w.force_d, steps[-history:], changes[-history:])
        # rounding of the inner products is amplified by the condition of the matrix, some 100
        np.testing.assert_allclose(
            w.direction_d, expected, rtol=0, atol=1e-10 * np.abs(expected).max()
        )
    assert len(steps) > history


def test_step_without_positive_curvature_stays_out_of_the_history() -> None:
    w = kernels.workspace(np.zeros((1, 3)), 4, 1.0)
    kernels.begin(w, np.array([1.0, 0.0, 0.0]), 0.0)
    kernels.propose(w, 1.0, False)
    assert kernels.judge(w, np.array([2.0, 0.0, 0.0]), -1.5, True, False) == kernels.ACCEPTED
    assert w.state["held"][0] == 0
    kernels.propose(w, 1.0, False)
    assert kernels.judge(w, np.array([1.0, 0.0, 0.0]), -3.0, True, False) == kernels.ACCEPTED
    assert w.state["held"][0] == 1


def test_judgement_in_the_noise_of_the_energy_goes_by_the_slope() -> None:
    verdicts = []
    for new_force in (-0.7, -0.9, 0.5):
        w = kernels.workspace(np.zeros((1, 3)), 4, 1.0)
        kernels.begin(w, np.array([1e-8, 0.0, 0.0]), 1e3)
        kernels.propose(w, 1.0, False)
        verdicts.append(
            kernels.judge(w, np.array([new_force * 1e-8, 0, 0]), 1e3 + 1e-10, True, False)
        )
        if verdicts[-1] == kernels.REJECTED:
            # the secant of slopes -1 and 0.9 vanishes at 1/1.9, capped at half the step
            assert w.trial_d[0] == pytest.approx(0.5e-8)
    assert verdicts == [kernels.ACCEPTED, kernels.REJECTED, kernels.ACCEPTED]


def test_rejected_step_is_shortened_to_the_minimum_of_the_parabola() -> None:
    w = kernels.workspace(np.array([[0.0, 0.0, 0.0]]), 4, 1.0)
    stiffness = 5.0  # V = 5 (x - 1)^2 / 2 seen from x = 0: force 5, first step 5, parabola exact
    kernels.begin(w, np.array([5.0, 0.0, 0.0]), 0.5 * stiffness)
    kernels.propose(w, 100.0, False)
    x = w.trial_d[0]
    assert x == 5.0
    verdict = kernels.judge(
        w, np.array([-stiffness * (x - 1), 0.0, 0.0]), 0.5 * stiffness * (x - 1) ** 2, True, False
    )
    assert verdict == kernels.REJECTED
    assert w.trial_d[0] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("model", "start"), [(SoftSpheres(), noisy_lattice(1)), (KobAndersen(), mixture(2))]
)
def test_newton_step_solves_the_linear_equation(model: PairModel, start: Configuration) -> None:
    near = minimize(model, start, 1e-3).configuration
    interactions = model.interactions(near)
    forces = interactions.energy_and_forces(near.positions)[1].ravel()
    matrix = interactions.derivatives(near.positions).matrix().toarray()
    expected = np.linalg.pinv(matrix, rcond=1e-9, hermitian=True) @ forces
    step = np.empty(3 * N_SMALL)
    solver = NewtonSolver(interactions, 1000)
    spent = solver.solve(near.positions, forces, 1e-11, step)
    assert 0 < spent < 300
    np.testing.assert_allclose(step, expected, rtol=0, atol=1e-9 * np.abs(expected).max())
    loose = solver.solve(near.positions, forces, 0.1, step)
    assert 0 < loose < spent / 4
    assert forces @ step > 0


def test_negative_curvature_is_reported() -> None:
    start = noisy_lattice(4, 0.25)
    interactions = SoftSpheres().interactions(start)
    matrix = interactions.derivatives(start.positions).matrix().toarray()
    values, vectors = np.linalg.eigh(matrix)
    assert values[0] < -1
    step = np.empty(3 * N_SMALL)
    spent = NewtonSolver(interactions, 1000).solve(start.positions, vectors[:, 0], 1e-6, step)
    assert spent < 0


def test_a_step_of_the_energy_that_no_force_explains_is_passed_by_the_slope() -> None:
    verdicts = []
    for may_jump in (False, True):
        w = kernels.workspace(np.zeros((1, 3)), 4, 1.0)
        kernels.begin(w, np.array([0.1, 0.0, 0.0]), 0.0)
        kernels.propose(w, 1.0, False)
        for _ in range(3):
            x = float(w.trial_d[0])
            force = np.array([0.1 - 0.01 * x, 0.0, 0.0])
            energy = -0.1 * x + 0.005 * x * x + (0.5 if x > 1e-3 else 0.0)
            verdicts.append(int(kernels.judge(w, force, energy, True, may_jump)))
            if verdicts[-1] == kernels.ACCEPTED:
                break
        assert w.state["jump"][0] == pytest.approx(0.5 if may_jump else 0.0)
    # without: shortened until the step ends before the jump; with: passed at the second trial
    no, yes = kernels.REJECTED, kernels.ACCEPTED
    assert verdicts == [no, no, yes, no, yes]
