r"""The density of tunnel splittings per energy and volume, and the heat capacity that follows.

The standard tunneling model (Anderson, Halperin & Varma 1972; Phillips 1972) has a constant density
n_0 of splittings at low energy. With N(E) the number of splittings below E in a volume V,
n_0 is the limit of N(E) / (E V) for E -> 0, and the heat capacity per volume is

.. math:: C = \frac{\pi^2}{6} n_0 k_B^2 T .
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import constants

from glasswells.core.checks import float64_array, positive
from glasswells.core.errors import InputError
from glasswells.core.records import Array, freeze
from glasswells.statistics.bootstrap import (
    DEFAULT_RESAMPLING,
    Distribution,
    Estimate,
    Resampling,
    count_per_glass,
    distribution,
)
from glasswells.tunneling.units import UnitSystem


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CumulativeDensity:
    """N(E) / (E V), which tends to n_0 for E -> 0."""

    energy: Array
    """(K,), E, reduced energy."""
    density: Array
    """(K,), reduced, per energy and volume."""
    low: Array
    """(K,), lower ends of the confidence intervals."""
    high: Array
    counts: Array
    """(K,), N(E)."""

    def __post_init__(self) -> None:
        for name in ("energy", "density", "low", "high", "counts"):
            freeze(self, **{name: np.asarray(getattr(self, name), dtype=np.float64)})


@dataclass(frozen=True, kw_only=True, slots=True)
class TlsDensity:
    """The density n_0 of two-level systems."""

    units: str
    reduced: Estimate
    """Per epsilon and sigma^3."""
    si: Estimate
    """Per joule and cubic meter."""
    up_to: float
    """Largest splitting that entered, reduced energy."""
    slope: float
    """Trend of the density over (0, `up_to`) in standard deviations of a constant one: beyond 3
    in absolute value there is no plateau, and n_0 is a mean over the window."""

    @property
    def is_plateau(self) -> bool:
        """Whether a constant density describes the splittings below `up_to`."""
        return abs(self.slope) <= 3.0


def splitting_density(
    splittings: Sequence[ArrayLike],
    volumes: ArrayLike,
    edges: ArrayLike,
    resampling: Resampling = DEFAULT_RESAMPLING,
) -> Distribution:
    """n(E): splittings per energy and volume, reduced units.

    Parameters
    ----------
    splittings
        For each glass.
    volumes
        (G,), of the glasses.
    edges
        (bins + 1,), of E.
    resampling
        Of the error bars.
    """
    return distribution(splittings, edges, resampling, volumes=_volumes(volumes, len(splittings)))


def cumulative_density(
    splittings: Sequence[ArrayLike],
    volumes: ArrayLike,
    energies: ArrayLike,
    resampling: Resampling = DEFAULT_RESAMPLING,
) -> CumulativeDensity:
    """N(E) / (E V) at the energies (K,), all above 0; other parameters as `splitting_density`."""
    energy = float64_array("energies", energies, (None,))
    volume = _volumes(volumes, len(splittings))
    if len(energy) == 0 or energy.min() <= 0:
        raise InputError(f"energies is {energy}, expected numbers above 0")
    columns = [
        distribution(splittings, [0.0, float(e)], resampling, volumes=volume) for e in energy
    ]
    return CumulativeDensity(
        energy=energy,
        density=np.array([c.density[0] for c in columns]),
        low=np.array([c.low[0] for c in columns]),
        high=np.array([c.high[0] for c in columns]),
        counts=np.array([c.counts[0] for c in columns]),
    )


def tls_density(
    splittings: Sequence[ArrayLike],
    volumes: ArrayLike,
    units: UnitSystem,
    up_to: float | None = None,
    resampling: Resampling = DEFAULT_RESAMPLING,
) -> TlsDensity:
    """n_0 from the plateau of N(E) / (E V).

    The likeliest constant density, given all splittings in (0, `up_to`), is N(`up_to`) /
    (`up_to` V). Its premise is tested by their mean, which is up_to / 2 with variance up_to^2 / 12.

    Parameters
    ----------
    splittings
        For each glass, reduced energy.
    volumes
        (G,), of the glasses, sigma^3.
    units
        The unit set.
    up_to
        Largest splitting used; by default the unit set's threshold of an active two-level system.
    resampling
        Of the error bars.
    """
    limit = positive("up_to", units.tls_threshold if up_to is None else up_to)
    volume = _volumes(volumes, len(splittings))
    below = [e[(e > 0) & (e < limit)] for e in (np.asarray(s, dtype=float) for s in splittings)]
    if np.ptp(volume) <= 1e-9 * volume.max():
        per_glass = count_per_glass(np.array([len(e) for e in below]), resampling)
        reduced = per_glass.scaled(1.0 / (limit * float(volume[0])))
    else:
        reduced = _with_unequal_volumes(below, volume, limit, resampling)
    every = np.concatenate(below)
    slope = 0.0
    if len(every):
        slope = float((every.mean() / limit - 0.5) * np.sqrt(12 * len(every)))
    return TlsDensity(
        units=units.name,
        reduced=reduced,
        si=reduced.scaled(units.density_unit),
        up_to=limit,
        slope=slope,
    )


def heat_capacity(density_si: float, temperature_kelvin: ArrayLike) -> Array:
    """C = (pi^2 / 6) n_0 k_B^2 T, in J / (K m^3), of n_0 in 1 / (J m^3) at T in kelvin."""
    temperature = np.asarray(temperature_kelvin, dtype=np.float64)
    capacity: Array = np.pi**2 / 6 * density_si * constants.k**2 * temperature
    return capacity


def _with_unequal_volumes(
    below: list[Array], volume: Array, limit: float, resampling: Resampling
) -> Estimate:
    found = distribution(below, [0.0, limit], resampling, volumes=volume)
    return Estimate(
        value=float(found.density[0]),
        low=float(found.low[0]),
        high=float(found.high[0]),
        error=float(found.error[0]),
        n_glasses=found.n_glasses,
        n_entries=found.n_entries,
        basis=found.basis,
    )


def _volumes(volumes: ArrayLike, n: int) -> Array:
    checked = float64_array("volumes", volumes, (n,))
    if n == 0 or checked.min() <= 0:
        raise InputError(f"volumes is {checked}, expected one above 0 for each glass")
    return checked
