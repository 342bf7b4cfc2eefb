"""Which pairs are taken, and their features by hand."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.core.errors import InputError
from glasswells.core.records import Configuration, InherentStructure, Transition
from glasswells.landscape.pairs import close_pairs, linked_pairs, pair_features

BOX = np.full(3, 20.0)
SITES = np.stack(np.meshgrid(*[np.arange(5)] * 3, indexing="ij"), -1).reshape(-1, 3) * 4.0


def structure(index: int, energy: float, moves: dict[int, tuple[float, float, float]]):  # type: ignore[no-untyped-def]
    positions = SITES.copy()
    for particle, move in moves.items():
        positions[particle] += move
    configuration = Configuration(positions=positions, diameters=np.ones(125), box=BOX)
    return InherentStructure(index=index, configuration=configuration, energy=energy)


FAMILY = (
    structure(0, 1.0, {}),
    structure(1, 1.5, {0: (0.3, 0, 0), 1: (0, -0.1, 0), 124: (0, 0, 0.05)}),
    structure(2, 1.1, {0: (0, 0, 0.4)}),
)


def test_links_in_both_directions_are_pooled() -> None:
    transitions = [
        Transition(i=1, j=0, count=3),
        Transition(i=0, j=1, count=2),
        Transition(i=2, j=0, count=4),
        Transition(i=0, j=0, count=90),
    ]
    (pair,) = linked_pairs(FAMILY, transitions, min_transitions=5)
    assert (pair.i, pair.j, pair.forward_count, pair.backward_count) == (0, 1, 2, 3)
    assert len(linked_pairs(FAMILY, transitions, min_transitions=1)) == 2


def test_features_by_hand() -> None:
    pair = pair_features(FAMILY[0], FAMILY[1], 1, 2)
    moved = np.zeros((125, 3))
    moved[0], moved[1], moved[124] = (0.3, 0, 0), (0, -0.1, 0), (0, 0, 0.05)
    moved -= moved.mean(axis=0)
    squares = (moved**2).sum(axis=1)
    assert pair.energy_difference == pytest.approx(0.5)
    assert pair.distance == pytest.approx(np.sqrt(squares.sum()), rel=1e-12)
    assert pair.participation_number == pytest.approx(squares.sum() ** 2 / (squares**2).sum())
    assert pair.largest_displacements == pytest.approx(tuple(np.sqrt(squares[[0, 1, 124]])))
    # sites 0, 1 and 124 = (4, 4, 4): the last is one site away across three faces
    assert pair.largest_distances == pytest.approx((4.0, np.sqrt(48.0), np.sqrt(96.0)))


def test_close_pairs_need_no_transition() -> None:
    found = close_pairs(FAMILY, [], max_energy_difference=0.45, max_distance=0.7)
    assert [(p.i, p.j) for p in found] == [(0, 2), (1, 2)]
    assert close_pairs(FAMILY, [], max_energy_difference=0.45, max_distance=0.45)[0].j == 2
    assert len(close_pairs(FAMILY, [], max_energy_difference=10, max_distance=10)) == 3


def test_close_pairs_may_have_to_keep_a_distance() -> None:
    distances = {(p.i, p.j): p.distance for p in close_pairs(FAMILY, [], 10, 10)}
    limit = sum(sorted(distances.values())[:2]) / 2
    found = close_pairs(FAMILY, [], 10, 10, min_distance=limit)
    assert {(p.i, p.j) for p in found} == {k for k, d in distances.items() if d >= limit}
    assert len(found) == 2
    with pytest.raises(InputError, match=r"min_distance is 0.5 and max_distance 0.5"):
        close_pairs(FAMILY, [], 1.0, 0.5, min_distance=0.5)


@pytest.mark.parametrize("drift", [0.0, 3.0, 9.5, 10.0, 17.0])
def test_close_pairs_see_through_drift_and_images(drift: float) -> None:
    """A copy moved by any vector, each particle in another image, is as close as before."""
    images = np.random.default_rng(1).integers(-2, 3, size=(125, 3)) * BOX
    other = FAMILY[2].configuration
    vector = np.array([drift, -drift, drift / 2])
    moved = other.moved_to(other.positions + vector + images)
    pair = (FAMILY[0], InherentStructure(index=2, configuration=moved, energy=1.1))
    (found,) = close_pairs(pair, [], 0.45, 0.45)
    assert found.distance == pytest.approx(0.4 * np.sqrt(1 - 1 / 125), rel=1e-9)
    assert close_pairs(pair, [], 0.45, 0.35) == ()
