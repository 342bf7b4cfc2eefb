"""Instantons of shipped double wells beside what one dimension says, as a table.

    python scripts/instantons.py table.csv [--rows 3 4] [--particles 10 20 40] [--beads 256]

For each double well of the library: the instanton of its path alone (particles "path"), and those
of active sets of the numbers of particles asked for. Delta_0 stands beside that of the Schroedinger
equation along the path, for each unit set. A row takes seconds of CPU. Rows are written as they
come; those that the table already holds are not computed again.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import glasswells as gw
from glasswells.tunneling import UNIT_SETS

COLUMNS = (
    "row", "key", "glass", "particles", "beads", "coordinates", "outcome", "action", "action_error",
    "prefactor", "prefactor_error", "imbalance", "units", "barrier", "asymmetry",
    "one_dimension", "delta_0", "seconds",
)  # fmt: skip


def rows(number: int, particles: int | None, beads: int) -> list[dict[str, object]]:
    """One row for each unit set; None particles are the path alone."""
    system = gw.two_level_system(number)
    start = time.process_time()
    if particles is None:
        found = gw.profile_instanton(system.profile, beads=beads)
    else:
        found = gw.find_instanton(
            gw.SoftSpheres(), system.double_well, particles=particles, beads=beads
        )
    seconds = time.process_time() - start
    return [
        {
            "row": number,
            "key": system.key,
            "glass": system.glass,
            "particles": "path" if particles is None else particles,
            "beads": beads,
            "coordinates": found.path.shape[1],
            "outcome": found.outcome.name,
            "action": f"{found.action:.6g}",
            "action_error": f"{found.action_error:.2g}",
            "prefactor": f"{found.prefactor:.6g}",
            "prefactor_error": f"{found.prefactor_error:.2g}",
            "imbalance": f"{found.imbalance:.4g}",
            "units": name,
            "barrier": f"{system.double_well.barrier:.5g}",
            "asymmetry": f"{system.double_well.asymmetry:.5g}",
            "one_dimension": f"{splitting.tunneling_amplitude:.4g}",
            "delta_0": f"{found.amplitude(units.reduced_hbar):.4g}",
            "seconds": f"{seconds:.1f}",
        }
        for name, splitting in system.splittings.items()
        for units in UNIT_SETS.values()
        if units.name == name
    ]


def done(table: Path) -> set[tuple[str, str, str]]:
    """What a table holds."""
    if not table.exists():
        return set()
    with table.open(newline="", encoding="utf-8") as file:
        return {(r["row"], r["particles"], r["beads"]) for r in csv.DictReader(file)}


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=range(len(gw.two_level_systems())))
    parser.add_argument("--particles", type=int, nargs="*", default=[10, 20, 40])
    parser.add_argument("--beads", type=int, default=256)
    chosen = parser.parse_args()
    known = done(chosen.table)
    with chosen.table.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if not known:
            writer.writeheader()
        for number in chosen.rows:
            for particles in (None, *chosen.particles):
                name = "path" if particles is None else str(particles)
                if (str(number), name, str(chosen.beads)) not in known:
                    writer.writerows(rows(number, particles, chosen.beads))
                    file.flush()


if __name__ == "__main__":
    main()
