"""The descent on flat arrays: judge a trial point, keep the history, set the next trial point.

Suffixes: d degree of freedom (3N), h pair of the history. The two-loop recursion of L-BFGS
(Nocedal, Math. Comput. 35, 773 (1980)) runs on the inner products of the history (Chen, Wang &
Zhou, NIPS 2014), so that an iteration reads the stored vectors twice instead of four times. Loops
run in the precision of the arrays; what is decided, and the recursion, in double precision.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from glasswells.core.compiler import lean_kernel
from glasswells.core.records import Array

STATE = np.dtype(
    [
        *((name, np.float64) for name in ("energy", "max_force", "slope", "step", "scale")),
        *((name, np.float64) for name in ("least_energy", "least_force")),
        *((name, np.float64) for name in ("mismatch", "jump", "noise")),
        *((name, np.int64) for name in ("held", "newest", "backtracks", "idle")),
    ]
)
"""Numbers of a descent that change from step to step: energy and largest force component at the
accepted point, slope along the direction from it, length of the trial step in units of the
direction, first guess of the inverse Hessian; lowest energy and force that counted as progress;
change of the energy at the last rejected trial beyond the work of the forces, the last change that
was taken for a jump, noise of the energy; pairs held in the history, slot of the newest, rejections
in a row, judgements since the last progress."""

REJECTED, ACCEPTED, NOT_FINITE, EXHAUSTED = 0, 1, 2, 3
"""What a judgement found; the last two: the step was shortened in vain."""

SUFFICIENT_DECREASE = 1e-4
"""Armijo's constant, the usual one."""
LARGEST_NEW_SLOPE = 0.8
"""Within the noise of the energy a step is accepted while the slope at its end is below this
fraction of the initial descent: the trapezoid rule then says that the energy fell."""
ENERGY_NOISE = 1e-11
"""Differences of energy below this fraction of the energy are not trusted: some 100 times the
rounding of a sum over 1e4 pairs, and small enough for the trapezoid rule to decide instead."""
ENERGY_PROGRESS = 1e-12
"""A fall of the energy by less than this fraction is no progress."""
SMALLEST_COSINE = 1e-6
"""A step that makes a larger angle with the change of the gradient than this cosine stays out of
the history: the energy is not convex along it."""
LASTING_MISMATCH = 0.75
"""Where energy and work of the forces differ, half the step leaves an eighth of the difference if
the energy is smooth, half of it if forces are wrong; a difference that keeps more is a jump."""
LEAST_JUMP = 2.0
"""Times the work of the forces at both ends: beyond it a change of the energy is a jump."""
MOST_BACKTRACKS = 30
"""Rejections in a row before the direction is given up; at least a factor 1e-9 in length."""
SHORTEST_CUT, LONGEST_CUT, BLIND_CUT = 0.02, 0.5, 0.1
"""Limits of the factor by which a rejected step is shortened; the factor after a NaN."""


class Workspace(NamedTuple):
    """Arrays of one descent."""

    position_d: Array
    """Accepted positions."""
    force_d: Array
    """Forces there."""
    trial_d: Array
    """Where the next evaluation is wanted."""
    direction_d: Array
    step_hd: Array
    """History of steps s, a ring."""
    change_hd: Array
    """History of the changes y of the gradient."""
    step_change_hh: Array
    """s_i . y_j for j not older than i."""
    change_change_hh: Array
    """y_i . y_j."""
    product_h: Array
    """(5, h): workspace of the recursion."""
    state: Any
    """(1,), of type `STATE`, which kernels change in place."""


def empty_states(descents: int) -> Any:
    """States of so many descents, all zero: a structured array (descents,) of `STATE`."""
    return np.zeros(descents, STATE)


def workspace(positions: Array, history: int, stiffness: float) -> Workspace:
    """Room for a descent from `positions` (N, 3); the first guess of the Hessian is stiffness 1."""
    size = positions.size
    states = empty_states(1)
    states["scale"] = 1.0 / stiffness
    states["least_energy"] = states["least_force"] = np.inf
    return Workspace(
        position_d=positions.ravel().copy(),
        force_d=np.zeros(size),
        trial_d=positions.ravel().copy(),
        direction_d=np.zeros(size),
        step_hd=np.zeros((history, size)),
        change_hd=np.zeros((history, size)),
        step_change_hh=np.zeros((history, history)),
        change_change_hh=np.zeros((history, history)),
        product_h=np.zeros((5, history)),
        state=states,
    )


@lean_kernel
def largest_component(force_d):  # type: ignore[no-untyped-def]
    """Largest absolute component of a field (3N,); NaN if any component is NaN or infinite."""
    infinite, strange = like(force_d, np.inf), 0
    for d in range(force_d.shape[0]):
        strange += not abs(force_d[d]) < infinite
    if strange > 0:
        return like(force_d, np.nan)
    # Three maxima, so that none has to wait for the one before.
    x, y, z = like(force_d, 0.0), like(force_d, 0.0), like(force_d, 0.0)
    for d in range(0, force_d.shape[0], 3):
        x = max(x, abs(force_d[d]))
        y = max(y, abs(force_d[d + 1]))
        z = max(z, abs(force_d[d + 2]))
    return max(x, max(y, z))


