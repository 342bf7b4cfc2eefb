"""Energy and forces against the slow twin and against their symmetries."""

from __future__ import annotations

import numpy as np
import pytest

import reference
from glasswells.core.records import Configuration
from glasswells.model.functions import energy, forces
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


@pytest.fixture(params=CASES)
def case(request):
    model, twin, fixture = CASES[request.param]
    return model, twin, request.getfixturevalue(fixture)


def on_faces(configuration):
    """The configuration with particles moved exactly onto faces and far outside the box."""
    positions = configuration.positions.copy()
    box = configuration.box
    near_origin = np.abs(positions) < 0.11
    positions[near_origin] = 0.0
    which = np.flatnonzero(near_origin.any(axis=1))
    positions[which[::2]] += np.where(near_origin[which[::2]], box, 0.0)  # the opposite face
    generator = np.random.default_rng(7)
    positions += generator.integers(-1, 2, positions.shape) * box
    return configuration.moved_to(positions)


def test_energy_and_forces_equal_the_twin(case):
    model, twin, configuration = case
    for c in (configuration, on_faces(configuration)):
        pairs = reference.bonds(twin, c.positions, c.diameters, c.box)
        expected = reference.forces(pairs, c.n_particles)
        largest = np.abs(expected).max()
        assert energy(model, c) == pytest.approx(reference.energy(pairs), rel=1e-12)
        np.testing.assert_allclose(forces(model, c), expected, rtol=0, atol=1e-12 * largest)


def test_faces_case_has_particles_on_both_faces_and_outside(soft_liquid):
    c = on_faces(soft_liquid)
    for edge in range(3):
        x = c.positions[:, edge]
        assert (x == 0).any()
        assert (x == c.box[edge]).any()
        assert (x < 0).any()
        assert (x > c.box[edge]).any()


def test_forces_sum_to_zero(case):
    model, _, configuration = case
    f = forces(model, configuration)
    assert np.abs(f.sum(axis=0)).max() < 1e-10 * np.sqrt(configuration.n_particles)


def test_translation(case):
    model, _, configuration = case
    e, f = energy(model, configuration), forces(model, configuration)
    for shift in ([0.3, -0.7, 0.2], configuration.box / 2, 3 * configuration.box):
        moved = configuration.moved_to(configuration.positions + shift)
        assert energy(model, moved) == pytest.approx(e, rel=1e-12)
        np.testing.assert_allclose(forces(model, moved), f, rtol=0, atol=1e-11 * np.abs(f).max())


def test_wrapping_and_unwrapping(case):
    model, _, configuration = case
    box = configuration.box
    wrapped = configuration.moved_to(configuration.positions % box)
    images = np.random.default_rng(5).integers(-2, 3, configuration.positions.shape)
    unwrapped = configuration.moved_to(wrapped.positions + images * box)
    for c in (wrapped, unwrapped):
        assert energy(model, c) == pytest.approx(energy(model, configuration), rel=1e-12)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_rotation_by_90_degrees(case, axis):
    model, _, configuration = case
    a, b = (c for c in range(3) if c != axis)
    rotation = np.zeros((3, 3))
    rotation[axis, axis], rotation[a, b], rotation[b, a] = 1, -1, 1
    rotated = Configuration(
        positions=configuration.positions @ rotation.T,
        diameters=configuration.diameters,
        box=np.abs(rotation) @ configuration.box,
    )
    f = forces(model, configuration)
    assert energy(model, rotated) == pytest.approx(energy(model, configuration), rel=1e-12)
    np.testing.assert_allclose(
        forces(model, rotated), f @ rotation.T, rtol=0, atol=1e-12 * np.abs(f).max()
    )


def test_relabelling(case):
    model, _, configuration = case
    order = np.random.default_rng(6).permutation(configuration.n_particles)
    relabelled = Configuration(
        positions=configuration.positions[order],
        diameters=configuration.diameters[order],
        box=configuration.box,
    )
    f = forces(model, configuration)
    assert energy(model, relabelled) == pytest.approx(energy(model, configuration), rel=1e-12)
    np.testing.assert_allclose(
        forces(model, relabelled), f[order], rtol=0, atol=1e-12 * np.abs(f).max()
    )


def test_energy_does_not_depend_on_the_history_of_the_list(soft_liquid):
    """A list kept over many small moves and rebuilds gives what a fresh one gives."""
    model = SoftSpheres()
    interactions = model.interactions(soft_liquid)
    generator = np.random.default_rng(8)
    positions = soft_liquid.positions.copy()
    for _ in range(40):
        positions = positions + generator.uniform(-0.02, 0.02, positions.shape)
        kept, force = interactions.energy_and_forces(positions)
        fresh, fresh_force = model.interactions(soft_liquid).energy_and_forces(positions)
        assert kept == pytest.approx(fresh, rel=1e-12)
        atol = 1e-12 * np.abs(fresh_force).max()
        np.testing.assert_allclose(force, fresh_force, rtol=0, atol=atol)


def test_pair_beyond_its_cutoff_has_no_energy():
    far = Configuration(positions=[[0, 0, 0], [1.3, 0, 0]], diameters=[1, 1], box=[5, 5, 5])
    assert energy(SoftSpheres(), far) == 0.0
    assert not forces(SoftSpheres(), far).any()
