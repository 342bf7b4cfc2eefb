from types import SimpleNamespace

import numpy as np
import pytest
from polynomial_oracle import polynomial_levels
from sampled_wells import quartic_coefficients, sampled_polynomial, units

from glasswells.core.errors import InputError
from glasswells.tunneling import (
    Resolution,
    continued,
    smooth_profile,
    solve_modal,
    solve_nodal,
    solve_splitting,
    survey,
)

QUANTUM_NUMBERS = np.arange(4)


def both(potential, reduced_hbar, **settings):
    found = survey(potential, reduced_hbar, Resolution(**settings))
    return (
        solve_modal(potential, reduced_hbar, found),
        solve_nodal(potential, reduced_hbar, found),
    )


def quartic_potential(height=0.3, half_distance=0.4, tilt=0.0):
    profile, _ = sampled_polynomial(quartic_coefficients(height, half_distance, tilt))
    return continued(smooth_profile(profile), "straight")


@pytest.mark.parametrize("n_points", [50, 400])
@pytest.mark.parametrize("continuation", ["harmonic", "walls"])
def test_harmonic_levels(n_points, continuation):
    # The ends of this "path" are no minima; its one minimum lies between two points.
    omega, hb = 1.3, 0.03
    s = np.linspace(0, 3, n_points)
    bare = SimpleNamespace(
        arc_length=s,
        energy=0.5 * omega**2 * (s - 1.5) ** 2,
        curvature_a=omega**2,
        curvature_b=omega**2,
    )
    result = solve_splitting(bare, units(hb), continuation)
    exact = hb * omega * (QUANTUM_NUMBERS + 0.5)
    np.testing.assert_allclose(result.levels, exact, rtol=1e-10)
    assert "single_well" in result.flags


def test_morse_levels():
    depth, width, hb = 1.0, 2.0, 0.03
    s = np.linspace(-0.6, 3.5, 400)
    bare = SimpleNamespace(
        arc_length=s,
        energy=depth * (1 - np.exp(-width * s)) ** 2,
        curvature_a=100.0,
        curvature_b=1.0,
    )
    result = solve_splitting(bare, units(hb), "harmonic")
    quanta = hb * width * np.sqrt(2 * depth) * (QUANTUM_NUMBERS + 0.5)
    np.testing.assert_allclose(result.levels, quanta - quanta**2 / (4 * depth), rtol=1e-8)
    assert "single_well" in result.flags


def test_hard_walls_give_the_levels_of_a_box():
    s = np.linspace(0, 1, 20)
    flat = SimpleNamespace(arc_length=s, energy=0 * s, curvature_a=0.0, curvature_b=0.0)
    for width, kwargs in ((3.0, {}), (1.7, {"wall_width": 1.7})):
        result = solve_splitting(flat, units(0.03), "walls", **kwargs)
        exact = ((QUANTUM_NUMBERS + 1) * np.pi * 0.03 / width) ** 2 / 2
        np.testing.assert_allclose(result.levels, exact, rtol=1e-9)


@pytest.mark.parametrize(
    ("height", "half_distance", "tilt"),
    [(0.1, 0.3, 0.0), (0.3, 0.4, 0.0), (0.1, 0.3, 0.01), (0.1, 0.3, -0.02), (0.02, 0.2, 0.0)],
)
def test_quartic_levels_against_many_digits(height, half_distance, tilt):
    coefficients = quartic_coefficients(height, half_distance, tilt)
    profile, minimum = sampled_polynomial(coefficients)
    result = solve_splitting(profile, units(0.03))
    exact = polynomial_levels(coefficients, 0.03, n_basis=80)
    np.testing.assert_allclose(result.levels, [float(e) - minimum for e in exact], rtol=1e-8)
    splitting = float(exact[1] - exact[0])
    assert result.splitting == pytest.approx(splitting, rel=1e-8)
    assert abs(result.splitting - splitting) <= result.error < 1e-8 * splitting


@pytest.mark.parametrize("potential", [quartic_potential(), quartic_potential(0.1, 0.3, 0.01)])
def test_the_two_discretizations_agree(potential):
    modal, nodal = both(potential, 0.03)
    np.testing.assert_allclose(modal.levels, nodal.levels, rtol=1e-9)
    assert len(modal.points) != len(nodal.points)
    for solution in (modal, nodal):
        overlaps = solution.states.T @ (solution.weights[:, None] * solution.states)
        np.testing.assert_allclose(overlaps, np.eye(4), atol=1e-9)
        residual = solution.matrix @ solution.vectors
        residual -= solution.mass @ solution.vectors * solution.levels
        assert np.abs(residual).max() < 1e-11
    weight = np.interp(nodal.points, modal.points, np.abs(modal.states[:, 0]))
    assert np.abs(weight - np.abs(nodal.states[:, 0])).max() < 0.05


@pytest.mark.parametrize(
    "finer",
    [
        {"decay": 28.0, "check_decay": 34.0},
        {"modal_action": 5.0, "nodal_action": 3.5},
        {"modal_degree": 30, "nodal_degree": 24},
        {"samples": 257},
    ],
)
def test_twice_the_grid_or_box_changes_nothing(finer):
    potential = quartic_potential(0.1, 0.3, 0.01)
    for normal, better in zip(both(potential, 0.03), both(potential, 0.03, **finer), strict=True):
        np.testing.assert_allclose(normal.levels, better.levels, rtol=1e-9)


def test_a_coarse_grid_is_noticed():
    profile, _ = sampled_polynomial(quartic_coefficients(0.1, 0.3))
    fine = solve_splitting(profile, units(0.03))
    coarse = solve_splitting(
        profile, units(0.03), resolution=Resolution(modal_degree=4, nodal_degree=3, decay=3.0)
    )
    assert coarse.error > 1e4 * fine.error
    assert abs(coarse.splitting - fine.splitting) < 3 * coarse.error


def test_levels_scale_with_mass_and_energy():
    # (hb, V) -> (c hb, c^2 V) multiplies the equation by c^2; four times the mass halves hb.
    low = both(quartic_potential(0.1, 0.3), 0.03)
    high = both(quartic_potential(0.4, 0.3), 0.06)
    for one, other in zip(low, high, strict=True):
        np.testing.assert_allclose(4 * one.levels, other.levels, rtol=1e-9)
    heavy, _ = both(quartic_potential(0.1, 0.3), 0.015)
    assert heavy.levels[0] == pytest.approx(low[0].levels[0] / 2, rel=0.1)


def test_too_large_matrices_are_refused():
    profile, _ = sampled_polynomial(quartic_coefficients(0.1, 0.3))
    with pytest.raises(InputError, match="unknowns"):
        solve_splitting(profile, units(0.03), resolution=Resolution(max_unknowns=50))


@pytest.mark.parametrize(
    "settings", [{"decay": -1.0}, {"modal_degree": 1}, {"nodal_action": np.nan}, {"samples": 2}]
)
def test_bad_resolutions_are_named(settings):
    with pytest.raises(InputError, match=next(iter(settings))):
        Resolution(**settings)
