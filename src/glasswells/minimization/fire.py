"""FIRE: molecular dynamics steered downhill (Bitzek et al., PRL 97, 170201 (2006)).

v <- (1 - alpha) v + alpha |v| f/|f| while the power f.v is positive, with a growing time step;
v <- 0 and half the time step as soon as it is not. Semi-implicit Euler steps, as recommended by
Guenole et al., Comput. Mater. Sci. 175, 109584 (2020).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from glasswells.core.compiler import lean_kernel
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array
from glasswells.minimization.kernels import (
    ACCEPTED,
    MOST_BACKTRACKS,
    NOT_FINITE,
    REJECTED,
    copy,
    dot,
    largest_component,
    note_jump,
    note_progress,
)
from glasswells.minimization.run import Run
from glasswells.minimization.settings import Descent, MinimizerSettings, StopCondition
from glasswells.model.pair_model import Interactions

FIRE_PATIENCE = 10
"""How many times more patience FIRE gets than L-BFGS: its force oscillates."""
DELAY, GROWTH, CUT, ALPHA_START, ALPHA_FACTOR = 5, 1.1, 0.5, 0.1, 0.99
"""The parameters of the paper."""
SMALLEST_TIME_STEP = 1e-3
"""Of the largest: repeated steps uphill must not freeze the dynamics."""


class Pace(NamedTuple):
    """What steers the dynamics, in arrays of one element, which kernels change in place."""

    time_step: Array
    mixing: Array
    """alpha."""
    downhill: Array
    """Steps since the last one uphill."""


def descend_fire(
    interactions: Interactions,
    positions: Array,
    settings: MinimizerSettings,
    stop: StopCondition | None,
) -> Descent:
    """FIRE: damped dynamics that starts anew whenever it moves uphill."""
    run = Run(interactions, positions, settings, stop, FIRE_PATIENCE * settings.patience)
    if not run.begin():
        return run.descent(Outcome.NOT_FINITE)
    largest_time_step = settings.fire_time_step
    pace = Pace(
        time_step=np.array([0.1 * largest_time_step]),
        mixing=np.array([ALPHA_START]),
        downhill=np.zeros(1),
    )
    while True:
        outcome = run.ending()
        if outcome is not None:
            return run.descent(outcome)
        fire_propose(run.w, pace, largest_time_step, settings.largest_step)
        energy, force_d = run.evaluate()
        if run.may_jump:
            note_jump(run.w, force_d, energy)
        if fire_accept(run.w, pace, force_d, energy) == NOT_FINITE:
            return run.descent(Outcome.NOT_FINITE)


@lean_kernel
def fire_propose(w, pace, largest_time_step, largest_step):  # type: ignore[no-untyped-def]
    """One step of the dynamics from the accepted point; velocities are `w.direction_d`."""
    v, f = w.direction_d, w.force_d
    if dot(v, f) > 0.0:
        pace.downhill[0] += 1.0
        if pace.downhill[0] > DELAY:
            pace.time_step[0] = min(GROWTH * pace.time_step[0], largest_time_step)
            pace.mixing[0] *= ALPHA_FACTOR
    else:
        if pace.downhill[0] > 0.0:
            smallest = SMALLEST_TIME_STEP * largest_time_step
            pace.time_step[0] = max(CUT * pace.time_step[0], smallest)
        pace.downhill[0] = 0.0
        pace.mixing[0] = ALPHA_START
        v[:] = 0.0
    time_step, alpha = pace.time_step[0], pace.mixing[0]
    for d in range(v.shape[0]):
        v[d] += time_step * f[d]
    force2 = dot(f, f)
    along = alpha * np.sqrt(dot(v, v) / force2) if force2 > 0.0 else 0.0
    speed2 = 0.0
    for d in range(0, v.shape[0], 3):
        x = (1.0 - alpha) * v[d] + along * f[d]
        y = (1.0 - alpha) * v[d + 1] + along * f[d + 1]
        z = (1.0 - alpha) * v[d + 2] + along * f[d + 2]
        v[d], v[d + 1], v[d + 2] = x, y, z
        speed2 = max(speed2, x * x + y * y + z * z)
    largest = time_step * np.sqrt(speed2)
    cap = largest_step / largest if largest > largest_step else 1.0
    for d in range(v.shape[0]):
        v[d] *= cap
        w.trial_d[d] = w.position_d[d] + time_step * v[d]


@lean_kernel
def fire_accept(w, pace, force_d, energy):  # type: ignore[no-untyped-def]
    """Accept the trial point if it is finite; otherwise stop and shorten the time step."""
    state = w.state[0]
    largest = largest_component(force_d)
    state["idle"] += 1
    if np.isfinite(energy) and np.isfinite(largest):
        copy(w.trial_d, w.position_d)
        copy(force_d, w.force_d)
        state["energy"] = energy
        state["max_force"] = largest
        state["backtracks"] = 0
        note_progress(w, energy, largest)
        return ACCEPTED
    state["backtracks"] += 1
    if state["backtracks"] > MOST_BACKTRACKS:
        return NOT_FINITE
    pace.time_step[0] *= CUT
    pace.downhill[0] = 0.0
    w.direction_d[:] = 0.0
    return REJECTED
