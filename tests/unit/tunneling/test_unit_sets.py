import dataclasses

import numpy as np
import pytest

from glasswells.core.errors import InputError
from glasswells.tunneling import ARGON, ARGON_PUBLISHED, NIP, NIP_PUBLISHED, UNIT_SETS, UnitSystem


@pytest.mark.parametrize(
    ("units", "reduced_hbar", "density_unit", "threshold", "threshold_kelvin"),
    [(ARGON, 0.0295677, 1.531e49, 0.0015, 0.18), (NIP, 0.0134123, 7.108e48, 0.0002, 0.19)],
)
def test_presets_have_the_published_values(
    units, reduced_hbar, density_unit, threshold, threshold_kelvin
):
    assert units.reduced_hbar == pytest.approx(reduced_hbar, abs=6e-8)
    assert units.density_unit == pytest.approx(density_unit, rel=4e-4)
    assert units.density_per_joule_cubic_meter(2.0) == pytest.approx(2 * density_unit, rel=4e-4)
    assert units.tls_threshold == threshold
    assert units.energy_kelvin(threshold) == pytest.approx(threshold_kelvin, abs=0.005)


def test_conversions_by_hand():
    # k_B = 1.380649e-23 J/K exactly; u = 1.66053906892e-27 kg (CODATA 2022).
    assert ARGON.energy_joule(1.0) == pytest.approx(119.8 * 1.380649e-23, rel=1e-14)
    assert ARGON.length_meter(2.0) == pytest.approx(6.81e-10, rel=1e-14)
    time = 3.405e-10 * np.sqrt(39.948 * 1.66053906892e-27 / (119.8 * 1.380649e-23))
    assert ARGON.time_second == pytest.approx(time, rel=1e-8)
    assert ARGON.frequency_hertz(2 * np.pi) == pytest.approx(1 / time, rel=1e-8)
    assert ARGON.energy_from_kelvin(ARGON.energy_kelvin(0.3)) == pytest.approx(0.3, rel=1e-15)
    np.testing.assert_allclose(ARGON.energy_kelvin(np.array([1.0, 2.0])), [119.8, 239.6])


def test_reduced_hbar_and_threshold_are_inputs_of_their_own():
    changed = dataclasses.replace(ARGON, sigma=1e-9)
    assert changed.reduced_hbar == ARGON.reduced_hbar
    assert changed.density_unit != ARGON.density_unit
    same = UnitSystem.from_scales(
        name="x", sigma=3.405e-10, epsilon=119.8, mass=4 * 39.948, tls_threshold=1.0
    )
    assert same.reduced_hbar == pytest.approx(ARGON.reduced_hbar / 2, rel=1e-14)


@pytest.mark.parametrize("field", ["reduced_hbar", "tls_threshold", "sigma", "epsilon", "mass"])
@pytest.mark.parametrize("value", [-1.0, 0.0, np.nan, np.inf, "a lot"])
def test_bad_numbers_are_named(field, value):
    with pytest.raises(InputError, match=field):
        dataclasses.replace(ARGON, **{field: value})
    if field in ("sigma", "epsilon", "mass"):
        scales = {"sigma": 1e-10, "epsilon": 100.0, "mass": 40.0, field: value}
        with pytest.raises(InputError, match=field):
            UnitSystem.from_scales(name="x", tls_threshold=1.0, **scales)


def test_a_unit_set_needs_a_name():
    with pytest.raises(InputError, match="name"):
        dataclasses.replace(ARGON, name="")


def test_published_sets_are_the_fitted_constant_with_its_walls():
    assert ARGON_PUBLISHED.name == "argon-published"
    assert ARGON_PUBLISHED.reduced_hbar == 0.0177
    assert ARGON_PUBLISHED.tls_threshold == 0.0015
    assert ARGON_PUBLISHED.reduced_hbar_limits == pytest.approx((0.0169, 0.0185), rel=1e-12)
    assert NIP_PUBLISHED.name == "nip-published"
    assert NIP_PUBLISHED.reduced_hbar / NIP.reduced_hbar == pytest.approx(0.0177 / 0.0295677, 1e-5)
    assert NIP_PUBLISHED.tls_threshold == 0.0002
    for units in (ARGON_PUBLISHED, NIP_PUBLISHED):
        assert (units.continuation, units.wall_width) == ("walls", 3.0)
        low, high = units.reduced_hbar_limits
        assert high / low == pytest.approx(0.0185 / 0.0169, rel=1e-12)
    materials = {"silicon", "metal"}  # whose units are known: no scales are chosen
    assert set(UNIT_SETS) == {"argon", "nip", "argon-published", "nip-published"} | materials


def test_literal_sets_have_no_fit_and_go_on_straight():
    for units in (ARGON, NIP):
        assert units.continuation == "straight"
        assert units.reduced_hbar_limits is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("continuation", "flat"),
        ("wall_width", 1.0),
        ("wall_width", np.nan),
        ("reduced_hbar_error", -1e-4),
        ("reduced_hbar_error", 0.03),
    ],
)
def test_bad_conventions_are_named(field, value):
    with pytest.raises(InputError, match=field):
        dataclasses.replace(ARGON, **{field: value})
