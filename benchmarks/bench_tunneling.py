"""Tunnel splittings of real profiles: both unit sets, with error and spread over continuations.

Run `python benchmarks/bench_tunneling.py [WELLS]`. Thread CPU seconds of one splitting under argon
and NiP together; medians over repeats for each profile. The pairs are those of `bench_paths.py`.
The baseline answers less: one uniform grid of second order by SciPy, no error, no spread.
"""

from __future__ import annotations

import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.interpolate import CubicHermiteSpline
from scipy.linalg import eigh_tridiagonal

import glasswells as gw
from bench_paths import linked_pairs
from glasswells.core.records import DoubleWell, EnergyProfile
from rows import Row, pinned, print_rows

WELLS = 20
REPEATS = 5
QUENCHES = 160
MODEL = gw.SoftSpheres()
GRID_SPACING = 2e-4
"""Error 1e-6 of the levels: that of the grid grows with its square."""


def uniform_grid(profile: EnergyProfile, hbar: float) -> float:
    """E_2 - E_1 by the usual three-point formula, harmonic beyond the ends."""
    s, v = profile.arc_length, profile.energy
    slope = np.gradient(v, s)
    slope[[0, -1]] = 0.0
    inside = CubicHermiteSpline(s, v, slope)
    x = np.arange(-1.5, s[-1] + 1.5, GRID_SPACING)
    energy = inside(np.clip(x, 0, s[-1]))
    energy += 0.5 * profile.curvature_a * np.minimum(x, 0) ** 2
    energy += 0.5 * profile.curvature_b * np.maximum(x - s[-1], 0) ** 2
    kinetic = hbar**2 / GRID_SPACING**2
    levels = eigh_tridiagonal(
        energy + kinetic,
        np.full(len(x) - 1, -0.5 * kinetic),
        select="i",
        select_range=(0, 1),
        eigvals_only=True,
    )
    return float(levels[1] - levels[0])


def seconds(call: object) -> float:
    begin = time.thread_time()
    call()  # type: ignore[operator]
    return time.thread_time() - begin


@pinned()
def main(wells: int = WELLS) -> list[Row]:
    glass = gw.glass(0.092, 0).configuration
    profiles: list[EnergyProfile] = []
    for pair in linked_pairs(glass, QUENCHES):
        found = gw.find_double_well(MODEL, *(glass.moved_to(x) for x in pair))
        if isinstance(found, DoubleWell):
            profiles.append(found.profile)
        if len(profiles) == wells:
            break

    def ours(profile: EnergyProfile) -> None:
        for units in (gw.ARGON, gw.NIP):
            gw.solve_splitting(profile, units)

    def theirs(profile: EnergyProfile) -> None:
        for units in (gw.ARGON, gw.NIP):
            uniform_grid(profile, units.reduced_hbar)

    ours(profiles[0])
    times = np.array(
        [
            [
                [seconds(lambda p=p, call=call: call(p)) for call in (ours, theirs)]
                for _ in range(REPEATS)
            ]
            for p in profiles
        ]
    )
    mine, other = np.median(times, axis=1).T
    print(
        f"{len(profiles)} profiles, both unit sets: median {1e3 * np.median(mine):.1f} ms, slowest "
        f"{1e3 * mine.max():.1f} ms; uniform grid {1e3 * np.median(other):.1f} ms"
    )
    median = 1e3 * float(np.median(mine))
    return [
        Row(
            work="tunnel splitting, argon and NiP, error, spread",
            measured=f"{median:.1f} ms (slowest {1e3 * mine.max():.1f})",
            baseline=f"{1e3 * np.median(other):.1f} ms (uniform grid, no error, no spread)",
            ratio=f"{np.median(other) / np.median(mine):.2f}",
            must="<= 20 ms",
            aim="<= 5 ms",
            meets_must=bool(median <= 20),
            meets_aim=bool(median <= 5),
        )
    ]


if __name__ == "__main__":
    print_rows(main(*(int(a) for a in sys.argv[1:2])))
