r"""The tunneling strength of a catalog and what the standard tunneling model makes of it.

The standard model (Phillips, Rep. Prog. Phys. 50, 1657, 1987) has the density

.. math:: P(\Delta, \Delta_0) = \bar P / \Delta_0

of two-level systems per volume, with Delta counted by its size, and the strength

.. math:: C_a = \frac{\bar P \gamma_a^2}{\rho v_a^2}, \qquad \gamma = g/2,

for longitudinal (a = l) and transverse (a = t) waves. rho v_l^2 = M, rho v_t^2 = G.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.checks import positive, positive_array
from glasswells.core.described import described
from glasswells.core.records import Array
from glasswells.observables.records import Medium, TwoLevelStates
from glasswells.statistics.bootstrap import DEFAULT_RESAMPLING, Estimate, Resampling
from glasswells.statistics.sums import sum_per_volume


@described
@dataclass(frozen=True, kw_only=True, slots=True)
class TunnelingStrength:
    """C_l and C_t, dimensionless, and the effective density of resonant tunneling states."""

    longitudinal: Estimate
    """C_l."""
    transverse: Estimate
    """C_t."""
    density: Estimate
    """P, per energy and volume: that of the standard model with the same resonant response."""
    up_to: float
    """Largest splitting that entered."""


def tunneling_strength(
    glasses: Sequence[TwoLevelStates],
    medium: Medium,
    up_to: float,
    resampling: Resampling = DEFAULT_RESAMPLING,
) -> TunnelingStrength:
    r"""C_l and C_t of a catalog, without a fit.

    A wave of energy E is absorbed by two-level systems of this splitting in proportion to
    gamma^2 (Delta_0/E)^2, and in the standard model

    .. math:: \int d\Delta\, d\Delta_0 \frac{\bar P}{\Delta_0} \frac{\Delta_0^2}{E^2}\,
              \delta(E - E') = \bar P \int_0^1 \frac{u\, du}{\sqrt{1 - u^2}} = \bar P

    with u = Delta_0/E'. So the mean over the splittings below `up_to`,

    .. math:: C_a = \frac{1}{\rho v_a^2 V E_{max}} \sum_{E < E_{max}} \frac{g_a^2}{4}
              \frac{\Delta_0^2}{E^2},

    equals P gamma_a^2/(rho v_a^2) there, and needs neither a lower limit of Delta_0 nor a form of
    the distribution.

    Parameters
    ----------
    glasses
        Two-level systems of each glass, each distinct one once; a glass without any counts.
    medium
        Moduli that the waves see.
    up_to
        E_max, reduced.
    resampling
        Of the error bars.
    """
    limit = positive("up_to", up_to)
    terms, volumes = [], [glass.volume for glass in glasses]
    for glass in (g.below(limit) for g in glasses):
        resonance = (glass.amplitude / glass.splitting) ** 2 / limit
        # The standard model is written with gamma = g/2: a quarter in the square.
        gamma2 = (glass.longitudinal2 / 4, glass.transverse2 / 4)
        columns = (
            resonance * gamma2[0] / medium.longitudinal,
            resonance * gamma2[1] / medium.transverse,
            resonance,
        )
        terms.append(np.stack(columns, axis=1))
    found = sum_per_volume(terms, volumes, resampling)
    return TunnelingStrength(
        longitudinal=found.at(0), transverse=found.at(1), density=found.at(2), up_to=limit
    )


def resonant_absorption(
    strength: float, speed: float, reduced_hbar: float, omega: ArrayLike, temperature: float
) -> Array:
    """1/l = pi C (omega/v) tanh(hbar omega / 2 T) at angular frequencies (W,), per length.

    Of waves so weak that they leave the occupations as they are.

    Parameters
    ----------
    strength, speed
        C and v of one kind of wave.
    reduced_hbar
        hbar.
    omega, temperature
        Reduced.
    """
    frequency = positive_array("omega", omega, (None,), "angular frequencies")
    hbar, kT = positive("reduced_hbar", reduced_hbar), positive("temperature", temperature)
    saturation = np.tanh(hbar * frequency / (2.0 * kT))
    inverse: Array = np.pi * strength * frequency / positive("speed", speed) * saturation
    return inverse


def thermal_conductivity(
    strengths: tuple[float, float], medium: Medium, reduced_hbar: float, temperatures: ArrayLike
) -> Array:
    r"""The conductivity (M,) of phonons that two-level systems absorb resonantly, k_B = 1.

    .. math:: \kappa = \frac{1}{3} \sum_a \int C_a^D(\omega)\, v_a l_a\, d\omega
              = \frac{k_B^3 T^2}{6 \pi \hbar^2} \left(\frac{1}{C_l v_l}
              + \frac{2}{C_t v_t}\right),

    where C^D is the specific heat of Debye phonons of one branch. With x = hbar omega/T the
    integral is that of x^3 cosh(x/2) / (4 sinh^3(x/2)), which is pi^2.

    Parameters
    ----------
    strengths
        C_l and C_t.
    medium
        Speeds of sound.
    reduced_hbar
        hbar.
    temperatures
        (M,), reduced.
    """
    temperature = positive_array("temperatures", temperatures, (None,), "temperatures")
    hbar = positive("reduced_hbar", reduced_hbar)
    c_l, c_t = (positive(f"strengths[{k}]", c) for k, c in enumerate(strengths))
    branches = 1.0 / (c_l * medium.longitudinal_speed) + 2.0 / (c_t * medium.transverse_speed)
    conductivity: Array = temperature**2 * branches / (6.0 * math.pi * hbar**2)
    return conductivity
