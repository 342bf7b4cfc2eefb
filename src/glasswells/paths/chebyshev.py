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
from typing import Any, NamedTuple, Protocol, runtime_checkable

import numpy as np

from glasswells.core.compiler import kernel, lean_kernel
from glasswells.core.records import Array
from glasswells.curvature.copies import copy_field
from glasswells.model.kernels import force_kernel, largest_displacement2
from glasswells.model.law import PairLaw
from glasswells.model.neighbors import PairList
from glasswells.model.nested_lists import NestedBuilder
from glasswells.model.pair_model import Interactions
from glasswells.paths.surface import Surface

SKIN = 0.16
"""Of the neighbor list; a quarter of it is what a particle may move in one step: somewhat more
than the longest step of a path."""

DAMPING = 1.0
"""epsilon of the stages: amplification at most 0.77 for stiff directions, at which the extrapolated
amplification stays below one; the price is a tenth of the step (the usual value is 2/13)."""

EXTRAPOLATION = np.array([[1 / 12, -4 / 3, 9 / 4], [1 / 12, -8 / 15, 9 / 20]])
"""Of the ends of one, two and three formula steps: the position and its error."""

MOST_STAGES = 200
"""Of one formula. Steps of a path take 5 to 60; off a nearly flat saddle it would be millions."""


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


class Step(NamedTuple):
    """A trial step of the flow."""

    positions: Array
    """(N, 3)."""
    error: Array
    """(N, 3): estimated local error of the positions."""
    evaluations: int


class Flow:
    """The steepest-descent flow of one surface, followed step by step.

    Parameters
    ----------
    surface
        The energies.
    stiffest
        Upper bound of the highest eigenvalue of the Hessian on the way.
    """

    def __init__(self, surface: Surface, stiffest: float) -> None:
        self._stiffest = stiffest
        interactions = surface.interactions
        self._run: _Run = (
            _PairRun(interactions) if isinstance(interactions, Listed) else _AnyRun(interactions)
        )

    @property
    def longest(self) -> float:
        """Longest duration of a step."""
        return stages(MOST_STAGES)[1] / self._stiffest

    def step(self, start: Array, force: Array, duration: float) -> Step:
        """Follow the flow from positions and force (N, 3) for a time `duration`."""
        ends, evaluations = np.empty((3, *start.shape)), 0
        for parts, end in enumerate(ends, start=1):
            h = duration / parts
            count = stage_count(h * self._stiffest)
            self._run(start, force, h, parts, stages(count)[0], end)
            evaluations += parts * count - 1
        combined = (EXTRAPOLATION @ ends.reshape(3, -1)).reshape(2, *start.shape)
        return Step(combined[0], combined[1], evaluations)


class _Run(Protocol):
    """Several formula steps of length h from positions and force."""

    def __call__(
        self, start: Array, force: Array, h: float, parts: int, formula: Stages, out: Array
    ) -> None:
        """Fill the final positions (N, 3)."""
        ...


class _AnyRun:
    """On any energies."""

    def __init__(self, interactions: Interactions) -> None:
        self._interactions = interactions

    def __call__(
        self, start: Array, force: Array, h: float, parts: int, formula: Stages, out: Array
    ) -> None:
        x, f = start, force
        for part in range(parts):
            if part > 0:
                f = self._interactions.energy_and_forces(x)[1]
            before, last = x, x + formula.first * h * f
            for row in formula.rows_js:
                g = self._interactions.energy_and_forces(last)[1]
                stage = row[0] * x + row[1] * last + row[2] * before
                stage += h * (row[3] * g + row[4] * f)
                before, last = last, stage
            x = last
        out[:] = x


@runtime_checkable
class Listed(Protocol):
    """Interactions of a pair law, with lists of their pairs: what a compiled loop needs."""

    model: Any
    box: Array
    constants: Any

    def nested_builder(self) -> NestedBuilder:
        """A builder of lists for these particles."""
        ...

    def afresh(self) -> Interactions:
        """The same energy, whose lists come from that builder."""
        ...


