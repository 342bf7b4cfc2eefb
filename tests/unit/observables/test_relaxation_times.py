"""Relaxation times against the golden rule direction by direction, and against Arrhenius rates."""

from __future__ import annotations

import numpy as np
import pytest
from example_systems import MEDIUM, directions, random_tensors, states, wells

from glasswells.core.errors import InputError
from glasswells.mechanics.averages import longitudinal_square, transverse_square
from glasswells.observables import (
    AttemptFrequencies,
    activated_rate,
    crossover,
    one_phonon_rate,
)
from glasswells.observables.relaxation import log_activated_time

HBAR = 0.03


def golden_rule(g: np.ndarray, energy: float, amplitude: float, kT: float) -> float:
    """Emission and absorption of phonons hbar omega = E, summed over directions and branches.

    H' = (1/2) sigma_z g:e. In the basis of the two levels sigma_z has the element Delta_0/E. The
    slope of the plane wave of one phonon has the element^2 q^2 hbar/(2 rho V omega) (n + 1), and
    there are V omega^2/(2 pi^2 v^3) such waves per branch and frequency.
    """
    omega = energy / HBAR
    occupied = 1 / np.expm1(energy / kT)
    rate = 0.0
    branches = [(MEDIUM.longitudinal_speed, None), *[(MEDIUM.transverse_speed, k) for k in (0, 1)]]
    for v, polarization in branches:
        for weight, n, across in directions():
            other = n if polarization is None else across[polarization]
            element2 = (n @ g @ other / 2 * amplitude / energy) ** 2
            slope2 = (omega / v) ** 2 * HBAR / (2 * MEDIUM.density * omega)
            density = omega**2 / (2 * np.pi**2 * v**3) / HBAR
            rate += weight * 2 * np.pi / HBAR * element2 * slope2 * density * (2 * occupied + 1)
    return rate


def test_one_phonon_is_the_golden_rule() -> None:
    for k, g in enumerate(random_tensors(4, seed=1)):
        energy, amplitude, kT = 1e-3 * (k + 1), 7e-4, 1.3e-3
        one = states([energy], [amplitude], longitudinal_square(g), transverse_square(g))
        found = one_phonon_rate(one, MEDIUM, HBAR, [kT])[0, 0]
        assert found == pytest.approx(golden_rule(g, energy, amplitude, kT), rel=1e-12)


def test_activation_is_the_textbook_form() -> None:
    """Pi/sqrt(w_A w_B) exp(U/T) sech(D/2T + ln(w_B/w_A)/2), U from the mean of the minima."""
    well = wells([0.5], [0.2], [3.0], [5.0], random_tensors(1, 2))
    kT, u, d = 0.07, 0.5 - 0.1, 0.2
    tau = np.pi / np.sqrt(15.0) * np.exp(u / kT)
    tau /= np.cosh(d / (2 * kT) + np.log(5 / 3) / 2)
    assert activated_rate(well, [kT])[0, 0] == pytest.approx(1 / tau, rel=1e-12)


def test_the_logarithm_of_the_activated_time_outlasts_the_rate() -> None:
    well = wells([0.5], [0.2], [3.0], [5.0], random_tensors(1, 2))
    attempts = AttemptFrequencies(a=3.0, b=5.0)
    found = log_activated_time(0.5, 0.2, attempts, 0.07)
    assert np.exp(-found) == pytest.approx(activated_rate(well, [0.07])[0, 0], rel=1e-12)
    cold = log_activated_time(0.5, 0.2, attempts, 1e-5)
    assert cold == pytest.approx(0.3 / 1e-5 + np.log(2 * np.pi / 5.0), rel=1e-12)  # from B alone
    with pytest.raises(InputError, match="temperature"):
        log_activated_time(0.5, 0.2, attempts, 0.0)


def test_at_the_crossover_both_rates_are_equal() -> None:
    well = wells([0.5, 0.3], [0.2, -0.1], [3.0, 4.0], [5.0, 2.0], random_tensors(2, 2))
    one = states([1e-3, 2e-3], [5e-4, 1e-4])
    for k, found in enumerate(crossover(one, well, MEDIUM, HBAR)):
        tunneling = one_phonon_rate(one, MEDIUM, HBAR, [found.temperature])[k, 0]
        assert found.rate == pytest.approx(tunneling, rel=1e-8)
        assert 0 < found.temperature < 0.5


def test_a_barrier_that_is_never_passed_faster_has_no_crossover() -> None:
    well = wells([1e-3], [0.0], [1e-12], [1e-12], random_tensors(1, 2))
    (found,) = crossover(states([1e-2], [1e-2]), well, MEDIUM, HBAR)
    assert np.isnan(found.temperature)
