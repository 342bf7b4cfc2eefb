"""The search for paths between the pairs of a glass, round by round: each link is searched once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from glasswells.landscape.candidates import Candidates
from glasswells.landscape.detours import Detour
from glasswells.landscape.links import (
    DOUBLE_WELL,
    Key,
    Link,
    Way,
    follow_way,
    key_of,
)

GROWTH = 4
"""A round asks for at least this part of all links known: rounds grow with the search, so that
their number grows with its logarithm. What a round does not know yet it may ask for twice over:
a detour through a minimum that the same round finds."""
BEYOND = 2**52
"""Numbers of searches that concern minima met on paths begin here."""

NOT_SEARCHED = "not_searched"
"""Outcome of a part of a way that no rule of its pair wants."""

LIBRARY = -1
"""In the name of a minimum: it was met in the exploration."""
Name = tuple[int, int]
"""Of a minimum, whatever the order of the search: (LIBRARY, its number), or the number of the
path search that met it and its place there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """A path search that was asked for."""

    i: int
    """Index of the first inherent structure in its library."""
    j: int
    """Index of the second one."""
    number: int
    """Of the search among those of its glass."""
    place: int
    """Of the candidate whose way needs it."""
    is_part: bool
    """Whether it joins minima of the way only, not the candidate's own two."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FollowedPair:
    """A chosen pair whose way is known from end to end."""

    i: int
    """Index of the first inherent structure in its library."""
    j: int
    """Index of the second one."""
    rules: tuple[str, ...]
    """That chose it: the double wells on its way count for all of them."""
    minima: tuple[int, ...]
    """i, those between, j; numbers in the library, minima met on paths after those explored."""
    searches: tuple[int, ...]
    """Numbers of the path searches of its links, in order."""
    outcomes: tuple[str, ...]
    """What each of the links is: `double_well`, why it is none, or `not_searched`."""


Wants = Callable[[int, int, tuple[str, ...]], bool]
"""Whether one of these rules wants the part of a way that joins two minima."""


def wants_all(i: int, j: int, rules: tuple[str, ...]) -> bool:
    """Every part of a way is searched."""
    return True


@dataclass(frozen=True, kw_only=True, slots=True)
class PairSearch:
    """How far the search in a glass is."""

    explored: int
    """Inherent structures of the exploration."""
    met: tuple[Name, ...] = ()
    """Names of the minima that paths passed, in the order of their numbers from `explored` on."""
    links: tuple[Link, ...] = ()
    """All that is known; those of the last round at the end."""
    settled: int = 0
    """How many links the last round settled."""
    taken: int = 0
    """How many of the candidates were taken up, from the first."""
    open: tuple[int, ...] = ()
    """Places of those candidates whose way is not known to its end."""
    batch: tuple[Asked, ...] = ()
    """The searches that this round asks for; none: the search is over."""

    @property
    def double_wells(self) -> int:
        """How many are known."""
        return sum(link.outcome == DOUBLE_WELL for link in self.links)

    def name_of(self, minimum: int) -> Name:
        """The name of a minimum."""
        return (LIBRARY, minimum) if minimum < self.explored else self.met[minimum - self.explored]


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """One round of the search."""

    search: PairSearch
    followed: tuple[FollowedPair, ...]
    """Candidates whose way became known in this round."""
    counts: Mapping[str, int]
    """`path_searches` asked for, `parts_of_ways` among them, and `already_joined`: links that a
    way needed and another one had asked for before."""


def start_search(explored: int, candidates: Candidates, detours: Sequence[Detour]) -> PairSearch:
    """Nothing is known but the detours, which need no search of their own."""
    rows = {(int(i), int(j)) for i, j in candidates.minima}
    links = tuple(
        Link(i=d.i, j=d.j, outcome="detour", between=(d.through,))
        for d in detours
        if (d.i, d.j) in rows
    )
    return PairSearch(explored=explored, links=links)


def next_round(
    search: PairSearch,
    candidates: Candidates,
    results: Sequence[Link],
    met: Sequence[Name],
    *,
    least: int,
    max_minima: int,
    wants: Wants = wants_all,
) -> Round:
    """What to search next, when the searches of the last round have ended.

    Parts of ways come first, then candidates in their order, until the round has `least` searches
    or the `GROWTH`-th part of the links that are known.

    Parameters
    ----------
    search, candidates
        The search and the pairs that it is for.
    results
        One for each of `search.batch`.
    met
        Names of the minima that are new in these results.
    least
        Smallest size of a round.
    max_minima
        Most minima between the two of a candidate.
    wants
        Which parts of ways are worth a search.
    """
    links = (*search.links, *results)
    known = {key_of(link.i, link.j): link for link in links}
    size = max(least, len(links) // GROWTH)
    batch: dict[Key, tuple[int, bool]] = {}
    followed: list[FollowedPair] = []
    left: list[int] = []
    counts: Counter[str] = Counter(path_searches=0, parts_of_ways=0, already_joined=0)
    taken = search.taken

    def visit(place: int) -> None:
        i, j = (int(k) for k in candidates.minima[place])
        rules = candidates.rules_of(place)
        way = follow_way(i, j, known, max_minima)
        missing = [k for k in way.missing if k in batch or k == (i, j) or wants(*k, rules)]
        for key in missing:
            batch.setdefault(key, (place, key != (i, j)))
        if missing:
            left.append(place)
            return
        followed.append(_followed(way, rules, known))
        needed = [known[key] for key in way.asked if key in known]
        counts["already_joined"] += sum(link.place not in (place, -1) for link in needed)

    for place in search.open:
        visit(place)
    while len(batch) < size and taken < len(candidates):
        visit(taken)
        taken += 1
    counts["path_searches"] = len(batch)
    counts["parts_of_ways"] = sum(is_part for _, is_part in batch.values())
    state = PairSearch(
        explored=search.explored,
        met=(*search.met, *met),
        links=links,
        settled=len(results),
        taken=taken,
        open=tuple(left),
    )
    asked = tuple(
        Asked(
            i=i,
            j=j,
            number=search_number(state.name_of(i), state.name_of(j)),
            place=place,
            is_part=is_part,
        )
        for (i, j), (place, is_part) in batch.items()
    )
    return Round(search=replace(state, batch=asked), followed=tuple(followed), counts=dict(counts))


def search_number(a: Name, b: Name) -> int:
    """The number of the path search between two minima, whatever pairs were searched before.

    So the same search has the same number in campaigns with other rules.
    """
    if a[0] == b[0] == LIBRARY:
        i, j = sorted((a[1], b[1]))
        return j * (j - 1) // 2 + i
    text = repr(sorted((a, b)))
    return BEYOND + int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def minimum_number(name: Name) -> int:
    """A number for a minimum, whatever pairs were searched before: its own for an explored one."""
    return name[1] if name[0] == LIBRARY else search_number(name, name)


def _followed(way: Way, rules: tuple[str, ...], known: Mapping[Key, Link]) -> FollowedPair:
    joints = pairwise(way.minima)
    unknown = Link(i=way.minima[0], j=way.minima[-1], outcome=NOT_SEARCHED)
    links = [known.get(key_of(i, j), unknown) for i, j in joints]
    return FollowedPair(
        i=way.minima[0],
        j=way.minima[-1],
        rules=rules,
        minima=way.minima,
        searches=tuple(link.search for link in links),
        outcomes=tuple(link.outcome for link in links),
    )
