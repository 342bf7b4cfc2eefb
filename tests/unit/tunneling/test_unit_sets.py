import dataclasses

import numpy as np
import pytest

from glasswells.core.errors import InputError
from glasswells.tunneling import ARGON, NIP, UnitSystem


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
