"""Try rules for the choice of pairs on a published table of double wells.

    python scripts/trial_screening.py TABLE [--campaign FOLDER]

TABLE is a Feather or Parquet file with one row for each double well among the pairs that were
linked by dynamics, as published with TLS_ML_exploration, the code of the paper's group. Its
columns: `displacement_0` to `displacement_2`, the three largest displacements; `Delta_E`;
`total_displacement`, d; `PR`, the participation number; `0to1` and `0to2`, the distances from the
particle that moves most to the next two; `Tij` and `Tji`, the transitions; `conf`, the glass; and
`quantum_splitting`, E for argon. Needs the extras `learn` and `parquet`.

The trees are judged on glasses that they have not seen: a tenth of the glasses at a time. Their
settings are the defaults of scikit-learn, as `glasswells.screening` uses them. Error bars are from
a bootstrap over glasses, for which the trees are not learned anew. With the folder of a campaign
that has screened pairs, its last trees, which have seen nothing of the table, are judged as well.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasswells.campaign.campaigns import open_campaign
from glasswells.core.optional import require
from glasswells.core.records import Array, Pair
from glasswells.landscape.close import Close, most_promising_first
from glasswells.screening.kept_trees import restore
from glasswells.screening.ranking import rank
from glasswells.screening.records import Searched
from glasswells.screening.rounds import (
    EndedRound,
    Result,
    ScreeningSettings,
    next_screenings,
    start_screening,
)
from glasswells.screening.trees import learn
from glasswells.stages.pipeline import PIPELINE
from glasswells.statistics.bootstrap import Resampling, bootstrapped

THRESHOLD = 0.0015
"""E below which a double well of argon is an active two-level system, in epsilon."""
SHORT = 0.1
"""Double wells with a smaller d count as no two-level systems: their E is set by the hard walls
that the published splittings assume beyond their ends."""
FOLDS = 10
BEST = 500
MOST_VISITED = 35
"""Pairs of each glass in the comparison with the most visited ones."""
ROUND = 100
ROUNDS = 6
FIRST_OF_GLASS = 20
"""The most visited double wells within the wide limits, with which a glass begins."""
ROUND_OF_GLASS = 5
WIDE = Close(max_energy_difference=0.01, min_distance=0.2, max_distance=1.0)
"""The limits within which trees choose."""


def read_table(path: Path) -> list[Searched]:
    """The double wells of a published table."""
    if path.suffix == ".parquet":
        table = require("pyarrow.parquet", "parquet").read_table(path)
    else:
        table = require("pyarrow.feather", "parquet").read_table(path)
    return [_searched(k, row) for k, row in enumerate(table.to_pylist())]


def _searched(number: int, row: dict[str, Any]) -> Searched:
    pair = Pair(
        i=2 * number,
        j=2 * number + 1,
        energy_difference=row["Delta_E"],
        distance=row["total_displacement"],
        participation_number=row["PR"],
        largest_displacements=(row["displacement_0"], row["displacement_1"], row["displacement_2"]),
        # The third distance is not in the table: a constant tells the trees nothing.
        largest_distances=(row["0to1"], row["0to2"], 0.0),
        forward_count=round(row["Tij"]),
        backward_count=round(row["Tji"]),
    )
    return Searched(glass=f"{row['conf']:g}", pair=pair, splitting=row["quantum_splitting"])


def left_out(known: Sequence[Searched], candidates: NDArray[np.intp]) -> Array:
    """P(two-level system) of the candidates, from trees that have not seen their glass; else 0."""
    selection = require("sklearn.model_selection", "learn")
    chance = np.zeros(len(known))
    glasses = np.array([each.glass for each in known])
    parts = selection.GroupKFold(FOLDS).split(candidates, groups=glasses[candidates])
    for number, (_, part) in enumerate(parts):
        unseen = candidates[part]
        seen = np.flatnonzero(~np.isin(glasses, glasses[unseen]))
        ranking = rank(
            [known[k] for k in seen],
            [known[k].pair for k in unseen],
            threshold=THRESHOLD,
            seed=number,
        )
        if ranking.predictions is None:
            raise SystemExit(ranking.reason)
        chance[unseen] = ranking.predictions.two_level
    return chance


def by_campaign(folder: Path, known: Sequence[Searched], candidates: NDArray[np.intp]) -> Array:
    """The same from the last trees that a campaign has kept."""
    with open_campaign(folder, PIPELINE) as store:
        kept = [item.record for item in store.records("trees")]
    if not kept:
        raise SystemExit(f"{folder} has no trees: no round of its pairs was chosen by any")
    chance = np.zeros(len(known))
    chance[candidates] = restore(kept[-1]).predict([known[k].pair for k in candidates]).two_level
    return chance


def within(known: Sequence[Searched], limits: Close) -> NDArray[np.bool_]:
    """Which pairs the rule `close` lets pass with these limits."""
    return np.array(
        [
            abs(each.pair.energy_difference) < limits.max_energy_difference
            and limits.min_distance < each.pair.distance < limits.max_distance
            for each in known
        ]
    )


def by_promise(known: Sequence[Searched], allowed: NDArray[np.bool_]) -> Array:
    """A score that gives the order of the rule `close`; minus infinity beyond its limits."""
    order = sorted(range(len(known)), key=lambda k: most_promising_first(known[k].pair))
    score = np.empty(len(known))
    score[order] = -np.arange(len(known))
    return np.where(allowed, score, -np.inf)


def fraction_among_best(
    score: Array, hits: NDArray[np.bool_], glasses: NDArray[np.intp], best: int
) -> tuple[float, float, float]:
    """Share of hits among the best, and its 95 % interval from glasses drawn anew."""
    order = np.argsort(-score, kind="stable")
    order = order[np.isfinite(score[order])]

    def fraction(weights: Array) -> Array:
        times = weights[:, glasses[order]]
        counted = np.clip(best - np.cumsum(times, axis=1) + times, 0, times)
        found: Array = (counted @ hits[order]) / counted.sum(axis=1)
        return found

    value, low, high, _ = bootstrapped(fraction, int(glasses.max()) + 1, Resampling(resamples=500))
    return float(value), float(low), float(high)


def most_visited(
    visits: Array, glasses: NDArray[np.intp], hits: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """Share of hits among the most visited of each glass, with its 95 % interval."""
    chosen = np.zeros(len(visits), dtype=np.bool_)
    for glass in np.unique(glasses):
        rows = np.flatnonzero(glasses == glass)
        chosen[rows[np.argsort(-visits[rows], kind="stable")[:MOST_VISITED]]] = True
    return fraction_among_best(np.where(chosen, 0.0, -np.inf), hits, glasses, int(chosen.sum()))


def in_rounds(
    known: Sequence[Searched],
    lists: Sequence[Sequence[int]],
    first: Sequence[Sequence[int]],
    size: int,
) -> tuple[list[int], list[float], int]:
    """Screen the table as a campaign would, which learns from what it has followed itself.

    Parameters
    ----------
    known
        The table.
    lists
        Rows to choose from, in the order of `close`, each list by itself, learning from all.
    first
        Rows of each list that were followed before.
    size
        How many each list follows in a round.

    Returns
    -------
    tuple
        For each round how many two-level systems were found and how many were expected; and how
        many of the rounds were chosen by trees.
    """
    settings = ScreeningSettings(threshold=THRESHOLD, least_yield=0.0)
    screenings = [
        replace(
            start_screening(np.ones(len(rows), dtype=np.bool_)),
            known=tuple(known[k] for k in before),
        )
        for rows, before in zip(lists, first, strict=True)
    ]
    results: list[list[Result]] = [[] for _ in lists]
    found, expected, by_trees = [], [], 0
    for number in range(ROUNDS + 1):
        ended = [
            EndedRound(
                screening=screening,
                results=came,
                taken=number * size,
                pair_of=lambda k, rows=rows: known[rows[k]].pair,
            )
            for screening, came, rows in zip(screenings, results, lists, strict=True)
        ]
        following, trees = next_screenings(ended, settings, seed=number)
        screenings = [each.screening for each in following]
        if number > 0:
            found.append(sum(each.given.two_level_systems for each in following))
            expected.append(sum(each.given.expected_two_level_systems or 0 for each in following))
        by_trees += trees is not None and number < ROUNDS
        results = [
            [
                Result(candidate=int(k), is_part=False, searched=known[rows[k]])
                for k in screening.order[number * size : (number + 1) * size]
            ]
            for screening, rows in zip(screenings, lists, strict=True)
        ]
    return found, expected, by_trees


def print_rounds(known: Sequence[Searched], candidates: NDArray[np.intp], visits: Array) -> None:
    """Rounds over one list of all glasses; then over a list for each, learning together or not."""

    def promising(rows: NDArray[np.intp]) -> list[int]:
        return sorted(rows.tolist(), key=lambda k: most_promising_first(known[k].pair))

    allowed = within(known, Close())
    first = np.argsort(-visits, kind="stable")[:BEST]
    left = promising(np.setdiff1d(candidates, first))
    found, expected, _ = in_rounds(known, [left], [first.tolist()], ROUND)
    by_rule = [k for k in left if allowed[k]]
    print(f"in rounds of {ROUND}, from the {BEST} most visited: found (expected); by the rule")
    for number, (one, other) in enumerate(zip(found, expected, strict=True)):
        same = by_rule[number * ROUND : (number + 1) * ROUND]
        print(f"{number + 1}: {one} ({other:.0f}); {sum(is_system(known[k]) for k in same)}")
    names = np.array([each.glass for each in known])
    firsts, lists, rule = [], [], np.zeros(ROUNDS, dtype=np.int64)
    for name in np.unique(names[candidates]):
        rows = candidates[names[candidates] == name]
        rows = rows[np.argsort(-visits[rows], kind="stable")]
        firsts.append(rows[:FIRST_OF_GLASS].tolist())
        lists.append(promising(rows[FIRST_OF_GLASS:]))
        close = [k for k in lists[-1] if allowed[k]]
        for number in range(ROUNDS):
            same = close[number * ROUND_OF_GLASS : (number + 1) * ROUND_OF_GLASS]
            rule[number] += sum(is_system(known[k]) for k in same)
    together, foretold, _ = in_rounds(known, lists, firsts, ROUND_OF_GLASS)
    alone = [in_rounds(known, [a], [b], ROUND_OF_GLASS) for a, b in zip(lists, firsts, strict=True)]
    by_trees = sum(each[2] for each in alone)
    print(
        f"{ROUND_OF_GLASS} of each glass in a round, from the {FIRST_OF_GLASS} most visited: "
        f"together (expected); each by itself, {by_trees} of {ROUNDS * len(alone)} rounds by "
        f"trees; by the rule"
    )
    for number in range(ROUNDS):
        print(
            f"{number + 1}: {together[number]} ({foretold[number]:.1f}); "
            f"{sum(each[0][number] for each in alone)}; {rule[number]}"
        )


def is_system(each: Searched) -> bool:
    """Whether a double well is a two-level system."""
    return each.splitting is not None and each.splitting < THRESHOLD and each.pair.distance >= SHORT


def main() -> None:
    """Print the fraction of two-level systems among the best of each order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--campaign", type=Path, help="folder of a campaign with screened pairs")
    arguments = parser.parse_args()
    known = read_table(arguments.table)
    names, glasses = np.unique([each.glass for each in known], return_inverse=True)
    hits = np.array([is_system(each) for each in known])
    visits = np.array(
        [each.pair.forward_count + each.pair.backward_count for each in known], dtype=np.float64
    )
    candidates = np.flatnonzero(within(known, WIDE))
    print(
        f"{len(known)} double wells, {len(candidates)} within the wide limits; {hits.sum()} "
        f"two-level systems, {hits[candidates].sum()} within, in {len(np.unique(glasses[hits]))} "
        f"of {len(names)} glasses"
    )
    chance = left_out(known, candidates)
    rows = {f"most visited, {MOST_VISITED} of each glass": most_visited(visits, glasses, hits)}
    scores = [
        (
            "close, |Delta_E| < 0.003",
            by_promise(known, within(known, Close(max_energy_difference=0.003))),
        ),
        ("close", by_promise(known, within(known, Close()))),
        ("trees", chance),
    ]
    if arguments.campaign is not None:
        foretold = by_campaign(arguments.campaign, known, candidates)
        scores.append(("trees of the campaign", foretold))
    for name, score in scores:
        for best in (ROUND, BEST):
            rows[f"{name}, best {best}"] = fraction_among_best(score, hits, glasses, best)
    for name, (value, low, high) in rows.items():
        print(f"{name}: {100 * value:.1f} % ({100 * low:.1f} to {100 * high:.1f})")
    order = np.argsort(-chance, kind="stable")
    for start, end in ((0, 100), (100, 200), (200, 500), (500, 1000), (1000, len(candidates))):
        part = order[start:end]
        print(f"places {start + 1} to {end}: {chance[part].sum():.1f} expected, {hits[part].sum()}")
    _, importances = learn([known[k] for k in candidates], threshold=THRESHOLD, seed=0)
    for each in sorted(importances, key=lambda one: -one.splitting):
        print(f"{each.feature}: {each.splitting:.3f}")
    print_rounds(known, candidates, visits)


if __name__ == "__main__":
    main()
