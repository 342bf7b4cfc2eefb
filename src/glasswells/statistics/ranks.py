"""Rank correlations of entries that come in glasses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from glasswells.core.errors import InputError
from glasswells.core.records import Array
from glasswells.statistics.bootstrap import (
    DEFAULT_RESAMPLING,
    Estimate,
    Resampling,
    entries_by_glass,
    estimate,
    never_narrower,
    of_entries,
)


def rank_correlation(
    x: Sequence[ArrayLike], y: Sequence[ArrayLike], resampling: Resampling = DEFAULT_RESAMPLING
) -> Estimate | None:
    """Spearman's rank correlation of two quantities, from the entries of each glass.

    None for fewer than four entries, or if one quantity has the same value everywhere. A single
    glass, and glasses without scatter, get the interval of Bonett & Wright (Psychometrika 65, 23,
    2000) for independent entries, about the next smaller correlation that n ranks can have if
    theirs is perfect. That of few glasses is never narrower (`never_narrower`).

    Raises
    ------
    InputError
        If the two differ in the number of glasses or of entries.
    """
    first, second = entries_by_glass("x", x), entries_by_glass("y", y)
    if [len(g) for g in first] != [len(g) for g in second]:
        raise InputError("x and y differ in their numbers of entries, expected pairs of values")
    n_glasses = len(first)
    first, second = [g for g in first if len(g)], [g for g in second if len(g)]
    sizes = np.array([len(g) for g in first])
    if sizes.sum() < 4:
        return None
    every = np.concatenate(first), np.concatenate(second)
    if any(np.ptp(values) == 0 for values in every):
        return None
    owner = np.repeat(np.arange(len(first)), sizes)
    ranks = [_WeightedRanks(values) for values in every]

    def statistic(weights: Array) -> Array:
        rows = (row[owner] for row in weights)
        return np.array([_correlation(ranks[0](w), ranks[1](w), w) for w in rows])

    value = float(statistic(np.ones((1, len(first))))[0])
    found = _of_independent_ranks(value, int(sizes.sum()), resampling)
    if len(first) > 1:
        over_glasses = _limited(estimate(statistic, first, resampling))
        if over_glasses.error > 0:
            found = never_narrower(over_glasses, found, len(first))
    return replace(found, n_glasses=n_glasses)


def _of_independent_ranks(value: float, n: int, resampling: Resampling) -> Estimate:
    """A rank correlation with its interval if the n entries are independent."""
    swapped = 1 - 12 / (n * (n**2 - 1))  # two neighbors in an order that is perfect otherwise
    center = float(np.clip(value, -swapped, swapped))
    error = float(np.sqrt((1 + center**2 / 2) / (n - 3)))  # of atanh(center)
    half_width = error * float(ndtri(0.5 + resampling.confidence / 2))
    low, high = (float(np.tanh(np.arctanh(center) + step)) for step in (-half_width, half_width))
    return of_entries(value, min(low, value), max(high, value), error * (1 - center**2), n)


def _limited(correlation: Estimate) -> Estimate:
    """With an interval that stays in [-1, 1]."""
    return replace(correlation, low=max(correlation.low, -1.0), high=min(correlation.high, 1.0))


class _WeightedRanks:
    """Ranks of the sample in which each value stands as often as its weight says.

    Equal values share their mean rank. Sorting once makes each resample linear in the entries.
    """

    def __init__(self, values: Array) -> None:
        distinct, self._group = np.unique(values, return_inverse=True)
        self._n_groups = len(distinct)

    def __call__(self, weights: Array) -> Array:
        sizes = np.bincount(self._group, weights, self._n_groups)
        ranks = np.cumsum(sizes) - (sizes - 1.0) / 2
        result: Array = ranks[self._group]
        return result


def _correlation(x: Array, y: Array, weights: Array) -> float:
    total = weights.sum()
    if total == 0:
        return np.nan
    x, y = x - weights @ x / total, y - weights @ y / total
    norm = np.sqrt((weights @ x**2) * (weights @ y**2))
    return float(weights @ (x * y) / norm) if norm > 0 else np.nan
