import dataclasses
import itertools
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.polynomial import Polynomial
from polynomial_oracle import polynomial_levels
from sampled_wells import quartic_coefficients, sampled_polynomial, units
from scipy.linalg import eigh_tridiagonal

from glasswells.core.errors import InputError
from glasswells.tunneling import (
    ARGON,
    ARGON_PUBLISHED,
    NIP,
    Resolution,
    continued,
    smooth_profile,
    solve_nodal,
    solve_splitting,
    survey,
)


def quartic(height=0.3, half_distance=0.4, tilt=0.0, **sampling):
    return sampled_polynomial(quartic_coefficients(height, half_distance, tilt), **sampling)[0]


def bare(profile):
    return dataclasses.replace(profile, beyond_a=None, beyond_b=None)


@pytest.mark.parametrize(
    ("height", "half_distance", "largest_relative_error"),
    [
        (0.3, 0.4, 1e-8),  # 9e-7
        (0.5, 0.45, 1e-6),  # 2.2e-9 and 2.4e-9
        (0.65, 0.45, 1e-3),  # 1.7e-10
    ],
)
def test_tiny_splittings_are_resolved(height, half_distance, largest_relative_error):
    hb = ARGON.reduced_hbar
    exact = polynomial_levels(quartic_coefficients(height, half_distance), hb)
    splitting = float(exact[1] - exact[0])
    result = solve_splitting(quartic(height, half_distance), ARGON)
    assert abs(result.splitting - splitting) <= result.error
    assert result.error < largest_relative_error * splitting
    assert "unresolved" not in result.flags
    assert result.is_two_level


def test_splittings_below_the_noise_are_flagged_and_kept():
    # 1.7e-18, from polynomial_levels with 40 digits
    result = solve_splitting(quartic(1.2, 0.6), ARGON)
    assert "unresolved" in result.flags
    assert not result.is_two_level
    assert 0 < result.splitting <= result.error < 1e-11
    assert result.tunneling_amplitude == pytest.approx(1.667942e-18, rel=1e-3)


@pytest.mark.parametrize("tilt", [1e-7, 1e-5, 1e-3, 2e-2])
@pytest.mark.parametrize("sign", [1, -1])
def test_two_level_reduction_of_tilted_wells(tilt, sign):
    result = solve_splitting(quartic(tilt=sign * tilt), ARGON)
    # To first order in the tilt the wells differ by tilt times the distance of the two localized
    # states, which zero-point motion makes a little smaller than that of the minima, 0.8.
    assert result.asymmetry == pytest.approx(sign * tilt * 0.8, rel=0.15)
    assert np.hypot(result.asymmetry, result.tunneling_amplitude) == pytest.approx(
        result.splitting, rel=1e-12
    )
    assert result.tunneling_amplitude == pytest.approx(9.366e-7, rel=0.02)
    assert result.levels[1] - result.levels[0] == pytest.approx(result.splitting, rel=1e-8)
    assert "single_well" not in result.flags


def test_asymmetry_of_a_symmetric_well_is_noise():
    result = solve_splitting(quartic(), ARGON)
    assert abs(result.asymmetry) < 1e-12
    assert result.splitting == pytest.approx(result.tunneling_amplitude, rel=1e-10)


def test_rounding_noise_is_part_of_the_error_of_the_asymmetry():
    potential = continued(smooth_profile(quartic(tilt=1e-4)), "straight")
    found = survey(potential, ARGON.reduced_hbar, Resolution())
    noise = solve_nodal(potential, ARGON.reduced_hbar, found).noise
    assert noise > 1e-14
    result = solve_splitting(quartic(tilt=1e-4), ARGON)
    assert result.error >= noise * abs(result.asymmetry) / result.splitting


def test_reversed_profiles_have_the_same_levels():
    forward = quartic(0.1, 0.3, 0.02)
    backward = sampled_polynomial(quartic_coefficients(0.1, 0.3, -0.02))[0]
    one, other = solve_splitting(forward, ARGON), solve_splitting(backward, ARGON)
    assert one.splitting == pytest.approx(other.splitting, rel=1e-9)
    assert one.asymmetry == pytest.approx(-other.asymmetry, rel=1e-8)
    # B is the lower one in the second: its levels count from the higher minimum A.
    assert other.asymmetry < 0 < one.asymmetry
    np.testing.assert_allclose(
        one.levels - one.levels[0], other.levels - other.levels[0], rtol=1e-8, atol=1e-14
    )
    assert other.levels[0] < one.levels[0]


