"""Rounds of path searches in made-up landscapes: each link once, the same ways in any rounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from glasswells.landscape.candidates import Candidates
from glasswells.landscape.detours import Detour
from glasswells.landscape.links import DOUBLE_WELL, LOST, Key, Link, follow_way, key_of
from glasswells.landscape.search import (
    BEYOND,
    LIBRARY,
    FollowedPair,
    Name,
    minimum_number,
    next_round,
    search_number,
    start_search,
)

EXPLORED = 40
"""Minima of the made-up landscape that were explored, of `ALL`; the others lie between."""
ALL = 60


def candidates(pairs: list[Key], rules: tuple[str, ...] = ("linked",)) -> Candidates:
    n = len(pairs)
    return Candidates(
        rules=rules,
        minima=np.array(pairs, dtype=np.int64).reshape(n, 2),
        features=np.zeros((n, 9)),
        counts=np.zeros((n, 2), dtype=np.int64),
        chosen=np.ones((n, len(rules)), dtype=np.bool_),
    )


@dataclass
class World:
    """Minima on a line: a path passes one that lies between, if there is one in its list."""

    between: dict[Key, tuple[int, ...]]
    searched: Counter[Key] = field(default_factory=Counter)

    def outcome(self, i: int, j: int) -> tuple[str, tuple[int, ...]]:
        minima = self.between.get(key_of(i, j), ())
        if minima:
            return "intermediate_minimum", minima if i < j else minima[::-1]
        return DOUBLE_WELL if (i + j) % 5 else "flat_profile", ()


def line(seed: int, stops: float) -> World:
    """Between i and j some of the minima that lie there, at random but the same each time."""
    rng = np.random.default_rng(seed)
    place = rng.permutation(ALL)
    between = {}
    for i in range(ALL):
        for j in range(i):
            low, high = sorted((place[i], place[j]))
            inside = [k for k in np.argsort(place)[low + 1 : high] if rng.random() < stops]
            ordered = inside if place[j] < place[i] else inside[::-1]
            between[j, i] = tuple(int(k) for k in ordered)
    return World(between)


def run(
    world: World, chosen: Candidates, least: int, detours: tuple[Detour, ...] = ()
) -> tuple[list[FollowedPair], Counter[str], int]:
    """All rounds; the numbers of minima are the world's own again in what is returned."""
    search = start_search(EXPLORED, chosen, detours)
    numbers: dict[int, int] = {k: k for k in range(EXPLORED)}  # of the world, by ours
    followed: list[FollowedPair] = []
    counts: Counter[str] = Counter()
    results: list[Link] = []
    names: list[Name] = []
    rounds = 0
    while True:
        found = next_round(search, chosen, results, names, least=least, max_minima=8)
        search, rounds = found.search, rounds + 1
        followed += found.followed
        counts.update(found.counts)
        if not search.batch:
            return followed, counts, rounds
        results, names = [], []
        ours = {theirs: mine for mine, theirs in numbers.items()}
        for asked in search.batch:
            i, j = numbers[asked.i], numbers[asked.j]
            world.searched[key_of(i, j)] += 1
            outcome, minima = world.outcome(i, j)
            for item, theirs in enumerate(minima):
                if theirs not in ours:
                    ours[theirs] = len(ours)
                    numbers[ours[theirs]] = theirs
                    names.append((asked.number, item))
            between = tuple(ours[theirs] for theirs in minima)
            results.append(
                Link(
                    i=asked.i, j=asked.j, outcome=outcome, between=between,
                    search=asked.number, place=asked.place,
                )
            )  # fmt: skip
        assert len(search.met) + len(names) == len(numbers) - EXPLORED


def slow_way(a: int, b: int, outcome: Callable[[int, int], tuple[str, tuple[int, ...]]]) -> list:  # type: ignore[type-arg]
    """The twin: a chain that is split where its first link passes other minima."""
    chain, budget, k, links = [a, b], 8, 0, []
    while k < len(chain) - 1:
        what, minima = outcome(chain[k], chain[k + 1])
        new = [m for m in minima if m not in chain]
        if new and len(new) <= budget:
            budget -= len(new)
            chain[k + 1 : k + 1] = new
        else:
            links.append(what)
            k += 1
    return links


PAIRS = [(i, j) for j in range(EXPLORED) for i in range(j) if (i * 7 + j * 3) % 11 == 0]


@pytest.mark.parametrize("least", [1, 5, 1000])
@pytest.mark.parametrize("stops", [0.0, 0.05, 0.3])
def test_ways_are_those_of_the_twin_and_no_link_is_searched_twice(least: int, stops: float) -> None:
    world = line(1, stops)
    followed, counts, rounds = run(world, candidates(PAIRS), least)
    assert sorted((f.i, f.j) for f in followed) == sorted(PAIRS)
    for pair in followed:
        assert list(pair.outcomes) == slow_way(pair.i, pair.j, world.outcome)
        assert len(set(pair.minima)) == len(pair.minima)
    assert set(world.searched.values()) == {1}
    assert counts["path_searches"] == len(world.searched)
    assert counts["parts_of_ways"] <= counts["path_searches"]
    if stops == 0.0:
        assert counts == {"path_searches": len(PAIRS), "parts_of_ways": 0, "already_joined": 0}
    if least == 1:
        assert rounds < 60  # rounds grow, so that their number does not


