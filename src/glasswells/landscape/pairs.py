"""Pairs of inherent structures: which are worth a path, and what they look like."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from glasswells.core.checks import count, positive
from glasswells.core.fields import participation_number
from glasswells.core.geometry import displacement, minimum_image
from glasswells.core.records import InherentStructure, Pair, Transition


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
) -> tuple[Pair, ...]:
    """All pairs of a glass within limits on |Delta_E| and d, linked or not.

    For studies of rare transitions: a pair need not have been crossed in the exploration.

    Raises
    ------
    InputError
        For limits that are not positive.
    """
    positive("max_energy_difference", max_energy_difference)
    positive("max_distance", max_distance)
    counts = {(t.i, t.j): t.count for t in transitions}
    order = sorted(range(len(structures)), key=lambda k: structures[k].energy)
    found = []
    for place, low in enumerate(order):
        for high in order[place + 1 :]:
            if structures[high].energy - structures[low].energy > max_energy_difference:
                break
            i, j = min(low, high), max(low, high)
            pair = pair_features(
                structures[i], structures[j], counts.get((i, j), 0), counts.get((j, i), 0)
            )
            if pair.distance <= max_distance:
                found.append(pair)
    return tuple(sorted(found, key=lambda p: (p.i, p.j)))


def pair_features(
    a: InherentStructure, b: InherentStructure, forward_count: int, backward_count: int
) -> Pair:
    """Delta_E, d, PR_DW, and the three particles that move most (physics: paper, section II)."""
    box = a.configuration.box
    moved = displacement(a.configuration.positions, b.configuration.positions, box)
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
