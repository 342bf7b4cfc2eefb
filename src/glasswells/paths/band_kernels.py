"""Tangents and band forces on arrays whose last axis is the image.

Suffixes: d degree of freedom (3N), b image.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from glasswells.core.compiler import lean_kernel
from glasswells.core.records import Array


class BandSums(NamedTuple):
    """Sums over the particles, (B,) each; the step ahead of image b is r_{b+1} - r_b."""

    length2: Array
    """|step ahead|^2."""
    bend: Array
    """(step ahead).(step behind)."""
    force_ahead: Array
    """force.(step ahead)."""
    force_behind: Array
    ahead: Array
    """Coefficient of the step ahead in the unit tangent."""
    behind: Array
    along: Array
    """Force along the tangent."""
    removed: Array
    """Coefficient of the tangent that the residual lacks of the force."""
    pulled: Array
    """The same of the band force."""


def empty_sums(images: int) -> BandSums:
    """Room for the sums of a band, which `band_forces` fills."""
    return BandSums(*np.empty((len(BandSums._fields), images)))


@lean_kernel
def step_sums(r_db, force_db, sums):  # type: ignore[no-untyped-def]
    """Fill the first four of the sums."""
    images = r_db.shape[1]
    length2, bend = sums.length2, sums.bend
    force_ahead, force_behind = sums.force_ahead, sums.force_behind
    length2[:] = 0.0
    bend[:] = 0.0
    force_ahead[:] = 0.0
    force_behind[:] = 0.0
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
def choose_tangents(energy_b, last, sums):  # type: ignore[no-untyped-def]
    """Fill the coefficients of the unit tangents and the forces along them, images 1..last-1."""
    for b in range(1, last):
        ahead, behind = tangent_weights(energy_b[b - 1], energy_b[b], energy_b[b + 1])
        norm2 = (
            ahead * ahead * sums.length2[b]
            + behind * behind * sums.length2[b - 1]
            + 2.0 * ahead * behind * sums.bend[b]
        )
        scale = 1.0 / np.sqrt(norm2) if norm2 > 0.0 else 0.0
        sums.ahead[b] = ahead * scale
        sums.behind[b] = behind * scale
        sums.along[b] = scale * (ahead * sums.force_ahead[b] + behind * sums.force_behind[b])


@lean_kernel
def band_forces(r_db, force_db, energy_b, last, climbing, spring, sums, residual_b, out_db):  # type: ignore[no-untyped-def]
    """Turn forces into band forces: perpendicular force plus springs along the tangent.

    The climbing image (number `climbing`, 0 for none) gets its force along the tangent reversed
    and no springs (Henkelman, Uberuaga & Jonsson, JCP 113, 9901 (2000)). Images 0 and `last` and
    the padding behind stand still.

    Fills `out_db` and, per image, the largest component `residual_b` of the perpendicular force
    (of the whole force for the climbing image).
    """
    step_sums(r_db, force_db, sums)
    choose_tangents(energy_b, last, sums)
    ahead_b, behind_b = sums.ahead, sums.behind
    removed, pulled = sums.removed, sums.pulled
    for b in range(1, last):
        stretch = np.sqrt(sums.length2[b]) - np.sqrt(sums.length2[b - 1])
        removed[b] = 0.0 if b == climbing else sums.along[b]
        pulled[b] = sums.along[b] * 2.0 if b == climbing else sums.along[b] - spring * stretch
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
