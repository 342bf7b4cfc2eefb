"""Fractions of entries with a property, with intervals that stay honest when all entries agree."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv

from glasswells.core.records import Array
from glasswells.statistics.bootstrap import (
    DEFAULT_RESAMPLING,
    ENTRIES,
    GLASSES,
    Estimate,
    Resampling,
    bootstrapped,
)


def fraction(
    values: Sequence[ArrayLike], resampling: Resampling = DEFAULT_RESAMPLING
) -> Estimate | None:
    """Fraction of ones among the entries 0 and 1 of each glass; None if there are none.

    NaN entries are left out, and glasses without entries. The interval is the hull of that of
    the bootstrap over glasses and of the exact binomial one (Clopper & Pearson, Biometrika 26,
    404, 1934) of independent entries. Glasses that all have the same fraction have no scatter to
    learn from: then the binomial interval stands alone and `basis` is `entries`.
    """
    groups = with_entries(values)
    if not groups:
        return None
    hits = np.array([group.sum() for group in groups])
    sizes = np.array([len(group) for group in groups], dtype=np.float64)
    k, n = float(hits.sum()), float(sizes.sum())
    tail = (1 - resampling.confidence) / 2
    low = float(betaincinv(k, n - k + 1, tail)) if k > 0 else 0.0
    high = float(betaincinv(k + 1, n - k, 1 - tail)) if k < n else 1.0
    error, basis = float(np.sqrt(k * (n - k) / n**3)), ENTRIES
    if len(groups) > 1 and np.ptp(hits / sizes) > 0:

        def statistic(weights: Array) -> Array:
            result: Array = (weights @ hits) / (weights @ sizes)
            return result

        _, *ends, scatter = bootstrapped(statistic, len(groups), resampling)
        low, high = min(low, float(ends[0])), max(high, float(ends[1]))
        error, basis = max(error, float(scatter)), GLASSES
    return Estimate(
        value=k / n,
        low=max(low, 0.0),
        high=min(high, 1.0),
        error=error,
        n_glasses=len(groups),
        n_entries=int(n),
        basis=basis,
    )


def with_entries(values: Sequence[ArrayLike]) -> list[Array]:
    """The finite entries of each glass that has any.

    A glass without entries says nothing about a mean. To draw it anew would, where one glass holds
    all entries, give an interval of no width.
    """
    groups = [np.asarray(group, dtype=np.float64) for group in values]
    finite = [group[np.isfinite(group)] for group in groups]
    return [group for group in finite if len(group)]


def known_above(overlap: Array, ceiling: Array, limit: float) -> Array:
    """1 where c is above the limit, 0 where it is not, NaN where its bounds leave it open."""
    found = np.where(overlap > limit, 1.0, np.where(ceiling <= limit, 0.0, np.nan))
    return np.where(np.isnan(overlap), np.nan, found)


def as_flags(is_so: NDArray[np.bool_], known: Array) -> Array:
    """1 or 0; NaN where `known` is."""
    result: Array = np.where(np.isnan(known), np.nan, np.asarray(is_so, dtype=np.float64))
    return result
