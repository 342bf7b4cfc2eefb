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
from glasswells.mechanics.averages import longitudinal_square, transverse_square
from glasswells.observables.friction import EstimatedFriction, internal_friction
from glasswells.observables.network import largest_part, network_friction
from glasswells.observables.parameters import ParameterDensity, parameter_density
from glasswells.observables.records import Medium, Network, ThermalWells, TwoLevelStates
from glasswells.observables.relaxation import Crossover, crossover, one_phonon_rate
from glasswells.observables.specific_heat import specific_heat
from glasswells.observables.strength import (
    TunnelingStrength,
    thermal_conductivity,
    tunneling_strength,
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
"""Temperatures in each range."""
FRICTION_SHARES = (1e-3, 0.5)
"""Range of the temperatures of internal friction, as shares of the preparation temperature: above,
a glass leaves its minima for good."""
AMPLITUDE_DECADES = 4
"""Below the threshold of a two-level system, in which Delta_0 is counted."""
CELLS = 4
"""Of Delta and of ln Delta_0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SystemRelaxation:
    """How one two-level system relaxes, reduced units."""

    glass: str
    """Name of the glass."""
    number: int
    """Of the double well in its glass."""
    splitting: float
    """E."""
    amplitude: float
    """Delta_0."""
    gamma_longitudinal: float
    """Root mean square of gamma = g/2 over directions."""
    gamma_transverse: float
    """The same for transverse waves, over polarizations too."""
    rate_at_zero: float
    """1/tau by one phonon for T -> 0."""
    crossover_temperature: float
    """Where activation becomes as fast; NaN if it does not."""
    crossover_rate: float
    """1/tau there."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Observables:
    """What experiments would measure, in reduced units; `units` converts.

    Each distinct double well counts once: one core that was met in several backgrounds is one
    system of the glass.
    """

    preparation_temperature: float
    """T_f."""
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
    network_minima: int
    """Minima in these parts, of all glasses."""
    systems: tuple[SystemRelaxation, ...]
    """The two-level systems one by one."""


def observables_of(
    glasses: Sequence[Sequence[WellSummary]],
    volumes: Sequence[float],
    medium: Medium,
    units: UnitSystem,
    *,
    preparation_temperature: float,
    hertz: float = 1e3,
    networks: Sequence[Network] = (),
    resampling: Resampling = DEFAULT_RESAMPLING,
) -> Observables:
    """All observables of some glasses.

    Attempt frequencies are those along the path (`frequency_a`, `frequency_b` of a double well).

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
    hertz
        Frequency of the internal friction, omega / (2 pi) in hertz.
    networks
        Of the glasses that have one (`network_of`).
    resampling
        Of the error bars.

    Raises
    ------
    InputError
        For no glass, and double wells without deformation potential.
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
    hopping = [_distinct([w for w in g if _can_hop(w)]) for g in glasses]
    states = [_states(g, v, units) for g, v in zip(active, volumes, strict=True)]
    every = [_states(g, v, units) for g, v in zip(tunneling, volumes, strict=True)]
    wells = [_wells(g, v) for g, v in zip(hopping, volumes, strict=True)]
    temperatures = units.energy_from_kelvin(np.geomspace(*KELVIN, POINTS))
    coldest, warmest = (share * preparation_temperature for share in FRICTION_SHARES)
    warm = np.geomspace(coldest, warmest, POINTS)
    parts = [largest_part(network) for network in networks]
    density = tls_density([s.splitting for s in states], volumes, units, resampling=resampling)
    strength = tunneling_strength(states, medium, units.tls_threshold, resampling)
    both = (strength.longitudinal.value, strength.transverse.value)
    limit = units.tls_threshold
    return Observables(
        preparation_temperature=preparation_temperature,
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
        network=_network(parts, sum(volumes), medium, warm, omega, resampling) if parts else None,
        network_minima=sum(len(part.energies) for part in parts),
        systems=tuple(
            system
            for g, v in zip(active, volumes, strict=True)
            for system in _systems(g, v, medium, units)
        ),
    )


def _distinct(wells: Sequence[WellSummary]) -> list[WellSummary]:
    """The first of each kind among these double wells of one glass."""
    return [w for k, (w, of) in enumerate(zip(wells, duplicates(wells), strict=True)) if k == of]


def _can_hop(well: WellSummary) -> bool:
    """Whether there are a barrier and attempts from both sides."""
    return well.barrier_from_upper > 0 and min(well.frequency_a, well.frequency_b) > 0


def _tensors(wells: Sequence[WellSummary]) -> Array:
    tensors = np.array([w.deformation_potential for w in wells]).reshape(-1, 3, 3)
    if np.isnan(tensors).any():
        raise InputError(
            "a double well has no deformation_potential, expected one for each: summarize it with "
            "that of gw.deformation_potential"
        )
    return tensors


def _states(wells: Sequence[WellSummary], volume: float, units: UnitSystem) -> TwoLevelStates:
    solved = [w.splittings[units.name] for w in wells]
    tensors = _tensors(wells)
    return TwoLevelStates(
        volume=volume,
        splitting=np.array([s.splitting for s in solved], dtype=np.float64),
        amplitude=np.array([abs(s.tunneling_amplitude) for s in solved], dtype=np.float64),
        longitudinal2=longitudinal_square(tensors),
        transverse2=transverse_square(tensors),
    )


def _wells(wells: Sequence[WellSummary], volume: float) -> ThermalWells:
    tensors = _tensors(wells)
    columns = {
        name: np.array([getattr(w, of) for w in wells], dtype=np.float64)
        for name, of in (
            ("barrier", "barrier"),
            ("asymmetry", "asymmetry"),
            ("attempt_a", "frequency_a"),
            ("attempt_b", "frequency_b"),
        )
    }
    return ThermalWells(
        volume=volume,
        **columns,
        longitudinal2=longitudinal_square(tensors),
        transverse2=transverse_square(tensors),
    )


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


def _systems(
    wells: Sequence[WellSummary], volume: float, medium: Medium, units: UnitSystem
) -> list[SystemRelaxation]:
    if not wells:
        return []
    states = _states(wells, volume, units)
    # So cold that coth(E/2T) is 1.
    cold = one_phonon_rate(states, medium, units.reduced_hbar, [states.splitting.min() / 100])
    hopping = [k for k, well in enumerate(wells) if _can_hop(well)]
    found = crossover(
        states.chosen(hopping),
        _wells([wells[k] for k in hopping], volume),
        medium,
        units.reduced_hbar,
    )
    none = Crossover(temperature=math.nan, rate=math.nan)
    crossings = dict.fromkeys(range(len(wells)), none) | dict(zip(hopping, found, strict=True))
    return [
        SystemRelaxation(
            glass=well.glass,
            number=well.number,
            splitting=float(states.splitting[k]),
            amplitude=float(states.amplitude[k]),
            gamma_longitudinal=math.sqrt(states.longitudinal2[k]) / 2,
            gamma_transverse=math.sqrt(states.transverse2[k]) / 2,
            rate_at_zero=float(cold[k, 0]),
            crossover_temperature=crossings[k].temperature,
            crossover_rate=crossings[k].rate,
        )
        for k, well in enumerate(wells)
    ]
