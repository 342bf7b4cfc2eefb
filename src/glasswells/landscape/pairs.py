"""Pairs of inherent structures: which are worth a path, and what they look like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from glasswells.core.checks import count, not_negative, positive
from glasswells.core.compiler import kernel
from glasswells.core.errors import InputError
from glasswells.core.fields import participation_number
from glasswells.core.geometry import displacement, minimum_image
from glasswells.core.masses import relative_masses
from glasswells.core.records import Array, Configuration, InherentStructure, Pair, Transition

UNAMBIGUOUS = 0.25
"""Part of a box edge. If all components of a field are below it, those without the drift, which is
their mean, are below half an edge: no particle changes its image."""


def linked_pairs(
    structures: Sequence[InherentStructure],
    transitions: Iterable[Transition],
    min_transitions: int = 5,
) -> tuple[Pair, ...]:
    """Pairs with T_ij + T_ji >= `min_transitions`, whatever the direction, each once with i < j.

    The rule is inferred from the published pair tables of Khomenko et al. (2020).

    Raises
    ------
    InputError
        For `min_transitions` below 1.
    """
    count("min_transitions", min_transitions, minimum=1)
    counts = {(t.i, t.j): t.count for t in transitions}
    keys = sorted({(min(k), max(k)) for k in counts if k[0] != k[1]})
    return tuple(
        pair_features(structures[i], structures[j], forward, backward)
        for i, j in keys
        if (forward := counts.get((i, j), 0)) + (backward := counts.get((j, i), 0))
        >= min_transitions
    )


def close_pairs(
    structures: Sequence[InherentStructure],
    transitions: Iterable[Transition],
    max_energy_difference: float,
    max_distance: float,
    min_distance: float = 0.0,
) -> tuple[Pair, ...]:
    """All pairs of a glass within limits on |Delta_E| and d, linked or not.

    For studies of rare transitions: a pair need not have been crossed in the exploration.

    Raises
    ------
    InputError
        For limits that are not positive, or a `min_distance` that is negative or not below
        `max_distance`.
    """
    positive("max_energy_difference", max_energy_difference)
    positive("max_distance", max_distance)
    not_negative("min_distance", min_distance)
    if min_distance >= max_distance:
        raise InputError(
            f"min_distance is {min_distance:g} and max_distance {max_distance:g}, expected less"
        )
    counts = {(t.i, t.j): t.count for t in transitions}
    order = sorted(range(len(structures)), key=lambda k: structures[k].energy)
    found = []
    masses = relative_masses(structures[0].configuration) if structures else None
    for place, low in enumerate(order):
        for high in order[place + 1 :]:
            if structures[high].energy - structures[low].energy > max_energy_difference:
                break
            a, b = structures[low].configuration, structures[high].configuration
            distance = _distance(a, b, masses)
            if not min_distance <= distance <= max_distance:
                continue
            i, j = min(low, high), max(low, high)
            forward, backward = counts.get((i, j), 0), counts.get((j, i), 0)
            found.append(pair_features(structures[i], structures[j], forward, backward))
    return tuple(sorted(found, key=lambda p: (p.i, p.j)))


def _distance(a: Configuration, b: Configuration, masses: Array | None) -> float:
    """Length of the displacement field from a to b; millions are asked for in a large library."""
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


def pair_features(
    a: InherentStructure, b: InherentStructure, forward_count: int, backward_count: int
) -> Pair:
    """Delta_E, d, PR_DW, and the three particles that move most (physics: paper, section II)."""
    box, masses = a.configuration.box, relative_masses(a.configuration)
    moved = displacement(a.configuration.positions, b.configuration.positions, box, masses)
    lengths = np.linalg.norm(moved, axis=1)
    top = np.argsort(lengths)[::-1][:3]
    if len(top) < 3:  # two particles: the third is the second again
        top = np.append(top, top[-1])
    places = a.configuration.positions[top]
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
