"""A whole campaign with one worker and with two, in turn.

Run `python benchmarks/bench_scaling.py [REPEATS]`. The campaign: two shipped glasses from
exploration to modes. The kernels are compiled before. Wall seconds of the runs, with the start of
the workers; the ratio is the median over repeats. It needs a machine with two free cores: the
ratio of two independent processes, which shows what the machine itself allows, is printed beside.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rows import Row, print_rows

REPEATS = 3
PLAN = """
[campaign]
name = "scaling"
[glasses]
source = "shipped"
preparation_temperatures = [0.07, 0.092]
counts = [1, 1]
[explore]
trajectories = 8
quenches = 200
chunk_quenches = 100
[pairs]
min_transitions = 3
max_pairs = 12
[modes]
full_spectra = 0
tangent_studies = 0
"""
LOOP = "s = 0.0\nfor k in range(60_000_000):\n    s += k * k\n"


def run(plan: Path, directory: Path, workers: int, engine: str = "local") -> float:
    """Wall seconds of a campaign."""
    command = [sys.executable, "-m", "glasswells.cli", "run", str(plan), "--dir", str(directory)]
    command += ["--workers", str(workers), "--engine", engine]
    begin = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - begin


def machine() -> float:
    """How much faster two processes do two loops than one after the other."""

    def loops(at_once: int) -> float:
        begin = time.perf_counter()
        for _ in range(2 // at_once):
            running = [subprocess.Popen([sys.executable, "-c", LOOP]) for _ in range(at_once)]
            for process in running:
                process.wait()
        return time.perf_counter() - begin

    return loops(1) / loops(2)


def main(repeats: int = REPEATS) -> list[Row]:
    ratios, limits = [], []
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.toml"
        plan.write_text(PLAN, encoding="utf-8")
        run(plan, Path(folder) / "compiles", 1)
        for repeat in range(repeats):
            one = run(plan, Path(folder) / f"one{repeat}", 1)
            two = run(plan, Path(folder) / f"two{repeat}", 2)
            limits.append(machine())
            ratios.append(one / two)
            print(
                f"one worker {one:.1f} s, two {two:.1f} s: {ratios[-1]:.2f}; two bare loops at "
                f"once {limits[-1]:.2f}"
            )
    ratio = statistics.median(ratios)
    return [
        Row(
            work="whole campaign, two workers against one",
            measured=f"{ratio:.2f}",
            baseline=f"{statistics.median(limits):.2f} (two independent loops)",
            must=">= 1.8",
            aim="1.95",
            meets_must=ratio >= 1.8,
            meets_aim=ratio >= 1.95,
        )
    ]


if __name__ == "__main__":
    print_rows(main(*(int(a) for a in sys.argv[1:2])))
