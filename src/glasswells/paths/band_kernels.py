"""Tangents and band forces on arrays whose last axis is the image.

Suffixes: d degree of freedom (3N), b image. Places of the per-image sums in `sum_sb`.
"""

from __future__ import annotations

import numpy as np

from glasswells.core.compiler import lean_kernel

LENGTH2, BEND, FORCE_AHEAD, FORCE_BEHIND = 0, 1, 2, 3
"""Rows of `sum_sb`: |step ahead|^2, (step ahead).(step behind), force.(step ahead),
force.(step behind), where the step ahead of image b is r_{b+1} - r_b."""
AHEAD, BEHIND, ALONG = 4, 5, 6
"""More rows: coefficients of the two steps in the unit tangent, force along the tangent."""
ROWS = 7


@lean_kernel
def step_sums(r_db, force_db, sum_sb):  # type: ignore[no-untyped-def]
    """Fill the first four rows of `sum_sb`."""
    images = r_db.shape[1]
    sum_sb[:] = 0.0
    length2, bend = sum_sb[LENGTH2], sum_sb[BEND]
    force_ahead, force_behind = sum_sb[FORCE_AHEAD], sum_sb[FORCE_BEHIND]
    for d in range(r_db.shape[0]):
        step = r_db[d, 1] - r_db[d, 0]
        length2[0] += step * step
        for b in range(1, images - 1):
            ahead = r_db[d, b + 1] - r_db[d, b]
            behind = r_db[d, b] - r_db[d, b - 1]
            force = force_db[d, b]
            length2[b] += ahead * ahead
            bend[b] += ahead * behind
            force_ahead[b] += force * ahead
            force_behind[b] += force * behind


@lean_kernel
def tangent_weights(below, here, above):  # type: ignore[no-untyped-def]
    """Weights of the steps ahead and behind in the improved tangent, not normalized.

    Henkelman & Jonsson, JCP 113, 9978 (2000), eqs. 8-11: the step to the higher neighbor; at an
    extremum both, weighted by the energy differences.
    """
    if above > here > below:
        return 1.0, 0.0
    if above < here < below:
        return 0.0, 1.0
    rise, fall = abs(above - here), abs(below - here)
    larger, smaller = max(rise, fall), min(rise, fall)
    if larger == 0.0:
        return 1.0, 1.0
    return (larger, smaller) if above > below else (smaller, larger)


@lean_kernel
def choose_tangents(energy_b, last, sum_sb):  # type: ignore[no-untyped-def]
    """Fill the coefficients of the unit tangents and the forces along them, images 1..last-1."""
    for b in range(1, last):
        ahead, behind = tangent_weights(energy_b[b - 1], energy_b[b], energy_b[b + 1])
        norm2 = (
            ahead * ahead * sum_sb[LENGTH2, b]
            + behind * behind * sum_sb[LENGTH2, b - 1]
            + 2.0 * ahead * behind * sum_sb[BEND, b]
        )
        scale = 1.0 / np.sqrt(norm2) if norm2 > 0.0 else 0.0
        sum_sb[AHEAD, b] = ahead * scale
        sum_sb[BEHIND, b] = behind * scale
        sum_sb[ALONG, b] = scale * (
            ahead * sum_sb[FORCE_AHEAD, b] + behind * sum_sb[FORCE_BEHIND, b]
        )


@lean_kernel
def band_forces(r_db, force_db, energy_b, last, climbing, spring, sum_sb, residual_b, out_db):  # type: ignore[no-untyped-def]
    """Turn forces into band forces: perpendicular force plus springs along the tangent.

    The climbing image (number `climbing`, 0 for none) gets its force along the tangent reversed
    and no springs (Henkelman, Uberuaga & Jonsson, JCP 113, 9901 (2000)). Images 0 and `last` and
    the padding behind stand still.

    Fills `out_db` and, per image, the largest component `residual_b` of the perpendicular force
    (of the whole force for the climbing image).
    """
    step_sums(r_db, force_db, sum_sb)
    choose_tangents(energy_b, last, sum_sb)
    ahead_b, behind_b = sum_sb[AHEAD], sum_sb[BEHIND]
    # Reuse two rows for the coefficients along the tangent of residual and band force.
    removed, pulled = sum_sb[FORCE_AHEAD], sum_sb[FORCE_BEHIND]
    for b in range(1, last):
        stretch = np.sqrt(sum_sb[LENGTH2, b]) - np.sqrt(sum_sb[LENGTH2, b - 1])
        removed[b] = 0.0 if b == climbing else sum_sb[ALONG, b]
        pulled[b] = sum_sb[ALONG, b] * 2.0 if b == climbing else sum_sb[ALONG, b] - spring * stretch
    residual_b[:] = 0.0
    for d in range(r_db.shape[0]):
        out_db[d, 0] = 0.0
        for b in range(last, r_db.shape[1]):
            out_db[d, b] = 0.0
        for b in range(1, last):
            ahead = r_db[d, b + 1] - r_db[d, b]
            behind = r_db[d, b] - r_db[d, b - 1]
            tangent = ahead_b[b] * ahead + behind_b[b] * behind
            force = force_db[d, b]
            residual_b[b] = max(residual_b[b], abs(force - removed[b] * tangent))
            out_db[d, b] = force - pulled[b] * tangent
