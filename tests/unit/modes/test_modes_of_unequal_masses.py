"""Modes of particles of unequal masses: a Kob-Andersen glass of masses 1 and 0.53."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg

from glasswells.core.configuration import Configuration
from glasswells.core.errors import InputError
from glasswells.core.masses import displacement_of, mass_weighted
from glasswells.minimization import minimize
from glasswells.model.functions import fourth_order, hessian, third_order
from glasswells.model.kob_andersen import KobAndersen
from glasswells.modes import (
    Stiffness,
    cubic_mode,
    max_overlap,
    normal_modes,
    overlap,
    overlaps,
    pseudo_harmonic_mode,
    quartic_mode,
)
from glasswells.sampling.molecular_dynamics import molecular_dynamics

N = 216
MODEL = KobAndersen(cutoff=1.8)


@pytest.fixture(scope="module")
def alloy() -> Configuration:
    """A quenched liquid."""
    generator = np.random.default_rng(5)
    sites = np.stack(np.meshgrid(*[np.arange(6)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    spacing = 1.2 ** (-1 / 3)
    is_small = generator.permutation(N) < N // 5
    start = Configuration(
        positions=spacing * (sites + generator.uniform(-0.05, 0.05, (N, 3))),
        diameters=np.where(is_small, 0.88, 1.0),
        box=np.full(3, 6 * spacing),
        masses=np.where(is_small, 0.53, 1.0),
    )
    liquid = molecular_dynamics(MODEL, start, 1.5, 500, 4, 0.003, thermostat="langevin", friction=5)
    return minimize(MODEL, liquid.configuration).configuration


@pytest.fixture(scope="module")
def plain(alloy: Configuration) -> Configuration:
    """The same with all masses 1."""
    return Configuration(positions=alloy.positions, diameters=alloy.diameters, box=alloy.box)


@pytest.fixture(scope="module")
def dense(alloy: Configuration) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues and vectors (rows) of M_ij / sqrt(m_i m_j), from the equation."""
    root = np.sqrt(np.repeat(alloy.masses, 3))
    matrix = hessian(MODEL, alloy).toarray() / np.outer(root, root)
    values, vectors = scipy.linalg.eigh(matrix)
    assert values[3] > 0.01
    return values, vectors.T


@pytest.mark.parametrize("count", [20, 120, None])
def test_modes_are_those_of_the_mass_weighted_matrix(alloy, dense, count):
    values, vectors = dense
    modes = normal_modes(MODEL, alloy, count)
    wanted = len(modes.frequencies)
    # Eigenvalues are good to about eps times the largest, 2000; vectors to that over the gaps.
    np.testing.assert_allclose(modes.frequencies[3:], np.sqrt(values[3:wanted]), atol=1e-9)
    flat = modes.fields.reshape(wanted, -1)
    np.testing.assert_allclose(flat @ flat.T, np.eye(wanted), atol=1e-9)
    np.testing.assert_allclose(np.abs(np.sum(flat[3:] * vectors[3:wanted], axis=1)), 1, atol=1e-9)


def test_particles_move_along_modes_over_the_root_of_their_mass(alloy):
    """M u = omega^2 m u for the displacement u, and translations move all alike."""
    modes = normal_modes(MODEL, alloy, 10)
    matrix = hessian(MODEL, alloy)
    mass = np.repeat(alloy.masses, 3)
    for omega, field in zip(modes.frequencies, modes.fields, strict=True):
        u = displacement_of(alloy, field).ravel()
        np.testing.assert_allclose(matrix @ u, omega**2 * mass * u, atol=1e-9)
        np.testing.assert_allclose(mass_weighted(alloy, u.reshape(-1, 3)), field, atol=1e-15)
        if omega > 0:
            np.testing.assert_allclose(alloy.masses @ u.reshape(-1, 3), 0, atol=1e-9)
        else:
            assert np.ptp(u.reshape(-1, 3), axis=0).max() < 1e-15