def test_a_constant_energy_offset_and_uneven_points_do_not_matter():
    plain = quartic(0.1, 0.3)
    lifted = quartic(0.1, 0.3, offset=5.0)
    a, b = solve_splitting(plain, ARGON), solve_splitting(lifted, ARGON)
    assert b.splitting == pytest.approx(a.splitting, rel=1e-8)
    np.testing.assert_allclose(b.levels, a.levels, rtol=1e-8)
    s = np.sort(np.concatenate([[0, 0.6], np.random.default_rng(5).uniform(0, 0.6, 80)]))
    uneven = SimpleNamespace(
        arc_length=s,
        energy=0.1 * (1 - ((s - 0.3) / 0.3) ** 2) ** 2,
        curvature_a=plain.curvature_a,
        curvature_b=plain.curvature_b,
    )
    assert solve_splitting(uneven, ARGON, "harmonic").splitting == pytest.approx(
        solve_splitting(plain, ARGON, "harmonic").splitting, rel=1e-8
    )


def test_coarse_points_are_part_of_the_error():
    def profile(n):
        s = np.linspace(0, 0.8, n)
        curvature = 0.6 * (np.pi / 0.8) ** 2
        v = 0.3 * np.sin(np.pi * s / 0.8) ** 2
        return SimpleNamespace(arc_length=s, energy=v, curvature_a=curvature, curvature_b=curvature)

    exact = solve_splitting(profile(1000), ARGON, "harmonic")
    for n in (10, 16, 24):
        coarse = solve_splitting(profile(n), ARGON, "harmonic")
        difference = abs(coarse.splitting - exact.splitting)
        assert 100 * exact.error < difference <= coarse.error < 30 * difference


def sines(height, power, curved, tilt, length=0.6):
    """A barrier sin^(2 power) on a bottom curved by sin^2, tilted without slope at the ends."""

    def energy(s):
        u, x = s / length, np.sin(np.pi * s / length)
        return height * x ** (2 * power) + curved * x**2 + tilt * (3 * u**2 - 2 * u**3)

    # sin^2 is (pi s / L)^2 at the ends; the barrier adds to it for power 1 only.
    bottom = 2 * (curved + height * (power == 1)) * (np.pi / length) ** 2
    curvatures = bottom + 6 * tilt / length**2, bottom - 6 * tilt / length**2

    def profile(n):
        s = np.linspace(0, length, n)
        return SimpleNamespace(
            arc_length=s, energy=energy(s), curvature_a=curvatures[0], curvature_b=curvatures[1]
        )

    return profile


@pytest.mark.parametrize("units_", [ARGON, ARGON_PUBLISHED])
@pytest.mark.parametrize(
    "profile",
    [
        sines(0.1, 1, 0.0, 0.01),
        sines(0.08, 2, 0.02, 0.0),
        sines(0.08, 2, 0.02, 0.01),
        sines(0.08, 3, 0.02, 0.005),
        sines(0.08, 6, 0.03, 0.0),  # a barrier a sixth as wide as the path
        sines(0.15, 6, 0.03, 0.003, length=0.8),
        lambda n: quartic(0.1, 0.3, 0.01, n_points=n),
        lambda n: quartic(0.05, 0.25, n_points=n),
    ],
)
def test_the_error_covers_a_curve_through_very_few_points(profile, units_):
    exact = solve_splitting(profile(600), units_, "harmonic")
    for n in (5, 6, 7, 8, 9, 11):
        coarse = solve_splitting(profile(n), units_, "harmonic")
        # Points that a narrow barrier falls between cannot know it: a factor of 4 is left.
        assert abs(coarse.splitting - exact.splitting) <= 4 * coarse.error + exact.error


def test_five_points_between_ends_that_are_no_minima_have_an_error_too():
    s = np.linspace(0, 0.6, 5)
    energy = 0.05 * np.cos(np.pi * (s - 0.3) / 0.3) + 0.3 * (s - 0.3) ** 2
    found = solve_splitting(
        SimpleNamespace(arc_length=s, energy=energy, curvature_a=9.0, curvature_b=9.0),
        ARGON,
        "harmonic",
    )
    assert found.error > 1e-3 * found.splitting


@pytest.mark.parametrize("units_", [ARGON, NIP])
def test_spread_is_half_the_range_over_the_allowed_continuations(units_):
    profile = quartic(0.1, 0.3)
    results = {
        name: solve_splitting(profile, units_, name) for name in ("straight", "harmonic", "walls")
    }
    values = [result.splitting for result in results.values()]
    for name, result in results.items():
        assert result.continuation == name
        assert result.units == units_.name
        assert result.spread == pytest.approx(np.ptp(values) / 2, rel=1e-5)
        assert result.by_continuation[name] == result.splitting
        assert result.by_continuation == pytest.approx(
            dict(zip(results, values, strict=True)), rel=1e-6
        )
    assert results["straight"].spread > 1e3 * results["straight"].error
    assert set(solve_splitting(bare(profile), units_, "walls").by_continuation) == {
        "harmonic",
        "walls",
    }


