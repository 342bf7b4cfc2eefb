"""The observables of all glasses of one preparation, under one unit set."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glasswells.core.checks import positive
from glasswells.core.described import described
from glasswells.core.errors import InputError
from glasswells.core.records import Array
from glasswells.observables.friction import EstimatedFriction, internal_friction
from glasswells.observables.network import largest_part, network_friction
from glasswells.observables.parameters import ParameterDensity, parameter_density
from glasswells.observables.records import Medium, Network
from glasswells.observables.specific_heat import specific_heat
from glasswells.observables.strength import (
    TunnelingStrength,
    thermal_conductivity,
    tunneling_strength,
)
from glasswells.observables.systems import (
    Known,
    SystemRelaxation,
    can_hop,
    states_of,
    systems_of,
    wells_of,
)
from glasswells.statistics import (
    EstimatedCurve,
    Resampling,
    TlsDensity,
    WellSummary,
    duplicates,
    sum_per_volume,
    tls_density,
)
from glasswells.statistics.bootstrap import DEFAULT_RESAMPLING
from glasswells.tunneling.units import UnitSystem

KELVIN = (0.01, 1.0)
"""Range of the low temperatures, where two-level systems rule."""
POINTS = 41
"""Low temperatures."""
FRICTION_POINTS = 161
"""Temperatures of the internal friction. The peak of one double well is as wide as 0.15 of its
temperature at 1 kHz; 161 points are 4 % apart."""
NETWORK_EVERY = 4
"""At each of so many of these temperatures the network is solved, which takes all eigenvalues of
its rates."""
FRICTION_FRACTIONS = (1e-3, 0.5)
"""Range of the temperatures of internal friction, as fractions of the preparation temperature:
above, a glass leaves its minima for good."""
QUENCHED_KELVIN = (1.0, 300.0)
"""The same range for glasses by melt and quench, which have no such temperature."""
AMPLITUDE_DECADES = 4
"""Below the threshold of a two-level system, in which Delta_0 is counted."""
CELLS = 4
"""Of Delta and of ln Delta_0."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Observables:
    """What experiments would measure, in reduced units; `units` converts.

    Each distinct double well counts once: one core that was met in several backgrounds is one
    system of the glass.
    """

    preparation_temperature: float
    """T_f; NaN for glasses by melt and quench."""
    cooling_rate: float
    """Of glasses by melt and quench, K/s; NaN for others."""
    units: UnitSystem
    """The unit set, whose threshold decides what a two-level system is."""
    medium: Medium
    """Density and moduli of these glasses."""
    n_glasses: int
    """Explored glasses, those without double wells among them."""
    double_wells: int
    """Distinct ones."""
    two_level_systems: int
    """Distinct ones: E below the threshold of the unit set, resolved, no single well."""
    density: TlsDensity
    """n_0."""
    strength: TunnelingStrength
    """C_l and C_t."""
    temperatures: Array
    """(M,), low ones."""
    specific_heat: EstimatedCurve
    """C/V summed over all double wells whose splitting is resolved, k_B per volume."""
    linear_specific_heat: EstimatedCurve
    """The same by n_0: (pi^2/6) n_0 T."""
    conductivity: Array
    """(M,), thermal conductivity of the standard model; NaN without two-level systems."""
    parameters: ParameterDensity
    """P(Delta, Delta_0) of the two-level systems."""
    friction_temperatures: Array
    """(M,), those of the internal friction."""
    omega: float
    """Angular frequency of the internal friction."""
    friction: EstimatedFriction
    """Q^-1 summed over isolated double wells."""
    network: EstimatedFriction | None
    """Q^-1 of the networks of all minima, their largest connected parts; None without any."""
    network_temperatures: Array
    """(L,), those at which it is known, some of `friction_temperatures`."""
    network_minima: int
    """Minima in these parts, of all glasses."""
    systems: tuple[SystemRelaxation, ...]
    """The two-level systems one by one."""

    @property
    def preparation(self) -> float:
        """What tells these glasses from others: T_f, or the rate of cooling in K/s."""
        is_quenched = math.isnan(self.preparation_temperature)
        return self.cooling_rate if is_quenched else self.preparation_temperature

    @property
    def label(self) -> str:
        """The same in words."""
        is_quenched = math.isnan(self.preparation_temperature)
        return f"{self.preparation:g} K/s" if is_quenched else f"T_f = {self.preparation:g}"


