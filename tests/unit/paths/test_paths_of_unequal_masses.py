"""Paths, lengths and levels in mass-weighted coordinates on a known surface.

Three particles on an energy V = v(q) + k |rest|^2 / 2, where q is one direction e of
Q = sqrt(m) r and the rest is orthogonal to it and to translations: the path of particles of
these masses is straight in Q, its length is that of q, and its levels are those of v.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from glasswells.core.configuration import Configuration
from glasswells.core.errors import InputError
from glasswells.core.geometry import displacement, remove_drift
from glasswells.core.masses import mass_weighted
from glasswells.core.records import DoubleWell
from glasswells.model.pair_model import Interactions
from glasswells.modes import overlaps
from glasswells.paths import band_tangent, find_double_well, tangents
from glasswells.paths.images import path_images
from glasswells.tunneling import UnitSystem, solve_splitting
from twin_derivatives import TwinDerivatives

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

    def derivatives(self, positions: np.ndarray) -> TwinDerivatives:
        return TwinDerivatives(self, positions)

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

    def derivatives(self, positions: np.ndarray) -> TwinDerivatives:
        return TwinDerivatives(self, positions)

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


def test_pairs_of_other_masses_are_refused() -> None:
    model = Straight(MASSES)
    a, _, b = wells()
    with pytest.raises(InputError, match=r"masses\[2\] is 2.9 in a and 5.8 in b"):
        find_double_well(model, model.at(a, MASSES), model.at(b, 2 * MASSES))
