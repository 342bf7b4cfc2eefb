"""How far zero-point energies move the couplings of shipped double wells to strain, as a table.

    python scripts/zero_point_coupling.py table.csv [--rows 15]

For each double well and unit set: gamma = g/2 for longitudinal and transverse waves, root mean
square over directions, of the classical minima and with the zero-point energies of all modes. A
double well takes two dense spectra: a minute of CPU and 1 GB. Rows are written as they come.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from pathlib import Path

import glasswells as gw
from glasswells.tunneling import UNIT_SETS

COLUMNS = (
    "row", "key", "units", "gamma_longitudinal", "gamma_transverse", "with_longitudinal",
    "with_transverse", "seconds",
)  # fmt: skip


def rows(number: int) -> list[dict[str, object]]:
    """One row for each unit set."""
    model, system, start = gw.SoftSpheres(), gw.two_level_system(number), time.process_time()
    plain = gw.deformation_potential(model, system.double_well)
    # The zero-point part is proportional to hbar.
    whole = gw.deformation_potential(model, system.double_well, reduced_hbar=1.0)
    seconds = time.process_time() - start
    result = []
    for units in (u for u in UNIT_SETS.values() if u.name in system.splittings):
        part = units.reduced_hbar * (whole.tensor - plain.tensor)
        found = gw.DeformationPotential(tensor=plain.tensor + part)
        squares = [
            square
            for each in (plain, found)
            for square in (each.gamma_longitudinal2, each.gamma_transverse2)
        ]
        values = (f"{math.sqrt(square):.5g}" for square in squares)
        result.append(
            dict(zip(COLUMNS, (number, system.key, units.name, *values), strict=False))
            | {"seconds": f"{seconds:.1f}"}
        )
    return result


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=range(len(gw.two_level_systems())))
    chosen = parser.parse_args()
    with chosen.table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for number in chosen.rows:
            writer.writerows(rows(number))
            file.flush()


if __name__ == "__main__":
    main()
