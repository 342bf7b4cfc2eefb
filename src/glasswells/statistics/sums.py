"""Sums over double wells per volume, as functions of something, with error bars from glasses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from glasswells.core.checks import float64_array, positive_array
from glasswells.core.described import described
from glasswells.core.errors import InputError
from glasswells.core.records import Array, freeze
from glasswells.statistics.bootstrap import (
    DEFAULT_RESAMPLING,
    ENTRIES,
    FEW_GLASSES,
    GLASSES,
    Estimate,
    Resampling,
    bootstrapped,
)


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class EstimatedCurve:
    """A quantity at several points, with an error bar for each."""

    value: Array
    """(M,)."""
    low: Array
    """(M,), lower ends of the confidence intervals."""
    high: Array
    """(M,), upper ends."""
    error: Array
    """(M,), standard errors."""
    n_glasses: int
    """Glasses, those without entries among them."""
    n_entries: int
    """Entries of all glasses."""
    basis: str
    """As in `Estimate`."""

    def __post_init__(self) -> None:
        for name in ("value", "low", "high", "error"):
            freeze(self, **{name: np.asarray(getattr(self, name), dtype=np.float64)})

    def at(self, place: int) -> Estimate:
        """The number at one of the points."""
        return Estimate(
            value=float(self.value[place]),
            low=float(self.low[place]),
            high=float(self.high[place]),
            error=float(self.error[place]),
            n_glasses=self.n_glasses,
            n_entries=self.n_entries,
            basis=self.basis,
        )

    def scaled(self, factor: ArrayLike) -> EstimatedCurve:
        """The same times a factor > 0, one for all points or one for each (M,)."""
        scale = np.asarray(factor, dtype=np.float64)
        return EstimatedCurve(
            value=self.value * scale,
            low=self.low * scale,
            high=self.high * scale,
            error=self.error * scale,
            n_glasses=self.n_glasses,
            n_entries=self.n_entries,
            basis=self.basis,
        )


def sum_per_volume(
    terms: Sequence[ArrayLike],
    volumes: ArrayLike,
    resampling: Resampling = DEFAULT_RESAMPLING,
) -> EstimatedCurve:
    """The sum over all entries of all glasses over the volume of all glasses.

    Glasses are drawn anew for the error bar. Entries of a single glass are taken as independent
    events of a Poisson process, so that the standard error of the sum of x is sqrt(sum x^2). The
    interval of few glasses is never narrower than that, as in `never_narrower`.

    Parameters
    ----------
    terms
        For each glass (K_g, M): what each of its entries adds at each of M points.
    volumes
        (G,), of the glasses; those without entries count.
    resampling
        Of the error bars.

    Raises
    ------
    InputError
        For no glass, other shapes, and volumes that are not above 0.
    """
    if len(terms) == 0:
        raise InputError("terms is empty, expected the entries of at least one glass")
    volume = positive_array("volumes", volumes, (len(terms),), "volumes")
    tables = [float64_array(f"terms of glass {k}", t, (None, None)) for k, t in enumerate(terms)]
    n_entries = sum(len(table) for table in tables)
    sums = np.array([table.sum(axis=0) for table in tables])

    def statistic(weights: Array) -> Array:
        ratio: Array = (weights @ sums) / (weights @ volume)[:, None]
        return ratio

    value = sums.sum(axis=0) / volume.sum()
    error = np.sqrt(sum((table**2).sum(axis=0) for table in tables)) / volume.sum()
    half_width = error * float(ndtri(0.5 + resampling.confidence / 2))
    low, high = value - half_width, value + half_width
    if len(tables) > 1:
        _, lower, upper, scatter = bootstrapped(statistic, len(tables), resampling)
        if len(tables) < FEW_GLASSES:
            lower, upper = np.minimum(lower, low), np.maximum(upper, high)
            scatter = np.maximum(scatter, error)
        low, high, error = lower, upper, scatter
    # No sum of squares is negative: an interval around a mean may reach below.
    low = np.where(sums.min(axis=0) >= 0, np.maximum(low, 0.0), low)
    return EstimatedCurve(
        value=value,
        low=low,
        high=high,
        error=error,
        n_glasses=len(tables),
        n_entries=n_entries,
        basis=GLASSES if len(tables) > 1 else ENTRIES,
    )
