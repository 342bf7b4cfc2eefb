"""One step of the steepest-descent flow dx/dt = f(x) by stabilized explicit Runge-Kutta stages.

The flow is stiff, with real eigenvalues only. Runge-Kutta-Chebyshev stages (Sommeijer, Shampine &
Verwer, J. Comput. Appl. Math. 88, 315 (1997)), of order two, are stable up to
h lambda_max = 0.6 s^2 with s forces: hundreds of times the step of a classical method at the cost
of tens. The step is made whole, in two halves and in three thirds, x_1, x_2, x_3, whose errors
c2 h^2 + c3 h^3 cancel in

x' = x_1/12 - 4 x_2/3 + 9 x_3/4      (order four)

while (9 x_3 - 4 x_2)/5 is of order three; the difference is the error estimate. The damping is
chosen so strong that the combination is stable as well.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from glasswells.core.compiler import lean_kernel
from glasswells.core.records import Array
from glasswells.paths.surface import Surface

DAMPING = 1.0
"""epsilon of the stages: amplification at most 0.77 for stiff directions, at which the extrapolated
amplification stays below one; the price is a tenth of the step (the usual value is 2/13)."""


class Stages(NamedTuple):
    """Coefficients of one formula with s stages."""

    first: float
    rows_js: Array
    """(s - 1, 5): weights of the start, the last and the last but one stage, h times the last
    force and h times the first force."""


@cache
def stages(count: int) -> tuple[Stages, float]:
    """The formula with `count` stages, and the largest h lambda_max for which it is stable."""
    w0 = 1.0 + DAMPING / count**2
    t = np.zeros((3, count + 1))
    t[0, :2], t[1, 1] = (1.0, w0), 1.0
    for j in range(2, count + 1):
        t[0, j] = 2 * w0 * t[0, j - 1] - t[0, j - 2]
        t[1, j] = 2 * t[0, j - 1] + 2 * w0 * t[1, j - 1] - t[1, j - 2]
        t[2, j] = 4 * t[1, j - 1] + 2 * w0 * t[2, j - 1] - t[2, j - 2]
    w1 = t[1, count] / t[2, count]
    b = np.ones(count + 1)
    b[2:] = t[2, 2:] / t[1, 2:] ** 2
    b[:2] = b[2]
    a = 1 - b * t[0]
    rows = np.zeros((count - 1, 5))
    for j in range(2, count + 1):
        last, before = 2 * b[j] * w0 / b[j - 1], -b[j] / b[j - 2]
        on_force = 2 * b[j] * w1 / b[j - 1]
        rows[j - 2] = (1 - last - before, last, before, on_force, -a[j - 1] * on_force)
    return Stages(b[1] * w1, rows), (w0 + 1) / w1


def stage_count(h_lambda: float) -> int:
    """The fewest stages that are stable for h lambda_max."""
    count = max(2, int(np.sqrt(h_lambda / (2 / 3 * 0.9))))
    while stages(count)[1] < h_lambda:
        count += 1
    return count


@lean_kernel
def combine_stage(start_d, last_d, before_d, force_d, first_force_d, row, h, out_d):  # type: ignore[no-untyped-def]
    """The next stage."""
    for d in range(start_d.shape[0]):
        out_d[d] = (
            row[0] * start_d[d]
            + row[1] * last_d[d]
            + row[2] * before_d[d]
            + h * (row[3] * force_d[d] + row[4] * first_force_d[d])
        )


class Step(NamedTuple):
    """A trial step of the flow."""

    positions: Array
    """(N, 3)."""
    error: Array
    """(N, 3): estimated local error of the positions."""
    evaluations: int


def chebyshev_step(
    surface: Surface, start: Array, force: Array, duration: float, stiffest: float
) -> Step:
    """Follow the flow from positions and force (N, 3) for a time `duration`.

    `stiffest` is an upper bound of the highest eigenvalue of the Hessian on the way.
    """
    ends, evaluations = [], 0
    for parts in (1, 2, 3):
        h = duration / parts
        count = stage_count(h * stiffest)
        x, f = start, force
        for part in range(parts):
            if part > 0:
                f = surface.interactions.energy_and_forces(x)[1]
                evaluations += 1
            x = _one(surface, x, f, h, count)
            evaluations += count - 1
        ends.append(x)
    x_1, x_2, x_3 = ends
    error = x_1 / 12 - 8 / 15 * x_2 + 9 / 20 * x_3
    return Step(x_1 / 12 - 4 / 3 * x_2 + 9 / 4 * x_3, error, evaluations)


def _one(surface: Surface, start: Array, force: Array, h: float, count: int) -> Array:
    formula, _ = stages(count)
    before, last = start, start + formula.first * h * force
    flat = (-1,)
    for row in formula.rows_js:
        stage_force = surface.interactions.energy_and_forces(last)[1]
        out = np.empty_like(start)
        combine_stage(
            start.reshape(flat),
            last.reshape(flat),
            before.reshape(flat),
            stage_force.reshape(flat),
            force.reshape(flat),
            row,
            h,
            out.reshape(flat),
        )
        before, last = last, out
    return last
