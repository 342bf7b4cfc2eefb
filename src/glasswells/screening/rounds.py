"""Rounds of screening: what was found in all glasses teaches the order of what is left in each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glasswells.core.limits import Fraction, PositiveCount, check_limits
from glasswells.core.optional import require
from glasswells.core.records import Array, Pair, freeze
from glasswells.screening.ranking import rank_all
from glasswells.screening.records import Importance, KeptTrees, Ranking, Searched
from glasswells.screening.trees import Load

ENDED = "ended"
"""Stands in the place of a rule where no round follows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ScreeningSettings:
    """How rounds choose, and when they end."""

    threshold: float
    """E below which a double well counts as a two-level system, in epsilon."""
    exploration: Fraction = 0.1
    """Fraction of the searches that go by the order of `close`: trees learn nothing about pairs
    that they never let pass."""
    least_yield: Fraction = 0.01
    """The search in a glass ends when less than this fraction of path searches found a two-level
    system, ..."""
    window: PositiveCount = 100
    """... of the last so many that the rule asked for."""

    def __post_init__(self) -> None:
        check_limits(self)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Screening:
    """How far the screening of a glass is."""

    order: NDArray[np.int64]
    """(P,), numbers of the candidates in the order in which they are followed."""
    screened: NDArray[np.bool_]
    """(P,), which candidates, by number, no other rule chose."""
    double_well: Array
    """(P,), P(double well) of a candidate, by number, as foretold last; NaN without trees."""
    two_level: Array
    """(P,), the same for P(two-level system)."""
    known: tuple[Searched, ...] = ()
    """All that was searched in this glass."""
    hits: tuple[bool, ...] = ()
    """Of the searches for screened candidates, in order: whether each found a two-level system."""

    def __post_init__(self) -> None:
        names = ("order", "screened", "double_well", "two_level")
        freeze(self, **{name: getattr(self, name) for name in names})


@dataclass(frozen=True, kw_only=True, slots=True)
class ScreeningRound:
    """What a round of screened pairs promised and gave, and how the next one is chosen."""

    searched: int
    """Path searches of the round that screened candidates needed."""
    double_wells: int
    """Double wells among their results."""
    two_level_systems: int
    """Those of them with E below the threshold."""
    expected_double_wells: float | None
    """Sum of P(double well) over the candidates themselves; None without trees."""
    expected_two_level_systems: float | None
    """The same for P(two-level system)."""
    rule: str
    """By what the next round is chosen: `trees`, `close`, or `ended`."""
    reason: str
    """Why not by trees; empty if it is."""
    importances: tuple[Importance, ...] = ()
    """Of the features, to the trees of the next round."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """A path search that ended."""

    candidate: int
    """Number of the candidate that needed it."""
    is_part: bool
    """Whether it joins minima on the way of the candidate, not its own two."""
    searched: Searched


def start_screening(screened: NDArray[np.bool_]) -> Screening:
    """Candidates of other rules first, then the screened ones in the order in which they came."""
    n = len(screened)
    return Screening(
        order=np.argsort(screened, kind="stable").astype(np.int64),
        screened=screened.copy(),
        double_well=np.full(n, np.nan),
        two_level=np.full(n, np.nan),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class EndedRound:
    """A round of a glass whose searches have ended."""

    screening: Screening
    """As of this round."""
    results: Sequence[Result]
    """What came of its searches."""
    taken: int
    """How many candidates, from the first in `Screening.order`, were taken up before."""
    pair_of: Callable[[int], Pair]
    """Gives a candidate by its number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NextRound:
    """What a glass goes on with."""

    screening: Screening
    """The order of candidates that were taken up stays; when the search ends, screened ones that
    were not are left out of it."""
    given: ScreeningRound
    """What the round that ended gave."""


