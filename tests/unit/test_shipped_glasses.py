"""The glasses that ship: what they promise is what they hold."""

from __future__ import annotations

import numpy as np
import pytest

import glasswells as gw

TEMPERATURES = (0.092, 0.07, 0.062)


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_ten_glasses_of_one_size_list_at_density_one(temperature):
    glasses = [gw.glass(temperature, k) for k in range(10)]
    quantiles = np.sort(gw.draw_diameters(1500, seed=0))
    for k, glass in enumerate(glasses):
        assert (glass.index, glass.preparation_temperature) == (k, temperature)
        assert glass.positions.shape == (1500, 3)
        assert glass.positions.dtype == np.float64
        assert glass.density == pytest.approx(1.0)
        assert np.allclose(np.sort(glass.diameters), quantiles, rtol=1e-12)


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_energies_are_those_of_the_equilibrium(temperature):
    """Each within five canonical standard deviations of the mean that its report states."""
    model = gw.SoftSpheres()
    energies = np.array([gw.energy(model, gw.glass(temperature, k)) for k in range(10)]) / 1500
    report = gw.glass(temperature, 0).report
    spread = temperature * np.sqrt(report.heat_capacity.value / 1500)
    assert np.abs(energies - report.energy.value).max() < 5 * spread
    assert abs(energies.mean() - report.energy.value) < 4 * spread / np.sqrt(10)


@pytest.mark.parametrize(("temperature", "sound"), [(0.092, True), (0.07, True), (0.062, False)])
def test_reports_say_who_is_equilibrated(temperature, sound):
    reports = [gw.glass(temperature, k).report for k in range(10)]
    assert all(report.is_equilibrated is sound for report in reports)
    sweeps = np.array([report.sweeps for report in reports])
    if sound:
        assert reports[0].relaxation_times >= 20
        assert np.diff(sweeps).min() >= 5 * reports[0].relaxation_time
    else:
        assert all(report.flags == ("not equilibrated",) for report in reports)
        assert np.diff(sweeps).min() >= 2e6


def test_glasses_are_independent():
    """The self-overlap of consecutive glasses has decayed."""
    for temperature in TEMPERATURES:
        for k in range(9):
            a, b = gw.glass(temperature, k), gw.glass(temperature, k + 1)
            moved = b.positions - a.positions
            moved -= a.box * np.rint(moved / a.box)
            assert np.mean(np.linalg.norm(moved, axis=1) < 0.3) < 0.5


@pytest.mark.parametrize("index", [10, -1, 1.5])
def test_an_index_that_is_not_there(index):
    with pytest.raises(gw.InputError, match="index"):
        gw.glass(0.07, index)


def test_a_temperature_that_is_not_there():
    with pytest.raises(gw.InputError, match=r"0\.092, 0\.07, 0\.062"):
        gw.glass(0.08, 0)
