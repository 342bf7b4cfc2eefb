"""One campaign on the local pool and on dask, with one worker and with two, in turn.

Run `python benchmarks/bench_engines.py [REPEATS]`, or `... tiny` to see that it runs. The campaign
is that of `bench_scaling`. Wall seconds of `glasswells run`, with the start of the workers and of
dask, which is a fixed cost of some seconds; medians over repeats, as are the ratios, each to the
local pool with one worker in the same repeat. It needs a machine with two free cores.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from importlib.util import find_spec
from operator import truediv
from pathlib import Path

from bench_scaling import PLAN, run
from rows import Row, print_rows

REPEATS = 3
RUNS = (("local", 1), ("local", 2), ("dask", 1), ("dask", 2))
TINY = (
    ("quenches = 200", "quenches = 20"),
    ("chunk_quenches = 100", "chunk_quenches = 10"),
    ("trajectories = 8", "trajectories = 2"),
    ("max_pairs = 12", "max_pairs = 2"),
)


def table(seconds: dict[tuple[str, int], list[float]]) -> list[tuple[str, int, float, float]]:
    """Engine, workers, median seconds, median of how much faster than the first of `RUNS`."""
    first = seconds[RUNS[0]]
    return [
        (*which, statistics.median(own), statistics.median(map(truediv, first, own)))
        for which, own in seconds.items()
    ]


def main(repeats: int = REPEATS, plan_text: str = PLAN) -> list[Row]:
    if find_spec("distributed") is None or find_spec("cryptography") is None:
        print("skipped: needs pip install 'glasswells[dask]'")
        return []
    seconds: dict[tuple[str, int], list[float]] = {which: [] for which in RUNS}
    with tempfile.TemporaryDirectory() as folder:
        plan = Path(folder) / "plan.toml"
        plan.write_text(plan_text, encoding="utf-8")
        run(plan, Path(folder) / "compiles", 1)
        for repeat in range(repeats):
            for engine, workers in RUNS:
                directory = Path(folder) / f"{engine}{workers}_{repeat}"
                seconds[engine, workers].append(run(plan, directory, workers, engine))
    lines = table(seconds)
    print("engine  workers  seconds  times as fast as local, 1")
    for engine, workers, median, ratio in lines:
        print(f"{engine:<6}  {workers:>7}  {median:>7.1f}  {ratio:>25.2f}")
    base = lines[0][2]
    return [
        Row(
            work=f"whole campaign, {engine}, {workers} worker{'s' * (workers > 1)}",
            measured=f"{median:.1f} s",
            baseline=f"{base:.1f} s (local, 1 worker)",
            ratio=f"{ratio:.2f}",
        )
        for engine, workers, median, ratio in lines[1:]
    ]


if __name__ == "__main__":
    if sys.argv[1:] == ["tiny"]:
        text = PLAN
        for full, tiny in TINY:
            text = text.replace(full, tiny)
        print_rows(main(1, text))
    else:
        print_rows(main(int(sys.argv[1]) if sys.argv[1:] else REPEATS))
