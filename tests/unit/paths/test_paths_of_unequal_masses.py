"""Paths, lengths and levels in mass-weighted coordinates: a known surface, and a small glass.

Three particles on an energy V = v(q) + k |rest|^2 / 2, where q is one direction e of
Q = sqrt(m) r and the rest is orthogonal to it and to translations: the path of particles of
these masses is straight in Q, its length is that of q, and its levels are those of v.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest
from path_surfaces import real_pairs

from glasswells.core.configuration import Configuration
from glasswells.core.errors import InputError
from glasswells.core.geometry import displacement, remove_drift
from glasswells.core.masses import mass_weighted
from glasswells.core.records import DoubleWell
from glasswells.model.mass_weighted import MassWeighted
from glasswells.model.pair_model import Interactions
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.modes import normal_modes, overlaps
from glasswells.paths import band_tangent, find_double_well, tangents
from glasswells.paths.double_well import surface_of
from glasswells.paths.images import path_images
from glasswells.paths.krylov import drift_projector
from glasswells.tunneling import UnitSystem, solve_splitting
from glasswells.vibrations import minimum_vibrations, tangent_study, well_vibrations

MASSES = np.array([1.0, 0.53, 2.9])
BOX = np.full(3, 40.0)
STIFF = np.array([3.0, 5.0, 7.0, 9.0, 11.0])
"""Curvatures of the five directions of Q across the path, all different."""


def quartic(barrier: float, half: float, tilt: float) -> np.polynomial.Polynomial:
    """A double well with minima near -half and half."""
    x = np.polynomial.Polynomial([0.0, 1.0 / half])
    return barrier * (x**2 - 1) ** 2 + tilt * x


V = quartic(0.05, 0.3, 0.002)


@dataclass
class Straight:
    """The model of this file, for masses over their mean."""

    masses: np.ndarray

    def __post_init__(self) -> None:
        self.w = np.sqrt(self.masses / self.masses.mean())[:, None]
        uniform = np.eye(3)[:, None, :] * self.w
        seeds = np.random.default_rng(8).standard_normal((6, 3, 3))
        basis = np.linalg.qr(np.concatenate([uniform, seeds]).reshape(9, 9).T)[0].T
        self.along, self.across = basis[3], basis[4:]

    def check(self, configuration: Configuration) -> None:
        pass

    def interactions(self, configuration: Configuration) -> Interactions:
        return self

    def _q(self, positions: np.ndarray) -> np.ndarray:
        return (self.w * positions).ravel()

    def energy_and_forces(self, positions: np.ndarray) -> tuple[float, np.ndarray]:
        q = self._q(positions)
        s, t = self.along @ q, self.across @ q
        force = -V.deriv()(s) * self.along - (STIFF * t) @ self.across
        return float(V(s) + 0.5 * STIFF @ t**2), self.w * force.reshape(3, 3)

    def hessian(self, positions: np.ndarray) -> np.ndarray:
        s = self.along @ self._q(positions)
        matrix = V.deriv(2)(s) * np.outer(self.along, self.along)
        matrix += (self.across.T * STIFF) @ self.across
        scale = np.repeat(self.w[:, 0], 3)
        return matrix * np.outer(scale, scale)

    def hessian_product(self, positions: np.ndarray, field: np.ndarray) -> np.ndarray:
        return (self.hessian(positions) @ field.ravel()).reshape(3, 3)

    def third_order(self, positions: np.ndarray, field: np.ndarray) -> tuple[np.ndarray, float]:
        z = self.along @ self._q(field)
        third = V.deriv(3)(self.along @ self._q(positions)) * z**2
        return third * self.w * self.along.reshape(3, 3), float(third * z)

    def fourth_order(self, positions: np.ndarray, field: np.ndarray) -> float:
        return float(V.deriv(4)(0.0) * (self.along @ self._q(field)) ** 4)

    def at(self, s: float, masses: np.ndarray) -> Configuration:
        """The point of the path at q = s."""
        middle = np.array([[1.0, 2, 3], [4, 5, 6], [39.9, 8, 9]])
        origin = self.along @ self._q(middle)
        flat = self._q(middle) + (s - origin) * self.along
        flat -= self.across.T @ (self.across @ flat)
        return Configuration(
            positions=flat.reshape(3, 3) / self.w, diameters=np.ones(3), box=BOX, masses=masses
        )


def wells() -> tuple[float, float, float]:
    """The minima and the maximum of v: A, S, B."""
    a, s, b = sorted(V.deriv().roots().real)
    return a, s, b


def exact_levels(hbar: float, size: int = 120) -> np.ndarray:
    """Levels of v in the basis of a harmonic oscillator."""
    length = 0.7 * hbar**0.5 / (8 * 0.05 / 0.3**2) ** 0.25
    padded = size + 8
    off = np.sqrt(np.arange(1, padded) / 2) * length
    x = np.diag(off, 1) + np.diag(off, -1)
    x2 = x @ x
    n = np.arange(padded)
    kinetic = np.diag((hbar / length) ** 2 * (n + 0.5)) - 0.5 * (hbar / length**2) ** 2 * x2
    potential = sum(c * np.linalg.matrix_power(x, k) for k, c in enumerate(V.coef))
    return np.linalg.eigvalsh((kinetic + potential)[:size, :size])[:4]


@dataclass
class Bond:
    """Two particles: a known potential along x, springs across."""

    v: np.polynomial.Polynomial

    def check(self, configuration: Configuration) -> None:
        pass

    def interactions(self, configuration: Configuration) -> Interactions:
        return self

    def energy_and_forces(self, positions: np.ndarray) -> tuple[float, np.ndarray]:
        x, y, z = positions[1] - positions[0]
        pull = np.array([self.v.deriv()(x), 3 * y, 5 * z])
        return float(self.v(x) + 1.5 * y * y + 2.5 * z * z), np.array([pull, -pull])

    def hessian_product(self, positions: np.ndarray, field: np.ndarray) -> np.ndarray:
        x = positions[1, 0] - positions[0, 0]
        pull = np.array([self.v.deriv(2)(x), 3, 5]) * (field[1] - field[0])
        return np.array([-pull, pull])

    def third_order(self, positions: np.ndarray, field: np.ndarray) -> tuple[np.ndarray, float]:
        x, z = positions[1, 0] - positions[0, 0], field[1, 0] - field[0, 0]
        pull = np.array([self.v.deriv(3)(x) * z * z, 0, 0])
        return np.array([-pull, pull]), float(pull[0] * z)

    def at(self, x: float, masses: object = None) -> Configuration:
        """The two particles at a distance x, across the edge of the box."""
        positions = np.array([[39.9, 7, 7], [39.9 + x, 7, 7]])
        return Configuration(positions=positions, diameters=[1, 1], box=BOX, masses=masses)


def find(unit: float = 1.0, order: int = 1, **settings: object) -> DoubleWell:
    """The double well for masses in a unit `1 / unit` times as large."""
    model = Straight(MASSES)
    a, _, b = wells()
    ends = [model.at(s, unit * MASSES) for s in (a, b)][::order]
    found = find_double_well(model, *ends, first_stiffness=20.0, **settings)
    assert isinstance(found, DoubleWell)
    return found


@pytest.mark.parametrize("unit", [1.0, 58.7])
@pytest.mark.parametrize("method", ["fast", "band"])
def test_the_path_is_straight_in_mass_weighted_coordinates(unit: float, method: str) -> None:
    a, top, b = wells()
    found = find(unit, method=method)
    root = np.sqrt(unit * MASSES.mean())
    assert found.barrier == pytest.approx(V(top) - V(a), abs=1e-12)
    assert found.path_length == pytest.approx(root * (b - a), abs=1e-8 * root)
    direction = Straight(MASSES).along.reshape(3, 3)
    np.testing.assert_allclose(found.tangent_a, direction, atol=1e-8)
    np.testing.assert_allclose(found.tangent_b, -direction, atol=1e-8)
    moved = root * (b - a) * direction / np.sqrt(unit * MASSES)[:, None]
    np.testing.assert_allclose(found.displacement_ab, moved, atol=1e-9)
    np.testing.assert_allclose(MASSES @ found.displacement_as, 0, atol=1e-12)
    assert found.frequency_a == pytest.approx(np.sqrt(V.deriv(2)(a)) / root, rel=1e-7)
    assert found.negative_eigenvalue == pytest.approx(V.deriv(2)(top) / root**2, rel=1e-7)
    saddle = Straight(MASSES).at(top, MASSES)
    gap = displacement(saddle.positions, found.saddle.positions, BOX, MASSES)
    np.testing.assert_allclose(gap, 0, atol=1e-9)
    s, v = found.profile.arc_length, found.profile.energy
    np.testing.assert_allclose(v, V(a + s / root) - V(a), atol=1e-10)
    for data, sign, end in ((found.profile.beyond_a, -1, a), (found.profile.beyond_b, 1, b)):
        np.testing.assert_allclose(data[1], V(end + sign * data[0] / root) - V(a), atol=1e-10)


@pytest.mark.parametrize("unit", [1.0, 58.7])
def test_levels_are_those_of_the_known_potential(unit: float) -> None:
    """They do not depend on the unit of mass, if hbar / sqrt(m) follows it."""
    root = np.sqrt(unit * MASSES.mean())
    units = UnitSystem(
        name="known",
        reduced_hbar=0.02 * root,
        tls_threshold=0.01,
        sigma=1e-10,
        epsilon=100.0,
        mass=1.0 / unit,
    )
    found = solve_splitting(find(unit).profile, units)
    a, _, _ = wells()
    exact = exact_levels(0.02) - V(a)
    np.testing.assert_allclose(found.levels, exact, atol=1e-8)
    assert found.splitting == pytest.approx(exact[1] - exact[0], abs=1e-8)
    assert "unresolved" not in found.flags


def test_equal_masses_run_elsewhere_on_the_same_energy() -> None:
    """So the tests above could fail: with all masses 1 the same energy has a curved path."""
    model = Straight(MASSES)
    a, top, b = wells()
    plain = find_double_well(model, model.at(a, None), model.at(b, None), first_stiffness=20.0)
    assert isinstance(plain, DoubleWell)
    assert plain.barrier == pytest.approx(V(top) - V(a), abs=1e-12)
    straight = np.linalg.norm(plain.displacement_ab)
    assert plain.path_length > 1.01 * straight
    weighed = mass_weighted(find().minimum_a, remove_drift(plain.tangent_a, MASSES))
    assert overlaps(weighed, find().tangent_a[None])[0] < 0.99


@pytest.mark.parametrize(("barrier", "half"), [(0.05, 0.2), (0.05, 0.25), (0.1, 0.35)])
def test_a_straight_path_ends_in_the_minimum(barrier: float, half: float) -> None:
    """Where there is nothing across the path, no error of a step keeps it from going too far."""
    model = Bond(quartic(barrier, half, 0.002))
    a, _, b = sorted(model.v.deriv().roots().real)
    found = find_double_well(model, model.at(a), model.at(b), first_stiffness=20.0)
    assert isinstance(found, DoubleWell)
    assert found.path_length == pytest.approx(np.sqrt(0.5) * (b - a), abs=1e-9)


@pytest.mark.parametrize("masses", [(1.0, 1.0), (0.53, 1.7)])
def test_two_particles_move_with_their_reduced_mass(masses: tuple[float, float]) -> None:
    """V of the distance x along one axis: dS = sqrt(mu) dx, mu = m_1 m_2 / (m_1 + m_2)."""
    masses = np.array(masses)
    mu = masses.prod() / masses.sum()
    a, _, b = wells()

    model = Bond(V)
    found = find_double_well(model, model.at(a, masses), model.at(b, masses), first_stiffness=20.0)
    assert isinstance(found, DoubleWell)
    assert found.path_length == pytest.approx(np.sqrt(mu) * (b - a), abs=1e-9)
    assert found.frequency_a == pytest.approx(np.sqrt(V.deriv(2)(a) / mu), rel=1e-7)
    units = UnitSystem(
        name="known",
        reduced_hbar=0.02 * np.sqrt(mu),
        tls_threshold=0.01,
        sigma=1e-10,
        epsilon=100.0,
        mass=1.0,
    )
    levels = solve_splitting(found.profile, units).levels
    np.testing.assert_allclose(levels, exact_levels(0.02) - V(a), atol=1e-8)


def test_tangents_and_bands_are_mass_weighted() -> None:
    a, _, b = wells()
    model, found = Straight(MASSES), find(4.0)
    root = np.sqrt(4 * MASSES.mean())
    exact = tangents(model, found, [0.1, 0.01])
    for direction in exact.directions:
        np.testing.assert_allclose(direction, found.tangent_a, atol=1e-8)
    np.testing.assert_allclose(exact.curvatures, V.deriv(2)(a) / root**2, rtol=1e-7)
    chord, band = band_tangent(model, found, images=9, max_force=1e-7)
    np.testing.assert_allclose(chord.directions[0], found.tangent_a, atol=1e-6)
    assert band.arc_length[-1] == pytest.approx(root * (b - a), abs=1e-6)
    np.testing.assert_allclose(band.positions[0], found.minimum_a.positions, atol=1e-12)


def test_images_of_the_path_are_plain_positions() -> None:
    a, _, b = wells()
    model, found = Straight(MASSES), find(4.0)
    for k, image in enumerate(path_images(model, found, 9)):
        place = model.at(a + k / 8 * (b - a), 4 * MASSES)
        np.testing.assert_allclose(image.positions, place.positions, atol=1e-8)
        assert np.array_equal(image.masses, 4 * MASSES)


def test_the_projector_removes_translations_of_the_center_of_mass(soft_liquid) -> None:
    rng = np.random.default_rng(4)
    surface = surface_of(SoftSpheres(), replace(soft_liquid, masses=rng.uniform(0.3, 3, 150)))
    field = rng.standard_normal((150, 3))
    found = drift_projector(surface)(field.ravel().copy()).reshape(-1, 3)
    np.testing.assert_allclose(found, surface.without_drift(field), atol=1e-14)
    np.testing.assert_allclose((surface.weights * found).sum(axis=0), 0, atol=1e-12)
    uniform = surface.weights * np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(drift_projector(surface)(uniform.ravel().copy()), 0, atol=1e-14)


def test_pairs_of_other_masses_are_refused() -> None:
    model = Straight(MASSES)
    a, _, b = wells()
    with pytest.raises(InputError, match=r"masses\[2\] is 2.9 in a and 5.8 in b"):
        find_double_well(model, model.at(a, MASSES), model.at(b, 2 * MASSES))


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
    product = weighted.hessian_product(q, z)
    size = np.abs(product).max()
    np.testing.assert_allclose(product, (forces[0] - forces[1]) / (2 * h), atol=1e-7 * size)
    by_matrix = (weighted.hessian(q) @ z.ravel()).reshape(-1, 3)
    np.testing.assert_allclose(product, by_matrix, atol=1e-12 * size)
    bent, third = weighted.third_order(q, z)
    products = [weighted.hessian_product(q + s * h * z, z) for s in (1, -1)]
    size = np.abs(bent).max()
    np.testing.assert_allclose(bent, (products[0] - products[1]) / (2 * h), atol=1e-6 * size)
    thirds = [weighted.third_order(q + s * h * z, z)[1] for s in (1, -1)]
    fourth = weighted.fourth_order(q, z)
    assert fourth == pytest.approx((thirds[0] - thirds[1]) / (2 * h), rel=1e-5)
    assert third == pytest.approx(np.vdot(bent, z), rel=1e-12)


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
        surface_of(model, a).interactions.hessian_product(
            surface_of(model, a).weighted(a.positions), close.directions[1]
        ),
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