class _PairRun:
    """On a pair model, compiled, with a neighbor list of its own."""

    def __init__(self, interactions: Listed) -> None:
        i = interactions
        self._interactions = i
        self._builder = i.nested_builder()
        self._pairs: PairList | None = None
        self._reference = np.empty(0)
        self._work = np.empty((4, 0, 3))
        self._kernel = _stages_kernel(i.model.law)

    def __call__(
        self, start: Array, force: Array, h: float, parts: int, formula: Stages, out: Array
    ) -> None:
        i = self._interactions
        # Half of what the list allows is for the way to the start, half for the stages.
        if (
            self._pairs is None
            or not largest_displacement2(start, self._reference) <= (0.25 * SKIN) ** 2
        ):
            self._pairs = self._builder.build(start, SKIN)
            self._reference = start.copy()
        if self._work.shape[1:] != start.shape:
            self._work = np.empty((4, *start.shape))
        farthest2 = self._kernel(
            start, force, h, parts, formula, i.box, self._pairs, i.constants, self._work, out
        )
        if not farthest2 <= (0.25 * SKIN) ** 2:
            out.fill(np.nan)


@lean_kernel
def start_stages(start_d, force_d, h, before_d, last_d):  # type: ignore[no-untyped-def]
    """The first two stages: where the step starts, and an Euler step from there."""
    for d in range(start_d.shape[0]):
        before_d[d] = start_d[d]
        last_d[d] = start_d[d] + h * force_d[d]


@lean_kernel
def combine_stage(start_d, last_d, before_d, force_d, first_force_d, row, h):  # type: ignore[no-untyped-def]
    """Put the next stage in the place of the last but one.

    Flat arrays and numbers outside of the loop: with two indices, or with the row inside, it takes
    three to five times as long, a sixth of what the forces of a stage take.
    """
    on_start, on_last, on_before = row[0], row[1], row[2]
    on_force, on_first = h * row[3], h * row[4]
    for d in range(start_d.shape[0]):
        before_d[d] = (
            on_start * start_d[d]
            + on_last * last_d[d]
            + on_before * before_d[d]
            + (on_force * force_d[d] + on_first * first_force_d[d])
        )


@cache
def _stages_kernel(law: PairLaw) -> Any:
    """Formula steps on one pair law; returns the square of the farthest move of any stage."""
    energy_and_forces = force_kernel(law)

    @kernel
    def run_stages(start_nc, force_nc, h, parts, formula, box_c, pairs, k, work, out_nc):  # type: ignore[no-untyped-def]
        first_force, force, stage_knc = work[0], work[1], work[2:]
        flat_kd, out_d = work.reshape(work.shape[0], start_nc.size), out_nc.reshape(start_nc.size)
        copy_field(start_nc, out_nc)
        copy_field(force_nc, first_force)
        farthest2, last = 0.0, np.int64(0)
        for part in range(parts):
            # Stage -1 is the start of a part. One place calls for forces: they are inlined there.
            for j in range(-1, formula.rows_js.shape[0]):
                here, its_force = (out_nc, first_force) if j < 0 else (stage_knc[last], force)
                if part > 0 or j >= 0:
                    farthest2 = max(farthest2, largest_displacement2(here, start_nc))
                    energy_and_forces(here, box_c, pairs, k, its_force)
                last_d, before_d = flat_kd[2 + last], flat_kd[3 - last]
                if j < 0:
                    start_stages(out_d, flat_kd[0], formula.first * h, before_d, last_d)
                else:
                    row = formula.rows_js[j]
                    combine_stage(out_d, last_d, before_d, flat_kd[1], flat_kd[0], row, h)
                    last = 1 - last
            copy_field(stage_knc[last], out_nc)
        return max(farthest2, largest_displacement2(out_nc, start_nc))

    return run_stages
