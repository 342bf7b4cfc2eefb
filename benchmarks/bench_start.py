"""Whole-process wall times: the command's help, a first energy from the cache, a cold compile.

CPU times stand beside them: on a busy machine wall times say little.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rows import Row, print_rows

REPEATS = 5
FIRST_ENERGY = """
import numpy as np
import glasswells as gw
sites = np.stack(np.meshgrid(*[np.arange(11)] * 3), axis=-1).reshape(-1, 3)
diameters = gw.draw_diameters(len(sites), seed=1)
configuration = gw.Configuration(positions=sites, diameters=diameters, box=[11, 11, 11])
print(gw.energy(gw.SoftSpheres(), configuration))
"""
WITHOUT_WARMUP = (
    FIRST_ENERGY
    + """
model = gw.SoftSpheres()
gw.hessian(model, configuration)
gw.third_order(model, configuration, configuration.positions)
gw.minimize(gw.SoftSpheres(), configuration)
gw.swap_monte_carlo(model, configuration, 0.2, 1, seed=1)
"""
)
"""What `glasswells warmup` compiles, roughly; for a version without that command."""
COMMAND = Path(sys.executable).with_name("glasswells")


class Taken(NamedTuple):
    """Seconds of a whole process."""

    wall: float
    cpu: float


def run(command: list[str | Path], **environment: str) -> Taken | None:
    """Time a whole process; None if it failed."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, env={**os.environ, **environment})
    wall, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Taken(wall, cpu) if done.returncode == 0 else None


def row(work: str, runs: list[Taken | None], must: float, aim: float) -> Row:
    """The medians of some runs."""
    good = np.array([taken for taken in runs if taken is not None])
    if len(good) < len(runs):
        return Row(work=work, measured="failed", must=f"{must:g} s", meets_must=False)
    wall, cpu = np.median(good, axis=0)
    return Row(
        work=work,
        measured=f"{wall:.2f} s (CPU {cpu:.2f} s)",
        must=f"{must:g} s",
        aim=f"{aim:g} s",
        meets_must=bool(wall <= must),
        meets_aim=bool(wall <= aim),
    )


def warm_row(work: str, command: list[str | Path], must: float, aim: float) -> Row:
    """Medians once the caches are full."""
    run(command)
    return row(work, [run(command) for _ in range(REPEATS)], must, aim)


def cold_row() -> Row:
    """One run with an empty cache."""
    work = "start: cold compile"
    with tempfile.TemporaryDirectory() as folder:
        taken = run([COMMAND, "warmup"], NUMBA_CACHE_DIR=folder)
    if taken is None:
        work += " (energies, quench, swap MC)"
        with tempfile.TemporaryDirectory() as folder:
            taken = run([sys.executable, "-c", WITHOUT_WARMUP], NUMBA_CACHE_DIR=folder)
    return row(work, [taken], 30, 20)


def main() -> list[Row]:
    return [
        warm_row("start: glasswells --help", [COMMAND, "--help"], 0.3, 0.2),
        warm_row("start: warm, first energy", [sys.executable, "-c", FIRST_ENERGY], 1.0, 0.6),
        cold_row(),
    ]


if __name__ == "__main__":
    print_rows(main())
