"""One double well, one row: the columns of every table of double wells, declared in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from glasswells.core.checks import count
from glasswells.mechanics.averages import longitudinal_square, transverse_square
from glasswells.statistics.duplicates import duplicates
from glasswells.statistics.splitting_columns import SPLITTING_COLUMNS
from glasswells.statistics.well_numbers import NOT_SHOWN, NUMBERS, Shown, WellNumber
from glasswells.statistics.well_summary import WellSummary
from glasswells.tunneling.units import UnitSystem

MOVER_FRACTION = 0.5
"""A particle moves if its displacement is at least this fraction of the largest one."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class WellRow:
    """What one row of a table is about."""

    preparation_temperature: float
    well: WellSummary
    key: str = ""
    """Name of the double well in its campaign; empty for one that comes from elsewhere."""
    repeats: int = -1
    """Number in its glass of the double well whose core this one repeats, its own if none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A quantity of a double well."""

    name: str
    """Heading, snake_case; that of a quantity of a unit set ends in the set's name."""
    unit: str
    """Empty for words and plain numbers."""
    meaning: str
    value: Callable[[WellRow], Any]
    shown: Shown = field(default=NOT_SHOWN)

    def of(self, well: WellSummary) -> float:
        """A number as figures show it."""
        value = float(self.value(WellRow(preparation_temperature=np.nan, well=well)))
        return abs(value) if self.shown.is_magnitude else value


def _column_of(number: WellNumber) -> Column:
    def value(row: WellRow) -> float:
        return row.well.numbers.get(number.name, np.nan)

    return Column(
        name=number.name,
        unit=number.unit,
        meaning=number.meaning,
        value=value,
        shown=number.shown,
    )


COLUMNS: tuple[Column, ...] = (
    Column(
        name="key",
        unit="",
        meaning="name of the double well, the same in every table and for `glasswells extract`",
        value=lambda row: row.key,
    ),
    Column(
        name="preparation_temperature",
        unit="epsilon/k_B",
        meaning="T_f, at which the liquid was equilibrated",
        value=lambda row: row.preparation_temperature,
    ),
    Column(
        name="glass",
        unit="",
        meaning="name of the glass in its campaign",
        value=lambda row: row.well.glass,
    ),
    Column(
        name="number",
        unit="",
        meaning="of the double well in its glass, from 0",
        value=lambda row: row.well.number,
    ),
    Column(
        name="repeats",
        unit="",
        meaning="number in its glass of the double well whose core this one repeats, its own if "
        "it is the first: rows with number = repeats are the distinct ones",
        value=lambda row: row.repeats,
    ),
    Column(
        name="barrier_a",
        unit="epsilon",
        meaning="V(saddle) - V(A)",
        value=lambda row: row.well.barrier,
    ),
    Column(
        name="barrier_b",
        unit="epsilon",
        meaning="V(saddle) - V(B)",
        value=lambda row: row.well.barrier - row.well.asymmetry,
    ),
    Column(
        name="barrier_from_upper",
        unit="epsilon",
        meaning="V(saddle) less the higher of V(A) and V(B)",
        value=lambda row: row.well.barrier_from_upper,
        shown=Shown(
            title="Barrier from the upper minimum",
            axis=r"$V_b\,/\,\epsilon$, from the upper minimum",
            correlated_as="barrier from the upper minimum",
            is_logarithmic=True,
        ),
    ),
    Column(
        name="barrier_from_lower",
        unit="epsilon",
        meaning="V(saddle) less the lower of V(A) and V(B)",
        value=lambda row: row.well.barrier_from_lower,
        shown=Shown(
            title="Barrier from the lower minimum",
            axis=r"$V_b\,/\,\epsilon$, from the lower minimum",
            correlated_as="barrier from the lower minimum",
            is_logarithmic=True,
        ),
    ),
    Column(
        name="asymmetry",
        unit="epsilon",
        meaning="V(B) - V(A)",
        value=lambda row: row.well.asymmetry,
        shown=Shown(
            title="Asymmetry",
            axis=r"$|V_B - V_A|\,/\,\epsilon$",
            correlated_as="|asymmetry|",
            is_logarithmic=True,
            is_magnitude=True,
        ),
    ),
    Column(
        name="distance",
        unit="sigma",
        meaning="d = |r_AB|, minimum image, drift removed",
        value=lambda row: row.well.distance,
        shown=Shown(
            title="Distance of the two minima",
            axis=r"$d\,/\,\sigma$",
            correlated_as="distance",
        ),
    ),
    Column(
        name="path_length",
        unit="sigma sqrt(m)",
        meaning="arc length of the steepest-descent path from A over the saddle to B",
        value=lambda row: row.well.path_length,
    ),
    Column(
        name="participation_number",
        unit="",
        meaning="PR_DW = (sum u^2)^2 / sum u^4 of r_AB, not divided by N",
        value=lambda row: row.well.participation_number,
        shown=Shown(
            title="Participation number",
            axis=r"participation number $\mathrm{PR_{DW}}$",
            correlated_as="participation number",
            is_logarithmic=True,
        ),
    ),
    Column(
        name="frequency_a",
        unit="sqrt(epsilon/m)/sigma",
        meaning="square root of the curvature of the path in A, at rho",
        value=lambda row: row.well.frequency_a,
        shown=Shown(correlated_as="frequency in A along the path"),
    ),
    Column(
        name="frequency_b",
        unit="sqrt(epsilon/m)/sigma",
        meaning="the same in B",
        value=lambda row: row.well.frequency_b,
    ),
    Column(
        name="gamma_longitudinal",
        unit="epsilon",
        meaning="coupling gamma = g/2 to longitudinal waves, g = d(asymmetry)/d(strain); root mean "
        "square over directions",
        value=lambda row: float(longitudinal_square(row.well.deformation_potential)) ** 0.5 / 2,
    ),
    Column(
        name="gamma_transverse",
        unit="epsilon",
        meaning="the same for transverse waves, by the angle of shear, over polarizations too",
        value=lambda row: float(transverse_square(row.well.deformation_potential)) ** 0.5 / 2,
    ),
    Column(
        name="movers",
        unit="",
        meaning="numbers, from 0, of the particles that move at least half as far as the one that "
        "moves most, most first",
        value=lambda row: " ".join(str(k) for k in movers(row.well)),
    ),
    *map(_column_of, NUMBERS),
)
"""In the order of every table."""

