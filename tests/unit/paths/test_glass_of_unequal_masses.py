"""Mass-weighted coordinates in a small glass: projector, paths and their vibrations."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from path_surfaces import real_pairs

from glasswells.core.configuration import Configuration
from glasswells.core.geometry import displacement
from glasswells.core.masses import mass_weighted
from glasswells.core.records import DoubleWell
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.modes import normal_modes, overlaps
from glasswells.paths import band_tangent, find_double_well, tangents
from glasswells.paths.double_well import surface_of
from glasswells.vibrations import minimum_vibrations, tangent_study, well_vibrations


def test_the_projector_removes_translations_of_the_center_of_mass(soft_liquid) -> None:
    rng = np.random.default_rng(4)
    surface = surface_of(SoftSpheres(), replace(soft_liquid, masses=rng.uniform(0.3, 3, 150)))
    field = rng.standard_normal((150, 3))
    expansion = surface.expansion(surface.weighted(soft_liquid.positions))
    found = expansion.project(field.ravel().copy()).reshape(-1, 3)
    np.testing.assert_allclose(found, surface.without_drift(field), atol=1e-14)
    np.testing.assert_allclose((surface.weights * found).sum(axis=0), 0, atol=1e-12)
    uniform = surface.weights * np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(expansion.project(uniform.ravel().copy()), 0, atol=1e-14)


@pytest.fixture(scope="module")
def glassy() -> tuple[DoubleWell, DoubleWell]:
    """One pair of a small glass: with all masses 1, and with masses from 0.5 to 2."""
    model = SoftSpheres()
    for a, b in real_pairs(12):
        plain = find_double_well(model, a, b)
        if isinstance(plain, DoubleWell):
            break
    masses = np.random.default_rng(6).uniform(0.5, 2, a.n_particles)
    ends = [
        Configuration(positions=c.positions, diameters=c.diameters, box=c.box, masses=masses)
        for c in (a, b)
    ]
    weighed = find_double_well(model, *ends)
    assert isinstance(weighed, DoubleWell)
    return plain, weighed


def test_masses_move_the_path_and_neither_its_ends_nor_its_top(glassy) -> None:
    plain, weighed = glassy
    assert weighed.barrier == pytest.approx(plain.barrier, abs=1e-10)
    assert weighed.asymmetry == pytest.approx(plain.asymmetry, abs=1e-10)
    box, masses = plain.minimum_a.box, weighed.minimum_a.masses
    gap = displacement(plain.saddle.positions, weighed.saddle.positions, box)
    np.testing.assert_allclose(gap, 0, atol=1e-7)
    r_ab = displacement(weighed.minimum_a.positions, weighed.minimum_b.positions, box, masses)
    np.testing.assert_allclose(weighed.displacement_ab, r_ab, atol=1e-12)
    np.testing.assert_allclose(masses @ r_ab, 0, atol=1e-10)
    chord = np.linalg.norm(mass_weighted(weighed.minimum_a, r_ab))
    assert chord < weighed.path_length < 3 * chord
    assert weighed.path_length != pytest.approx(plain.path_length, rel=1e-3)
    for record in (weighed.minimum_a, weighed.minimum_b, weighed.saddle):
        assert np.array_equal(record.masses, masses)


def test_a_path_in_glass_goes_downhill_in_weighted_coordinates(glassy) -> None:
    """The chord at small rho bends into the softest mode of the mass-weighted matrix."""
    _, weighed = glassy
    model, a = SoftSpheres(), weighed.minimum_a
    modes = normal_modes(model, a, 40)
    close = tangents(model, weighed, [1e-1, 1e-5])
    c = overlaps(close.directions[1], modes.fields)
    assert int(c.argmax()) == 3
    assert c.max() > 0.9
    curvature = np.vdot(
        close.directions[1],
        surface_of(model, a)
        .interactions.derivatives(surface_of(model, a).weighted(a.positions))
        .product(close.directions[1]),
    )
    assert close.curvatures[1] == pytest.approx(curvature / a.masses.mean(), rel=1e-9)
    _, band = band_tangent(model, weighed, images=60, max_force=1e-4)
    assert band.outcome.converged
    assert band.arc_length[-1] == pytest.approx(weighed.path_length, rel=0.01)


def test_vibrations_compare_weighted_fields(glassy) -> None:
    _, weighed = glassy
    model, a = SoftSpheres(), weighed.minimum_a
    modes = normal_modes(model, a)
    minimum = minimum_vibrations(model, a, None, modes=modes)
    study = tangent_study(model, weighed, modes, rhos=(0.01, 0.001), images=())
    found = well_vibrations(model, weighed, minimum, modes=modes, tangents=study)
    assert not found.failures
    for item in found.directions:
        field = getattr(weighed, item.direction)
        if item.direction != "tangent_a":
            field = mass_weighted(a, field)
        c = overlaps(field, modes.fields)
        assert np.sum(c**2) == pytest.approx(1, abs=1e-8)
        assert item.overlap == pytest.approx(c.max(), abs=1e-8)
        assert item.mode == int(c.argmax()) + 1
    c = overlaps(weighed.tangent_a, modes.fields)
    np.testing.assert_allclose(study.overlaps[0], c, atol=1e-6)
    grown = found.seeded("displacement_ab")
    assert grown is not None
    assert grown.seed_overlap == pytest.approx(1, abs=1e-12)
    cubic = mass_weighted(a, found.cubic_field)
    r_ab = mass_weighted(a, weighed.displacement_ab)
    expected = abs(np.vdot(cubic, r_ab)) / np.linalg.norm(cubic) / np.linalg.norm(r_ab)
    assert grown.overlap == pytest.approx(expected, abs=1e-12)
