"""Zero-point energies across a path: separable models, where theory says what comes out."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse

import glasswells as gw
from glasswells.core.errors import InputError
from glasswells.core.geometry import displacement
from glasswells.core.records import EnergyProfile
from glasswells.modes.stiffness import Stiffness
from glasswells.observables.beyond_path import sum_across, with_zero_point
from glasswells.tunneling import ARGON, solve_splitting

HBAR = ARGON.reduced_hbar
BARRIER, HALF, TILT = 0.02, 0.3, 5e-4
"""V(x) = BARRIER ((x/HALF)^2 - 1)^2 + TILT x/HALF, minima near -HALF and HALF."""


def energy(x: np.ndarray) -> np.ndarray:
    return BARRIER * ((x / HALF) ** 2 - 1) ** 2 + TILT * x / HALF


def ends() -> tuple[float, float]:
    roots = np.roots([4 * BARRIER / HALF**4, 0, -4 * BARRIER / HALF**2, TILT / HALF])
    real = np.sort(roots.real)
    return float(real[0]), float(real[-1])


def profile() -> EnergyProfile:
    """The path along x with its true energies beyond both minima."""
    a, b = ends()
    x, out = np.linspace(a, b, 401), np.linspace(0, 0.7, 301)
    second = lambda s: BARRIER * (12 * s**2 / HALF**4 - 4 / HALF**2)  # noqa: E731
    return EnergyProfile(
        arc_length=x - a,
        energy=energy(x) - energy(np.array(a)),
        curvature_a=float(second(a)),
        curvature_b=float(second(b)),
        beyond_a=(out, energy(a - out) - energy(np.array(a))),
        beyond_b=(out, energy(b + out) - energy(np.array(a))),
    )


def two_dimensional_splitting(omega) -> float:
    """E of V(x) + omega(x)^2 y^2/2, both coordinates in a basis, nothing adiabatic about it.

    y is expanded in the oscillator of omega(0): y^2 has the elements of (hbar/2 w)(a + a^+)^2.
    """
    x = np.linspace(-0.95, 0.95, 150)
    n = 8
    w = omega(0.0)
    ladder = np.diag(np.sqrt(np.arange(1, n + 1)), 1)[:n, :n]
    y2 = HBAR / (2 * w) * ((ladder + ladder.T) @ (ladder + ladder.T))
    # The highest state lacks its neighbor above in the product of truncated matrices.
    y2[-1, -1] = HBAR / (2 * w) * (2 * n - 1)
    h = x[1] - x[0]
    k = np.subtract.outer(np.arange(len(x)), np.arange(len(x)))
    kinetic = np.where(k == 0, np.pi**2 / 3, 2.0 * (-1.0) ** k / np.where(k == 0, 1, k) ** 2.0)
    kinetic *= HBAR**2 / (2 * h**2)
    full = np.kron(kinetic + np.diag(energy(x)), np.eye(n))
    full += np.kron(np.eye(len(x)), np.diag(HBAR * w * (np.arange(n) + 0.5)))
    full += np.kron(np.diag((omega(x) ** 2 - w**2) / 2), y2)
    levels = scipy.linalg.eigvalsh(full, subset_by_index=[0, 1])
    return float(levels[1] - levels[0])


def test_modes_that_do_not_change_leave_the_splitting_as_it_is() -> None:
    plain = solve_splitting(profile(), ARGON).splitting
    same = with_zero_point(profile(), [0, 0.5, 1], np.full(3, 40.0), HBAR)
    assert solve_splitting(same, ARGON).splitting == pytest.approx(plain, rel=1e-9)
    exact = two_dimensional_splitting(lambda x: 8.0 + 0 * np.asarray(x))
    assert plain == pytest.approx(exact, rel=1e-4)


def test_a_fast_mode_that_changes_slowly_is_followed() -> None:
    """The vibrationally adiabatic splitting against both dimensions together, to 1e-4 of E.

    omega(x) = 30 (1 + 0.01 tanh(x/HALF)) is 15 times faster than the wells and changes by 2 %.
    Beyond the ends the corrected profile keeps omega of the ends, so that tanh is cut there.
    """
    a, b = ends()

    def omega(x):
        share = np.clip((np.asarray(x) - a) / (b - a), 0.0, 1.0)
        return 30.0 * (1 + 0.01 * np.sin(np.pi * (share - 0.5)))

    places = np.linspace(0, 1, 41)
    corrected = with_zero_point(profile(), places, omega(a + places * (b - a)), HBAR)
    found = solve_splitting(corrected, ARGON)
    plain = solve_splitting(profile(), ARGON).splitting
    exact = two_dimensional_splitting(omega)
    assert abs(exact / plain - 1) > 0.5  # the modes across matter
    assert found.splitting == pytest.approx(exact, rel=1e-4)


def dense_sum(matrix: np.ndarray, tangent: np.ndarray) -> tuple[float, int]:
    """The same from the eigenvalues of the projected matrix."""
    unit = tangent.ravel() / np.linalg.norm(tangent)
    projector = np.eye(len(unit)) - np.outer(unit, unit)
    values = np.linalg.eigvalsh(projector @ matrix @ projector)
    zero = 1e-9 * values.max()
    return float(np.sqrt(values[values > zero]).sum()), int((values < -zero).sum())


def drift_free(n: int, seed: int) -> np.ndarray:
    field = np.random.default_rng(seed).normal(size=(n, 3))
    return field - field.mean(axis=0)


def test_the_integral_of_determinants_is_the_sum_of_frequencies(soft_liquid) -> None:
    """At a minimum, across any direction: the quadrature converges to the dense spectrum."""
    model = gw.SoftSpheres()
    stiffness = Stiffness(model, gw.minimize(model, soft_liquid).configuration)
    tangent = drift_free(150, 3)
    expected, unstable = dense_sum(stiffness.matrix.toarray(), tangent)
    assert unstable == 0
    errors = []
    for nodes in (8, 16, 32):
        found, negative = sum_across(stiffness, tangent, nodes)
        assert negative == 0
        errors.append(abs(found / expected - 1))
    assert errors[1] < 1e-5
    assert errors[2] < min(errors[0], 1e-8)


def test_the_direction_of_a_saddle_is_left_out(soft_liquid) -> None:
    """Where one direction is unstable, the modes across it are not."""
    model = gw.SoftSpheres()
    glass = gw.minimize(model, soft_liquid).configuration
    stiffness = Stiffness(model, glass)
    values, vectors = np.linalg.eigh(stiffness.matrix.toarray())
    soft = vectors[:, 3].reshape(-1, 3)
    lowered = stiffness.matrix - (values[3] + 2.0) * np.outer(vectors[:, 3], vectors[:, 3])
    stiffness.matrix = scipy.sparse.csc_array(lowered)
    found, negative = sum_across(stiffness, soft, 32)
    assert negative == 0
    assert found == pytest.approx(np.sqrt(values[4:]).sum(), rel=1e-7)


def test_wrong_places_are_named() -> None:
    with pytest.raises(InputError, match="places"):
        with_zero_point(profile(), [0, 0.5], np.zeros(2), HBAR)


def small_double_well(liquid) -> gw.DoubleWell:
    """Of 150 particles: a minimum, and one reached from it after a kick."""
    model = gw.SoftSpheres()
    start = gw.minimize(model, liquid).configuration
    for seed in range(40):
        kick = np.random.default_rng(seed).normal(scale=0.12, size=start.positions.shape)
        other = gw.minimize(model, start.moved_to(start.positions + kick)).configuration
        distance = np.linalg.norm(displacement(start.positions, other.positions, start.box))
        if 0.2 < distance < 1.5:
            found = gw.find_double_well(model, start, other)
            if isinstance(found, gw.DoubleWell):
                return found
    pytest.fail("no double well near this minimum")


def test_along_a_path_the_ends_have_their_dense_spectra(soft_liquid) -> None:
    model, well = gw.SoftSpheres(), small_double_well(soft_liquid)
    found = gw.transverse_frequencies(model, well, images=3, nodes=32)
    a, b = (
        dense_sum(Stiffness(model, minimum).matrix.toarray(), tangent)[0]
        for minimum, tangent in ((well.minimum_a, well.tangent_a), (well.minimum_b, well.tangent_b))
    )
    assert np.array_equal(found.places, [0, 0.5, 1])
    assert found.sums[0] == 0
    assert found.sums[-1] == pytest.approx(b - a, abs=1e-6)
    assert found.unstable[0] == found.unstable[-1] == 0