BOND_COLUMNS: tuple[Column, ...] = (
    Column(
        name="mechanism",
        unit="",
        meaning="how bonds change from A to B: none, hop, exchange or other",
        value=lambda row: row.well.mechanism,
    ),
    Column(
        name="bonds_made",
        unit="",
        meaning="bonds that only B has",
        value=lambda row: row.well.bonds_made,
    ),
    Column(
        name="bonds_broken",
        unit="",
        meaning="bonds that only A has",
        value=lambda row: row.well.bonds_broken,
    ),
)
"""After those, in tables of materials with bonds."""


def heading(name: str, units: UnitSystem) -> str:
    """The heading of a column under a unit set, such as `splitting_argon`."""
    return f"{name}_{units.name}".lower().replace("-", "_")


def well_rows(
    preparation_temperature: float,
    wells: Sequence[WellSummary],
    keys: Mapping[int, str] | None = None,
) -> list[WellRow]:
    """Rows of the double wells of one glass, each with the one it repeats.

    Parameters
    ----------
    preparation_temperature
        Of the glass.
    wells
        Its double wells.
    keys
        Their names in their campaign, by their numbers.
    """
    keys = keys or {}
    return [
        WellRow(
            preparation_temperature=preparation_temperature,
            well=well,
            key=keys.get(well.number, ""),
            repeats=wells[first].number,
        )
        for well, first in zip(wells, duplicates(wells), strict=True)
    ]


def well_table(
    rows: Iterable[WellRow], units: Sequence[UnitSystem], more: Sequence[Column] = ()
) -> dict[str, list[Any]]:
    """The table of these double wells: values by heading, a row each, in the order given.

    Parameters
    ----------
    rows
        A row for each double well.
    units
        Unit sets whose splittings are shown.
    more
        Columns besides, such as `BOND_COLUMNS` or `VIBRATION_COLUMNS`.
    """
    found: dict[str, list[Any]] = {name: [] for name, _, _ in column_guide(units, more)}
    for row in rows:
        for column in (*COLUMNS, *more):
            found[column.name].append(column.value(row))
        for each in units:
            solved = row.well.splittings.get(each.name)
            for item in SPLITTING_COLUMNS:
                value = item.missing if solved is None else item.value(solved, each)
                found[heading(item.name, each)].append(value)
    return found


def column_guide(
    units: Sequence[UnitSystem], more: Sequence[Column] = ()
) -> list[tuple[str, str, str]]:
    """Heading, unit and meaning of each column, in order; arguments as for `well_table`."""
    guide = [(column.name, column.unit, column.meaning) for column in (*COLUMNS, *more)]
    for each in units:
        guide += [
            (heading(item.name, each), item.unit, f"{item.meaning}; unit set {each.name}")
            for item in SPLITTING_COLUMNS
        ]
    return guide


def movers(well: WellSummary, fraction: float = MOVER_FRACTION, most: int = 30) -> tuple[int, ...]:
    """Numbers, from 0, of the particles that move between A and B, most first.

    Those whose displacement is at least `fraction` of the largest one, at most as many as a summary
    keeps.
    """
    lengths = np.linalg.norm(well.core_displacements, axis=1)
    chosen = np.flatnonzero(lengths >= fraction * lengths[0])[: count("most", most, minimum=1)]
    return tuple(int(well.core_particles[k]) for k in chosen)