@lean_kernel
def copy(from_d, to_d):  # type: ignore[no-untyped-def]
    """Copy an array; a slice assignment takes seconds to compile."""
    for d in range(from_d.shape[0]):
        to_d[d] = from_d[d]


@lean_kernel
def like(a_d, number):  # type: ignore[no-untyped-def]
    """The number in the precision of an array: another would slow its loops down."""
    return a_d.dtype.type(number)


@lean_kernel
def dot(a_d, b_d):  # type: ignore[no-untyped-def]
    """Inner product."""
    total = like(a_d, 0.0)
    for d in range(a_d.shape[0]):
        total += a_d[d] * b_d[d]
    return total


@lean_kernel
def two_dots(a_d, b_d, c_d):  # type: ignore[no-untyped-def]
    """Inner products a.b and a.c, reading a once."""
    first, second = like(a_d, 0.0), like(a_d, 0.0)
    for d in range(a_d.shape[0]):
        first += a_d[d] * b_d[d]
        second += a_d[d] * c_d[d]
    return first, second


@lean_kernel
def begin(w, force_d, energy):  # type: ignore[no-untyped-def]
    """Accept the start; returns the largest force component, not finite if anything is."""
    state = w.state[0]
    largest = largest_component(force_d)
    copy(force_d, w.force_d)
    state["energy"] = state["least_energy"] = energy
    state["max_force"] = state["least_force"] = largest
    return largest + 0.0 * energy


@lean_kernel
def judge(w, force_d, energy, remembering, may_jump):  # type: ignore[no-untyped-def]
    """Accept the trial point, or shorten the step to it.

    Accepted if the energy falls enough for the slope or, where the difference of energies is
    noise or `may_jump` and is seen to, if the slope at the trial point shows no overshooting.
    """
    state = w.state[0]
    largest = largest_component(force_d)
    finite = np.isfinite(energy) and np.isfinite(largest)
    a, slope = state["step"], state["slope"]
    rise = energy - state["energy"]
    is_noise = finite and abs(rise) <= max(ENERGY_NOISE * abs(energy), state["noise"])
    new_slope = 0.0
    accepted = finite and rise <= SUFFICIENT_DECREASE * a * slope
    if is_noise:
        new_slope = -dot(force_d, w.direction_d)
        accepted = accepted or new_slope <= -LARGEST_NEW_SLOPE * slope
    is_suspect = False
    if may_jump and finite and not accepted:
        new_slope = -dot(force_d, w.direction_d)
        is_suspect = new_slope <= -LARGEST_NEW_SLOPE * slope
        mismatch = rise - 0.5 * a * (slope + new_slope)
        if is_suspect and state["backtracks"] > 0:
            accepted = mismatch >= LASTING_MISMATCH * state["mismatch"]
        state["mismatch"] = mismatch if is_suspect else np.inf
    state["idle"] += 1
    if accepted:
        if may_jump:
            note_jump(w, force_d, energy)
        if remembering:
            remember(w, force_d)
        copy(w.trial_d, w.position_d)
        copy(force_d, w.force_d)
        state["energy"] = energy
        state["max_force"] = largest
        note_progress(w, energy, largest)
        return ACCEPTED
    state["backtracks"] += 1
    if state["backtracks"] > MOST_BACKTRACKS:
        return EXHAUSTED if finite else NOT_FINITE
    shorter = LONGEST_CUT if is_suspect else BLIND_CUT
    if is_noise:
        shorter = slope / (slope - new_slope)  # where the secant of the slopes vanishes
    elif finite and not is_suspect:
        shorter = -0.5 * a * slope / (rise - a * slope)  # the minimum of the parabola
    a *= min(max(shorter, SHORTEST_CUT), LONGEST_CUT)
    state["step"] = a
    step = like(w.trial_d, a)
    for d in range(w.trial_d.shape[0]):
        w.trial_d[d] = w.position_d[d] + step * w.direction_d[d]
    return REJECTED


@lean_kernel
def note_jump(w, force_d, energy):  # type: ignore[no-untyped-def]
    """Note a change of the energy on the way to the trial point that no force accounts for.

    By the mean value theorem a smooth energy changes by the work of a force on the way; one that is
    several times larger than at both ends of a step is a jump.
    """
    state = w.state[0]
    before, after = 0.0, 0.0
    for d in range(force_d.shape[0]):
        step = w.trial_d[d] - w.position_d[d]
        before += w.force_d[d] * step
        after += force_d[d] * step
    mismatch = abs(energy - state["energy"] + 0.5 * (before + after))
    least = LEAST_JUMP * (abs(before) + abs(after))
    if mismatch > max(least, ENERGY_NOISE * abs(energy), state["noise"]):
        state["jump"] = mismatch


@lean_kernel
def note_progress(w, energy, max_force):  # type: ignore[no-untyped-def]
    """Reset the count of idle judgements if energy or force reached a new low."""
    state = w.state[0]
    if max_force < state["least_force"]:
        state["least_force"] = max_force
        state["idle"] = 0
    if energy < state["least_energy"] - ENERGY_PROGRESS * abs(energy):
        state["least_energy"] = energy
        state["idle"] = 0


