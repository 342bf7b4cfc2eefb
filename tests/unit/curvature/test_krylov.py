"""Krylov solvers against dense linear algebra."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.curvature.krylov import Lanczos, minres, softest


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
def test_minres_meets_its_tolerance(negative: int, tolerance: float) -> None:
    matrix = symmetric(60, negative, negative)
    right = np.random.default_rng(9).normal(size=len(matrix))
    z, products = minres(lambda v: matrix @ v, right, unprojected, tolerance, 500)
    rest = np.linalg.norm(matrix @ z - right) / np.linalg.norm(right)
    assert rest <= 1.001 * tolerance
    assert products <= len(matrix)
    if tolerance == 1e-2:
        assert rest > 1e-4  # it does not do more than asked


def test_minres_has_the_least_residual_of_its_space() -> None:
    matrix = symmetric(50, 3, 2)
    right = np.random.default_rng(1).normal(size=len(matrix))
    dimension = 12
    z, _ = minres(lambda v: matrix @ v, right, unprojected, 1e-15, dimension)
    powers = [right]
    for _ in range(dimension):
        powers.append(matrix @ powers[-1] / np.linalg.norm(matrix @ powers[-1]))
    basis = np.linalg.qr(np.array(powers[:dimension]).T)[0]
    coefficients = np.linalg.lstsq(matrix @ basis, right, rcond=None)[0]
    best = np.linalg.norm(matrix @ basis @ coefficients - right)
    assert np.linalg.norm(matrix @ z - right) == pytest.approx(best, rel=1e-8)


def test_minres_is_the_solution_from_a_basis_that_is_kept() -> None:
    matrix = symmetric(200, 7, 3)
    mean = np.ones(len(matrix)) / np.sqrt(len(matrix))

    def across(z: np.ndarray) -> np.ndarray:
        z -= mean * (mean @ z)
        return z

    right = across(np.random.default_rng(3).normal(size=len(matrix)))
    dimension = 30
    z, spent = minres(lambda v: matrix @ v, right.copy(), across, 1e-15, dimension)
    space = Lanczos(lambda v: matrix @ v, right.copy(), across, dimension)
    for _ in range(dimension):
        space.step()
    basis = np.array([space.combine(row) for row in np.eye(dimension)])
    images = np.array([across(matrix @ v) for v in basis]).T
    least = np.linalg.lstsq(images, right, rcond=None)[0] @ basis
    assert spent == dimension
    np.testing.assert_allclose(z, least, rtol=0, atol=1e-10 * np.abs(least).max())


def test_minres_ends_where_the_space_is_invariant() -> None:
    generator = np.random.default_rng(4)
    basis = np.linalg.qr(generator.normal(size=(40, 40)))[0]
    values = np.concatenate([[-2.0, 3.0, 7.0], generator.uniform(1, 9, 37)])
    matrix = (basis * values) @ basis.T
    right = basis[:, :3] @ np.array([1.0, -2.0, 0.5])
    z, products = minres(lambda v: matrix @ v, right, unprojected, 0.0, 40)
    assert products <= 4
    np.testing.assert_allclose(z, np.linalg.solve(matrix, right), rtol=0, atol=1e-12)


def test_minres_of_nothing() -> None:
    z, products = minres(lambda v: v, np.zeros(7), unprojected, 1e-3, 10)
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
