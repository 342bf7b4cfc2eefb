"""Second to fourth derivatives against the slow twin and against finite differences.

v''' jumps at the cutoff, so a finite difference is exact only where no pair crosses its cutoff
within the stencil: the configurations are chosen so, which a test checks.
"""

from __future__ import annotations

import numpy as np
import pytest

import reference
from glasswells.model.functions import (
    forces,
    fourth_order,
    hessian,
    hessian_product,
    third_order,
)
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.soft_spheres import SoftSpheres

CASES = {
    "soft": (SoftSpheres(), reference.soft_spheres(), "soft_liquid"),
    "soft-n10": (
        SoftSpheres(exponent=10, nonadditivity=0.1, cutoff=1.3),
        reference.soft_spheres(10, 0.1, 1.3),
        "soft_liquid",
    ),
    "mixture": (KobAndersen(cutoff=1.8), reference.kob_andersen(1.8), "mixture"),
}
STEP = 1e-3
"""Of the seven-point stencil along a field of unit norm. A pair then stretches by up to 3e-4
sqrt 2, some 1/1000 of the length on which v changes, so that truncation (the sixth power) is
far below rounding (1e-16 / 1e-3)."""
STENCIL = ((1, 45 / 60), (2, -9 / 60), (3, 1 / 60))
"""First derivative to sixth order: sum of weight (f(+k h) - f(-k h)) / h."""


@pytest.fixture(params=CASES)
def case(request):
    model, twin, fixture = CASES[request.param]
    configuration = request.getfixturevalue(fixture)
    field = np.random.default_rng(9).normal(size=configuration.positions.shape)
    field /= np.linalg.norm(field)
    return model, twin, configuration, field


@pytest.fixture
def smooth_case(case):
    """The case with the field scaled down on particles that have a pair about to cross."""
    model, twin, configuration, field = case
    field = without_crossings(twin, configuration, field)
    return model, twin, configuration, field


def gaps(twin, configuration):
    """(i, j, distance to the cutoff) of all pairs within 0.02 of it, on either side."""
    c = configuration
    distances = (
        (i, j, abs(r - pair.cutoff * pair.range))
        for i, j, _, r, pair in reference.all_pairs(c.positions, c.diameters, c.box, twin)
    )
    return [(i, j, gap) for i, j, gap in distances if gap < 0.02]


def without_crossings(twin, configuration, field):
    """A field of unit norm that takes no pair across its cutoff within the stencil."""
    field = field.copy()
    near = gaps(twin, configuration)
    for _ in range(50):
        blocked = [
            (i, j) for i, j, gap in near if gap <= 3.5 * STEP * np.linalg.norm(field[j] - field[i])
        ]
        if not blocked:
            return field
        for i, j in blocked:
            field[i] = field[j] = (field[i] + field[j]) / 2
        field /= np.linalg.norm(field)
    pytest.fail("no smooth field found: choose another seed")


def along(configuration, field, function):
    """Seven-point derivative of function(configuration + s field) at s = 0."""
    total = 0.0
    for k, weight in STENCIL:
        plus = configuration.moved_to(configuration.positions + k * STEP * field)
        minus = configuration.moved_to(configuration.positions - k * STEP * field)
        total = total + weight * (function(plus) - function(minus)) / STEP
    return total


def bonds(twin, c):
    return reference.bonds(twin, c.positions, c.diameters, c.box)


def relative(found, expected):
    """Largest deviation, in units of the largest expected component."""
    return np.abs(np.asarray(found) - expected).max() / np.abs(expected).max()


def test_hessian_equals_the_twin(case):
    model, twin, c, _ = case
    matrix = hessian(model, c)
    assert matrix.format == "csc"
    assert relative(matrix.toarray(), reference.hessian(bonds(twin, c), c.n_particles)) < 1e-12


def test_hessian_is_symmetric_and_blind_to_translations(case):
    model, _, c, _ = case
    matrix = hessian(model, c).toarray()
    largest = np.abs(matrix).max()
    assert np.abs(matrix - matrix.T).max() < 1e-13 * largest
    for axis in range(3):
        translation = np.zeros((c.n_particles, 3))
        translation[:, axis] = 1.0
        assert np.abs(matrix @ translation.ravel()).max() < 1e-12 * largest
        assert np.abs(hessian_product(model, c, translation)).max() < 1e-12 * largest
        vector, scalar = third_order(model, c, translation)
        assert not vector.any()
        assert scalar == 0.0