def next_screenings(
    ended: Sequence[EndedRound],
    settings: ScreeningSettings,
    seed: int,
    load: Load = require,
    *,
    others: Sequence[Searched] = (),
) -> tuple[list[NextRound], KeptTrees | None]:
    """Learn from a round of all glasses, and order what is left in each.

    One pair of models is learned from what was searched in all glasses, and each glass orders its
    own candidates by them.

    Parameters
    ----------
    ended
        The round of each glass that is not over, in an order that does not depend on when their
        searches ended: equal trees need equal rows in equal order.
    settings, seed, load
        As for `rank`.
    others
        What was searched in glasses whose search is over.

    Returns
    -------
    tuple
        What each glass goes on with, and the trees that order the next round: None if there is
        nothing left to order, or if none can be learned.
    """
    counted = [_counted(each, settings) for each in ended]
    left = [
        _left(screening, each.taken, settings)
        for screening, each in zip(counted, ended, strict=True)
    ]
    rankings = rank_all(
        [*(one for screening in counted for one in screening.known), *others],
        [
            [each.pair_of(int(k)) for k in numbers]
            for each, (numbers, _) in zip(ended, left, strict=True)
        ],
        threshold=settings.threshold,
        seed=seed,
        exploration=settings.exploration,
        load=load,
    )
    following = [
        NextRound(
            screening=_ordered(screening, each.taken, numbers, ranking),
            given=_given(screening, each.results, settings, ranking, reason),
        )
        for screening, each, (numbers, reason), ranking in zip(
            counted, ended, left, rankings, strict=True
        )
    ]
    return following, next((r.trees for r in rankings if r.order), None)


def _counted(ended: EndedRound, settings: ScreeningSettings) -> Screening:
    """The screening with what its round has found."""
    before = ended.screening
    return replace(
        before,
        known=(*before.known, *(each.searched for each in ended.results)),
        hits=(
            *before.hits,
            *(_is_hit(r, settings) for r in ended.results if before.screened[r.candidate]),
        ),
    )


def _left(
    screening: Screening, taken: int, settings: ScreeningSettings
) -> tuple[NDArray[np.int64], str]:
    """The screened candidates to choose from, by number, which is the order of `close`.

    Without any, why the search has ended.
    """
    none = np.zeros(0, dtype=np.int64)
    recent = screening.hits[-settings.window :]
    if len(recent) == settings.window and sum(recent) < settings.least_yield * settings.window:
        return none, f"{sum(recent)} two-level systems in the last {settings.window} path searches"
    rest = screening.order[taken:]
    left = np.sort(rest[screening.screened[rest]])
    return left, "" if len(left) else "no candidate is left"


def _ordered(
    screening: Screening, taken: int, left: NDArray[np.int64], ranking: Ranking
) -> Screening:
    """The screening with what is left in the order of its ranking, after that of other rules."""
    rest = screening.order[taken:]
    others = rest[~screening.screened[rest]]
    double_well, two_level = screening.double_well.copy(), screening.two_level.copy()
    if ranking.predictions is not None:
        double_well[left] = ranking.predictions.double_well
        two_level[left] = ranking.predictions.two_level
    ranked = left[list(ranking.order)]
    return replace(
        screening,
        order=np.concatenate([screening.order[:taken], others, ranked]),
        double_well=double_well,
        two_level=two_level,
    )


def _is_hit(result: Result, settings: ScreeningSettings) -> bool:
    splitting = result.searched.splitting
    return splitting is not None and splitting < settings.threshold


def _given(
    screening: Screening,
    results: Sequence[Result],
    settings: ScreeningSettings,
    ranking: Ranking,
    ending: str,
) -> ScreeningRound:
    """The yield of a round beside what was foretold of its candidates, and what comes next."""
    own = [r for r in results if screening.screened[r.candidate]]
    chosen = [r.candidate for r in own if not r.is_part]
    double_well = float(screening.double_well[chosen].sum())
    two_level = float(screening.two_level[chosen].sum())
    foretold = np.isfinite(two_level) and bool(chosen)
    return ScreeningRound(
        searched=len(own),
        double_wells=sum(r.searched.splitting is not None for r in own),
        two_level_systems=sum(_is_hit(r, settings) for r in own),
        expected_double_wells=double_well if foretold else None,
        expected_two_level_systems=two_level if foretold else None,
        rule=ENDED if ending else ranking.rule,
        reason=ending or ranking.reason,
        importances=() if ending else ranking.importances,
    )
