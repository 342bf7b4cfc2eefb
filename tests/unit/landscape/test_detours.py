"""Detours: two changes in different places, by hand and from a glass."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from library_structures import BOX, Moves, moved_by, structure

from glasswells.core.records import InherentStructure
from glasswells.landscape.detours import Detour, DetourLimits, find_detours
from glasswells.landscape.pairs import pair_features

REAL = Path(__file__).parent / "real_triples.npz"


def triple(first: Moves, second: Moves) -> list[InherentStructure]:
    """A, B and C; C has the first moves, B both."""
    both = {
        p: tuple(np.add(first.get(p, (0, 0, 0)), second.get(p, (0, 0, 0)))) for p in first | second
    }
    return [structure(0, 1.0, {}), structure(1, 1.2, both), structure(2, 1.1, first)]


def detours(structures: list[InherentStructure], **limits: float) -> tuple[Detour, ...]:
    """Of the pair A-B, if C is linked to both."""
    pair = pair_features(structures[0], structures[1], 0, 0)
    return find_detours([pair], structures, [(0, 2), (1, 2)], DetourLimits(**limits))


def test_two_changes_in_different_places_are_a_detour() -> None:
    far = triple({0: (0.4, 0, 0), 1: (0, 0.1, 0)}, {60: (0, 0.3, 0), 61: (0.1, 0, 0)})
    (found,) = detours(far)
    assert (found.i, found.j, found.through) == (0, 1, 2)
    assert found.mobility_overlap == pytest.approx(0.02, abs=0.02)  # the drift of both
    assert found.first_distance**2 + found.second_distance**2 == pytest.approx(0.27, rel=0.02)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({0: (0.4, 0, 0)}, {0: (0, 0.4, 0)}),  # one particle around a corner: a right angle
        ({0: (0.4, 0, 0)}, {0: (0.4, 0, 0)}),  # one particle straight on
        ({0: (0.4, 0, 0)}, {0: (-0.1, 0, 0)}),  # C beyond B
        ({0: (0.4, 0, 0)}, {60: (0, 0.05, 0)}),  # a particle that is dragged along
    ],
)
def test_changes_of_one_place_are_none(first: Moves, second: Moves) -> None:
    assert detours(triple(first, second)) == ()


def test_limits_decide() -> None:
    dragged = triple({0: (0.4, 0, 0)}, {60: (0, 0.05, 0)})
    assert len(detours(dragged, smaller_part=0.1)) == 1
    shared = triple({0: (0.4, 0, 0), 1: (0.2, 0, 0)}, {60: (0.4, 0, 0), 1: (0, 0.2, 0)})
    (found,) = detours(shared)
    assert detours(shared, mobility_overlap=0.9 * found.mobility_overlap) == ()
    assert detours(triple({0: (0.4, 0, 0)}, {60: (0, 0.3, 0)}), mobility_overlap=0.0) == ()


def test_only_neighbors_of_both_are_tried() -> None:
    far = triple({0: (0.4, 0, 0)}, {60: (0, 0.3, 0)})
    pair = pair_features(far[0], far[1], 0, 0)
    assert find_detours([pair], far, [(0, 2)]) == ()
    neighbors = [pair_features(far[0], far[2], 0, 0), pair_features(far[1], far[2], 0, 0)]
    (found,) = find_detours([pair, *neighbors], far)
    assert found.through == 2


def test_of_all_corners_of_a_cube_the_edges_are_left() -> None:
    """Three spots with two states each: eight minima, twelve edges; diagonals are detours."""
    spots: list[Moves] = [{0: (0.4, 0, 0)}, {60: (0, 0.4, 0)}, {110: (0, 0, 0.4)}]
    corners = []
    for k in range(8):
        moves: Moves = {}
        for bit, spot in enumerate(spots):
            moves |= spot if k >> bit & 1 else {}
        corners.append(structure(k, float(k), moves))
    pairs = [pair_features(corners[i], corners[j], 0, 0) for i, j in combinations(range(8), 2)]
    found = {(d.i, d.j) for d in find_detours(pairs, corners)}
    diagonals = {(p.i, p.j) for p in pairs if (p.i ^ p.j).bit_count() > 1}
    assert found == diagonals


def test_real_triples() -> None:
    """Of a glass of 0.07. The paths of the first two pairs pass other minima, the last is one
    double well though a third minimum is near."""
    fields = np.load(REAL)
    rng = np.random.default_rng(1)
    found = []
    for k in range(3):
        first, second = fields[f"first_{k}"], fields[f"second_{k}"]
        sites = rng.uniform(0, BOX[0], first.shape)
        structures = [
            moved_by(0, 0.0, sites, np.zeros_like(first)),
            moved_by(1, 0.0, sites, first + second),
            moved_by(2, 0.0, sites, first),
        ]
        found.append([d.mobility_overlap for d in detours(structures)])
    assert found[0] == pytest.approx([0.0520], abs=1e-3)
    assert found[1] == pytest.approx([0.2585], abs=1e-3)
    assert found[2] == []
