"""Which minima are joined by what, and the way between two minima over links that are known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DOUBLE_WELL = "double_well"
"""Outcome of a link that is one; others are those of path failures, in lower case."""
LOST = "lost"
"""Outcome of a link whose search ended without an answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchResult:
    """What a path search found, without its path: rounds need no more."""

    outcome: str
    """`double_well`, or the reason why it is none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SaddleLink:
    """A saddle that a push met, and the minima on its sides."""

    i: int
    """Number of the first minimum in its library, ..."""
    j: int
    """... and of the second, i < j."""
    energy: float
    """Total energy of the saddle."""


Key = tuple[int, int]
"""Two minima, the smaller number first."""


def key_of(i: int, j: int) -> Key:
    """A link is the same from either end."""
    return (i, j) if i < j else (j, i)


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """What one path search between two minima found."""

    i: int
    """Index of the first inherent structure in its library."""
    j: int
    """Index of the second one."""
    outcome: str
    """`double_well`, or the reason why it is none."""
    between: tuple[int, ...] = ()
    """Minima that the path passed, from i to j."""
    search: int = -1
    """Number of the path search; -1 if none was needed."""
    place: int = -1
    """Which of the candidates asked for it first; -1 if none did."""

    def from_end(self, start: int) -> tuple[int, ...]:
        """The minima that the path passed, from this end on."""
        return self.between if start == self.i else self.between[::-1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """The way from A to B as far as it is known."""

    minima: tuple[int, ...]
    """A, those between, B."""
    missing: tuple[Key, ...]
    """Links that nobody has searched yet, in order."""
    asked: tuple[Key, ...]
    """All links that were needed to know this, in order, those that were split included."""


def follow_way(a: int, b: int, known: Mapping[Key, Link], max_minima: int) -> Way:
    """The way from A to B over links that are known.

    A link whose path passed other minima is replaced by the links between these; a minimum that
    the way has already is left out, because a path that comes back to it says nothing new. So the
    way has each minimum once, which ends it and keeps any link from being needed twice. A link
    whose path passed more minima than `max_minima` still allows stays one link.
    """
    budget = max_minima
    minima, pending = [a], [b]
    missing, asked = [], []
    while pending:
        key = key_of(minima[-1], pending[-1])
        asked.append(key)
        link = known.get(key)
        if link is None:
            missing.append(key)
        else:
            met = {*minima, *pending}
            between = [m for m in link.from_end(minima[-1]) if m not in met]
            if between and len(between) <= budget:
                budget -= len(between)
                pending += reversed(between)
                continue
        minima.append(pending.pop())
    return Way(minima=tuple(minima), missing=tuple(missing), asked=tuple(asked))
