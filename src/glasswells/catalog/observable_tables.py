"""The observables of a campaign as tables: numbers, curves, two-level systems."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from glasswells.core.errors import InputError
from glasswells.core.whole_file import whole_file
from glasswells.observables.numbers import numbers
from glasswells.observables.summary import Observables
from glasswells.statistics import Estimate, EstimatedCurve
from glasswells.store.errors import StoreError

Rows = list[dict[str, Any]]


def number_rows(found: Sequence[Observables]) -> Rows:
    """One row for each number of each preparation temperature and unit set."""
    return [
        {
            **_place(each),
            "observable": number.name,
            **_estimate(number.value),
            "unit": number.unit,
            "meaning": number.meaning,
            "measured": number.measured,
        }
        for each in found
        for number in numbers(each)
    ]


def cold_rows(found: Sequence[Observables]) -> Rows:
    """Specific heat and thermal conductivity over temperature, SI."""
    rows = []
    for each in found:
        heat = each.specific_heat.scaled(each.units.specific_heat_joule(1.0))
        linear = each.linear_specific_heat.scaled(each.units.specific_heat_joule(1.0))
        for k, t in enumerate(each.temperatures):
            conductivity = each.units.conductivity_watt(float(each.conductivity[k]))
            rows.append(
                {
                    **_place(each),
                    "temperature_kelvin": float(each.units.energy_kelvin(t)),
                    **_curve("specific_heat", heat, k),
                    **_curve("specific_heat_of_n_0", linear, k),
                    "thermal_conductivity": _finite(conductivity),
                }
            )
    return rows


def friction_rows(found: Sequence[Observables]) -> Rows:
    """Internal friction over temperature: the sum over double wells, and at some the network."""
    rows = []
    for each in found:
        hertz = each.omega / (2 * math.pi * each.units.time_second)
        for k, t in enumerate(each.friction_temperatures):
            row: dict[str, Any] = {
                **_place(each),
                "hertz": hertz,
                "temperature_kelvin": float(each.units.energy_kelvin(t)),
                "temperature": float(t),
            }
            solved = np.flatnonzero(each.network_temperatures == t)
            network = each.network if len(solved) else None
            for name, friction, place in (
                ("sum", each.friction, k),
                ("network", network, solved[0] if len(solved) else 0),
            ):
                for wave in ("longitudinal", "transverse"):
                    curve = None if friction is None else getattr(friction, wave)
                    row |= _curve(f"{name}_{wave}", curve, place)
            rows.append(row)
    return rows


def system_rows(found: Sequence[Observables]) -> Rows:
    """Each two-level system: its couplings and how it relaxes."""
    rows = []
    for each in found:
        units = each.units
        for system in each.systems:
            crossing = system.crossover_temperature
            rows.append(
                {
                    **_place(each),
                    "glass": system.glass,
                    "number": system.number,
                    "splitting_kelvin": units.energy_kelvin(system.splitting),
                    "delta_0_kelvin": units.energy_kelvin(system.amplitude),
                    "gamma_longitudinal_ev": units.energy_electronvolt(system.gamma_longitudinal),
                    "gamma_transverse_ev": units.energy_electronvolt(system.gamma_transverse),
                    "one_phonon_rate_hertz": system.rate_at_zero / units.time_second,
                    "crossover_kelvin": _finite(units.energy_kelvin(crossing)),
                    "crossover_rate_hertz": _finite(system.crossover_rate / units.time_second),
                    "barrier_kelvin": units.energy_kelvin(system.barrier),
                    "well_asymmetry_kelvin": units.energy_kelvin(system.well_asymmetry),
                    "attempts_a_hertz": units.frequency_hertz(system.attempt_a),
                    "attempts_b_hertz": units.frequency_hertz(system.attempt_b),
                    "attempts_of": "all modes" if system.has_all_modes else "path",
                }
            )
    return rows


def write_observables(found: Sequence[Observables], folder: Path) -> list[Path]:
    """Write the four tables as CSV: numbers, cold, internal friction, two-level systems.

    Raises
    ------
    InputError
        If the folder is a file.
    StoreError
        If it cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file, expected a folder, or a name that is free")
    tables = {
        "observables": number_rows(found),
        "specific_heat": cold_rows(found),
        "internal_friction": friction_rows(found),
        "two_level_systems": system_rows(found),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_write(folder / f"{name}.csv", rows) for name, rows in tables.items()]
    except OSError as error:
        raise StoreError(
            f"{folder} cannot be written ({error.strerror}): check free space and permissions"
        ) from error


def _write(path: Path, rows: Rows) -> Path:
    with whole_file(path) as draft, draft.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["preparation_temperature"])
        writer.writeheader()
        writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    return path


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.10g}" if isinstance(value, float | np.floating) else str(value)


def _place(found: Observables) -> dict[str, Any]:
    return {
        "preparation_temperature": _finite(found.preparation_temperature),
        "cooling_rate_kelvin_per_second": _finite(found.cooling_rate),
        "units": found.units.name,
        "glasses": found.n_glasses,
        "two_level_systems": found.two_level_systems,
    }


def _estimate(value: Estimate | float | None) -> dict[str, Any]:
    if isinstance(value, Estimate):
        numbers_of = asdict(value)
        return {name: _finite(numbers_of[name]) for name in ("value", "low", "high", "error")} | {
            "basis": value.basis
        }
    number = None if value is None else _finite(float(value))
    return {"value": number, "low": None, "high": None, "error": None, "basis": ""}


def _curve(name: str, curve: EstimatedCurve | None, place: int) -> dict[str, float | None]:
    ends = (("", "value"), ("_low", "low"), ("_high", "high"))
    return {
        f"{name}{suffix}": None if curve is None else _finite(getattr(curve, column)[place])
        for suffix, column in ends
    }


def _finite(value: Any) -> float | None:
    """The number; None, which JSON knows, in place of NaN."""
    return float(value) if math.isfinite(value) else None