def test_near_walls_push_the_levels_up():
    profile = bare(quartic(0.1, 0.3))
    levels = [
        solve_splitting(profile, ARGON, "walls", wall_width=width).levels
        for width in (0.7, 0.9, 1.2, 2.4)
    ]
    for narrow, wide in itertools.pairwise(levels):
        assert (narrow > wide - 1e-12).all()
    assert levels[0][0] > 1.2 * levels[-1][0]
    far = solve_splitting(profile, ARGON, "harmonic").levels
    np.testing.assert_allclose(levels[-1], far, rtol=1e-7)


def test_single_wells_are_flagged():
    high_level = solve_splitting(quartic(0.02, 0.15), ARGON)
    assert high_level.levels[1] > 0.02
    assert "single_well" in high_level.flags
    assert not high_level.is_two_level
    s = np.linspace(0, 1, 50)
    no_barrier = SimpleNamespace(arc_length=s, energy=s**2, curvature_a=2.0, curvature_b=2.0)
    assert "single_well" in solve_splitting(no_barrier, units(0.01), "harmonic").flags
    both_in_one = solve_splitting(quartic(0.3, 0.4, 0.25), ARGON)
    assert both_in_one.levels[1] < 0.3
    assert "single_well" in both_in_one.flags


@pytest.mark.parametrize("barrier", [0.2, 0.3, 0.45])
@pytest.mark.parametrize("tilt", [0.1, 0.2, 0.25])
def test_two_states_of_one_well_are_resolved(barrier: float, tilt: float):
    """They have no localized basis; the error is that of the distance of the two levels."""
    result = solve_splitting(quartic(barrier, 0.4, tilt), NIP)
    assert "single_well" in result.flags
    assert "unresolved" not in result.flags
    finer = solve_splitting(quartic(barrier, 0.4, tilt, n_points=400), NIP)
    assert abs(finer.splitting - result.splitting) <= result.error + finer.error
    assert result.error < 1e-4 * result.splitting


def test_short_paths_and_short_reaches_are_flagged():
    assert "short_path" in solve_splitting(quartic(0.3, 0.04), ARGON).flags
    assert "short_path" not in solve_splitting(quartic(0.3, 0.06), ARGON).flags
    assert solve_splitting(quartic(), ARGON).flags == ()
    assert solve_splitting(quartic(extent=0.1), ARGON).flags == ("extrapolated",)


def test_a_two_level_system_lies_below_the_threshold():
    profile = quartic(0.1, 0.3)
    splitting = solve_splitting(profile, units(0.03)).splitting
    assert solve_splitting(profile, units(0.03, 1.01 * splitting)).is_two_level
    assert not solve_splitting(profile, units(0.03, 0.99 * splitting)).is_two_level


def test_continuations_that_the_profile_lacks_are_refused():
    with pytest.raises(InputError, match=r"beyond_a.*'harmonic' or 'walls'"):
        solve_splitting(bare(quartic()), ARGON)
    with pytest.raises(InputError, match="straight, harmonic, walls"):
        solve_splitting(quartic(), ARGON, "cubic")
    concave = dataclasses.replace(quartic(), curvature_b=-1.0)
    for name in ("harmonic", "walls"):
        with pytest.raises(InputError, match="curvature_b"):
            solve_splitting(concave, ARGON, name)
    assert set(solve_splitting(concave, ARGON).by_continuation) == {"straight"}
    assert solve_splitting(concave, ARGON).spread == 0
    for width in (0.5, -1.0, np.nan):
        with pytest.raises(InputError, match="wall_width"):
            solve_splitting(quartic(), ARGON, "walls", wall_width=width)
    falling = np.linspace(0, 0.5, 20)
    down = dataclasses.replace(concave, beyond_b=(falling, -(falling**2)))
    with pytest.raises(InputError, match="until the energy rises"):
        solve_splitting(down, ARGON)


def test_units_must_be_a_unit_set():
    with pytest.raises(InputError, match="UnitSystem"):
        solve_splitting(quartic(), 0.03)


