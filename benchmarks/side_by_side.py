"""Two versions of the package on the same work: times and results, side by side in one run.

Run `python benchmarks/side_by_side.py OTHER/bin/python [ROUNDS]`, where OTHER is an environment
with the other version. Each round runs both, one after the other, each in a process of its own that
takes the median of a few repeats by its CPU time; the table has the median of the rounds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import glasswells as gw
from glasswells.core.geometry import displacement
from glasswells.core.records import Array
from glasswells.modes import Stiffness, cubic_mode, max_overlap, normal_modes
from glasswells.vibrations.minimum import minimum_vibrations
from glasswells.vibrations.well import well_vibrations
from rows import Row, pinned, print_rows

ROUNDS = 3
REPEATS = 2
CASES = 3
N_MODES = 53
MUST = 0.97
"""Least ratio of the other version's time to this one's."""
MODEL = gw.SoftSpheres()
Result = list[float]


def prepare(path: Path) -> None:
    """Starts of quenches, and pairs of minima, from a short exploration of a shipped glass."""
    glass = gw.glass(0.092, 0).configuration
    found = gw.explore(MODEL, glass, 0.06, quenches=60, interval=60, seed=1)
    places = [s.configuration.positions for s in found.structures]
    pairs = gw.linked_pairs(found.structures, found.transitions, min_transitions=1)[:CASES]
    ends = [
        (places[p.i], places[p.i] + displacement(places[p.i], places[p.j], glass.box))
        for p in pairs
    ]
    starts, state = [], glass
    for seed in range(CASES):
        state = gw.molecular_dynamics(MODEL, state, 0.06, 200, seed).configuration
        starts.append(state.positions)
    wells = [gw.two_level_system(k).double_well for k in range(CASES)]
    minima = [(well.minimum_a, well.minimum_b) for well in wells]
    np.savez(
        path,
        pairs=np.array(ends),
        starts=np.array(starts),
        minima=np.array([[c.positions for c in both] for both in minima]),
        diameters=np.array([a.diameters for a, _ in minima]),
        boxes=np.array([a.box for a, _ in minima]),
    )


def works(path: Path) -> Iterator[tuple[str, Callable[[], Result]]]:
    """What is timed, with the numbers that come out."""
    glass = gw.glass(0.092, 0).configuration
    with np.load(path) as stored:
        pairs, starts = stored["pairs"], stored["starts"]
        cases = list(zip(stored["minima"], stored["diameters"], stored["boxes"], strict=True))
    ends = [
        tuple(gw.Configuration(positions=x, diameters=d, box=box) for x in minima)
        for minima, d, box in cases
    ]
    wells = [gw.find_double_well(MODEL, *both) for both in ends]
    first = glass.moved_to(pairs[0, 0])
    fields = [b - a for a, b in pairs]

    def search(first: Any, second: Any) -> Result:
        found = gw.find_double_well(MODEL, first, second)
        if isinstance(found, gw.DoubleWell):
            return [found.barrier, found.asymmetry, found.path_length, found.frequency_a]
        return [float(found.barrier)]

    def vibrations(well: Any) -> Result:
        """What the stages `modes` and `overlaps` compute of a double well."""
        minimum = minimum_vibrations(MODEL, well.minimum_a)
        stiffness = Stiffness(MODEL, well.minimum_a)
        modes = normal_modes(MODEL, well.minimum_a, len(minimum.frequencies), stiffness=stiffness)
        found = well_vibrations(MODEL, well, minimum, modes=modes, stiffness=stiffness)
        overlaps = [x for d in found.directions for x in (d.overlap, float(d.mode), d.certified)]
        return overlaps + [seed.barrier for seed in found.seeds]

    def largest(field: Any) -> Result:
        found = max_overlap(MODEL, first, field)
        return [found.overlap, found.frequency, float(found.mode)]

    def cubic(field: Any) -> Result:
        found = cubic_mode(MODEL, first, field)
        return [found.stiffness, abs(found.cubic), found.barrier]

    yield "quench", lambda: [gw.minimize(MODEL, glass.moved_to(x)).energy for x in starts]
    yield (
        "pair of minima",
        lambda: [x for a, b in pairs for x in search(glass.moved_to(a), glass.moved_to(b))],
    )
    yield "two-level system from two minima", lambda: [x for both in ends for x in search(*both)]
    yield "modes and overlaps of a double well", lambda: [x for w in wells for x in vibrations(w)]
    yield f"{N_MODES} modes", lambda: normal_modes(MODEL, first, N_MODES).frequencies.tolist()
    yield "largest overlap", lambda: [x for field in fields for x in largest(field)]
    yield "cubic mode", lambda: [x for field in fields for x in cubic(field)]


def work(path: Path) -> None:
    """Print the CPU seconds and the results of each work, as JSON."""
    report = {}
    for name, call in works(path):
        result = call()  # compiles
        seconds = []
        for _ in range(REPEATS):
            begin = time.process_time()
            call()
            seconds.append(time.process_time() - begin)
        report[name] = (float(np.median(seconds)), result)
    print(json.dumps(report))


def run(python: str, path: Path) -> dict[str, tuple[float, Result]]:
    """The report of one version."""
    command = [python, __file__, "--work", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def largest_difference(before: Array, now: Array) -> float:
    """Relative, of two lists of results; infinite for another length or NaN in one of them only."""
    if len(before) != len(now):
        return float("inf")
    is_other = (before != now) & ~(np.isnan(before) & np.isnan(now))
    with np.errstate(divide="ignore"):
        change = np.abs(now - before)[is_other] / np.abs(before)[is_other]
    return float(np.nan_to_num(change, nan=np.inf, posinf=np.inf).max(initial=0.0))


@pinned()
def main(other: str, rounds: int = ROUNDS) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "starts.npz"
        prepare(path)
        reports = [(run(other, path), run(sys.executable, path)) for _ in range(rounds)]
    rows = []
    for name in reports[0][0]:
        theirs, ours = (np.median([pair[k][name][0] for pair in reports]) for k in (0, 1))
        difference = largest_difference(*(np.array(reports[0][k][name][1]) for k in (0, 1)))
        ratio = float(theirs / ours)
        rows.append(
            Row(
                work=f"{name}; results differ by {difference:.0e}",
                measured=f"{1e3 * ours:.1f} ms",
                baseline=f"{1e3 * theirs:.1f} ms (the other version)",
                ratio=f"{ratio:.2f}",
                must=f">= {MUST}",
                meets_must=ratio >= MUST,
            )
        )
    return rows


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(Path(sys.argv[2]))
    else:
        print_rows(main(sys.argv[1], *(int(n) for n in sys.argv[2:3])))
