r"""How fast a two-level system returns to equilibrium: by one phonon, or over its barrier."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from glasswells.core.checks import positive, positive_array
from glasswells.core.records import Array
from glasswells.observables.attempts import AttemptFrequencies
from glasswells.observables.records import Medium, ThermalWells, TwoLevelStates


def one_phonon_rate(
    states: TwoLevelStates, medium: Medium, reduced_hbar: float, temperatures: ArrayLike
) -> Array:
    r"""1/tau (K, M) of absorbing or emitting one phonon, at temperatures (M,).

    .. math:: \frac{1}{\tau} = \left(\frac{\gamma_l^2}{v_l^5} + \frac{2 \gamma_t^2}{v_t^5}\right)
              \frac{E \Delta_0^2}{2 \pi \rho \hbar^4} \coth\frac{E}{2T}

    (Phillips, Rep. Prog. Phys. 50, 1657, 1987), the golden rule for the strain of Debye phonons
    with gamma^2 = g^2/4 averaged over directions, and over polarizations where there are two.
    """
    temperature = positive_array("temperatures", temperatures, (None,), "temperatures")
    hbar = positive("reduced_hbar", reduced_hbar)
    waves = (
        states.longitudinal2 / 4 / medium.longitudinal_speed**5
        + 2 * (states.transverse2 / 4) / medium.transverse_speed**5
    )
    at_zero = waves * states.splitting * states.amplitude**2
    at_zero = at_zero / (2.0 * math.pi * medium.density * hbar**4)
    rate: Array = at_zero[:, None] / np.tanh(states.splitting[:, None] / (2.0 * temperature))
    return rate


def activated_rate(wells: ThermalWells, temperatures: ArrayLike) -> Array:
    r"""1/tau (K, M), the sum of the rates over the barrier from A and from B.

    .. math:: \frac{1}{\tau} = \frac{\omega_A}{2\pi} e^{-(V_S - V_A)/T}
              + \frac{\omega_B}{2\pi} e^{-(V_S - V_B)/T}
              = \frac{\sqrt{\omega_A \omega_B}}{\pi} e^{-U/T}
              \cosh\left(\frac{D}{2T} + \frac{1}{2} \ln\frac{\omega_B}{\omega_A}\right)

    with U = V_S - (V_A + V_B)/2 and D = V_B - V_A (harmonic transition state theory).
    """
    temperature = positive_array("temperatures", temperatures, (None,), "temperatures")
    from_a = wells.attempt_a[:, None] * np.exp(-wells.barrier[:, None] / temperature)
    back = (wells.barrier - wells.asymmetry)[:, None]
    from_b = wells.attempt_b[:, None] * np.exp(-back / temperature)
    rate: Array = (from_a + from_b) / (2.0 * math.pi)
    return rate


def log_activated_time(
    barrier: float, asymmetry: float, attempts: AttemptFrequencies, temperature: float
) -> float:
    """The logarithm of the time of one double well over its barrier, at any low temperature.

    The time is 1 over `activated_rate`, in reduced units; that may be too long for a number.

    Parameters
    ----------
    barrier, asymmetry
        V(S) - V(A) and V(B) - V(A).
    attempts
        Angular attempt frequencies.
    temperature
        Reduced.
    """
    t = positive("temperature", temperature)
    from_a = math.log(attempts.a) - barrier / t
    from_b = math.log(attempts.b) - (barrier - asymmetry) / t
    return math.log(2.0 * math.pi) - float(np.logaddexp(from_a, from_b))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Crossover:
    """Where activation becomes as fast as tunneling by one phonon."""

    temperature: float
    """NaN if one of the two is slower at every temperature below the barrier."""
    rate: float
    """1/tau of each of them there."""


def crossover(
    states: TwoLevelStates, wells: ThermalWells, medium: Medium, reduced_hbar: float
) -> tuple[Crossover, ...]:
    """The crossover of each of K two-level systems, which are the K double wells in this order.

    ln(activated rate) grows with ln T by at least the barrier over T, and that of one phonon by at
    most 1: below the barrier there is at most one crossing.
    """
    heights = np.minimum(wells.barrier, wells.barrier - wells.asymmetry)
    return tuple(
        _crossing(states.chosen([k]), wells.chosen([k]), medium, reduced_hbar, float(height))
        for k, height in enumerate(heights)
    )


COLDEST = 600.0
"""Barrier over temperature where the search for a crossing begins: exp(-600) is still a number."""


def _crossing(
    states: TwoLevelStates, wells: ThermalWells, medium: Medium, hbar: float, height: float
) -> Crossover:
    if states.amplitude[0] == 0:
        return Crossover(temperature=math.nan, rate=math.nan)

    def excess(log_temperature: float) -> float:
        t = np.array([math.exp(log_temperature)])
        tunneling = one_phonon_rate(states, medium, hbar, t)[0, 0]
        return math.log(activated_rate(wells, t)[0, 0]) - math.log(tunneling)

    low, high = math.log(height / COLDEST), math.log(height)
    if excess(high) < 0 or excess(low) > 0:
        return Crossover(temperature=math.nan, rate=math.nan)
    log_temperature = float(brentq(excess, low, high, xtol=1e-12))
    t = np.array([math.exp(log_temperature)])
    return Crossover(temperature=float(t[0]), rate=float(activated_rate(wells, t)[0, 0]))
