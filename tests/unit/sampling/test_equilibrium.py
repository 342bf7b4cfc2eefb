"""Means of correlated series, and every flag of the equilibration report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from glasswells.sampling.equilibrium import (
    EquilibrationReport,
    Measured,
    blocked_mean,
    drift,
    equilibration_report,
    heat_capacity,
)
from glasswells.sampling.relaxation import SwapTrajectory


def autoregressive(length: int, memory: float, rng: np.random.Generator) -> np.ndarray:
    series = np.empty(length)
    series[0] = rng.normal()
    for k in range(1, length):
        series[k] = memory * series[k - 1] + np.sqrt(1 - memory**2) * rng.normal()
    return series


def test_the_error_of_a_correlated_series_covers_its_mean() -> None:
    rng = np.random.default_rng(1)
    results = [blocked_mean(autoregressive(1024, 0.9, rng)) for _ in range(300)]
    deviations = np.array([abs(r.value) / r.error for r in results])
    exact = np.sqrt((1 + 0.9) / (1 - 0.9) / 1024)
    assert np.median([r.error for r in results]) == pytest.approx(exact, rel=0.2)
    # 95 % within two errors; the largest block error is itself uncertain, and biased upwards
    assert 0.92 < np.mean(deviations < 2) <= 1.0


def test_a_short_series_has_no_error_bar() -> None:
    assert blocked_mean(np.arange(5.0)).error == np.inf


def test_drift_is_seen_and_its_absence_too() -> None:
    rng = np.random.default_rng(2)
    noise = autoregressive(512, 0.8, rng)
    assert drift(noise) < 3
    assert drift(noise + np.linspace(0, 5, 512)) > 3


def test_heat_capacity_of_gaussian_energies() -> None:
    rng = np.random.default_rng(3)
    n, temperature, c = 1000, 0.1, 2.0
    energies = rng.normal(scale=np.sqrt(c / n) * temperature, size=4000)
    measured = heat_capacity(energies, n, temperature)
    assert measured.deviation(Measured(value=c, error=0.0)) < 4
    assert measured.error < 0.1


def sound_report() -> EquilibrationReport:
    return EquilibrationReport(
        temperature=0.1,
        n_particles=1000,
        sweeps=1e6,
        overlap_time=1e4,
        diameter_time=3e4,
        energy=Measured(value=0.4, error=0.001),
        heat_capacity=Measured(value=2.2, error=0.1),
        energy_slope=Measured(value=2.3, error=0.1),
        inherent_energy=Measured(value=0.25, error=0.001),
        inherent_drift=1.0,
        from_below=Measured(value=0.401, error=0.001),
        crystalline_fraction=0.0,
        fractionation=0.3,
    )


def test_a_sound_report_has_no_flags() -> None:
    report = sound_report()
    assert report.is_equilibrated
    assert report.relaxation_time == 3e4
    assert report.relaxation_times == pytest.approx(100 / 3)


@pytest.mark.parametrize(
    ("change", "flag"),
    [
        ({"sweeps": 5e5}, "not equilibrated"),
        ({"overlap_time": np.inf}, "not equilibrated"),
        ({"inherent_drift": 4.0}, "inherent energy drifts"),
        ({"energy_slope": Measured(value=3.0, error=0.1)}, "fluctuations disagree with dE/dT"),
        ({"from_below": Measured(value=0.39, error=0.001)}, "runs from above and below disagree"),
        ({"crystalline_fraction": 0.2}, "crystallized"),
        ({"fractionation": 30.0}, "fractionated"),
        ({"sweeps_apart": 2.9e4}, "soon after the glass before"),
    ],
)
def test_each_doubt_has_its_flag(change: dict[str, object], flag: str) -> None:
    report = replace(sound_report(), **change)
    assert report.flags == (flag,)
    assert not report.is_equilibrated


def test_glasses_of_one_liquid_are_a_relaxation_time_apart() -> None:
    report = sound_report()
    assert report.relaxation_times_apart == np.inf
    apart = replace(report, sweeps_apart=3e4)
    assert apart.relaxation_times_apart == 1.0
    assert apart.is_equilibrated
    unknown = replace(apart, overlap_time=np.nan)
    assert np.isnan(unknown.relaxation_times_apart)
    assert "soon after the glass before" not in unknown.flags


def test_slope_from_neighboring_temperatures() -> None:
    rng = np.random.default_rng(4)
    frames, n = 64, 50
    trajectory = SwapTrajectory(
        temperature=0.1,
        sweeps=np.arange(frames) * 10.0,
        positions=rng.uniform(0, 5, (frames, n, 3)),
        diameters=np.tile(rng.uniform(0.8, 1.2, n), (frames, 1)),
        energies=0.4 * n + rng.normal(size=frames),
        box=np.full(3, 5.0),
    )
    near = {0.09: Measured(value=0.38, error=0.001), 0.11: Measured(value=0.42, error=0.001)}
    report = equilibration_report(trajectory, neighboring_energies=near)
    assert report.energy_slope is not None
    assert report.energy_slope.value == pytest.approx(2.0)
    assert report.energy_slope.error == pytest.approx(np.hypot(0.001, 0.001) / 0.02)
    assert report.sweeps == trajectory.sweeps[-1]
    assert equilibration_report(trajectory).energy_slope is None
