"""By how much zero-point energies across the path move the splittings of the shipped systems.

    python scripts/beyond_the_path.py table.csv [--images 7] [--nodes 12] [--rows 0 5 12]

For each double well of the library and each unit set: the splitting of the path alone, that with
the zero-point energies of the modes across it, and what these are near the saddle and at B, less
that at A. A double well takes a minute of CPU; rows are written as they come.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import glasswells as gw
from glasswells.tunneling import UNIT_SETS

COLUMNS = (
    "row", "key", "glass", "units", "splitting", "corrected", "is_two_level",
    "stays_two_level", "saddle_less_a", "b_less_a", "unstable", "seconds",
)  # fmt: skip


def rows(number: int, images: int, nodes: int) -> list[dict[str, object]]:
    """One row for each unit set."""
    system = gw.two_level_system(number)
    start = time.process_time()
    found = gw.transverse_frequencies(
        gw.SoftSpheres(), system.double_well, images=images, nodes=nodes
    )
    seconds = time.process_time() - start
    result = []
    for name, splitting in system.splittings.items():
        units = next(u for u in UNIT_SETS.values() if u.name == name)
        profile = gw.with_zero_point(system.profile, found.places, found.sums, units.reduced_hbar)
        corrected = gw.solve_splitting(profile, units)
        half = units.reduced_hbar / 2
        result.append(
            {
                "row": number,
                "key": system.key,
                "glass": system.glass,
                "units": name,
                "splitting": f"{splitting.splitting:.6g}",
                "corrected": f"{corrected.splitting:.6g}",
                "is_two_level": splitting.is_two_level,
                "stays_two_level": corrected.is_two_level,
                # At the image nearest to the top of the barrier.
                "saddle_less_a": f"{half * found.sums[top_image(system.profile, images)]:.6g}",
                "b_less_a": f"{half * found.sums[-1]:.6g}",
                "unstable": int(found.unstable.max()),
                "seconds": f"{seconds:.1f}",
            }
        )
    return result


def top_image(profile: gw.EnergyProfile, images: int) -> int:
    """Number of the image nearest to the top of the barrier."""
    s = profile.arc_length
    fraction = (s[profile.energy.argmax()] - s[0]) / (s[-1] - s[0])
    return round(fraction * (images - 1))


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    parser.add_argument("--images", type=int, default=7)
    parser.add_argument("--nodes", type=int, default=12)
    parser.add_argument("--rows", type=int, nargs="+", default=range(len(gw.two_level_systems())))
    chosen = parser.parse_args()
    with chosen.table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for number in chosen.rows:
            writer.writerows(rows(number, chosen.images, chosen.nodes))
            file.flush()


if __name__ == "__main__":
    main()
