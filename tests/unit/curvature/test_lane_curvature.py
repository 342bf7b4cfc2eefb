"""Hessians of sixteen configurations at once against dense matrices, in any company."""

from __future__ import annotations

import numpy as np
import pytest

import reference
from glasswells.core.records import Array, Configuration
from glasswells.curvature.lane_curvature import LaneCurvature
from glasswells.minimization import minimize
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.lane_vectors import LANES
from glasswells.model.lanes import fixed_point, low_half
from glasswells.model.soft_spheres import SoftSpheres

pytestmark = pytest.mark.compiled
SOFT, MIXTURE = SoftSpheres(), KobAndersen(cutoff=1.6)
TWINS = {SOFT: reference.soft_spheres(), MIXTURE: reference.kob_andersen(1.6)}
MOST = 1000


def at_rest(model: object, configuration: Configuration) -> Configuration:
    end = minimize(model, configuration)
    assert end.outcome.converged
    return end.configuration


def around(minimum: Configuration, by: float) -> list[Array]:
    rng, shape = np.random.default_rng(3), minimum.positions.shape
    return [minimum.positions + rng.uniform(-by, by, shape) for _ in range(LANES)]


def solve(
    model: object, glass: Configuration, placed: list[Array], force: Array, tolerance: float
) -> tuple[Array, Array]:
    r = np.stack([low_half(fixed_point(p, glass.box)).T for p in placed], axis=2).reshape(-1)
    interactions = model.interactions(glass)  # type: ignore[attr-defined]
    return LaneCurvature(interactions).solve(r, force, np.full(LANES, tolerance), MOST)


def forces_without_sum(n: int) -> Array:
    force = np.random.default_rng(4).normal(size=(LANES, n, 3))
    return force - force.mean(axis=1, keepdims=True)


@pytest.mark.parametrize("name", ["soft", "mixture"])
def test_solutions_are_those_of_the_dense_hessians(
    name: str, soft_liquid: Configuration, mixture: Configuration
) -> None:
    model, start = (SOFT, soft_liquid) if name == "soft" else (MIXTURE, mixture)
    minimum = at_rest(model, start)
    n = minimum.n_particles
    placed, force = around(minimum, 0.002), forces_without_sum(n)
    force[3] = 0.0
    found, products = solve(model, minimum, placed, force, 1e-5)
    for b in (0, 3, LANES - 1):
        bonds = reference.bonds(TWINS[model], placed[b], minimum.diameters, minimum.box)
        exact = np.linalg.pinv(reference.hessian(bonds, n), rcond=1e-9) @ force[b].ravel()
        moved = (found[b] - found[b].mean(axis=0)).ravel()
        assert np.linalg.norm(moved - exact) <= 1e-3 * np.linalg.norm(exact)
        assert products[b] == 0 if b == 3 else 10 < products[b] < MOST


def test_a_looser_tolerance_takes_fewer_products(soft_liquid: Configuration) -> None:
    minimum = at_rest(SOFT, soft_liquid)
    placed, force = around(minimum, 0.002), forces_without_sum(minimum.n_particles)
    loose = solve(SOFT, minimum, placed, force, 1e-1)[1]
    tight = solve(SOFT, minimum, placed, force, 1e-4)[1]
    assert (loose < tight).all()


def test_a_lane_does_not_depend_on_the_others(soft_liquid: Configuration) -> None:
    """Not in the last bit, though pairs are kept for their sake."""
    minimum = at_rest(SOFT, soft_liquid)
    placed, force = around(minimum, 0.002), forces_without_sum(minimum.n_particles)
    found, products = solve(SOFT, minimum, placed, force, 1e-4)
    rng = np.random.default_rng(5)
    strangers = [p + rng.uniform(-0.2, 0.2, p.shape) for p in placed]
    for b in (0, 9):
        mixed = [*strangers[:b], placed[b], *strangers[b + 1 :]]
        alone, spent = solve(SOFT, minimum, mixed, force, 1e-4)
        assert np.array_equal(alone[b], found[b])
        assert spent[b] == products[b]


def test_a_negative_direction_is_told(soft_liquid: Configuration) -> None:
    """Far from any minimum there are many."""
    minimum = at_rest(SOFT, soft_liquid)
    placed = around(minimum, 0.002)
    placed[2] = soft_liquid.positions
    bonds = reference.bonds(TWINS[SOFT], placed[2], soft_liquid.diameters, soft_liquid.box)
    assert np.linalg.eigvalsh(reference.hessian(bonds, soft_liquid.n_particles))[0] < -1.0
    _, products = solve(SOFT, minimum, placed, forces_without_sum(minimum.n_particles), 1e-4)
    assert products[2] < 0
    assert (np.delete(products, 2) > 0).all()
