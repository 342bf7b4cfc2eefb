"""The two-level systems of a campaign, each solved again by other means, as a CSV table.

    python scripts/check_two_level_systems.py campaigns/two_level two_level_systems.csv

A system is each distinct double well that is a two-level system under some unit set and some
continuation. From A and B alone the path is found anew by the full climbing-image band of 80
images and, at several rho, by the fast route; the splitting is solved under each unit set and
continuation. The numerical error of each splitting comes from two independent discretizations.
Rows that the table holds already are not made again.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from growing_table import append_rows, known_keys

import glasswells as gw
from glasswells.statistics import active_under

RHOS = (0.001, 0.003, 0.01, 0.03)
"""Distances from the minima at which tangents are taken, and with them two continuations."""
IMAGES = 80
CONTINUATIONS = ("straight", "harmonic", "walls")
UNITS = (gw.ARGON_PUBLISHED, gw.ARGON, gw.NIP)
COLUMNS = (
    "key", "glass", "distance", "barrier_a", "barrier_b", "asymmetry", "participation_number",
    "route", "rho", "units", "continuation", "splitting", "error", "kelvin", "is_two_level",
    "flags",
)  # fmt: skip


def main() -> None:
    """Fill the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("campaign", type=Path)
    parser.add_argument("table", type=Path)
    arguments = parser.parse_args()
    campaign = gw.open_campaign(arguments.campaign)
    known = known_keys(arguments.table, ("key",))
    keys = list(candidates(campaign))
    print(f"{len(keys)} distinct double wells that are two-level systems under some convention")
    for key in keys:
        if (key,) not in known:
            append_rows(arguments.table, COLUMNS, list(rows(campaign, key)))
            print(key)


def candidates(campaign: gw.Catalog) -> Iterator[str]:
    """Keys of the first of each core that is a two-level system under some convention.

    A core is met in several backgrounds, of which only some may be below the threshold: the first
    of those stands for it.
    """
    wells = campaign.double_wells
    seen: set[tuple[str, int]] = set()
    for key, glass, repeats in zip(wells["key"], wells["glass"], wells["repeats"], strict=True):
        found = campaign.splittings(key)
        active = any(
            any(active_under(found[units.name], units.tls_threshold).values())
            for units in campaign.units
            if units.name in found
        )
        if active and (glass, int(repeats)) not in seen:
            seen.add((glass, int(repeats)))
            yield key


def rows(campaign: gw.Catalog, key: str) -> Iterator[tuple[Any, ...]]:
    """All splittings of one system."""
    found = campaign[key]
    a, b = found.double_well.minimum_a, found.double_well.minimum_b
    wells = [gw.find_double_well(campaign.model, a, b, method="band", images=IMAGES)]
    wells += [gw.find_double_well(campaign.model, a, b, rho=rho) for rho in RHOS]
    for well in wells:
        if isinstance(well, gw.PathFailure):
            yield key, found.glass, *[""] * 5, well.outcome.name.lower(), *[""] * 8
            continue
        numbers = (
            float(np.linalg.norm(well.displacement_ab)),
            well.barrier,
            well.barrier - well.asymmetry,
            well.asymmetry,
            well.participation_number,
        )
        for units in UNITS:
            for continuation in CONTINUATIONS:
                solved = gw.solve_splitting(well.profile, units, continuation)
                yield (
                    key, found.glass, *(f"{x:.10g}" for x in numbers), well.route, f"{well.rho:g}",
                    units.name, continuation, f"{solved.splitting:.10g}", f"{solved.error:.2g}",
                    f"{units.energy_kelvin(solved.splitting):.6g}", solved.is_two_level,
                    " ".join(solved.flags),
                )  # fmt: skip


if __name__ == "__main__":
    main()
