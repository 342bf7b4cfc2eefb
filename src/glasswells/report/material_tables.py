"""Double wells of a material in kelvin, gigahertz and angstroms, and what their bonds do."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator

import numpy as np

from glasswells.content.records import GlassContent, ReportContent
from glasswells.landscape.mechanism import Mechanism
from glasswells.report.material_words import ANGSTROM
from glasswells.report.tables import Table
from glasswells.statistics import WellSummary, duplicates
from glasswells.tunneling.units import UnitSystem

KELVIN_PER_GIGAHERTZ = 0.04799243
"""h GHz / k_B (CODATA 2018)."""
MEV = 1e3
"""Thousandths of an electronvolt in one."""


def material_tables(content: ReportContent) -> Iterator[Table]:
    """The tables that only materials have."""
    if content.is_material and content.units:
        yield physical_table(content, content.units[0])
    if content.has_bonds:
        yield mechanisms_table(content)


def physical_table(content: ReportContent, units: UnitSystem) -> Table:
    """The distinct double wells, those of the smallest splitting first."""
    found = sorted(_distinct(content), key=lambda item: _order(item[1], units))
    return Table(
        slug="physical_wells",
        title="Double wells in physical units",
        note="Distinct ones, by their splitting, those without tunneling among them. E/h: the "
        "splitting as a frequency. V_b: barriers from the upper and from the lower minimum. "
        "Frequencies are those along the path in A and B, omega over 2 pi. Bonds: made and broken "
        "from A to B.",
        columns=(
            "key", "E (K)", "E/h (GHz)", "|V(B) - V(A)| (K)", "V_b upper (meV)", "V_b lower (meV)",
            f"d ({ANGSTROM})", "PR_DW", "in A (GHz)", "in B (GHz)",
            "mechanism", "bonds",
        ),
        rows=tuple(_row(glass, well, units) for glass, well in found),
    )  # fmt: skip


def _order(well: WellSummary, units: UnitSystem) -> tuple[bool, float]:
    splitting = well.splitting(units.name)
    return math.isnan(splitting), splitting


def _row(glass: GlassContent, well: WellSummary, units: UnitSystem) -> tuple[str, ...]:
    kelvin = float(units.energy_kelvin(well.splitting(units.name)))
    mev = [units.energy_electronvolt(v) * MEV for v in (well.barrier_from_upper,
           well.barrier_from_lower)]  # fmt: skip
    hertz = [units.frequency_hertz(omega) / 1e9 for omega in (well.frequency_a, well.frequency_b)]
    return (
        glass.keys.get(well.number, "-"),
        "-" if math.isnan(kelvin) else f"{kelvin:.3g}",
        "-" if math.isnan(kelvin) else f"{kelvin / KELVIN_PER_GIGAHERTZ:.3g}",
        f"{units.energy_kelvin(abs(well.asymmetry)):.3g}",
        *(f"{value:.3g}" for value in mev),
        f"{units.length_meter(well.distance) * 1e10:.3g}",
        f"{well.participation_number:.3g}",
        *(f"{value:.4g}" for value in hertz),
        well.mechanism or "-",
        f"+{well.bonds_made} -{well.bonds_broken}" if well.mechanism else "-",
    )


def mechanisms_table(content: ReportContent) -> Table:
    """Distinct double wells by what their bonds do."""
    wells = [well for _, well in _distinct(content)]
    counted = Counter(well.mechanism for well in wells)
    rows = []
    for mechanism in Mechanism:
        of_kind = [w for w in wells if w.mechanism == mechanism]
        if of_kind:
            barrier = np.median([w.barrier_from_upper for w in of_kind]) * MEV
            distance = np.median([w.distance for w in of_kind])
            fraction = counted[mechanism] / len(wells)
            rows.append(
                (str(mechanism), str(len(of_kind)), f"{fraction:.2f}", f"{barrier:.3g}",
                 f"{distance:.3g}")
            )  # fmt: skip
    return Table(
        slug="mechanisms",
        title="What the bonds do",
        note="Distinct double wells. none: no bond is made or broken; hop: one atom has part in "
        "all changes, and bonds of it are broken and made; exchange: atoms keep their numbers of "
        "bonds and exchange neighbors; other: anything else. Medians; V_b from the upper minimum.",
        columns=(
            "mechanism", "double wells", "fraction", "V_b (meV)",
            f"d ({ANGSTROM})",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _distinct(content: ReportContent) -> Iterator[tuple[GlassContent, WellSummary]]:
    """The first double well of each core."""
    for p in content.preparations:
        for glass in p.glasses:
            for place, first in enumerate(duplicates(glass.wells)):
                if place == first:
                    yield glass, glass.wells[place]