def test_scaled_masses_scale_frequencies(alloy):
    heavy = Configuration(
        positions=alloy.positions,
        diameters=alloy.diameters,
        box=alloy.box,
        masses=9 * alloy.masses,
    )
    ours, theirs = (normal_modes(MODEL, c, 12).frequencies for c in (heavy, alloy))
    np.testing.assert_allclose(3 * ours, theirs, atol=1e-10)


@pytest.mark.parametrize("method", ["lanczos", "dense"])
def test_the_largest_overlap_is_that_of_the_mass_weighted_displacement(alloy, dense, method):
    _, vectors = dense
    u = np.random.default_rng(2).standard_normal((N, 3)) ** 5
    field = mass_weighted(alloy, u)
    c = np.abs(vectors[3:] @ field.ravel()) / np.linalg.norm(field)
    found = max_overlap(MODEL, alloy, field, method=method)
    assert found.certified
    assert found.overlap == pytest.approx(c.max(), abs=1e-9)
    assert found.mode == int(c.argmax()) + 4
    assert overlap(field, found.field) == pytest.approx(found.overlap, abs=1e-9)
    assert overlap(vectors[found.mode - 1].reshape(-1, 3), found.field) == pytest.approx(1)


def test_a_uniform_displacement_is_a_translation(alloy):
    found = max_overlap(MODEL, alloy, mass_weighted(alloy, np.ones((N, 3))))
    assert (found.mode, found.frequency, found.method) == (1, 0.0, "exact")
    assert found.overlap == pytest.approx(1, abs=1e-14)


def test_overlaps_with_all_modes_add_up_to_one(alloy):
    modes = normal_modes(MODEL, alloy)
    u = np.random.default_rng(2).standard_normal((N, 3))
    c = overlaps(mass_weighted(alloy, u), modes.fields)
    assert np.sum(c**2) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("find", [cubic_mode, quartic_mode, pseudo_harmonic_mode])
def test_nonlinear_modes_do_not_depend_on_masses(alloy, plain, find):
    """A seed close to a mode, so that both searches end in that one."""
    soft = normal_modes(MODEL, plain, 4).fields[3]
    there = find(MODEL, plain, soft)
    assert there.outcome.converged
    near = there.field + 1e-3 * np.random.default_rng(1).standard_normal((N, 3)) / np.sqrt(3 * N)
    found = find(MODEL, alloy, near)
    assert found.outcome.converged
    np.testing.assert_allclose(alloy.masses @ found.field, 0, atol=1e-12)
    assert np.linalg.norm(found.field) == pytest.approx(1, abs=1e-12)
    at_rest = found.field - found.field.mean(axis=0)
    assert overlap(at_rest, there.field) == pytest.approx(1, abs=1e-9)
    z = found.field.ravel()
    assert found.stiffness == pytest.approx(z @ (hessian(MODEL, plain) @ z), rel=1e-9)
    if find is cubic_mode:
        assert found.cubic == pytest.approx(third_order(MODEL, plain, found.field)[1], rel=1e-9)
        assert found.barrier == pytest.approx(there.barrier, rel=1e-7)
    if find is quartic_mode:
        fourth = fourth_order(MODEL, plain, found.field)
        assert found.coefficient == pytest.approx(fourth, rel=1e-9)
        assert found.cost == pytest.approx(there.cost, rel=1e-7)


def test_solutions_and_drift_are_those_of_weighted_fields(alloy):
    stiffness = Stiffness(MODEL, alloy)
    rhs = stiffness.without_drift(np.random.default_rng(3).standard_normal((N, 3)))
    z = stiffness.solve(rhs)
    np.testing.assert_allclose(stiffness.product(z), rhs, atol=1e-9)
    np.testing.assert_allclose((stiffness.weights * z).sum(axis=0), 0, atol=1e-9)
    for uniform in stiffness.translations():
        np.testing.assert_allclose(stiffness.without_drift(uniform), 0, atol=1e-15)


def test_fields_of_another_shape_are_refused(alloy):
    for convert in (mass_weighted, displacement_of):
        with pytest.raises(InputError, match="expected"):
            convert(alloy, np.ones((3, 3)))
        with pytest.raises(InputError, match="zero everywhere"):
            convert(alloy, np.zeros((N, 3)))
