"""Tunneling strength against the standard model itself, and what follows from it."""

from __future__ import annotations

import numpy as np
import pytest
from example_systems import MEDIUM, states
from scipy.integrate import quad

from glasswells.observables import (
    resonant_absorption,
    thermal_conductivity,
    tunneling_strength,
)

G_LONGITUDINAL, G_TRANSVERSE = 3.0, 2.0
"""d(Delta)/d(strain), twice gamma."""


def standard_model(density: float, largest: float, volume: float):
    """Two-level systems on a fine grid of Delta and ln Delta_0 with the density `density`.

    P(Delta, Delta_0) = P/Delta_0 is flat in Delta and ln Delta_0. Delta_0 goes down to 1e-6 of the
    largest splitting, below which the resonant response is lost by a relative 1e-6.
    """
    n = 600
    asymmetry = (np.arange(n) + 0.5) / n * largest
    logarithms = np.log(largest) - (np.arange(n) + 0.5) / n * np.log(1e6)
    delta, amplitude = np.meshgrid(asymmetry, np.exp(logarithms))
    delta, amplitude = delta.ravel(), amplitude.ravel()
    # Each cell holds density * volume * dDelta * dln(Delta_0) systems: choose the volume for one.
    unit = 1 / (density * (largest / n) * (np.log(1e6) / n))
    return states(
        np.hypot(delta, amplitude), amplitude, G_LONGITUDINAL**2, G_TRANSVERSE**2, volume=unit
    )


def test_it_is_that_of_the_standard_model_with_gamma_as_half_of_g() -> None:
    """C = P gamma^2/(rho v^2) with gamma = g/2: g itself would give four times as much."""
    found = tunneling_strength([standard_model(0.02, 1e-3, 1.0)], MEDIUM, 1e-3)
    expected_l = 0.02 * (G_LONGITUDINAL / 2) ** 2 / MEDIUM.longitudinal
    expected_t = 0.02 * (G_TRANSVERSE / 2) ** 2 / MEDIUM.transverse
    assert found.density.value == pytest.approx(0.02, rel=2e-3)
    assert found.longitudinal.value == pytest.approx(expected_l, rel=2e-3)
    assert found.transverse.value == pytest.approx(expected_t, rel=2e-3)


def test_larger_splittings_do_not_enter() -> None:
    few = states([1e-4, 1e-2], [1e-4, 1e-2], 4.0, 4.0, volume=10.0)
    found = tunneling_strength([few], MEDIUM, 1e-3)
    assert found.longitudinal.value == pytest.approx(1.0 / (MEDIUM.longitudinal * 10.0 * 1e-3))


def test_the_conductivity_is_the_kinetic_integral() -> None:
    """(1/3) sum over branches of int C_D v l d(omega), with l from the resonant absorption."""
    hbar, kT, c = 0.03, 0.002, (3e-4, 5e-4)
    speeds = (MEDIUM.longitudinal_speed, *[MEDIUM.transverse_speed] * 2)
    total = 0.0
    for strength, v in zip((c[0], c[1], c[1]), speeds, strict=True):

        def integrand(omega: float, strength: float = strength, v: float = v) -> float:
            x = hbar * omega / kT
            debye = omega**2 / (2 * np.pi**2 * v**3) * (x / 2 / np.sinh(x / 2)) ** 2
            return debye * v / resonant_absorption(strength, v, hbar, [omega], kT)[0]

        total += quad(integrand, 1e-13, 80 * kT / hbar, epsabs=0, epsrel=1e-11, limit=200)[0] / 3
    found = thermal_conductivity(c, MEDIUM, hbar, [kT, 2 * kT])
    assert found[0] == pytest.approx(total, rel=1e-9)
    assert found[1] == pytest.approx(4 * found[0])


def test_the_absorption_saturates_with_temperature() -> None:
    cold, warm = (resonant_absorption(3e-4, 5.0, 0.03, [0.1], t)[0] for t in (1e-6, 1.0))
    assert cold == pytest.approx(np.pi * 3e-4 * 0.1 / 5.0)
    assert warm == pytest.approx(cold * 0.03 * 0.1 / 2, rel=1e-6)
