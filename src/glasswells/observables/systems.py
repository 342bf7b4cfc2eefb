"""The double wells of one glass as the formulas take them, and how two-level systems relax."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from glasswells.core.errors import InputError
from glasswells.core.records import Array
from glasswells.mechanics.averages import longitudinal_square, transverse_square
from glasswells.observables.attempts import AttemptFrequencies
from glasswells.observables.records import Medium, ThermalWells, TwoLevelStates
from glasswells.observables.relaxation import Crossover, crossover, one_phonon_rate
from glasswells.statistics import WellSummary
from glasswells.tunneling.units import UnitSystem

Known = Mapping[tuple[str, int], AttemptFrequencies]
"""Attempt frequencies of all modes by the name of the glass and the number of the double well."""


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
    barrier: float
    """V(S) - V(A)."""
    well_asymmetry: float
    """V(B) - V(A)."""
    attempt_a: float
    """Angular attempt frequency from A: 1/tau of activation follows by `activated_rate`."""
    attempt_b: float
    """From B."""
    has_all_modes: bool
    """Whether attempts are Vineyard's, of all modes, or those along the path."""


def can_hop(well: WellSummary) -> bool:
    """Whether there are a barrier and attempts from both sides."""
    return well.barrier_from_upper > 0 and min(well.frequency_a, well.frequency_b) > 0


def states_of(wells: Sequence[WellSummary], volume: float, units: UnitSystem) -> TwoLevelStates:
    """Splittings and couplings of double wells of one glass."""
    solved = [w.splittings[units.name] for w in wells]
    tensors = _tensors(wells)
    return TwoLevelStates(
        volume=volume,
        splitting=np.array([s.splitting for s in solved], dtype=np.float64),
        amplitude=np.array([abs(s.tunneling_amplitude) for s in solved], dtype=np.float64),
        longitudinal2=longitudinal_square(tensors),
        transverse2=transverse_square(tensors),
    )


def _attempts(well: WellSummary, known: Known) -> tuple[float, float]:
    found = known.get((well.glass, well.number))
    return (well.frequency_a, well.frequency_b) if found is None else (found.a, found.b)


def wells_of(
    wells: Sequence[WellSummary],
    volume: float,
    known: Known,
) -> ThermalWells:
    """Barriers, attempts and couplings of double wells of one glass that can be crossed."""
    tensors = _tensors(wells)
    attempts = np.array([_attempts(w, known) for w in wells]).reshape(-1, 2)
    return ThermalWells(
        volume=volume,
        barrier=np.array([w.barrier for w in wells], dtype=np.float64),
        asymmetry=np.array([w.asymmetry for w in wells], dtype=np.float64),
        attempt_a=attempts[:, 0],
        attempt_b=attempts[:, 1],
        longitudinal2=longitudinal_square(tensors),
        transverse2=transverse_square(tensors),
    )


def systems_of(
    wells: Sequence[WellSummary],
    volume: float,
    medium: Medium,
    units: UnitSystem,
    known: Known,
) -> list[SystemRelaxation]:
    """How the two-level systems of one glass relax, one by one."""
    if not wells:
        return []
    states = states_of(wells, volume, units)
    # So cold that coth(E/2T) is 1.
    cold = one_phonon_rate(states, medium, units.reduced_hbar, [states.splitting.min() / 100])
    hopping = [k for k, well in enumerate(wells) if can_hop(well)]
    found = crossover(
        states.chosen(hopping),
        wells_of([wells[k] for k in hopping], volume, known),
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
            barrier=well.barrier,
            well_asymmetry=well.asymmetry,
            attempt_a=_attempts(well, known)[0],
            attempt_b=_attempts(well, known)[1],
            has_all_modes=(well.glass, well.number) in known,
        )
        for k, well in enumerate(wells)
    ]


def _tensors(wells: Sequence[WellSummary]) -> Array:
    tensors = np.array([w.deformation_potential for w in wells]).reshape(-1, 3, 3)
    if np.isnan(tensors).any():
        raise InputError(
            "a double well has no deformation_potential, expected one for each: summarize it with "
            "that of gw.deformation_potential"
        )
    return tensors
