"""Two versions of the package on the same work: times and results, side by side in one run.

Run `python benchmarks/side_by_side.py OTHER/bin/python [TURNS]`, where OTHER is an environment
with the other version. Each version has one process, and the two take turns at each work, so that
whatever else the machine does meets both; the table has the medians of their CPU times.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
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

TURNS = 3
LEAST_SECONDS = 3.0
"""Of each version at each work: short works take more turns, as their times scatter more."""
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
    ends = []
    for pair in gw.linked_pairs(found.structures, found.transitions, min_transitions=1)[:CASES]:
        # Explorations keep minima on a grid, from which the versions might descend differently.
        i, j = (
            gw.minimize(MODEL, found.structures[k].configuration).configuration.positions
            for k in (pair.i, pair.j)
        )
        ends.append((i, i + displacement(i, j, glass.box)))
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


def serve(path: Path) -> None:
    """Print the names of the works; do one for each line read, and print CPU seconds and result."""
    known = dict(works(path))
    print(json.dumps(list(known)), flush=True)
    for line in sys.stdin:
        begin = time.process_time()
        result = known[line.strip()]()
        print(json.dumps([time.process_time() - begin, result]), flush=True)


class Version:
    """One version of the package at work, in a process of its own."""

    def __init__(self, python: str, path: Path) -> None:
        words = [python, __file__, "--serve", str(path)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True)
        self.names: list[str] = self._answer()

    def __call__(self, name: str) -> tuple[float, Result]:
        """CPU seconds of a work, and its result."""
        print(name, file=self._process.stdin, flush=True)
        seconds, result = self._answer()
        return seconds, result

    def __enter__(self) -> Version:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # ends its input

    def _answer(self) -> Any:
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line:
            raise RuntimeError(f"{self._process.args} has ended")
        return json.loads(line)


def take_turns(versions: tuple[Version, Version], name: str, turns: int) -> Array:
    """CPU seconds (turns, 2) of both versions at a work; the one that begins alternates."""
    seconds: list[list[float]] = []
    while len(seconds) < turns or np.sum(seconds) < 2 * LEAST_SECONDS:
        order = (0, 1) if len(seconds) % 2 else (1, 0)
        took = {k: versions[k](name)[0] for k in order}
        seconds.append([took[0], took[1]])
    return np.array(seconds)


def largest_difference(before: Array, now: Array) -> float:
    """Relative, of two lists of results; infinite for another length or NaN in one of them only."""
    if len(before) != len(now):
        return float("inf")
    is_other = (before != now) & ~(np.isnan(before) & np.isnan(now))
    with np.errstate(divide="ignore"):
        change = np.abs(now - before)[is_other] / np.abs(before)[is_other]
    return float(np.nan_to_num(change, nan=np.inf, posinf=np.inf).max(initial=0.0))


@pinned()
def main(other: str, turns: int = TURNS) -> list[Row]:
    rows = []
    with ExitStack() as stack:
        path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "starts.npz"
        prepare(path)
        before, now = (stack.enter_context(Version(p, path)) for p in (other, sys.executable))
        for name in now.names:
            results = [np.array(version(name)[1]) for version in (before, now)]  # compiles
            theirs, ours = np.median(take_turns((before, now), name, turns), axis=0)
            difference = largest_difference(*results)
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
    if sys.argv[1:2] == ["--serve"]:
        serve(Path(sys.argv[2]))
    else:
        print_rows(main(sys.argv[1], *(int(n) for n in sys.argv[2:3])))
