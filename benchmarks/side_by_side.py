"""Two versions of the package on the same work: times and results, side by side in one run.

Run `python benchmarks/side_by_side.py OTHER/bin/python [TURNS]`, where OTHER is an environment
with the other version. Each version has one process, and the two take turns at each work, so that
whatever else the machine does meets both; the table has the medians of their CPU times. Where a
search ends at a tolerance, the results that are compared are those of a second search that goes on
to the rounding of its sums: at the usual tolerance versions that take the last step from different
roundings differ by as much as the tolerance leaves open.
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
from typing import Any, NamedTuple

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
SYSTEMS = ("7c235ac9ddcf-0", "9499bf4dd960-0", "7a60d7dae14b-0")
"""Of the library, by their keys: rows change with its editions."""
N_MODES = 53
MUST = 0.97
"""Least ratio of the other version's time to this one's."""
ROUNDING = 1e-13
"""Tolerance of the cubic modes that are compared. Their residuals, from sums over the pairs of 1500
particles, become no smaller than 6e-14 to 1e-13."""
MODEL = gw.SoftSpheres()
Result = list[float]


class Work(NamedTuple):
    """What is timed, with the numbers that come out."""

    timed: Callable[[], Result]
    compared: Callable[[], Result]
    """The same, with iterations converged to rounding."""


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
    wells = [gw.two_level_system(key).double_well for key in SYSTEMS]
    minima = [(well.minimum_a, well.minimum_b) for well in wells]
    np.savez(
        path,
        pairs=np.array(ends),
        starts=np.array(starts),
        minima=np.array([[c.positions for c in both] for both in minima]),
        diameters=np.array([a.diameters for a, _ in minima]),
        boxes=np.array([a.box for a, _ in minima]),
    )


def works(path: Path) -> Iterator[tuple[str, Work]]:
    """All works, with their names."""
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

    def cubic(field: Any, **settings: float) -> Result:
        found = cubic_mode(MODEL, first, field, **settings)
        return [found.stiffness, abs(found.cubic), found.barrier]

    def every(work: Callable[[Any], Result], cases: Any) -> Work:
        def results() -> Result:
            return [x for case in cases for x in work(case)]

        return Work(timed=results, compared=results)

    yield "quench", every(lambda x: [gw.minimize(MODEL, glass.moved_to(x)).energy], starts)
    yield (
        "pair of minima",
        every(lambda both: search(*(glass.moved_to(x) for x in both)), pairs),
    )
    yield "two-level system from two minima", every(lambda both: search(*both), ends)
    yield "modes and overlaps of a double well", every(vibrations, wells)
    yield (
        f"{N_MODES} modes",
        every(lambda glass: normal_modes(MODEL, glass, N_MODES).frequencies.tolist(), [first]),
    )
    yield "largest overlap", every(largest, fields)
    converged = every(lambda field: cubic(field, tolerance=ROUNDING), fields)
    yield "cubic mode", every(cubic, fields)._replace(compared=converged.compared)


def serve(path: Path) -> None:
    """Print the names of the works; do one for each line read, and print CPU seconds and result.

    A line is a name and the word `timed` or `compared`, with a tab between them.
    """
    known = dict(works(path))
    print(json.dumps(list(known)), flush=True)
    for line in sys.stdin:
        name, form = line.rstrip("\n").split("\t")
        work = getattr(known[name], form)
        begin = time.process_time()
        result = work()
        print(json.dumps([time.process_time() - begin, result]), flush=True)


class Version:
    """One version of the package at work, in a process of its own."""

    def __init__(self, python: str, path: Path) -> None:
        words = [python, __file__, "--serve", str(path)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True)
        self.names: list[str] = self._answer()

    def seconds(self, name: str) -> float:
        """CPU time of a work."""
        seconds, _ = self._ask(name, "timed")
        return float(seconds)

    def results(self, name: str) -> Array:
        """The numbers that come out of it, converged to rounding."""
        _, found = self._ask(name, "compared")
        return np.array(found)

    def __enter__(self) -> Version:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()  # ends its input

    def _ask(self, name: str, form: str) -> Any:
        print(name, form, sep="\t", file=self._process.stdin, flush=True)
        return self._answer()

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
        took = {k: versions[k].seconds(name) for k in order}
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
            results = [version.results(name) for version in (before, now)]  # which compiles, too
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
