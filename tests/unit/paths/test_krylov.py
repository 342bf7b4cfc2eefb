"""Krylov solvers against dense linear algebra."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.core.records import Configuration
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.paths.krylov import drift_projector, softest, solve
from glasswells.paths.surface import Surface


def unprojected(z: np.ndarray) -> np.ndarray:
    return z


def symmetric(size: int, seed: int, negative: int) -> np.ndarray:
    """A symmetric matrix with a given number of negative eigenvalues."""
    generator = np.random.default_rng(seed)
    values = np.concatenate([-generator.uniform(1, 3, negative), generator.uniform(0.5, 100, size)])
    basis = np.linalg.qr(generator.normal(size=(len(values), len(values))))[0]
    return (basis * values) @ basis.T


@pytest.mark.parametrize("negative", [0, 1, 4])
@pytest.mark.parametrize("tolerance", [1e-2, 1e-10])
def test_solve_meets_its_tolerance(negative: int, tolerance: float) -> None:
    matrix = symmetric(60, negative, negative)
    right = np.random.default_rng(9).normal(size=len(matrix))
    z, products = solve(lambda v: matrix @ v, right, unprojected, tolerance, 500)
    rest = np.linalg.norm(matrix @ z - right) / np.linalg.norm(right)
    assert rest <= 1.001 * tolerance
    assert products <= len(matrix)
    if tolerance == 1e-2:
        assert rest > 1e-4  # it does not do more than asked


def test_solve_has_the_least_residual_of_its_space() -> None:
    matrix = symmetric(50, 3, 2)
    right = np.random.default_rng(1).normal(size=len(matrix))
    dimension = 12
    z, _ = solve(lambda v: matrix @ v, right, unprojected, 1e-15, dimension)
    powers = [right]
    for _ in range(dimension):
        powers.append(matrix @ powers[-1] / np.linalg.norm(matrix @ powers[-1]))
    basis = np.linalg.qr(np.array(powers[:dimension]).T)[0]
    coefficients = np.linalg.lstsq(matrix @ basis, right, rcond=None)[0]
    best = np.linalg.norm(matrix @ basis @ coefficients - right)
    assert np.linalg.norm(matrix @ z - right) == pytest.approx(best, rel=1e-8)


def test_solve_of_nothing() -> None:
    z, products = solve(lambda v: v, np.zeros(7), unprojected, 1e-3, 10)
    assert not z.any()
    assert products == 0


def test_softest_is_the_lowest_eigenpair() -> None:
    matrix = symmetric(80, 5, 1)
    values, vectors = np.linalg.eigh(matrix)
    start = np.random.default_rng(2).normal(size=len(matrix))
    value, field, residual = softest(lambda v: matrix @ v, start, unprojected, 80, 1e-8)
    assert value == pytest.approx(values[0], abs=1e-12)
    assert abs(field @ vectors[:, 0]) == pytest.approx(1, abs=1e-12)
    assert residual < 1e-6


@pytest.mark.parametrize("name", ["soft_spheres", "kob_andersen"])
def test_frozen_product_is_the_hessian(
    name: str, soft_liquid: Configuration, mixture: Configuration
) -> None:
    model = SoftSpheres() if name == "soft_spheres" else KobAndersen(cutoff=1.8)
    configuration = soft_liquid if name == "soft_spheres" else mixture
    interactions = model.interactions(configuration)
    surface = Surface(interactions=interactions, box=configuration.box)
    positions = np.array(configuration.positions)
    product = surface.hessian_product(positions)
    hessian = interactions.hessian(positions)
    for seed in range(3):
        z = np.random.default_rng(seed).normal(size=positions.size)
        expected = hessian @ z
        assert np.abs(product(z) - expected).max() < 1e-12 * np.abs(expected).max()
    # It stays that of the place where it was made.
    interactions.energy_and_forces(positions + 1.0)
    z = np.ones(positions.size)
    assert np.abs(product(z)).max() < 1e-9


def test_projector_removes_the_translations(soft_liquid: Configuration) -> None:
    interactions = SoftSpheres().interactions(soft_liquid)
    z = np.random.default_rng(0).normal(size=3 * soft_liquid.n_particles)
    expected = (z.reshape(-1, 3) - z.reshape(-1, 3).mean(axis=0)).ravel()
    inside = drift_projector(Surface(interactions=interactions, box=soft_liquid.box))
    assert np.abs(inside(z.copy()) - expected).max() < 1e-14
    fixed = drift_projector(Surface(interactions=interactions, translations=False))
    assert np.array_equal(fixed(z.copy()), z)
