"""The energy of coordinates that are weighted by the square roots of masses."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.model.mass_weighted import MassWeighted
from glasswells.model.soft_spheres import SoftSpheres


def test_energies_of_weighted_coordinates(soft_liquid) -> None:
    """Each derivative against differences of the one before."""
    model = SoftSpheres()
    rng = np.random.default_rng(3)
    w = np.sqrt(rng.uniform(0.3, 3, (150, 1)))
    plain = model.interactions(soft_liquid)
    weighted = MassWeighted(plain, w)
    q, z = w * soft_liquid.positions, rng.standard_normal((150, 3))
    energy, force = weighted.energy_and_forces(q)
    assert energy == plain.energy_and_forces(q / w)[0]
    h = 1e-5
    ahead, behind = (weighted.energy_and_forces(q + s * h * z)[0] for s in (1, -1))
    assert -np.vdot(force, z) == pytest.approx((ahead - behind) / (2 * h), rel=1e-7)
    forces = [weighted.energy_and_forces(q + s * h * z)[1] for s in (-1, 1)]
    here = weighted.derivatives(q)
    near = [weighted.derivatives(q + s * h * z) for s in (1, -1)]
    product = here.product(z)
    size = np.abs(product).max()
    np.testing.assert_allclose(product, (forces[0] - forces[1]) / (2 * h), atol=1e-7 * size)
    by_matrix = (here.matrix() @ z.ravel()).reshape(-1, 3)
    np.testing.assert_allclose(product, by_matrix, atol=1e-12 * size)
    bent, third = here.third(z)
    products = [d.product(z) for d in near]
    size = np.abs(bent).max()
    np.testing.assert_allclose(bent, (products[0] - products[1]) / (2 * h), atol=1e-6 * size)
    thirds = [d.third(z) for d in near]
    bent_twice, fourth = here.fourth(z)
    assert fourth == pytest.approx((thirds[0][1] - thirds[1][1]) / (2 * h), rel=1e-5)
    size = np.abs(bent_twice).max()
    slope = (thirds[0][0] - thirds[1][0]) / (2 * h)
    np.testing.assert_allclose(bent_twice, slope, atol=1e-5 * size)
    assert third == pytest.approx(np.vdot(bent, z), rel=1e-12)
