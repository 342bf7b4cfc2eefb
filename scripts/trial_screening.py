"""Try rules for the choice of pairs on a published table of double wells.

    python scripts/trial_screening.py TABLE

TABLE is a Feather or Parquet file with one row for each double well among the pairs that were
linked by dynamics, as published with TLS_ML_exploration, the code of the paper's group. Its
columns: `displacement_0` to `displacement_2`, the three largest displacements; `Delta_E`;
`total_displacement`, d; `PR`, the participation number; `0to1` and `0to2`, the distances from the
particle that moves most to the next two; `Tij` and `Tji`, the transitions; `conf`, the glass; and
`quantum_splitting`, E for argon. Needs the extras `learn` and `parquet`.

The trees are judged on glasses that they have not seen: a tenth of the glasses at a time. Their
settings are the defaults of scikit-learn, as `glasswells.screening` uses them. Error bars are from
a bootstrap over glasses, for which the trees are not learned anew.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from glasswells.core.optional import require
from glasswells.core.records import Array, Pair
from glasswells.landscape.close import Close, most_promising_first
from glasswells.screening.ranking import rank
from glasswells.screening.records import Searched
from glasswells.screening.rounds import (
    Result,
    ScreeningSettings,
    next_screening,
    start_screening,
)
from glasswells.screening.trees import learn
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


def share_among_best(
    score: Array, hits: NDArray[np.bool_], glasses: NDArray[np.intp], best: int
) -> tuple[float, float, float]:
    """Share of hits among the best, and its 95 % interval from glasses drawn anew."""
    order = np.argsort(-score, kind="stable")
    order = order[np.isfinite(score[order])]

    def share(weights: Array) -> Array:
        times = weights[:, glasses[order]]
        counted = np.clip(best - np.cumsum(times, axis=1) + times, 0, times)
        found: Array = (counted @ hits[order]) / counted.sum(axis=1)
        return found

    value, low, high, _ = bootstrapped(share, int(glasses.max()) + 1, Resampling(resamples=500))
    return float(value), float(low), float(high)


def most_visited(
    visits: Array, glasses: NDArray[np.intp], hits: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """Share of hits among the most visited of each glass, with its 95 % interval."""
    chosen = np.zeros(len(visits), dtype=np.bool_)
    for glass in np.unique(glasses):
        rows = np.flatnonzero(glasses == glass)
        chosen[rows[np.argsort(-visits[rows], kind="stable")[:MOST_VISITED]]] = True
    return share_among_best(np.where(chosen, 0.0, -np.inf), hits, glasses, int(chosen.sum()))


def in_rounds(known: Sequence[Searched], candidates: NDArray[np.intp], visits: Array) -> None:
    """Screen the table as a campaign would: it learns from what it has followed itself."""
    first = np.argsort(-visits, kind="stable")[:BEST]
    left = sorted(
        np.setdiff1d(candidates, first), key=lambda k: most_promising_first(known[k].pair)
    )
    allowed = within(known, Close())
    by_rule = [k for k in left if allowed[k]]
    settings = ScreeningSettings(threshold=THRESHOLD, least_yield=0.0)
    screening = replace(
        start_screening(np.ones(len(left), dtype=np.bool_)), known=tuple(known[k] for k in first)
    )
    results: list[Result] = []
    print(f"in rounds of {ROUND}, from the {BEST} most visited: found (expected); by the rule")
    for number in range(ROUNDS + 1):
        screening, given, _ = next_screening(
            screening,
            results,
            number * ROUND,
            lambda k: known[left[k]].pair,
            settings,
            seed=number,
        )
        if number > 0:
            same = by_rule[(number - 1) * ROUND : number * ROUND]
            print(
                f"{number}: {given.two_level_systems} ({given.expected_two_level_systems:.0f}); "
                f"{sum(is_system(known[k]) for k in same)} of {len(same)}"
            )
        batch = screening.order[number * ROUND : (number + 1) * ROUND]
        results = [Result(candidate=int(k), is_part=False, searched=known[left[k]]) for k in batch]


def is_system(each: Searched) -> bool:
    """Whether a double well is a two-level system."""
    return each.splitting is not None and each.splitting < THRESHOLD and each.pair.distance >= SHORT


def main() -> None:
    """Print the share of two-level systems among the best of each order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    known = read_table(parser.parse_args().table)
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
    for name, score in (
        (
            "close, |Delta_E| < 0.003",
            by_promise(known, within(known, Close(max_energy_difference=0.003))),
        ),
        ("close", by_promise(known, within(known, Close()))),
        ("trees", chance),
    ):
        for best in (ROUND, BEST):
            rows[f"{name}, best {best}"] = share_among_best(score, hits, glasses, best)
    for name, (value, low, high) in rows.items():
        print(f"{name}: {100 * value:.1f} % ({100 * low:.1f} to {100 * high:.1f})")
    order = np.argsort(-chance, kind="stable")
    for start, end in ((0, 100), (100, 200), (200, 500), (500, 1000), (1000, len(candidates))):
        part = order[start:end]
        print(f"places {start + 1} to {end}: {chance[part].sum():.1f} expected, {hits[part].sum()}")
    _, importances = learn([known[k] for k in candidates], threshold=THRESHOLD, seed=0)
    for each in sorted(importances, key=lambda one: -one.splitting):
        print(f"{each.feature}: {each.splitting:.3f}")
    in_rounds(known, candidates, visits)


if __name__ == "__main__":
    main()
