r"""Internal friction of double wells that are crossed by thermal activation.

A strain e shifts the minima of a double well against each other by g e. The occupation follows
with the time tau, and what it lags behind is heat:

.. math:: Q^{-1}(T, \omega) = \frac{1}{V \rho v^2} \sum A\, g^2
          \frac{\omega\tau}{1 + \omega^2\tau^2}, \qquad
          A = \frac{p_A p_B}{T} = \frac{1}{4T} \mathrm{sech}^2\left(\frac{D}{2T}
          + \frac{1}{2} \ln\frac{\omega_B}{\omega_A}\right)

with g^2 averaged over directions (Damart & Rodney, Phys. Rev. B 97, 014201, 2018). The 1/4 in A is
that of p_A p_B: with gamma = g/2 in place of g there would be none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.checks import positive, positive_array
from glasswells.core.described import described
from glasswells.core.records import Array, freeze
from glasswells.observables.records import Medium, ThermalWells
from glasswells.observables.relaxation import activated_rate
from glasswells.observables.specific_heat import sech2
from glasswells.statistics.bootstrap import DEFAULT_RESAMPLING, Resampling
from glasswells.statistics.sums import EstimatedCurve, sum_per_volume


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Friction:
    """Q^-1 of longitudinal and transverse waves; NaN where rates are too far apart to resolve."""

    longitudinal: Array
    """(M,), at the temperatures asked for."""
    transverse: Array
    """(M,)."""

    def __post_init__(self) -> None:
        freeze(self, longitudinal=self.longitudinal, transverse=self.transverse)


@described
@dataclass(frozen=True, kw_only=True, slots=True)
class EstimatedFriction:
    """Q^-1 of all glasses with error bars."""

    longitudinal: EstimatedCurve
    """At the temperatures asked for."""
    transverse: EstimatedCurve
    """The same for transverse waves."""


def debye_peak(rate: Array, omega: float) -> Array:
    """The factor omega tau / (1 + omega^2 tau^2), of rates 1/tau, which may be 0."""
    peak: Array = omega * rate / (omega**2 + rate**2)
    return peak


def well_friction(wells: ThermalWells, temperatures: ArrayLike, omega: float) -> Array:
    """p_A p_B / T times the Debye peak of each double well (K, M): what stands beside g^2/(V M)."""
    temperature = positive_array("temperatures", temperatures, (None,), "temperatures")
    frequency = positive("omega", omega)
    bias = wells.asymmetry[:, None] / (2.0 * temperature)
    bias = bias + 0.5 * np.log(wells.attempt_b / wells.attempt_a)[:, None]
    strength = sech2(bias) / (4.0 * temperature)
    friction: Array = strength * debye_peak(activated_rate(wells, temperature), frequency)
    return friction


def internal_friction(
    glasses: Sequence[ThermalWells],
    medium: Medium,
    temperatures: ArrayLike,
    omega: float,
    resampling: Resampling = DEFAULT_RESAMPLING,
) -> EstimatedFriction:
    """Q^-1 at temperatures (M,) and one angular frequency, summed over isolated double wells.

    Parameters
    ----------
    glasses
        Double wells of each glass, each distinct one once; a glass without any counts.
    medium
        Moduli that the waves see.
    temperatures
        (M,), reduced.
    omega
        Reduced.
    resampling
        Of the error bars.
    """
    volumes = [glass.volume for glass in glasses]
    terms = [well_friction(glass, temperatures, omega) for glass in glasses]

    def curve(name: str, modulus: float) -> EstimatedCurve:
        squares = [getattr(glass, name)[:, None] / modulus for glass in glasses]
        weighted = [g2 * term for g2, term in zip(squares, terms, strict=True)]
        return sum_per_volume(weighted, volumes, resampling)

    return EstimatedFriction(
        longitudinal=curve("longitudinal2", medium.longitudinal),
        transverse=curve("transverse2", medium.transverse),
    )
