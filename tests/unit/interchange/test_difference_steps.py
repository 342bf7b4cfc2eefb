"""Finite differences: stencils against polynomials, steps against errors that are known."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.interchange.difference_steps import (
    FIRST,
    SECOND,
    THIRD,
    Stencil,
    dense_hessian,
    directional,
)
from glasswells.model.functions import fourth_order, hessian, hessian_product, third_order
from glasswells.model.soft_spheres import SoftSpheres

STENCILS = [FIRST, SECOND, THIRD]
MODEL = SoftSpheres()


@pytest.mark.parametrize("stencil", STENCILS)
def test_stencils_are_exact_on_polynomials(stencil: Stencil) -> None:
    """Taken to the order they claim, and wrong by the stated amount at the next."""
    places, weights = np.array(stencil.places, dtype=float), np.array(stencil.weights)
    m, p = stencil.order, stencil.accuracy
    for power in range(m + p):
        expected = float(np.prod(np.arange(1, m + 1))) if power == m else 0.0
        assert weights @ places**power == pytest.approx(expected, abs=1e-12)
    # f^(m + p) = (m + p)! for the power m + p: the error is b (m + p)!.
    factorial = float(np.prod(np.arange(1, m + p + 1)))
    assert abs(weights @ places ** (m + p)) == pytest.approx(stencil.truncation * factorial)


@pytest.mark.parametrize("stencil", STENCILS)
@pytest.mark.parametrize("noise", [1e-15, 1e-12, 1e-7])
def test_the_step_balances_noise_and_truncation(stencil: Stencil, noise: float) -> None:
    """No step has a smaller estimated error, unless a shorter one is good enough."""
    m, p, a, b = stencil.order, stencil.accuracy, stencil.amplitude, stencil.truncation
    steps = np.logspace(-7, 1, 4001)
    errors = a * noise / steps**m + b * steps**p
    best = steps[errors.argmin()]
    short = (a * noise / stencil.target) ** (1 / m)
    assert stencil.step(noise) == pytest.approx(min(best, short), rel=5e-3)
    assert stencil.error(noise) <= max(1.02 * errors.min(), 2 * stencil.target)


@pytest.mark.parametrize("noise", [1e-14, 1e-8])
@pytest.mark.parametrize("stencil", STENCILS)
def test_the_error_is_as_estimated(stencil: Stencil, noise: float) -> None:
    """A force of known derivatives, k l = 1, with noise of the stated size."""
    generator = np.random.default_rng(1)
    positions = np.array([[0.3, 0.0, 0.0]])
    field = np.array([[1.0, 0.0, 0.0]])

    def forces(x: np.ndarray) -> np.ndarray:
        return np.sin(x) + noise * generator.standard_normal(x.shape)

    exact = {1: np.cos(0.3), 2: -np.sin(0.3), 3: -np.cos(0.3)}[stencil.order]
    found = [
        directional(forces, positions, field, stencil, stencil.step(noise))[0, 0] for _ in range(20)
    ]
    error = np.sqrt(np.mean((np.array(found) - exact) ** 2))
    assert error < 3 * stencil.error(noise)
    if noise == 1e-8:  # below that the noise of the sine itself matters
        assert error > 0.1 * stencil.error(noise)


def test_derivatives_of_a_pair_model(soft_liquid) -> None:  # type: ignore[no-untyped-def]
    x = np.array(soft_liquid.positions)
    interactions = MODEL.interactions(soft_liquid)

    def forces(r: np.ndarray) -> np.ndarray:
        return interactions.energy_and_forces(r)[1]

    field = np.random.default_rng(2).standard_normal(x.shape)
    length, noise = 0.1, 1e-14
    product = -directional(forces, x, field, FIRST, length * FIRST.step(noise))
    exact = hessian_product(MODEL, soft_liquid, field)
    assert np.linalg.norm(product - exact) < 1e-8 * np.linalg.norm(exact)
    # v''' jumps at the cutoff: a localized field moves few pairs across it.
    local = np.zeros_like(field)
    local[7] = [1.0, -0.5, 0.3]
    contraction = -directional(forces, x, local, SECOND, length * SECOND.step(noise))
    exact, _ = third_order(MODEL, soft_liquid, local)
    assert np.linalg.norm(contraction - exact) < 1e-6 * np.linalg.norm(exact)
    scalar = -np.vdot(directional(forces, x, local, THIRD, length * THIRD.step(noise)), local)
    assert scalar == pytest.approx(fourth_order(MODEL, soft_liquid, local), rel=1e-4)


def test_the_dense_hessian(mixture) -> None:  # type: ignore[no-untyped-def]
    """On a piece of a liquid, all others held: rows of the whole matrix."""
    kept = 8
    rest = np.array(mixture.positions)
    interactions = MODEL.interactions(mixture)

    def forces(r: np.ndarray) -> np.ndarray:
        rest[:kept] = r
        return interactions.energy_and_forces(rest)[1][:kept]

    found = dense_hessian(forces, rest[:kept].copy(), 0.1 * FIRST.step(1e-14))
    exact = hessian(MODEL, mixture).toarray()[: 3 * kept, : 3 * kept]
    np.testing.assert_allclose(found, exact, rtol=0, atol=1e-8 * np.abs(exact).max())
    np.testing.assert_array_equal(found, found.T)


def test_a_field_of_zeros_has_no_derivatives() -> None:
    zeros = np.zeros((2, 3))
    for stencil in STENCILS:
        np.testing.assert_array_equal(directional(np.sin, zeros + 1, zeros, stencil, 1e-3), zeros)
