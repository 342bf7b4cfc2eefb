"""Rounds of screening in a glass: what was found teaches the order of what is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from glasswells.core.optional import require
from glasswells.core.records import Array, Pair, freeze
from glasswells.screening.ranking import rank
from glasswells.screening.records import Importance, KeptTrees, Searched
from glasswells.screening.trees import Load


@dataclass(frozen=True, kw_only=True, slots=True)
class ScreeningSettings:
    """How rounds choose, and when they end."""

    threshold: float
    """E below which a double well counts as a two-level system, in epsilon."""
    exploration: float = 0.1
    """Share of places that go by the order of `close`."""
    least_yield: float = 0.01
    """The search ends when fewer two-level systems than this came of a path search ..."""
    window: int = 100
    """... among the last so many that the rule asked for."""


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
    """All that was searched."""
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


def next_screening(
    screening: Screening,
    results: Sequence[Result],
    taken: int,
    pair_of: Callable[[int], Pair],
    settings: ScreeningSettings,
    seed: int,
    load: Load = require,
) -> tuple[Screening, ScreeningRound, KeptTrees | None]:
    """Learn from a round and order what is left; nothing screened is left when the search ends.

    Parameters
    ----------
    screening
        As of the last round.
    results
        What came of its searches.
    taken
        How many candidates, from the first in `Screening.order`, were taken up before.
    pair_of
        Gives a candidate by its number.
    settings, seed, load
        As for `rank`.

    Returns
    -------
    tuple
        The screening, what the round gave, and the trees that order the next one. The order of
        candidates that were taken up stays; when the search ends, screened ones that were not are
        left out of it.
    """
    screening = replace(
        screening,
        known=(*screening.known, *(each.searched for each in results)),
        hits=(
            *screening.hits,
            *(_is_hit(r, settings) for r in results if screening.screened[r.candidate]),
        ),
    )
    rest = screening.order[taken:]
    others = rest[~screening.screened[rest]]
    left = np.sort(rest[screening.screened[rest]])  # by number: the order of `close`
    given = _given(screening, results, settings)
    recent = screening.hits[-settings.window :]
    if len(recent) == settings.window and sum(recent) < settings.least_yield * settings.window:
        order = np.concatenate([screening.order[:taken], others])
        reason = f"{sum(recent)} two-level systems in the last {settings.window} path searches"
        return replace(screening, order=order), replace(given, rule="ended", reason=reason), None
    if not len(left):
        order = np.concatenate([screening.order[:taken], others])
        given = replace(given, rule="ended", reason="no candidate is left")
        return replace(screening, order=order), given, None
    ranking = rank(
        screening.known,
        [pair_of(int(k)) for k in left],
        threshold=settings.threshold,
        seed=seed,
        exploration=settings.exploration,
        load=load,
    )
    double_well, two_level = screening.double_well.copy(), screening.two_level.copy()
    if ranking.predictions is not None:
        double_well[left] = ranking.predictions.double_well
        two_level[left] = ranking.predictions.two_level
    ranked = left[list(ranking.order)]
    screening = replace(
        screening,
        order=np.concatenate([screening.order[:taken], others, ranked]),
        double_well=double_well,
        two_level=two_level,
    )
    chosen = replace(
        given, rule=ranking.rule, reason=ranking.reason, importances=ranking.importances
    )
    return screening, chosen, ranking.trees


def _is_hit(result: Result, settings: ScreeningSettings) -> bool:
    splitting = result.searched.splitting
    return splitting is not None and splitting < settings.threshold


def _given(
    screening: Screening, results: Sequence[Result], settings: ScreeningSettings
) -> ScreeningRound:
    """The yield of a round beside what was foretold of its candidates."""
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
        rule="close",
        reason="",
    )
