"""A whole campaign with one worker and with two, on the local pool and on dask, in turn.

Run `python benchmarks/bench_scaling.py [REPEATS]`, or `... tiny` to see that it runs. The campaign:
two shipped glasses from exploration to modes. The kernels are compiled before. Wall seconds of
`glasswells run`, with the start of the workers and of dask, which is a fixed cost of some seconds;
medians over repeats, as are the ratios, each to the local pool with one worker in the same repeat.
It needs a machine with two free cores: the ratio of two independent processes, which shows what the
machine itself allows, is printed beside.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from operator import truediv
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
lanes = 1
interval = 40
time_step = 0.01
quenches = 200
chunk_quenches = 100
[pairs]
min_transitions = 3
max_pairs = 12
[modes]
full_spectra = 0
tangent_studies = 0
"""
TINY = (
    ("quenches = 200", "quenches = 20"),
    ("chunk_quenches = 100", "chunk_quenches = 10"),
    ("trajectories = 8", "trajectories = 2"),
    ("max_pairs = 12", "max_pairs = 2"),
)
LOCAL = (("local", 1), ("local", 2))
DASK = (("dask", 1), ("dask", 2))
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


def main(repeats: int = REPEATS, plan_text: str = PLAN) -> list[Row]:
    runs = LOCAL
    if find_spec("distributed") is None or find_spec("cryptography") is None:
        print("without dask: needs pip install 'glasswells[dask]'")
    else:
        runs += DASK
    seconds: dict[tuple[str, int], list[float]] = {which: [] for which in runs}
    limits = []
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.toml"
        plan.write_text(plan_text, encoding="utf-8")
        run(plan, Path(folder) / "compiles", 1)
        for repeat in range(repeats):
            for engine, workers in runs:
                directory = Path(folder) / f"{engine}{workers}_{repeat}"
                seconds[engine, workers].append(run(plan, directory, workers, engine))
                print(f"{engine}, {workers}: {seconds[engine, workers][-1]:.1f} s", flush=True)
            limits.append(machine())
            print(f"two bare loops at once: {limits[-1]:.2f}", flush=True)
    limit = f"{statistics.median(limits):.2f} (two bare loops)"
    base = seconds[runs[0]]
    return [row(which, base, own, limit) for which, own in seconds.items() if own is not base]


def row(which: tuple[str, int], base: list[float], own: list[float], limit: str) -> Row:
    """One engine beside one worker of the local pool; the target is for its two workers."""
    engine, workers = which
    ratio = statistics.median(map(truediv, base, own))
    is_target = which == ("local", 2)
    return Row(
        work=f"whole campaign, {engine}, {workers} worker{'s' * (workers > 1)}",
        measured=f"{statistics.median(own):.1f} s",
        baseline=f"{statistics.median(base):.1f} s (local, 1 worker); {limit}",
        ratio=f"{ratio:.2f}",
        must=">= 1.8" if is_target else "-",
        aim="1.95" if is_target else "-",
        meets_must=ratio >= 1.8 if is_target else None,
        meets_aim=ratio >= 1.95 if is_target else None,
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["tiny"]:
        text = PLAN
        for full, tiny in TINY:
            text = text.replace(full, tiny)
        print_rows(main(1, text))
    else:
        print_rows(main(*(int(a) for a in sys.argv[1:2])))
