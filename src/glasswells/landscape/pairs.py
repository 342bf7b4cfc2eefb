"""Pairs of inherent structures: their features, and how far apart they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from glasswells.core.compiler import kernel
from glasswells.core.fields import participation_number
from glasswells.core.geometry import displacement, minimum_image
from glasswells.core.masses import relative_masses
from glasswells.core.records import Array, Configuration, InherentStructure, Pair
from glasswells.landscape.known_places import KEPT_AT_HAND

UNAMBIGUOUS = 0.25
"""Part of a box edge. If all components of a field are below it, those without the drift, which is
their mean, are below half an edge: no particle changes its image."""


def at_hand(structures: Sequence[InherentStructure]) -> Callable[[int], InherentStructure]:
    """The structures of a library by number; those that were asked for last stay in memory.

    A library may hold more places than memory does, each of which is read when it is looked at.
    """

    @lru_cache(KEPT_AT_HAND)
    def structure(k: int) -> InherentStructure:
        return replace(structures[k], configuration=structures[k].configuration.at_hand())

    return structure


def pair_features(
    a: InherentStructure, b: InherentStructure, forward_count: int, backward_count: int
) -> Pair:
    """Delta_E, d, PR_DW, and the three particles that move most (physics: paper, section II)."""
    one, other = a.configuration.at_hand(), b.configuration.at_hand()
    box, masses = one.box, relative_masses(one)
    moved = displacement(one.positions, other.positions, box, masses)
    lengths = np.linalg.norm(moved, axis=1)
    top = np.argsort(lengths)[::-1][:3]
    if len(top) < 3:  # two particles: the third is the second again
        top = np.append(top, top[-1])
    places = one.positions[top]
    apart = [
        float(np.linalg.norm(minimum_image(places[p] - places[q], box)))
        for p, q in ((0, 1), (0, 2), (1, 2))
    ]
    return Pair(
        i=a.index,
        j=b.index,
        energy_difference=b.energy - a.energy,
        distance=float(np.linalg.norm(moved)),
        participation_number=participation_number(moved),
        largest_displacements=(
            float(lengths[top[0]]),
            float(lengths[top[1]]),
            float(lengths[top[2]]),
        ),
        largest_distances=(apart[0], apart[1], apart[2]),
        forward_count=forward_count,
        backward_count=backward_count,
    )


def pair_distance(a: Configuration, b: Configuration, masses: Array | None) -> float:
    """Length of the displacement field from a to b; millions are asked for in a large library.

    `masses` are the `relative_masses` of these particles, for the caller to look at once.
    """
    if masses is not None:
        return float(np.linalg.norm(displacement(a.positions, b.positions, a.box, masses)))
    distance, largest = _near_distance(a.positions, b.positions, a.box)
    if largest < UNAMBIGUOUS:
        return float(distance)
    return float(np.linalg.norm(displacement(a.positions, b.positions, a.box)))


@kernel
def _near_distance(a: Array, b: Array, box: Array) -> tuple[float, float]:
    """|r_b - r_a| without drift if no component is near half an edge; the largest, in edges."""
    n = len(a)
    largest, square = 0.0, 0.0
    for axis in range(3):
        edge, total, farthest = box[axis], 0.0, 0.0
        for i in range(n):
            x = b[i, axis] - a[i, axis]
            x -= edge * np.rint(x / edge)
            total += x
            square += x * x
            farthest = max(farthest, abs(x))
        square -= total * total / n
        largest = max(largest, farthest / edge)
    return np.sqrt(max(square, 0.0)), largest
