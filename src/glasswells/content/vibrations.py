"""What a report shows of vibrations in full: one spectrum, a few fields, a few tangents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glasswells.core.records import Array, Configuration, freeze
from glasswells.modes.spectrum import QUASILOCALIZED, QuasilocalizedLimits
from glasswells.statistics import WellVibrationColumns
from glasswells.vibrations.records import MinimumVibrations, WellVibrations


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ShownSpectrum:
    """The normal modes of one inherent structure."""

    glass: str
    preparation_temperature: float
    n_particles: int
    vibrations: MinimumVibrations


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ShownVibrations:
    """A double well whose fields or tangents are shown."""

    title: str
    """Why it was chosen."""
    glass: str
    number: int
    preparation_temperature: float
    splitting: float
    """E under the first unit set; NaN if it is not resolved."""
    minimum_a: Configuration
    displacement_ab: Array
    """r_AB (N, 3)."""
    vibrations: WellVibrations

    def __post_init__(self) -> None:
        freeze(self, displacement_ab=self.displacement_ab)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class VibrationContent:
    """Beside the columns of each glass."""

    rho: float
    """Distance from A at which r_12 and the frequency along the path are taken."""
    limits: QuasilocalizedLimits = QUASILOCALIZED
    """Of quasilocalized modes, as they were searched."""
    spectrum: ShownSpectrum | None = None
    fields: tuple[ShownVibrations, ...] = ()
    """Double wells whose modes are drawn beside r_AB."""
    tangents: tuple[ShownVibrations, ...] = ()
    """Double wells whose tangents are drawn as a function of the distance."""


Choice = tuple[str, str, int]
"""Title, glass and number of a double well."""


def choose_fields(glasses: Sequence[tuple[str, WellVibrationColumns]]) -> list[Choice]:
    """Where the cubic mode seeded by r_AB gains most on the best linear mode, and the median."""
    gains = [
        (float(gain), name, int(number))
        for name, g in glasses
        for gain, number in zip(
            g.seeds["displacement_ab"].overlap - g.directions["displacement_ab"].overlap,
            g.wells,
            strict=True,
        )
        if np.isfinite(gain)
    ]
    gains.sort(reverse=True)
    if not gains:
        return []
    chosen = [("largest gain of the nonlinear mode", *gains[0][1:])]
    if len(gains) > 1:
        chosen.append(("median gain of the nonlinear mode", *gains[len(gains) // 2][1:]))
    return chosen


def choose_tangents(
    glasses: Sequence[tuple[str, WellVibrationColumns]], units: str
) -> list[Choice]:
    """Smallest and median splitting among the double wells whose tangents were studied."""
    studied = []
    for name, g in glasses:
        splitting = dict(
            zip(g.wells, g.splittings.get(units, np.full(len(g), np.nan)), strict=True)
        )
        studied += [(float(splitting[t.well]), name, t.well) for t in g.tangents]
    solved = sorted(item for item in studied if np.isfinite(item[0]))
    if not solved:
        return [("first of those studied", *item[1:]) for item in studied[:1]]
    chosen = [(f"smallest splitting of those studied, {units}", *solved[0][1:])]
    if len(solved) > 1:
        middle = solved[len(solved) // 2]
        chosen.append((f"median splitting of those studied, {units}", *middle[1:]))
    return chosen


def splitting_of(glass: WellVibrationColumns, number: int, units: str) -> float:
    """E of a double well under a unit set; NaN if it is not resolved."""
    place = np.flatnonzero(glass.wells == number)
    column = glass.splittings.get(units)
    return float(column[place[0]]) if column is not None and len(place) else float("nan")
