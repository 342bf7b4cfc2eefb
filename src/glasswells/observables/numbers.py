"""The observables as numbers in the units of a laboratory."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from glasswells.observables.summary import Observables
from glasswells.statistics import Estimate

SHOWN_KELVIN = 0.1
"""Where temperature-dependent observables are quoted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Observable:
    """One number, its unit and what it is."""

    name: str
    """snake_case, as in tables and JSON."""
    unit: str
    """SI or laboratory unit; empty for plain numbers."""
    meaning: str
    """In one phrase."""
    value: Estimate | float | None
    """None where there is nothing to compute it from."""
    measured: str = ""
    """What experiments find, with its source, where that is certain."""

    @property
    def text(self) -> str:
        """The value, with its interval if it has one."""
        if isinstance(self.value, Estimate):
            return self.value.text()
        return "-" if self.value is None or math.isnan(self.value) else f"{self.value:.3g}"


TUNNELING_STRENGTH_MEASURED = "tunneling strength near 3e-4 in most glasses (arXiv:1909.09258)"


def numbers(found: Observables) -> tuple[Observable, ...]:
    """Numbers under the unit set of the observables, in the order of tables."""
    return (*_sound(found), *_strength(found), *_cold(found), *_relaxation(found))


def _sound(found: Observables) -> Iterator[Observable]:
    units, medium = found.units, found.medium
    for wave, modulus, speed in (
        ("longitudinal", medium.longitudinal, medium.longitudinal_speed),
        ("transverse", medium.transverse, medium.transverse_speed),
    ):
        yield Observable(
            name=f"{wave}_modulus",
            unit="GPa",
            meaning=f"rho v^2 of {wave} waves, mean of some inherent structures",
            value=units.pressure_gigapascal(modulus),
        )
        yield Observable(
            name=f"{wave}_speed",
            unit="m/s",
            meaning=f"speed of {wave} waves",
            value=units.speed_meter_per_second(speed),
        )


def _strength(found: Observables) -> Iterator[Observable]:
    units, strength = found.units, found.strength
    yield Observable(
        name="n_0",
        unit="1/(J m^3)",
        meaning="density of two-level systems per energy and volume, E below the threshold",
        value=found.density.si,
    )
    yield Observable(
        name="tunneling_density",
        unit="1/(J m^3)",
        meaning="P of the standard model with the same resonant response",
        value=strength.density.scaled(units.density_unit) if found.systems else None,
    )
    for wave, value in (
        ("longitudinal", strength.longitudinal),
        ("transverse", strength.transverse),
    ):
        gammas = [getattr(system, f"gamma_{wave}") for system in found.systems]
        yield Observable(
            name=f"gamma_{wave}",
            unit="eV",
            meaning=f"mean coupling gamma = g/2 of two-level systems to {wave} waves",
            value=units.energy_electronvolt(float(np.mean(gammas))) if gammas else None,
        )
        yield Observable(
            name=f"tunneling_strength_{wave}",
            unit="",
            meaning=f"C = P gamma^2/(rho v^2) of {wave} waves",
            value=value if found.systems else None,
            measured=TUNNELING_STRENGTH_MEASURED,
        )
    for name, exponent, meaning in (
        ("asymmetry_exponent", found.parameters.asymmetry_exponent, "a of p(Delta) ~ Delta^a"),
        (
            "amplitude_exponent",
            found.parameters.amplitude_exponent,
            "b of p(ln Delta_0) ~ Delta_0^b",
        ),
    ):
        yield Observable(
            name=name, unit="", meaning=f"{meaning}; 0 in the standard model", value=exponent
        )


def _cold(found: Observables) -> Iterator[Observable]:
    units = found.units
    kelvin = units.energy_kelvin(found.temperatures)
    place = int(np.argmin(np.abs(np.log(kelvin / SHOWN_KELVIN))))
    at = f"at {kelvin[place]:.3g} K"
    factor = float(units.specific_heat_joule(1.0))
    yield Observable(
        name="specific_heat",
        unit="J/(K m^3)",
        meaning=f"of all resolved splittings, summed, {at}",
        value=found.specific_heat.at(place).scaled(factor),
    )
    yield Observable(
        name="specific_heat_of_n_0",
        unit="J/(K m^3)",
        meaning=f"(pi^2/6) n_0 k_B^2 T, {at}",
        value=found.linear_specific_heat.at(place).scaled(factor),
    )
    yield Observable(
        name="thermal_conductivity",
        unit="W/(K m)",
        meaning=f"of the standard model with C_l and C_t, as T^2, {at}",
        value=float(units.conductivity_watt(found.conductivity[place])),
    )


def _relaxation(found: Observables) -> Iterator[Observable]:
    units = found.units
    times = [units.time_second / s.rate_at_zero for s in found.systems if s.rate_at_zero > 0]
    crossings = [s.crossover_temperature for s in found.systems]
    crossings = [units.energy_kelvin(t) for t in crossings if not math.isnan(t)]
    yield Observable(
        name="one_phonon_time",
        unit="s",
        meaning="median of the two-level systems, for T -> 0",
        value=float(np.median(times)) if times else None,
    )
    yield Observable(
        name="crossover_temperature",
        unit="K",
        meaning="where activation becomes as fast as one phonon, median",
        value=float(np.median(crossings)) if crossings else None,
    )
    hertz = found.omega / (2 * math.pi * units.time_second)
    for wave in ("longitudinal", "transverse"):
        curve = getattr(found.friction, wave)
        top = int(np.argmax(curve.value))
        kelvin = units.energy_kelvin(float(found.friction_temperatures[top]))
        yield Observable(
            name=f"internal_friction_{wave}",
            unit="",
            meaning=f"largest Q^-1 at {hertz:.3g} Hz of activated double wells, at {kelvin:.3g} K",
            value=curve.at(top),
        )
