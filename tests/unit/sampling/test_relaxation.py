"""Relaxation measures against processes whose decay is known."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.core.errors import InputError
from glasswells.sampling.relaxation import SwapTrajectory, decay_time, relaxation

BOX = np.array([9.0, 10.0, 11.0])


def brownian(frames: int, n: int, step: float, seed: int, keep: float = 1.0) -> SwapTrajectory:
    """Free particles that diffuse; each keeps its diameter from frame to frame with `keep`."""
    rng = np.random.default_rng(seed)
    walks = np.cumsum(rng.normal(scale=step, size=(frames, n, 3)), axis=0)
    diameters = np.empty((frames, n))
    diameters[0] = rng.permutation(np.linspace(0.7, 1.6, n))
    for k in range(1, frames):
        diameters[k] = diameters[k - 1]
        changed = np.flatnonzero(rng.random(n) > keep)
        diameters[k, changed] = rng.permutation(diameters[k, changed])
    return SwapTrajectory(
        temperature=0.1,
        sweeps=10.0 * np.arange(frames),
        positions=rng.uniform(size=(n, 3)) * BOX + walks,
        diameters=diameters,
        energies=rng.normal(size=frames),
        box=BOX,
    )


def test_scattering_of_free_diffusion_is_gaussian() -> None:
    step, wave_number = 0.05, 7.0
    measured = relaxation(brownian(200, 2000, step, seed=1), wave_number=wave_number)
    frames = measured.lags / 10.0
    exact = np.exp(-0.5 * wave_number**2 * step**2 * frames)
    resolved = exact > 0.05
    # 2000 particles, three axes and many origins: a standard error below 0.005
    assert np.abs(measured.self_scattering - exact)[resolved].max() < 0.02


def test_overlap_of_free_diffusion_is_a_maxwell_integral() -> None:
    step, length = 0.05, 0.3
    measured = relaxation(brownian(200, 2000, step, seed=2), length=length)
    draws = np.random.default_rng(0).normal(size=(200_000, 3))
    lag = int(np.argmin(np.abs(measured.lags - 200.0)))
    spread = step * np.sqrt(measured.lags[lag] / 10.0)
    exact = np.mean(np.linalg.norm(spread * draws, axis=1) < length)
    assert measured.self_overlap[lag] == pytest.approx(exact, abs=0.02)


def test_diameters_forget_geometrically() -> None:
    measured = relaxation(brownian(150, 2000, 0.01, seed=3, keep=0.95))
    exact = 0.95 ** (measured.lags / 10.0)
    assert np.abs(measured.diameter_autocorrelation - exact).max() < 0.04
    assert measured.diameter_time == pytest.approx(-10.0 / np.log(0.95), rel=0.1)
    with pytest.raises(ValueError, match="read-only"):
        measured.lags[0] = 1.0


def test_a_common_drift_is_no_relaxation() -> None:
    still = brownian(60, 300, 0.02, seed=4)
    drifting = SwapTrajectory(
        temperature=0.1,
        sweeps=still.sweeps,
        positions=still.positions + np.linspace(0, 30, 60)[:, None, None] * np.array([1, 0.3, -2]),
        diameters=still.diameters,
        energies=still.energies,
        box=BOX,
    )
    a, b = relaxation(still), relaxation(drifting)
    assert np.allclose(a.self_overlap, b.self_overlap, atol=1e-12)
    assert np.allclose(a.self_scattering, b.self_scattering, atol=1e-9)


def test_decay_time_interpolates_and_admits_that_nothing_decayed() -> None:
    times = np.array([0.0, 1.0, 2.0, 4.0])
    assert decay_time(times, np.array([1.0, 0.8, 0.4, 0.2]), level=0.6) == pytest.approx(1.5)
    assert decay_time(times, np.array([1.0, 0.9, 0.8, 0.7])) == np.inf


def test_the_slower_time_counts() -> None:
    measured = relaxation(brownian(120, 500, 0.1, seed=5, keep=0.9))
    assert measured.relaxation_time == max(measured.overlap_time, measured.diameter_time)


def test_uneven_frames_are_refused() -> None:
    t = brownian(4, 10, 0.1, seed=6)
    with pytest.raises(InputError, match="evenly spaced"):
        SwapTrajectory(
            temperature=0.1,
            sweeps=np.array([0.0, 1.0, 2.0, 4.0]),
            positions=t.positions,
            diameters=t.diameters,
            energies=t.energies,
            box=BOX,
        )