def observables_of(
    glasses: Sequence[Sequence[WellSummary]],
    volumes: Sequence[float],
    medium: Medium,
    units: UnitSystem,
    *,
    preparation_temperature: float = math.nan,
    cooling_rate: float = math.nan,
    hertz: float = 1e3,
    networks: Sequence[Network] = (),
    attempts: Known | None = None,
    resampling: Resampling = DEFAULT_RESAMPLING,
) -> Observables:
    """All observables of some glasses.

    Attempt frequencies are those along the path (`frequency_a`, `frequency_b` of a double well),
    unless better ones are given.

    Parameters
    ----------
    glasses
        For each glass its double wells, with their deformation potentials and, under the unit
        set, their splittings; a glass without any counts.
    volumes
        Of the glasses.
    medium
        Their elastic moduli.
    units
        The unit set.
    preparation_temperature
        Of the glasses, reduced.
    cooling_rate
        In its place for glasses by melt and quench, K/s.
    hertz
        Frequency of the internal friction, omega / (2 pi) in hertz.
    networks
        Of the glasses that have one (`network_of`).
    attempts
        Those of all modes (`attempt_frequencies`) by the name of the glass and the number of the
        double well, where they are known.
    resampling
        Of the error bars.

    Raises
    ------
    InputError
        For no glass, double wells without deformation potential, and unless either a preparation
        temperature or a cooling rate is given.
    """
    if len(glasses) == 0 or len(glasses) != len(volumes):
        raise InputError(
            f"there are {len(glasses)} glasses and {len(volumes)} volumes, expected one volume for "
            f"each of at least one glass"
        )
    omega = 2 * math.pi * positive("hertz", hertz) * units.time_second
    tunneling = [_distinct([w for w in g if w.tunnels(units.name)]) for g in glasses]
    active = [
        _distinct([w for w in g if w.tunnels(units.name) and w.splittings[units.name].is_two_level])
        for g in glasses
    ]
    hopping = [_distinct([w for w in g if can_hop(w)]) for g in glasses]
    states = [states_of(g, v, units) for g, v in zip(active, volumes, strict=True)]
    every = [states_of(g, v, units) for g, v in zip(tunneling, volumes, strict=True)]
    wells = [wells_of(g, v, attempts or {}) for g, v in zip(hopping, volumes, strict=True)]
    temperatures = units.energy_from_kelvin(np.geomspace(*KELVIN, POINTS))
    warm = _friction_temperatures(preparation_temperature, cooling_rate, units)
    sparse = warm[::NETWORK_EVERY]
    parts = [largest_part(network) for network in networks]
    density = tls_density([s.splitting for s in states], volumes, units, resampling=resampling)
    strength = tunneling_strength(states, medium, units.tls_threshold, resampling)
    both = (strength.longitudinal.value, strength.transverse.value)
    limit = units.tls_threshold
    return Observables(
        preparation_temperature=preparation_temperature,
        cooling_rate=cooling_rate,
        units=units,
        medium=medium,
        n_glasses=len(glasses),
        double_wells=sum(map(len, hopping)),
        two_level_systems=sum(map(len, active)),
        density=density,
        strength=strength,
        temperatures=temperatures,
        specific_heat=specific_heat(every, temperatures, resampling),
        linear_specific_heat=_linear(density, temperatures),
        conductivity=thermal_conductivity(both, medium, units.reduced_hbar, temperatures)
        if min(both) > 0
        else np.full(POINTS, np.nan),
        parameters=parameter_density(
            states,
            np.linspace(0, limit, CELLS + 1),
            np.geomspace(limit / 10**AMPLITUDE_DECADES, limit, CELLS + 1),
            resampling,
        ),
        friction_temperatures=warm,
        omega=omega,
        friction=internal_friction(wells, medium, warm, omega, resampling),
        network=_network(parts, sum(volumes), medium, sparse, omega, resampling) if parts else None,
        network_temperatures=sparse,
        network_minima=sum(len(part.energies) for part in parts),
        systems=tuple(
            system
            for g, v in zip(active, volumes, strict=True)
            for system in systems_of(g, v, medium, units, attempts or {})
        ),
    )


def _friction_temperatures(temperature: float, rate: float, units: UnitSystem) -> Array:
    if math.isnan(temperature) == math.isnan(rate):
        raise InputError(
            f"preparation_temperature is {temperature} and cooling_rate {rate}, expected one of "
            f"the two"
        )
    if math.isnan(temperature):
        kelvin: Array = units.energy_from_kelvin(np.geomspace(*QUENCHED_KELVIN, FRICTION_POINTS))
        return kelvin
    first, last = FRICTION_FRACTIONS
    reduced: Array = np.geomspace(first * temperature, last * temperature, FRICTION_POINTS)
    return reduced


def _distinct(wells: Sequence[WellSummary]) -> list[WellSummary]:
    """The first of each kind among these double wells of one glass."""
    return [w for k, (w, of) in enumerate(zip(wells, duplicates(wells), strict=True)) if k == of]


def _network(
    parts: Sequence[Network],
    volume: float,
    medium: Medium,
    temperatures: Array,
    omega: float,
    resampling: Resampling,
) -> EstimatedFriction:
    """Q^-1 of all glasses together: those without a network lose nothing, but have a volume.

    NaN at temperatures where rounding hides the slow rates of one of them.
    """
    volumes = [part.volume for part in parts]
    found = [network_friction(part, medium, temperatures, omega) for part in parts]
    fraction = sum(volumes) / volume

    def curve(name: str) -> EstimatedCurve:
        terms = np.array([getattr(f, name) * v for f, v in zip(found, volumes, strict=True)])
        known = np.isfinite(terms).all(axis=0)
        entries = [np.where(known, row, 0.0)[None] for row in terms]
        summed = sum_per_volume(entries, volumes, resampling)
        return summed.scaled(np.where(known, fraction, np.nan))

    return EstimatedFriction(longitudinal=curve("longitudinal"), transverse=curve("transverse"))


def _linear(density: TlsDensity, temperatures: Array) -> EstimatedCurve:
    n0 = density.reduced
    ones = np.ones(len(temperatures))
    return EstimatedCurve(
        value=n0.value * ones,
        low=n0.low * ones,
        high=n0.high * ones,
        error=n0.error * ones,
        n_glasses=n0.n_glasses,
        n_entries=n0.n_entries,
        basis=n0.basis,
    ).scaled(math.pi**2 / 6 * temperatures)
