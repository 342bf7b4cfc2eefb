"""Which pairs are taken, and their features by hand."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from weakref import WeakSet

import numpy as np
import pytest
from library_structures import BOX, SITES, moved_by, structure

from glasswells.core.errors import InputError
from glasswells.core.records import (
    Array,
    Configuration,
    InherentStructure,
    LateConfiguration,
    Transition,
)
from glasswells.landscape import close, pairs
from glasswells.landscape.candidates import choose_pairs
from glasswells.landscape.close import Close, close_pairs, expected_splitting
from glasswells.landscape.linked import Linked, linked_pairs
from glasswells.landscape.pairs import pair_features

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
    assert {(p.i, p.j) for p in found} == {(0, 2), (1, 2)}
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


def test_close_pairs_come_by_the_splitting_to_expect_and_not_by_transitions() -> None:
    transitions = [Transition(i=0, j=1, count=100)]
    found = close_pairs(FAMILY, transitions, 10, 10)
    expected = [np.hypot(p.energy_difference, 0.094 * np.exp(-p.distance / 0.1)) for p in found]
    assert [expected_splitting(p) for p in found] == pytest.approx(expected, rel=1e-12)
    assert expected == sorted(expected)
    assert [(p.i, p.j) for p in found] == [(0, 2), (1, 2), (0, 1)]


def test_further_limits_of_close_pairs() -> None:
    transitions = [Transition(i=2, j=0, count=3)]
    (linked,) = close_pairs(FAMILY, transitions, 10, 10, min_transitions=3)
    assert (linked.i, linked.j, linked.backward_count) == (0, 2, 3)
    most = max(p.participation_number for p in close_pairs(FAMILY, [], 10, 10))
    fewer = close_pairs(FAMILY, [], 10, 10, max_participation_number=0.99 * most)
    assert len(fewer) == 2
    with pytest.raises(InputError, match="max_participation_number is nan"):
        close_pairs(FAMILY, [], 1.0, 1.0, max_participation_number=np.nan)


def test_parts_of_ways_are_wanted_as_pairs_are_whatever_their_transitions() -> None:
    rule = Close(max_energy_difference=0.45, min_distance=0.1, max_distance=0.7, min_transitions=9)
    pairs = [pair_features(FAMILY[i], FAMILY[j], 0, 0) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert [rule.wants_part(pair) for pair in pairs] == [False, True, True]
    assert all(Linked().wants_part(pair) for pair in pairs)
    narrow = Close(max_energy_difference=0.45, max_participation_number=1e-3)
    assert not any(narrow.wants_part(pair) for pair in pairs)


LINKED = Linked(min_transitions=2)
CLOSE = Close(max_energy_difference=0.45, min_distance=0.1, max_distance=0.7)
TRANSITIONS = [Transition(i=0, j=1, count=9), Transition(i=2, j=0, count=3)]


def test_each_pair_keeps_the_names_of_all_rules_that_chose_it() -> None:
    chosen = choose_pairs(FAMILY, TRANSITIONS, [LINKED, CLOSE], 10).candidates
    found = {(p.i, p.j): p.rules for p in map(chosen.pair, range(len(chosen)))}
    assert found == {(0, 1): ("linked",), (0, 2): ("linked", "close"), (1, 2): ("close",)}
    assert list(found) == [(0, 1), (0, 2), (1, 2)]  # the first rule's first, by transitions
    other = choose_pairs(FAMILY, TRANSITIONS, [CLOSE, LINKED], 10).candidates
    assert [tuple(row) for row in other.minima] == [(0, 2), (1, 2), (0, 1)]


@pytest.mark.parametrize("limit", [1, 2, 10])
def test_no_rule_changes_what_another_chooses(limit: int) -> None:
    def of_linked(rules: list[Linked | Close]) -> list[tuple[int, int]]:
        chosen = choose_pairs(FAMILY, TRANSITIONS, rules, limit).candidates
        pairs = map(chosen.pair, range(len(chosen)))
        return sorted((p.i, p.j) for p in pairs if "linked" in p.rules)

    alone = of_linked([LINKED])
    assert len(alone) == min(limit, 2)
    assert of_linked([LINKED, CLOSE]) == of_linked([CLOSE, LINKED]) == alone


def test_candidates_are_the_pairs_with_all_their_features() -> None:
    chosen = choose_pairs(FAMILY, TRANSITIONS, [LINKED], 10).candidates
    first = chosen.pair(0)
    expected = linked_pairs(FAMILY, TRANSITIONS, 9)[0]
    for name in ("i", "j", "energy_difference", "distance", "participation_number"):
        assert getattr(first, name) == getattr(expected, name)
    assert first.largest_displacements == expected.largest_displacements
    assert first.largest_distances == expected.largest_distances
    assert (first.forward_count, first.backward_count) == (9, 0)


def test_a_detour_is_recorded_and_followed_by_the_paper_s_rule_only() -> None:
    spots = (
        structure(0, 1.0, {}),
        structure(1, 1.1, {0: (0.4, 0, 0), 60: (0, 0.3, 0)}),
        structure(2, 1.05, {0: (0.4, 0, 0)}),
    )
    links = [Transition(i=a, j=b, count=5) for a, b in ((0, 1), (0, 2), (1, 2))]
    choice = choose_pairs(spots, links, [LINKED, CLOSE], 10)
    (detour,) = choice.detours
    assert (detour.i, detour.j, detour.through) == (0, 1, 2)
    assert detour.rules == ("linked", "close")
    found = {(p.i, p.j): p.rules for p in map(choice.candidates.pair, range(3))}
    assert found[0, 1] == ("linked",)
    assert found[0, 2] == ("linked", "close")
    assert choose_pairs(spots, links, [CLOSE], 1).candidates.minima.tolist() == [[0, 2]]


def library(n: int) -> list[InherentStructure]:
    """Minima of random energies; each differs from one before it by a particle or two."""
    generator = np.random.default_rng(5)
    fields: list[Array] = [np.zeros_like(SITES)]
    for _ in range(n - 1):
        field = fields[generator.integers(len(fields))].copy()
        for particle in generator.integers(len(SITES), size=generator.integers(1, 3)):
            field[particle] += generator.normal(0.0, 0.2, size=3)
        fields.append(field)
    return [moved_by(k, float(generator.random()), SITES, f) for k, f in enumerate(fields)]


def test_close_pairs_in_blocks_are_those_of_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    structures = library(60)
    all_pairs = [pair_features(a, b, 0, 0) for a, b in combinations(structures, 2)]
    wanted = {
        (p.i, p.j)
        for p in all_pairs
        if abs(p.energy_difference) <= 0.2 and 0.1 <= p.distance <= 0.9
    }
    assert len(wanted) > 50
    for block in (1, 7, 60, 1000):
        monkeypatch.setattr(close, "BLOCK", block)
        found = close_pairs(structures, [], 0.2, 0.9, 0.1)
        assert {(p.i, p.j) for p in found} == wanted
        assert len(found) == len(wanted)


class Watched(Configuration):
    """A configuration of which weak references are possible."""


def test_rules_need_few_places_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Places that are read when they are looked at, and of which eight are kept."""
    monkeypatch.setattr(pairs, "KEPT_AT_HAND", 8)
    monkeypatch.setattr(close, "BLOCK", 4)
    whole = library(60)
    alive: WeakSet[Configuration] = WeakSet()
    peak, reads = 0, 0

    def late(found: Configuration) -> LateConfiguration:
        def read(source: str) -> Configuration:
            nonlocal peak, reads
            copy = Watched(positions=found.positions, diameters=found.diameters, box=BOX)
            alive.add(copy)
            peak, reads = max(peak, len(alive)), reads + 1
            return copy

        return LateConfiguration("", {"positions": found.positions.shape}, read)

    waiting = [replace(s, configuration=late(s.configuration)) for s in whole]
    transitions = [Transition(i=k // 2, j=k, count=1) for k in range(1, 60)]
    rules = [Linked(min_transitions=1), Close(max_energy_difference=0.2, min_distance=0.1)]
    expected, found = (choose_pairs(s, transitions, rules, 1000) for s in (whole, waiting))
    assert found.detours == expected.detours
    assert len(found.detours) > 10
    assert np.array_equal(found.candidates.features, expected.candidates.features)
    assert np.array_equal(found.candidates.chosen, expected.candidates.chosen)
    assert 8 <= peak <= 12
    assert reads < 4000