def box_levels(coefficients, width, reduced_hbar, n=1500):
    """The polynomial between its minima, parabolas up to walls; differences on an even grid."""
    v = Polynomial(coefficients)
    a, _, b = np.sort(v.deriv().roots().real)
    middle, half = (a + b) / 2, width * (b - a) / 2
    x, step = np.linspace(middle - half, middle + half, n + 2, retstep=True)
    x = x[1:-1]
    energy = np.where(
        x < a,
        v(a) + v.deriv(2)(a) * (x - a) ** 2 / 2,
        np.where(x > b, v(b) + v.deriv(2)(b) * (x - b) ** 2 / 2, v(x)),
    )
    t = reduced_hbar**2 / (2 * step**2)
    return eigh_tridiagonal(
        energy + 2 * t, np.full(n - 1, -t), select="i", select_range=(0, 3), eigvals_only=True
    ) - v(a)


@pytest.mark.parametrize(("height", "half", "tilt"), [(0.03, 0.2, 0.01), (0.1, 0.3, -0.02)])
def test_published_argon_has_walls_one_path_length_beyond_each_end(height, half, tilt):
    coefficients = quartic_coefficients(height, half, tilt)
    profile = sampled_polynomial(coefficients)[0]
    result = solve_splitting(profile, ARGON_PUBLISHED)
    assert result.continuation == "walls"
    levels = box_levels(coefficients, 3.0, 0.0177)
    np.testing.assert_allclose(result.levels, levels, rtol=3e-5)
    length = profile.arc_length[-1]
    same = solve_splitting(profile, ARGON_PUBLISHED, "walls", wall_width=3 * length)
    assert result.splitting == same.splitting


def test_near_walls_matter_to_short_paths_only():
    near, far = quartic(0.01, 0.06), quartic(0.1, 0.4)
    for profile, factor in ((near, 1.05), (far, 1.0)):
        walls = solve_splitting(profile, ARGON_PUBLISHED).levels[1]
        free = solve_splitting(profile, ARGON_PUBLISHED, "harmonic").levels[1]
        assert walls >= factor * free - 1e-12


def test_a_continuation_that_is_named_replaces_that_of_the_units():
    profile = quartic(0.1, 0.3, 0.01)
    assert solve_splitting(profile, ARGON_PUBLISHED, "straight").continuation == "straight"
    assert solve_splitting(profile, ARGON).continuation == "straight"
    # Bare profiles of other programs can be solved under the published sets as they are.
    assert solve_splitting(bare(profile), ARGON_PUBLISHED).continuation == "walls"


def test_walls_are_three_path_lengths_apart_unless_a_unit_set_says_otherwise():
    profile = quartic(0.01, 0.06)
    length = profile.arc_length[-1]
    by_default = solve_splitting(profile, ARGON, "walls").splitting
    assert by_default == solve_splitting(profile, ARGON, "walls", wall_width=3 * length).splitting
    wide = dataclasses.replace(ARGON_PUBLISHED, wall_width=5.0)
    assert (
        solve_splitting(profile, wide).splitting
        == solve_splitting(profile, wide, "walls", wall_width=5 * length).splitting
    )


def test_the_error_of_a_fitted_constant_is_carried_along():
    profile = quartic(0.05, 0.25, 0.005)
    low, high = solve_splitting(profile, ARGON_PUBLISHED).at_hbar_limits
    for value, hbar in ((low, 0.0169), (high, 0.0185)):
        units_ = dataclasses.replace(ARGON_PUBLISHED, reduced_hbar=hbar)
        assert value == pytest.approx(solve_splitting(profile, units_).splitting, rel=1e-6)
    assert low < high
    assert solve_splitting(profile, ARGON).at_hbar_limits == ()


@pytest.mark.parametrize("tilt", [0.02, -0.01])
def test_what_a_splitting_is_made_of_adds_up_under_each_continuation(tilt):
    profile = quartic(0.1, 0.3, tilt)
    result = solve_splitting(profile, ARGON)
    assert list(result.continuations) == ["straight", "harmonic", "walls"]
    for name, part in result.continuations.items():
        assert part.splitting == result.by_continuation[name]
        assert np.hypot(part.asymmetry, part.tunneling_amplitude) == pytest.approx(part.splitting)
        difference = profile.energy[-1] + part.zero_point_b - part.zero_point_a
        assert part.asymmetry == pytest.approx(difference, abs=1e-10)
        named = solve_splitting(profile, ARGON, name)
        assert part.is_single_well == ("single_well" in named.flags)
        # About hb omega / 2: the tails of the other well and the anharmonicity change it.
        half_quantum = ARGON.reduced_hbar * np.sqrt(profile.curvature_a) / 2
        assert part.zero_point_a == pytest.approx(half_quantum, rel=0.25)


def test_one_sided_states_have_no_zero_point_energies():
    parts = solve_splitting(quartic(0.3, 0.4, 0.25), ARGON).continuations
    assert all(part.is_single_well and np.isnan(part.zero_point_a) for part in parts.values())
