"""What experiments would measure of the shipped two-level systems, as tables in Markdown.

    python scripts/library_observables.py

The library holds those that are two-level systems under some unit set and some continuation; a
system counts here under a unit set if it is one under its own continuation. There is a table for
each preparation temperature. Glasses without any count with their volumes. The double wells that
are no two-level systems are not all in the library, so that neither internal friction nor the
specific heat above the threshold is told.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

import numpy as np

import glasswells as gw
from glasswells.observables import Medium, numbers, observables_of
from glasswells.statistics import WellSummary
from glasswells.tunneling import UNIT_SETS

LEFT_OUT = ("internal_friction_longitudinal", "internal_friction_transverse", "specific_heat")
MOST_MINIMA = 4
"""Moduli are those of one inherent structure of each of so many glasses."""


def systems_of(temperature: str) -> list[gw.LibraryWell]:
    """Those of glasses that were prepared at this temperature."""
    every = [gw.two_level_system(k) for k in range(len(gw.two_level_systems()))]
    return [each for each in every if f"{each.preparation_temperature:g}" == temperature]


def summaries(systems: list[gw.LibraryWell], glasses: int) -> list[list[WellSummary]]:
    """The systems of each glass, with their couplings; empty for glasses without any."""
    found: defaultdict[bytes, list[WellSummary]] = defaultdict(list)
    for number, system in enumerate(systems):
        particles = system.minimum_a.diameters.tobytes()
        found[particles].append(replace(system.summary, number=number))
    return [*found.values(), *([] for _ in range(glasses - len(found)))]


def medium(systems: list[gw.LibraryWell]) -> Medium:
    """Moduli of minima A of some glasses."""
    model = gw.SoftSpheres()
    minima = {each.minimum_a.diameters.tobytes(): each.minimum_a for each in systems}
    some = list(minima.values())[:MOST_MINIMA]
    density = float(np.mean([m.density for m in some]))
    return Medium.of([gw.elastic_moduli(model, m) for m in some], density)


def print_table(temperature: str, n_glasses: int) -> None:
    """The observables of the glasses of one temperature."""
    systems = systems_of(temperature)
    print(f"\n{temperature}: {len(systems)} systems in {n_glasses} glasses\n")
    if not systems:
        return
    glasses, around = summaries(systems, n_glasses), medium(systems)
    volume = float(np.prod(systems[0].minimum_a.box))
    names = list(systems[0].splittings)
    units = [u for u in UNIT_SETS.values() if u.name in names]
    found = [
        observables_of(
            glasses,
            [volume] * n_glasses,
            around,
            each,
            preparation_temperature=float(temperature),
        )
        for each in units
    ]
    print("| observable | unit |", " | ".join(each.name for each in units), "|")
    print("| --- " * (2 + len(units)) + "|")
    print("| two-level systems | |", " | ".join(str(o.two_level_systems) for o in found), "|")
    for row in zip(*(numbers(o) for o in found), strict=True):
        if row[0].name not in LEFT_OUT:
            print(f"| {row[0].name} | {row[0].unit} |", " | ".join(n.text for n in row), "|")


def main() -> None:
    """Print the tables."""
    for temperature, n_glasses in gw.library_edition().glasses.items():
        print_table(temperature, n_glasses)


if __name__ == "__main__":
    main()
