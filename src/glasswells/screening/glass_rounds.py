"""What passes between the rounds of one glass and the screening of all: numbers, no particles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from glasswells.core.records import Pair
from glasswells.landscape.candidates import ChosenPair
from glasswells.landscape.links import LOST, Link
from glasswells.landscape.search import Asked, FollowedPair, Name, PairSearch
from glasswells.screening.rounds import Screening, ScreeningRound


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What came of the searches of a round in a glass."""

    links: tuple[Link, ...]
    """One for each search that was asked for."""
    met: tuple[Name, ...]
    """Names of the minima that are new in them."""
    parts: tuple[Pair, ...]
    """Features of every pair of minima that the way over one of these links may need: its ends and
    those that its path passed."""
    splittings: tuple[float | None, ...]
    """For each search E of the double well that it found, None if there is none to learn from."""

    @classmethod
    def lost(cls, batch: Sequence[Asked]) -> Findings:
        """Those of searches of which nothing is known."""
        links = tuple(
            Link(i=a.i, j=a.j, outcome=LOST, search=a.number, place=a.place) for a in batch
        )
        return cls(links=links, met=(), parts=(), splittings=(None,) * len(batch))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class GlassRound:
    """Where the search in a glass stands, and what its round asks for."""

    glass: int = -1
    """Place of the glass among those that are screened together; -1 before the first round."""
    screening: Screening
    search: PairSearch
    pairs: tuple[ChosenPair, ...] = ()
    """One for each search that is asked for."""
    parts: tuple[Pair, ...] = ()
    """Features of pairs with minima that paths passed, of all rounds so far."""
    followed: tuple[FollowedPair, ...] = ()
    """Candidates whose way became known in this round."""
    given: ScreeningRound | None = None
    """What the round before has given; None in the first."""
    counts: Mapping[str, int]
    """Numbers of events in this round."""