def test_hessian_product_equals_the_twin(case):
    model, twin, c, field = case
    expected = (reference.hessian(bonds(twin, c), c.n_particles) @ field.ravel()).reshape(-1, 3)
    assert relative(hessian_product(model, c, field), expected) < 1e-12


def test_third_order_equals_the_twin(case):
    model, twin, c, field = case
    vector, scalar = third_order(model, c, field)
    expected, expected_scalar = reference.third_order(bonds(twin, c), field)
    assert relative(vector, expected) < 1e-12
    # The scalar is a sum of terms of both signs: its rounding scales with |U:zz| |z|.
    assert abs(scalar - expected_scalar) < 1e-12 * np.linalg.norm(expected)
    assert scalar == pytest.approx(
        float((vector * field).sum()), abs=1e-12 * np.linalg.norm(vector)
    )


def test_third_order_sums_to_zero_over_particles(case):
    model, _, c, field = case
    vector, _ = third_order(model, c, field)
    assert np.abs(vector.sum(axis=0)).max() < 1e-12 * np.abs(vector).max() * c.n_particles


def test_fourth_order_equals_the_twin(case):
    model, twin, c, field = case
    assert fourth_order(model, c, field) == pytest.approx(
        reference.fourth_order(bonds(twin, c), field), rel=1e-11
    )


def test_derivatives_are_homogeneous_in_the_field(case):
    model, _, c, field = case
    vector, scalar = third_order(model, c, field)
    doubled, doubled_scalar = third_order(model, c, -2 * field)
    np.testing.assert_allclose(doubled, 4 * vector, rtol=1e-13)
    assert doubled_scalar == pytest.approx(-8 * scalar, rel=1e-13)
    assert fourth_order(model, c, -2 * field) == pytest.approx(
        16 * fourth_order(model, c, field), rel=1e-13
    )


def test_force_is_the_slope_of_the_energy(smooth_case):
    model, _, c, field = smooth_case
    interactions = model.interactions(c)
    slope = along(c, field, lambda moved: interactions.energy_and_forces(moved.positions)[0])
    f = forces(model, c)
    assert -slope == pytest.approx(float((f * field).sum()), abs=1e-12 * np.linalg.norm(f))


def test_hessian_is_the_slope_of_the_forces(smooth_case):
    model, _, c, field = smooth_case
    slope = along(c, field, lambda moved: -forces(model, moved))
    assert relative(hessian_product(model, c, field), slope) < 1e-10


def test_third_order_is_the_slope_of_the_hessian(smooth_case):
    model, _, c, field = smooth_case
    slope = along(c, field, lambda moved: hessian_product(model, moved, field))
    vector, scalar = third_order(model, c, field)
    assert relative(vector, slope) < 1e-10
    assert scalar == pytest.approx(float((slope * field).sum()), abs=1e-10 * np.linalg.norm(slope))


def test_fourth_order_is_the_slope_of_the_third(smooth_case):
    model, _, c, field = smooth_case
    slope = along(c, field, lambda moved: third_order(model, moved, field)[1])
    assert fourth_order(model, c, field) == pytest.approx(slope, rel=1e-10)


def test_derivatives_stay_those_of_their_place(soft_liquid):
    """Whatever the interactions are asked for afterwards, a rebuilt list included."""
    model, twin = SoftSpheres(), reference.soft_spheres()
    interactions = model.interactions(soft_liquid)
    here = interactions.derivatives(soft_liquid.positions)
    moved = soft_liquid.moved_to(
        soft_liquid.positions + np.random.default_rng(1).uniform(-0.3, 0.3, (150, 3))
    )
    for found, c in ((interactions.derivatives(moved.positions), moved), (here, soft_liquid)):
        assert relative(found.matrix().toarray(), reference.hessian(bonds(twin, c), 150)) < 1e-12


def test_fourth_order_contraction_is_the_slope_of_the_third(smooth_case):
    model, _, c, field = smooth_case
    interactions = model.interactions(c)
    vector, scalar = interactions.derivatives(c.positions).fourth(field)
    slope = along(c, field, lambda moved: third_order(model, moved, field)[0])
    assert relative(vector, slope) < 1e-10
    assert scalar == pytest.approx(float((vector * field).sum()), rel=1e-12)
    assert np.abs(vector.sum(axis=0)).max() < 1e-12 * np.abs(vector).max() * c.n_particles
