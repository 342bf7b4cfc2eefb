"""What experiments would measure of the shipped two-level systems, as a table in Markdown.

    python scripts/library_observables.py

The library holds those of ten glasses of 0.07 that are two-level systems under some unit set and
some continuation; a system counts here under a unit set if it is one under its own continuation.
Glasses without any count with their volumes. The double wells that are no two-level systems are not
in the library, so that neither internal friction nor the specific heat above the threshold is told.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

import glasswells as gw
from glasswells.observables import Medium, numbers, observables_of
from glasswells.statistics import WellSummary, summarize_well
from glasswells.tunneling import UNIT_SETS

GLASSES = 10
TEMPERATURE = 0.07
LEFT_OUT = ("internal_friction_longitudinal", "internal_friction_transverse", "specific_heat")


def summaries() -> dict[str, list[WellSummary]]:
    """The systems of each glass, with their couplings."""
    model = gw.SoftSpheres()
    found: defaultdict[str, list[WellSummary]] = defaultdict(list)
    for k in range(len(gw.two_level_systems())):
        system = gw.two_level_system(k)
        found[system.glass].append(
            summarize_well(
                system.double_well,
                system.glass,
                k,
                system.splittings,
                deformation_potential=gw.deformation_potential(model, system.double_well),
            )
        )
    return found


def medium() -> Medium:
    """Moduli of one inherent structure of each of four glasses."""
    model = gw.SoftSpheres()
    minima = [
        gw.minimize(model, gw.glass(TEMPERATURE, k).configuration).configuration for k in range(4)
    ]
    density = float(np.mean([m.n_particles / np.prod(m.box) for m in minima]))
    return Medium.of([gw.elastic_moduli(model, m) for m in minima], density)


def main() -> None:
    """Print the table."""
    wells = summaries()
    glasses = [wells.get(f"t0p07-{k}", []) for k in range(GLASSES)]
    volume = float(np.prod(gw.glass(TEMPERATURE, 0).configuration.box))
    names = list(gw.two_level_system(0).splittings)
    units = [u for u in UNIT_SETS.values() if u.name in names]
    found = [
        observables_of(
            glasses, [volume] * GLASSES, medium(), each, preparation_temperature=TEMPERATURE
        )
        for each in units
    ]
    print("| observable | unit |", " | ".join(each.name for each in units), "|")
    print("| --- " * (2 + len(units)) + "|")
    print("| two-level systems | |", " | ".join(str(o.two_level_systems) for o in found), "|")
    for row in zip(*(numbers(o) for o in found), strict=True):
        if row[0].name not in LEFT_OUT:
            print(f"| {row[0].name} | {row[0].unit} |", " | ".join(n.text for n in row), "|")


if __name__ == "__main__":
    main()
