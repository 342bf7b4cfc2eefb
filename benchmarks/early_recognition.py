"""Explorations in lanes that recognize known minima early, against quenches to the end.

    python benchmarks/early_recognition.py --quenches 1250

Sixteen trajectories of a glass at T_MD = 0.04, 50 steps of 0.01 between quenches. Both explorations
see the same snapshots, so that equal structures, visits and transitions mean that each quench ended
in the same minimum. Prints the number of quenches, how many were recognized, what differs, and CPU
seconds.
"""

from __future__ import annotations

import argparse
import time

import glasswells as gw
from basins import MODEL, TEMPERATURES

LANES = 16


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--quenches", type=int, default=1250, help="of each trajectory")
    parser.add_argument("--glass", type=int, default=1)
    arguments = parser.parse_args()
    for temperature in TEMPERATURES:
        compare(temperature, arguments.glass, arguments.quenches)


def compare(temperature: float, number: int, quenches: int) -> None:
    """Both explorations of one glass."""
    glass = gw.glass(temperature, number).configuration
    found = []
    for recognition in (gw.Recognition(), gw.Recognition(displacement=0.0)):
        settings = gw.ExplorationSettings(lanes=LANES, recognition=recognition, keep_places=True)
        begin = time.process_time()
        exploration = gw.explore(
            MODEL, glass, 0.04, quenches, 50, number, trajectories=LANES, settings=settings
        )
        found.append(exploration)
        print(
            f"T_f = {temperature:g}: {exploration.quenches} quenches, {exploration.recognized} "
            f"recognized, {len(exploration.structures)} structures, "
            f"{time.process_time() - begin:.1f} CPU s",
            flush=True,
        )
    early, full = found
    visits = [[s.visits for s in exploration.structures] for exploration in found]
    alike = early.transitions == full.transitions and visits[0] == visits[1]
    pairs = zip(early.structures, full.structures, strict=False)
    furthest = max(abs(a.energy - b.energy) for a, b in pairs)
    print(f"  {'the same' if alike else 'NOT the same'}; energies to {furthest:.1e}", flush=True)


if __name__ == "__main__":
    main()
