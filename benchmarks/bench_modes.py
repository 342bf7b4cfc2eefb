"""Soft modes, largest overlap and cubic modes, against SciPy's defaults and the dense spectrum.

Run `python benchmarks/bench_modes.py [GLASS.npz]`; the file holds positions, diameters, box. By
default the first shipped glass of preparation temperature 0.092. Fields are displacements to
minima around, met by molecular dynamics and quenches. Thread CPU seconds; runs are interleaved,
except for the dense spectrum, which is computed once.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TypeVar

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import scipy.sparse.linalg

import glasswells as gw
from glasswells.core.geometry import displacement
from glasswells.core.records import Array, Configuration
from glasswells.modes import cubic_mode, max_overlap, normal_modes
from rows import Row, pinned, print_rows

N_SOFT = 50
REPEATS = 5
N_FIELDS = 10
TEMPERATURE, INTERVAL = 0.06, 300
MUST = {"modes": 0.9, "overlap": 3.0, "cubic": 0.3}
AIM = {"modes": 0.3, "overlap": 0.5, "cubic": 0.1}
MODEL = gw.SoftSpheres()
T = TypeVar("T")


def minimum(path: str | None) -> Configuration:
    if path is None:
        start = gw.glass(0.092, 0).configuration
    else:
        with np.load(path) as data:
            start = Configuration(**{k: data[k] for k in ("positions", "diameters", "box")})
    return gw.minimize(MODEL, start).configuration


def neighbor_fields(a: Configuration) -> list[Array]:
    """r_AB to different minima around A."""
    fields: list[Array] = []
    for attempt in range(40 * N_FIELDS):
        state = gw.molecular_dynamics(MODEL, a, TEMPERATURE, INTERVAL, attempt).configuration
        b = gw.minimize(MODEL, state).configuration
        r = displacement(a.positions, b.positions, a.box)
        if all(np.linalg.norm(r - other) > 1e-3 for other in [np.zeros_like(r), *fields]):
            fields.append(r)
        if len(fields) == N_FIELDS:
            break
    return fields


def timed(call: Callable[[], T]) -> tuple[float, T]:
    """Thread CPU seconds, and the result."""
    begin = time.thread_time()
    result = call()
    return time.thread_time() - begin, result


def row(work: str, kind: str, seconds: float, baseline: str, ratio: float) -> Row:
    return Row(
        work=work,
        measured=f"{seconds:.2f} s",
        baseline=baseline,
        ratio=f"{ratio:.1f}",
        must=f"<= {MUST[kind]} s",
        aim=f"<= {AIM[kind]} s",
        meets_must=seconds <= MUST[kind],
        meets_aim=seconds <= AIM[kind],
    )


def soft_modes(a: Configuration, dense_seconds: float, dense: Array) -> list[Row]:
    matrix = gw.hessian(MODEL, a)
    normal_modes(MODEL, a, N_SOFT + 3)  # compiles
    ours, theirs = [], []
    for _ in range(REPEATS):
        ours.append(timed(lambda: normal_modes(MODEL, a, N_SOFT + 3)))
        theirs.append(timed(lambda: scipy.sparse.linalg.eigsh(matrix, k=N_SOFT + 3, sigma=-1.0)))
    error = max(np.abs(m.frequencies - dense[: N_SOFT + 3])[3:].max() for _, m in ours)
    print(f"  {N_SOFT} softest frequencies differ from the dense ones by at most {error:.1e}")
    seconds = float(np.median([t for t, _ in ours]))
    eigsh = float(np.median([t for t, _ in theirs]))
    return [
        row(f"{N_SOFT} softest modes", "modes", seconds, f"{eigsh:.2f} s eigsh", eigsh / seconds),
        row(
            f"{N_SOFT} softest modes",
            "modes",
            seconds,
            f"{dense_seconds:.1f} s dense",
            dense_seconds / seconds,
        ),
    ]


def overlaps_and_cubic_modes(
    a: Configuration, fields: list[Array], dense_seconds: float, vectors: Array
) -> list[Row]:
    max_overlap(MODEL, a, fields[0], method="lanczos", max_steps=50)  # compiles
    cubic_mode(MODEL, a, fields[0], max_iterations=1)
    largest, cubic = [], []
    for r in fields:
        largest.append(timed(lambda r=r: max_overlap(MODEL, a, r)))
        cubic.append(timed(lambda r=r: cubic_mode(MODEL, a, r)))
    exact = [np.abs(vectors @ r.ravel()).max() / np.linalg.norm(r) for r in fields]
    error = max(abs(o.overlap - c) for (_, o), c in zip(largest, exact, strict=True))
    closed = sum(o.certified and o.method == "lanczos" for _, o in largest)
    t_largest = np.array([t for t, _ in largest])
    t_cubic = np.array([t for t, _ in cubic])
    print(
        f"  largest overlap: certified by Lanczos {closed}/{len(fields)}, differs from the dense "
        f"one by at most {error:.1e}; {t_largest.min():.2f} to {t_largest.max():.2f} s"
    )
    methods = [mode.method for _, mode in cubic]
    print(
        f"  cubic modes: converged {sum(m.outcome.converged for _, m in cubic)}/{len(fields)}, "
        f"{ {name: methods.count(name) for name in sorted(set(methods))} }, "
        f"median {np.median([m.iterations for _, m in cubic]):.0f} iterations; "
        f"{t_cubic.min():.2f} to {t_cubic.max():.2f} s"
    )
    seconds = float(np.median(t_largest))
    return [
        row(
            "largest overlap over all modes, certified",
            "overlap",
            seconds,
            f"{dense_seconds:.1f} s dense",
            dense_seconds / seconds,
        ),
        row(
            "cubic mode from a displacement",
            "cubic",
            float(np.median(t_cubic)),
            "-",
            float("nan"),
        )._replace(ratio="-"),
    ]


@pinned()
def main(path: str | None = None) -> list[Row]:
    a = minimum(path)
    print(f"modes, N = {a.n_particles}, thread CPU, medians")
    fields = neighbor_fields(a)
    dense_seconds, dense = timed(lambda: normal_modes(MODEL, a))
    return [
        *soft_modes(a, dense_seconds, dense.frequencies),
        *overlaps_and_cubic_modes(
            a, fields, dense_seconds, dense.fields.reshape(len(dense.fields), -1)
        ),
    ]


if __name__ == "__main__":
    print_rows(main(*sys.argv[1:2]))
