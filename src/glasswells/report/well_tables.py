"""Every double well with all its numbers, and those with the smallest splittings for the page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from glasswells.content.records import GlassContent, ReportContent
from glasswells.observables.attempt_columns import attempt_columns
from glasswells.report.tables import Table
from glasswells.statistics.vibration_numbers import VIBRATION_COLUMNS
from glasswells.statistics.well_table import (
    BOND_COLUMNS,
    WellRow,
    column_guide,
    heading,
    well_rows,
    well_table,
)
from glasswells.tunneling.units import UnitSystem

MOST_SMALLEST = 10
"""Rows of the table of smallest splittings."""
MOST_MOVERS = 8
"""Particles named in one of its cells; the CSV file names up to 30."""
RULES_MEANING = "rules that chose a pair whose way passes this double well"


def wells_table(content: ReportContent) -> Table:
    """Every double well with all its numbers, in 17 digits."""
    found = list(_rows(content))
    more = (
        *(BOND_COLUMNS if content.has_bonds else ()),
        *(attempt_columns(content.units) if content.has_attempts else ()),
        *(VIBRATION_COLUMNS if content.vibrations is not None else ()),
    )
    columns = well_table((row for row, _ in found), content.units, more)
    guide = column_guide(content.units, more)
    values = zip(*(columns[name] for name, _, _ in guide), strict=True)
    rules = [_rules(glass, row) for row, glass in found]
    return Table(
        slug="double_wells",
        title="Double wells",
        note="",
        columns=(*(_renamed(name, content) for name, _, _ in guide), "rules"),
        rows=tuple((*map(_text, row), names) for row, names in zip(values, rules, strict=True)),
        is_on_page=False,
        hints=(*(meaning for _, _, meaning in guide), RULES_MEANING),
    )


def _renamed(name: str, content: ReportContent) -> str:
    """The heading of a column: glasses by melt and quench have a rate in place of T_f."""
    is_rate = content.is_quenched and name == "preparation_temperature"
    return "cooling_rate" if is_rate else name


def smallest_table(content: ReportContent) -> Table:
    """The double wells with the smallest splittings of two wells under the first unit set."""
    units = content.units[0] if content.units else None
    rows, left_out, repeats = [], 0, 0
    if units is not None:
        every = [(row, glass) for row, glass in _rows(content) if units.name in row.well.splittings]
        tunneling = [item for item in every if item[0].well.tunnels(units.name)]
        tunneling.sort(key=lambda item: item[0].well.splitting(units.name))
        cores: dict[tuple[str, int], tuple[WellRow, GlassContent]] = {}
        for row, glass in tunneling:
            cores.setdefault((glass.name, row.repeats), (row, glass))
        left_out, repeats = len(every) - len(tunneling), len(tunneling) - len(cores)
        rows = [
            _smallest_row(place, row, glass, units)
            for place, (row, glass) in enumerate([*cores.values()][:MOST_SMALLEST], start=1)
        ]
    meanings = {name: meaning for name, _, meaning in column_guide(content.units)}
    hints = () if units is None else tuple(_hint(column, units, meanings) for column in SHOWN)
    name = "" if units is None else f", unit set {units.name}"
    return Table(
        slug="smallest_splittings",
        title=f"Smallest tunnel splittings{name}",
        note=f"Left out: {left_out} double wells that are single wells in disguise or whose "
        f"splitting is not resolved, and {repeats} that repeat the core of another one in a "
        "different background. Particles are numbered from 0; named are those that move at least "
        "half as far as the one that moves most. V_b: barriers from the upper and from the lower "
        "minimum. `glasswells extract DIR KEY` writes A, saddle, B "
        "and the path of a double well for OVITO; tables/double_wells.csv has every double well.",
        columns=SHOWN,
        rows=tuple(rows),
        hints=hints,
    )


SHOWN = (
    "#", "E (epsilon)", "E (K)", "Delta (epsilon)", "Delta_0 (epsilon)",
    "V_b upper (epsilon)", "V_b lower (epsilon)", "d (sigma)", "PR_DW",
    "particles that move", "T_f", "glass", "rule", "key",
)  # fmt: skip
DECLARED: Mapping[str, str] = {
    "d (sigma)": "distance",
    "PR_DW": "participation_number",
    "particles that move": "movers",
    "T_f": "preparation_temperature",
    "glass": "glass",
    "key": "key",
}
"""Headings on the page of declared columns."""
SOLVED: Mapping[str, str] = {
    "E (epsilon)": "splitting",
    "E (K)": "splitting_kelvin",
    "Delta (epsilon)": "delta",
    "Delta_0 (epsilon)": "delta_0",
}
"""The same of columns of a unit set."""
OTHER_HINTS: Mapping[str, str] = {
    "#": "by E, the smallest first",
    "V_b upper (epsilon)": "barrier: V(saddle) less the higher of V(A) and V(B)",
    "V_b lower (epsilon)": "barrier: V(saddle) less the lower of V(A) and V(B)",
    "rule": RULES_MEANING,
}


def _smallest_row(
    place: int, row: WellRow, glass: GlassContent, units: UnitSystem
) -> tuple[str, ...]:
    values = {name: column[0] for name, column in well_table([row], [units]).items()}
    moving = values["movers"].split()
    more = len(moving) - MOST_MOVERS
    cells = {
        "#": str(place),
        "V_b upper (epsilon)": f"{row.well.barrier_from_upper:.3g}",
        "V_b lower (epsilon)": f"{row.well.barrier_from_lower:.3g}",
        "particles that move": " ".join(moving[:MOST_MOVERS]) + (f" +{more}" if more > 0 else ""),
        "T_f": f"{row.preparation_temperature:g}",
        "d (sigma)": f"{values['distance']:.3g}",
        "PR_DW": f"{values['participation_number']:.3g}",
        "glass": row.well.glass,
        "rule": _rules(glass, row) or "-",
        "key": row.key or "-",
        **{shown: f"{values[heading(name, units)]:.3g}" for shown, name in SOLVED.items()},
    }
    return tuple(cells[column] for column in SHOWN)


def _hint(column: str, units: UnitSystem, meanings: Mapping[str, str]) -> str:
    if column in SOLVED:
        return meanings[heading(SOLVED[column], units)]
    return meanings[DECLARED[column]] if column in DECLARED else OTHER_HINTS[column]


def _rows(content: ReportContent) -> Iterator[tuple[WellRow, GlassContent]]:
    for p in content.preparations:
        for glass in p.glasses:
            for row in well_rows(p.temperature, glass.wells, glass.keys):
                yield row, glass


def _rules(glass: GlassContent, row: WellRow) -> str:
    return " ".join(sorted(glass.rules_by_well.get(row.well.number, ())))


def _text(value: Any) -> str:
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.17g}"
    return str(value)