def test_saved_searches_are_counted() -> None:
    """Two pairs over one minimum share a half; a third pair is that half itself."""
    world = World({(0, 1): (4,), (0, 2): (4,)})
    followed, counts, _ = run(world, candidates([(0, 1), (0, 2), (0, 4)]), 1)
    assert world.searched == {(0, 1): 1, (0, 4): 1, (1, 4): 1, (0, 2): 1, (2, 4): 1}
    assert counts == {"path_searches": 5, "parts_of_ways": 3, "already_joined": 2}
    assert [f.minima for f in followed] == [(0, 4, 1), (0, 4, 2), (0, 4)]
    ways = {(f.i, f.j): f.searches for f in followed}
    assert ways[0, 1][0] == ways[0, 2][0] == ways[0, 4][0]


def test_parts_of_ways_go_first() -> None:
    world = World({(0, 1): (4,)})
    chosen = candidates([(0, 1), (2, 3), (2, 5)])
    first = next_round(
        start_search(EXPLORED, chosen, ()), chosen, [], [], least=1, max_minima=8
    ).search
    (asked,) = first.batch
    link = Link(i=0, j=1, outcome="intermediate_minimum", between=(4,), search=asked.number)
    second = next_round(first, chosen, [link], [], least=3, max_minima=8).search
    assert [(a.i, a.j, a.is_part) for a in second.batch] == [
        (0, 4, True), (1, 4, True), (2, 3, False),
    ]  # fmt: skip
    assert world.searched == {}


def test_a_way_that_comes_back_ends() -> None:
    """The path from 0 to 1 passes 2, and that from 2 to 1 passes 0: the twin would go on."""
    known = {
        (0, 1): Link(i=0, j=1, outcome="left_the_pair", between=(2,)),
        (1, 2): Link(i=1, j=2, outcome="left_the_pair", between=(0,)),
        (0, 2): Link(i=0, j=2, outcome=DOUBLE_WELL),
    }
    way = follow_way(0, 1, known, 8)
    assert way.missing == ()
    assert way.minima == (0, 2, 1)


def test_a_way_over_too_many_minima_stays_one_failed_link() -> None:
    between = tuple(range(2, 11))
    known = {(0, 1): Link(i=0, j=1, outcome="left_the_pair", between=between)}
    assert follow_way(0, 1, known, 8).minima == (0, 1)
    assert follow_way(0, 1, known, 9).minima == (0, *between, 1)
    assert follow_way(1, 0, known, 9).minima == (1, *between[::-1], 0)


def test_a_detour_is_followed_without_its_own_search() -> None:
    world = World({(0, 1): (9,)})
    detour = Detour(
        i=0, j=1, through=4, first_distance=0.3, second_distance=0.4, mobility_overlap=0.1
    )
    followed, _, _ = run(world, candidates([(0, 1)]), 1, (detour,))
    assert [f.minima for f in followed] == [(0, 4, 1)]
    assert world.searched == {(0, 4): 1, (1, 4): 1}
    unasked, _, _ = run(World({}), candidates([(2, 3)]), 1, (detour,))
    assert [f.minima for f in unasked] == [(2, 3)]


def test_parts_that_no_rule_wants_are_left_out() -> None:
    """The half 0-4 is wanted, 4-1 is not, but 4-2 is, by another pair that shares the first."""
    chosen = candidates([(0, 1), (0, 2)], ("close",))
    search = start_search(EXPLORED, chosen, ())
    first = next_round(search, chosen, [], [], least=9, max_minima=8).search
    results = [
        Link(i=0, j=j, outcome="left_the_pair", between=(4,), search=k, place=k)
        for k, j in ((0, 1), (1, 2))
    ]
    asked: list[tuple[int, int, tuple[str, ...]]] = []

    def wants(i: int, j: int, rules: tuple[str, ...]) -> bool:
        asked.append((i, j, rules))
        return (i, j) != (1, 4)

    second = next_round(first, chosen, results, [], least=9, max_minima=8, wants=wants)
    assert [(a.i, a.j) for a in second.search.batch] == [(0, 4), (2, 4)]
    assert asked == [(0, 4, ("close",)), (1, 4, ("close",)), (2, 4, ("close",))]
    wells = [
        Link(i=a.i, j=a.j, outcome=DOUBLE_WELL, search=a.number, place=a.place)
        for a in second.search.batch
    ]
    last = next_round(second.search, chosen, wells, [], least=9, max_minima=8, wants=wants)
    assert [f.outcomes for f in last.followed] == [
        (DOUBLE_WELL, "not_searched"), (DOUBLE_WELL, DOUBLE_WELL),
    ]  # fmt: skip
    assert last.followed[0].searches[1] == -1
    assert last.counts["already_joined"] == 1
    assert last.search.batch == ()


def test_a_lost_search_ends_its_way() -> None:
    chosen = candidates([(0, 1)])
    first = next_round(start_search(EXPLORED, chosen, ()), chosen, [], [], least=1, max_minima=8)
    (asked,) = first.search.batch
    lost = Link(i=0, j=1, outcome=LOST, search=asked.number, place=asked.place)
    last = next_round(first.search, chosen, [lost], [], least=1, max_minima=8)
    assert [f.outcomes for f in last.followed] == [(LOST,)]
    assert last.search.batch == ()


def test_numbers_of_searches_depend_on_their_minima_only() -> None:
    library = {search_number((LIBRARY, i), (LIBRARY, j)) for j in range(100) for i in range(j)}
    assert library == set(range(100 * 99 // 2))
    met = [(12, 0), (12, 1), (BEYOND + 5, 0)]
    names = [(LIBRARY, 3), *met]
    found = {search_number(a, b) for a in names for b in names if a < b}
    assert len(found) == 6
    assert min(found) >= BEYOND
    assert search_number(*met[:2]) == search_number(*met[1::-1])
    assert minimum_number((LIBRARY, 7)) == 7
    assert len({minimum_number(name) for name in names}) == 4
