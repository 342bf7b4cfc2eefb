"""The glasses that ship: what they promise is what they hold."""

from __future__ import annotations

import numpy as np
import pytest

import glasswells as gw

COUNTS = {0.092: 10, 0.07: 30, 0.062: 20}
TEMPERATURES = tuple(COUNTS)


@pytest.mark.parametrize("temperature", TEMPERATURES)
def test_glasses_of_one_size_list_at_density_one(temperature):
    glasses = [gw.glass(temperature, k) for k in range(COUNTS[temperature])]
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
    n = COUNTS[temperature]
    energies = np.array([gw.energy(model, gw.glass(temperature, k)) for k in range(n)]) / 1500
    report = gw.glass(temperature, 0).report
    spread = temperature * np.sqrt(report.heat_capacity.value / 1500)
    assert np.abs(energies - report.energy.value).max() < 5 * spread
    assert abs(energies.mean() - report.energy.value) < 4 * spread / np.sqrt(n)


@pytest.mark.parametrize(("temperature", "between"), [(0.092, 5), (0.07, 5), (0.062, 1)])
def test_all_are_equilibrated_and_relaxation_times_apart(temperature, between):
    reports = [gw.glass(temperature, k).report for k in range(COUNTS[temperature])]
    assert all(report.is_equilibrated for report in reports)
    assert all(report.relaxation_times >= 20 for report in reports)
    # Each chain measures the relaxation time anew, within a fifth.
    sweeps = np.array([report.sweeps for report in reports])
    times = np.array([report.relaxation_time for report in reports])
    assert np.ptp(times) < 0.2 * times.mean()
    assert np.all(np.diff(sweeps) >= between * np.minimum(times[:-1], times[1:]))


def test_glasses_are_independent():
    """The self-overlap of consecutive glasses has decayed."""
    for temperature in TEMPERATURES:
        for k in range(COUNTS[temperature] - 1):
            a, b = gw.glass(temperature, k), gw.glass(temperature, k + 1)
            moved = b.positions - a.positions
            moved -= a.box * np.rint(moved / a.box)
            assert np.mean(np.linalg.norm(moved, axis=1) < 0.3) < 0.5


@pytest.mark.parametrize("index", [30, -1, 1.5])
def test_an_index_that_is_not_there(index):
    with pytest.raises(gw.InputError, match="index"):
        gw.glass(0.07, index)


def test_a_temperature_that_is_not_there():
    with pytest.raises(gw.InputError, match=r"0\.062, 0\.07, 0\.092"):
        gw.glass(0.08, 0)


@pytest.mark.parametrize("temperature", [[0.07], np.array([0.07, 0.07]), "0.07", None, True])
def test_what_is_no_temperature(temperature):
    with pytest.raises(gw.InputError, match="preparation_temperature"):
        gw.glass(temperature, 0)
