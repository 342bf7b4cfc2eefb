from types import SimpleNamespace

import numpy as np
import pytest
from sampled_wells import quartic_coefficients, sampled_polynomial

from glasswells.core.errors import InputError
from glasswells.tunneling import continued, smooth_profile


def bare(s, v, curvature=1.0):
    return SimpleNamespace(arc_length=s, energy=v, curvature_a=curvature, curvature_b=curvature)


def cosine(s):
    return 0.3 * np.sin(np.pi * s) ** 2


@pytest.mark.parametrize("n_points", [20, 40, 80])
def test_the_curve_is_accurate_to_sixth_order_and_flat_at_the_minima(n_points):
    s = np.linspace(0, 1, n_points)
    curve = smooth_profile(bare(s, cosine(s))).curve
    fine = np.linspace(0, 1, 1001)
    assert np.abs(curve(fine) - cosine(fine)).max() < 3.0 / n_points**6 * 20
    assert abs(curve.derivative(0.0)) < 1e-12
    assert abs(curve.derivative(1.0)) < 1e-12
    assert curve.derivative(0.0, 2) == pytest.approx(0.6 * np.pi**2, rel=200 / n_points**4)


def test_the_curve_is_smooth_to_second_order_on_uneven_points():
    s = np.sort(np.concatenate([[0, 1], np.random.default_rng(3).uniform(0, 1, 40)]))
    curve = smooth_profile(bare(s, cosine(s))).curve
    eps = 1e-7
    for knot in s[1:-1]:
        before, after = curve.derivative(knot - eps, 2), curve.derivative(knot + eps, 2)
        assert before == pytest.approx(after, abs=1e-3)


def test_rough_points_do_not_ring():
    s = np.linspace(0, 1, 30)
    step = np.where(s < 0.5, 0.0, 1.0)
    values = smooth_profile(bare(s, step)).curve(np.linspace(0, 1, 500))
    assert values.min() > -0.15
    assert values.max() < 1.15


def test_the_potential_is_continuous_with_its_slope_under_every_continuation():
    profile = smooth_profile(sampled_polynomial(quartic_coefficients(0.2, 0.3, 0.05))[0])
    for name in ("straight", "harmonic", "walls"):
        potential = continued(profile, name)
        for edge in potential.breaks:
            eps = 1e-7
            s = edge + eps * np.array([-2, -1, 1, 2])
            v = potential(s)
            slope_before, slope_after = (v[1] - v[0]) / eps, (v[3] - v[2]) / eps
            before, after = v[1] + eps * slope_before, v[2] - eps * slope_after
            assert before == pytest.approx(after, rel=1e-10, abs=1e-10)
            assert slope_before == pytest.approx(slope_after, rel=1e-6, abs=1e-4)


def test_energies_count_from_minimum_a_and_positions_from_the_first_point():
    s = np.linspace(2.0, 3.0, 50)
    profile = smooth_profile(bare(s, 7.0 + cosine(s)))
    assert profile.length == pytest.approx(1.0)
    assert profile.curve(np.array(0.0)) == pytest.approx(0.0, abs=1e-13)
    assert profile.barrier == pytest.approx(0.3, abs=1e-9)
    assert profile.barrier_position == pytest.approx(0.5, abs=1e-3)


def test_straight_continues_upwards_where_the_true_energies_end():
    profile, _ = sampled_polynomial(quartic_coefficients(0.2, 0.3), extent=0.1)
    potential = continued(smooth_profile(profile), "straight")
    x = np.linspace(0, 1, 101)
    for outside in (-x, potential.profile.length + x):
        energies = potential(outside)
        assert (np.diff(energies) > 0).all()
    given = np.asarray(profile.beyond_a[1])
    np.testing.assert_allclose(potential(-np.asarray(profile.beyond_a[0])), given, atol=1e-13)


def test_ends_that_are_no_minima_keep_their_slope():
    # A parabola cut off on both walls: every continuation that knows its curvature restores it.
    def v(s):
        return 0.5 * 1.7 * (s - 0.6) ** 2

    s, x = np.linspace(0, 1, 30), np.linspace(0, 0.5, 20)
    cut = bare(s, v(s), curvature=1.7)
    cut.beyond_a, cut.beyond_b = (x, v(-x)), (x, v(1 + x))
    anywhere = np.linspace(-0.5, 1.5, 101)
    for name in ("straight", "harmonic", "walls"):
        potential = continued(smooth_profile(cut), name)
        np.testing.assert_allclose(potential(anywhere), v(anywhere), atol=1e-9)
        eps = 1e-6
        kink = (potential(np.array([-eps, 0.0, eps])) * [1, -2, 1]).sum() / eps
        assert abs(kink) < 1e-4


def test_harmonic_is_the_parabola_of_the_stated_curvature():
    s = np.linspace(0, 1, 40)
    potential = continued(smooth_profile(bare(s, cosine(s), curvature=5.0)), "harmonic")
    x = np.linspace(0, 2, 9)
    np.testing.assert_allclose(potential(-x), 2.5 * x**2, atol=1e-12)
    np.testing.assert_allclose(potential(1 + x), 2.5 * x**2, atol=1e-12)


GOOD_S = np.linspace(0, 1, 20)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"energy": np.where(GOOD_S > 0.5, np.nan, 0.0)}, "energy"),
        ({"arc_length": GOOD_S[::-1]}, r"arc_length\[1\]"),
        ({"arc_length": np.where(GOOD_S > 0.5, 0.5, GOOD_S)}, "strictly increasing"),
        ({"energy": GOOD_S[:-1]}, "energy has shape"),
        ({"arc_length": GOOD_S[:4], "energy": GOOD_S[:4]}, "at least 5"),
        ({"curvature_a": np.nan}, "curvature_a"),
        ({"beyond_a": (GOOD_S + 1, GOOD_S)}, "beyond_a"),
        ({"beyond_b": (GOOD_S[::-1], GOOD_S)}, "beyond_b"),
        ({"beyond_b": (GOOD_S, np.full(20, np.inf))}, "beyond_b"),
    ],
)
def test_bad_profiles_are_named(change, message):
    fields = vars(bare(GOOD_S, cosine(GOOD_S))) | change
    with pytest.raises(InputError, match=message):
        smooth_profile(SimpleNamespace(**fields))


def test_an_object_without_the_fields_is_refused():
    with pytest.raises(InputError, match="curvature_a"):
        smooth_profile(SimpleNamespace(arc_length=GOOD_S, energy=GOOD_S))
