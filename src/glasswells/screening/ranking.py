"""In which order to follow candidate pairs, given what came of others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glasswells.core.checks import count, fraction, positive
from glasswells.core.optional import require
from glasswells.core.records import Pair
from glasswells.screening.kept_trees import keep
from glasswells.screening.records import Ranking, Searched
from glasswells.screening.trees import Load, learn, why_not


def rank(
    known: Sequence[Searched],
    candidates: Sequence[Pair],
    *,
    threshold: float,
    seed: int,
    exploration: float = 0.1,
    load: Load = require,
) -> Ranking:
    """The order of candidates by the probability that each is a two-level system.

    `rank_all` for one list of candidates; its arguments and errors are the same.
    """
    (ranking,) = rank_all(
        known, [candidates], threshold=threshold, seed=seed, exploration=exploration, load=load
    )
    return ranking


def rank_all(
    known: Sequence[Searched],
    lists: Sequence[Sequence[Pair]],
    *,
    threshold: float,
    seed: int,
    exploration: float = 0.1,
    load: Load = require,
) -> list[Ranking]:
    """The order of candidates in each of several glasses, by models that are learned once.

    The order is that of the probability that a candidate is a two-level system,
    P(double well) P(E < threshold), both from trees that are learned from the searched pairs. One
    place in ten, by default, goes to the candidate that the rule would take next, whatever the
    trees say: they learn nothing about pairs that they never let pass. Without trees the order
    stays as it is, and `Ranking.reason` says why.

    Of the searched pairs only those with |Delta_E| and d within the range of the candidates are
    learned from. Most linked pairs are far beyond it, and would teach the trees how E depends on
    the features where no two-level system is.

    Parameters
    ----------
    known
        Pairs whose paths were searched, in any of the glasses.
    lists
        For each glass the pairs to choose from, in the order of the rule `close`, which also
        decides between equals.
    threshold
        E below which a double well counts as a two-level system, in epsilon.
    seed
        The same pairs, in the same order, and the same seed give the same bits.
    exploration
        Fraction of places that are filled by the order of the rule.
    load
        Gives the modules of the extra `learn`.

    Raises
    ------
    InputError
        For a threshold that is not positive, a negative seed, or a fraction outside [0, 1].
    """
    threshold, seed = positive("threshold", threshold), count("seed", seed)
    exploration = fraction("exploration", exploration)
    known = _alike(known, [pair for candidates in lists for pair in candidates])
    if reason := why_not(known, load):
        return [
            Ranking(order=tuple(range(len(c))), explored=(), rule="close", reason=reason)
            for c in lists
        ]
    trees, importances = learn(known, threshold=threshold, seed=seed, load=load)
    kept = keep(trees, load)
    rankings = []
    for candidates in lists:
        predictions = trees.predict(candidates)
        best_first = np.argsort(-predictions.two_level, kind="stable").tolist()
        order, explored = _interleave(best_first, exploration)
        rankings.append(
            Ranking(
                order=order,
                explored=explored,
                rule="trees",
                reason="",
                predictions=predictions,
                importances=importances,
                trees=kept,
            )
        )
    return rankings


def _alike(known: Sequence[Searched], candidates: Sequence[Pair]) -> list[Searched]:
    """The searched pairs whose |Delta_E| and d lie between the extremes of the candidates'."""
    if not candidates:
        return []
    largest = max(abs(pair.energy_difference) for pair in candidates)
    nearest = min(pair.distance for pair in candidates)
    farthest = max(pair.distance for pair in candidates)
    return [
        each
        for each in known
        if abs(each.pair.energy_difference) <= largest and nearest <= each.pair.distance <= farthest
    ]


def _interleave(
    best_first: list[int], exploration: float
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Places by score, with the fraction of them that go by number instead, and who got those."""
    by_number = iter(sorted(best_first))
    by_score = iter(best_first)
    taken: dict[int, None] = {}
    explored = []
    for place in range(len(best_first)):
        explores = int((place + 1) * exploration) > int(place * exploration)
        number = next(k for k in (by_number if explores else by_score) if k not in taken)
        taken[number] = None
        if explores:
            explored.append(number)
    return tuple(taken), tuple(explored)