@lean_kernel
def remember(w, force_d):  # type: ignore[no-untyped-def]
    """Put the step just accepted into the history, unless it shows no positive curvature."""
    state = w.state[0]
    m = w.step_hd.shape[0]
    slot = (state["newest"] + 1) % m
    step, change = w.step_hd[slot], w.change_hd[slot]
    a = like(step, state["step"])
    ss, sy, yy = like(step, 0.0), like(step, 0.0), like(step, 0.0)
    for d in range(step.shape[0]):
        s = a * w.direction_d[d]
        y = w.force_d[d] - force_d[d]
        step[d] = s
        change[d] = y
        ss += s * s
        sy += s * y
        yy += y * y
    if sy > SMALLEST_COSINE * np.sqrt(ss * yy):
        state["newest"] = slot
        state["held"] = min(state["held"] + 1, m)
        w.step_change_hh[slot, slot] = sy
        w.change_change_hh[slot, slot] = yy
        state["scale"] = sy / yy
    else:
        state["held"] = min(state["held"], m - 1)  # the oldest pair was overwritten


@lean_kernel
def propose(w, largest_step, is_given):  # type: ignore[no-untyped-def]
    """The first trial point along a new direction: the L-BFGS one, or what is there already."""
    if not is_given:
        compare_with_history(w)
        combine_history(w)
    aim(w, largest_step)


@lean_kernel
def aim(w, largest_step):  # type: ignore[no-untyped-def]
    """The first trial point along the direction: the full step, or the largest one allowed.

    An ascending direction is replaced by the force, and the history forgotten.
    """
    state = w.state[0]
    direction = w.direction_d
    slope = -dot(direction, w.force_d)
    if not slope < 0.0:
        state["held"] = 0
        scale = like(direction, state["scale"])
        for d in range(direction.shape[0]):
            direction[d] = scale * w.force_d[d]
        slope = -dot(direction, w.force_d)
    largest2 = like(direction, 0.0)
    for d in range(0, direction.shape[0], 3):
        x, y, z = direction[d], direction[d + 1], direction[d + 2]
        largest2 = max(largest2, x * x + y * y + z * z)
    a = 1.0
    if largest2 > largest_step * largest_step:
        a = largest_step / np.sqrt(largest2)
    state["slope"] = slope
    state["step"] = a
    state["backtracks"] = 0
    step = like(direction, a)
    for d in range(direction.shape[0]):
        w.trial_d[d] = w.position_d[d] + step * direction[d]


@lean_kernel
def compare_with_history(w):  # type: ignore[no-untyped-def]
    """Inner products of the history with the force and with the newest change."""
    state = w.state[0]
    m = w.step_hd.shape[0]
    count, newest = state["held"], state["newest"]
    step_force, change_force = w.product_h[0], w.product_h[1]
    for k in range(count):
        i = (newest - k + m) % m
        step_force[i], sy = two_dots(w.step_hd[i], w.force_d, w.change_hd[newest])
        change_force[i], yy = two_dots(w.change_hd[i], w.force_d, w.change_hd[newest])
        w.step_change_hh[i, newest] = sy
        w.change_change_hh[i, newest] = yy
        w.change_change_hh[newest, i] = yy


@lean_kernel
def combine_history(w):  # type: ignore[no-untyped-def]
    """The two-loop recursion: the direction H f as a combination of force, steps and changes."""
    state = w.state[0]
    m = w.step_hd.shape[0]
    count, newest, scale = state["held"], state["newest"], state["scale"]
    step_force, change_force = w.product_h[0], w.product_h[1]
    alpha, on_step, on_change = w.product_h[2], w.product_h[3], w.product_h[4]
    for k in range(count):  # from the newest pair to the oldest
        i = (newest - k + m) % m
        value = step_force[i]
        for later in range(k):
            j = (newest - later + m) % m
            value -= alpha[j] * w.step_change_hh[i, j]
        alpha[i] = value / w.step_change_hh[i, i]
        on_change[i] = -scale * alpha[i]
    for k in range(count - 1, -1, -1):  # and back
        i = (newest - k + m) % m
        value = scale * change_force[i]
        for other in range(count):
            j = (newest - other + m) % m
            value += on_change[j] * w.change_change_hh[i, j]
        for earlier in range(k + 1, count):
            j = (newest - earlier + m) % m
            value += on_step[j] * w.step_change_hh[j, i]
        on_step[i] = alpha[i] - value / w.step_change_hh[i, i]
    direction = w.direction_d
    rounded = like(direction, scale)
    for d in range(direction.shape[0]):
        direction[d] = rounded * w.force_d[d]
    for k in range(count):
        i = (newest - k + m) % m
        a, b = like(direction, on_step[i]), like(direction, on_change[i])
        step, change = w.step_hd[i], w.change_hd[i]
        for d in range(direction.shape[0]):
            direction[d] += a * step[d] + b * change[d]
