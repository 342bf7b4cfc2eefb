"""Estimates with error bars from a bootstrap over glasses.

Double wells of one glass share its structure and are not independent: what is drawn anew is the
glass, with everything in it (cluster bootstrap; Davison & Hinkley, Bootstrap Methods, 1997, 3.8).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaincinv, ndtr, stdtrit

from glasswells.core.checks import count, float64_array
from glasswells.core.described import described, explained
from glasswells.core.errors import InputError
from glasswells.core.records import Array, freeze

GLASSES = "glasses"
"""The error bars hold the scatter from glass to glass."""
ENTRIES = "entries"
"""There is one glass, or all have the same number: entries were taken as independent, which
understates the error."""

FEW_GLASSES = 8
"""Below this number the quantiles of a bootstrap are too coarse, and its standard error is
multiplied by Student's t instead."""


@explained
@dataclass(frozen=True, kw_only=True, slots=True)
class Resampling:
    """How error bars are made."""

    confidence: float = 0.95
    """Probability that the interval holds the true value."""
    resamples: int = 2000
    """Drawn sets of glasses: the ends of an interval are then good to about 3 % of its width."""
    seed: int = 0
    """Of the draws: the same data give the same error bars."""

    def __post_init__(self) -> None:
        if not 0.0 < self.confidence < 1.0:
            raise InputError(f"confidence is {self.confidence}, expected a number between 0 and 1")
        count("resamples", self.resamples, minimum=100)
        count("seed", self.seed)

    def weights(self, n: int) -> Array:
        """How often each of `n` clusters is drawn in each resample, (resamples, n)."""
        return _draws(n, self.resamples, self.seed)


@lru_cache(maxsize=8)
def _draws(n: int, resamples: int, seed: int) -> Array:
    drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1.0 / n), size=resamples)
    weights: Array = drawn.astype(np.float64)
    weights.setflags(write=False)
    return weights


DEFAULT_RESAMPLING = Resampling()


@described
@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """A number with its error bar."""

    value: float
    """The estimate."""
    low: float
    """Lower end of the confidence interval."""
    high: float
    """Upper end."""
    error: float
    """Standard error."""
    n_glasses: int
    """Glasses, those without entries among them."""
    n_entries: int
    """Entries of all glasses."""
    basis: str
    """`glasses`, or `entries` if there is one glass only, or no scatter between glasses."""

    def text(self, digits: str = ".3g") -> str:
        """Value and interval; a star: of entries taken as independent."""
        star = "*" if self.basis == "entries" else ""
        return f"{self.value:{digits}} [{self.low:{digits}}, {self.high:{digits}}]{star}"

    def scaled(self, factor: float) -> Estimate:
        """The same in another unit; `factor` > 0."""
        return replace(
            self,
            value=self.value * factor,
            low=self.low * factor,
            high=self.high * factor,
            error=self.error * factor,
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Distribution:
    """A histogram as a density, with an error bar for each bin."""

    edges: Array
    """(bins + 1,)."""
    density: Array
    """(bins,): a probability density over all entries, or a density per volume."""
    low: Array
    """(bins,), lower ends of the confidence intervals."""
    high: Array
    error: Array
    """(bins,), standard errors."""
    counts: Array
    """(bins,), entries found."""
    n_entries: int
    """Entries in all, those outside the bins included."""
    n_glasses: int
    basis: str
    """As in `Estimate`."""

    def __post_init__(self) -> None:
        for name in ("edges", "density", "low", "high", "error", "counts"):
            freeze(self, **{name: np.asarray(getattr(self, name), dtype=np.float64)})


def count_per_glass(counts: ArrayLike, resampling: Resampling = DEFAULT_RESAMPLING) -> Estimate:
    """Mean number of something per glass, from the number found in each glass (G,).

    A single glass gets the Poisson interval (Garwood, Biometrika 28, 437, 1936). So do equal
    numbers in all glasses, such as none: they have no scatter to learn from.

    Raises
    ------
    InputError
        For no glass, and for negative numbers.
    """
    found = float64_array("counts", counts, (None,))
    n = len(found)
    if n == 0 or found.min() < 0:
        raise InputError(f"counts is {found}, expected a number of at least 0 for each glass")
    has_scatter = np.ptp(found) > 0
    if not has_scatter:
        low, high = (end / n for end in _poisson_interval(found.sum(), resampling))
        error = np.sqrt(found.sum()) / n
    else:
        drawn = resampling.weights(n) @ found / n
        low, high, error = _interval(found.mean(), drawn, n, resampling)
    return Estimate(
        value=float(found.mean()),
        low=max(float(low), 0.0),
        high=float(high),
        error=float(error),
        n_glasses=n,
        n_entries=int(found.sum()),
        basis=GLASSES if has_scatter else ENTRIES,
    )


def mean(
    values: Sequence[ArrayLike], resampling: Resampling = DEFAULT_RESAMPLING
) -> Estimate | None:
    """Mean over all entries, from the entries of each glass; None if there are none.

    Glasses with more entries weigh more: sum of all entries / number of all entries. Those without
    say nothing; of few glasses the interval is never narrower than that of independent entries
    (`never_narrower`), and where one glass holds all entries it is that one.
    """
    every = entries_by_glass("values", values)
    groups = [group for group in every if len(group)]
    if not groups:
        return None
    sums = np.array([group.sum() for group in groups])
    sizes = np.array([len(group) for group in groups], dtype=np.float64)

    def statistic(weights: Array) -> Array:
        return _ratio(weights @ sums, weights @ sizes)

    found = _mean_of_entries(np.concatenate(groups), resampling)
    if len(groups) > 1:
        found = never_narrower(estimate(statistic, groups, resampling), found, len(groups))
    return replace(found, n_glasses=len(every))


def never_narrower(over_glasses: Estimate, of_all: Estimate, n: int) -> Estimate:
    """An estimate from n glasses that have entries: of few, at least the error of the entries.

    What lies in one glass is alike rather than different, so that the error of entries taken as
    independent is too small if anything. The scatter between two glasses is at times far smaller
    still, by chance, or because one of them has hardly any entries: then the interval is the hull
    of both. From `FEW_GLASSES` on the scatter is known well enough.

    Parameters
    ----------
    over_glasses
        By the bootstrap.
    of_all
        Of all entries taken as independent.
    n
        Glasses with entries.
    """
    if n >= FEW_GLASSES or np.isnan(of_all.error):
        return over_glasses
    return replace(
        over_glasses,
        low=min(over_glasses.low, of_all.low),
        high=max(over_glasses.high, of_all.high),
        error=max(over_glasses.error, of_all.error),
    )


def _mean_of_entries(entries: Array, resampling: Resampling) -> Estimate:
    n = len(entries)
    error = float(entries.std(ddof=1) / np.sqrt(n)) if n > 1 else np.nan
    half_width = error * float(stdtrit(max(n - 1, 1), 0.5 + resampling.confidence / 2))
    value = float(entries.mean())
    return of_entries(value, value - half_width, value + half_width, error, n)


def distribution(
    values: Sequence[ArrayLike],
    edges: ArrayLike,
    resampling: Resampling = DEFAULT_RESAMPLING,
    *,
    volumes: ArrayLike | None = None,
) -> Distribution:
    """Histogram of the entries of all glasses as a density.

    Parameters
    ----------
    values
        The entries of each glass.
    edges
        (bins + 1,), strictly increasing. Entries outside still count in the norm.
    resampling
        Of the error bars.
    volumes
        (G,): then the density is per volume, entries / (bin width * total volume of the glasses),
        and without it a probability density, entries / (bin width * all entries).

    Raises
    ------
    InputError
        For no glass, and edges that do not increase.
    """
    groups = entries_by_glass("values", values)
    edges = float64_array("edges", edges, (None,))
    if len(edges) < 2 or np.diff(edges).min() <= 0:
        raise InputError(f"edges is {edges}, expected at least two that strictly increase")
    sizes = np.array([len(g) for g in groups], dtype=np.float64)
    norms = sizes if volumes is None else float64_array("volumes", volumes, (len(groups),))
    table = np.array([np.histogram(g, edges)[0] for g in groups], dtype=np.float64)
    widths, counts, norm = np.diff(edges), table.sum(axis=0), norms.sum()
    density = _ratio(counts, np.array(norm)) / widths
    # Bins without scatter from glass to glass, such as empty ones, keep their counting errors.
    scale = _ratio(np.ones(1), np.array(norm)) / widths
    low, high = (end * scale for end in _poisson_interval(counts, resampling))
    error = np.sqrt(counts) * scale
    if len(groups) > 1:
        weights = resampling.weights(len(groups))
        drawn = _ratio(weights @ table, (weights @ norms)[:, None]) / widths
        scattered = _interval(density, drawn, len(groups), resampling)
        differs = scattered[2] > 1e-12 * density  # more than rounding
        low, high, error = (
            np.where(differs, new, old)
            for new, old in zip(scattered, (low, high, error), strict=True)
        )
    low = np.maximum(low, 0.0)
    return Distribution(
        edges=edges,
        density=density,
        low=low,
        high=high,
        error=error,
        counts=counts,
        n_entries=int(sizes.sum()),
        n_glasses=len(groups),
        basis=_basis(len(groups)),
    )


def bootstrapped(
    statistic: Callable[[Array], Array], n_glasses: int, resampling: Resampling
) -> tuple[Array, Array, Array, Array]:
    """Value, lower and upper end and standard error of any statistic of weighted glasses.

    Parameters
    ----------
    statistic
        From weights (draws, G), how often each glass was drawn, to values (draws, ...).
    n_glasses
        G, at least 2.
    resampling
        Of the error bars.
    """
    value = statistic(np.ones((1, n_glasses)))[0]
    drawn = statistic(resampling.weights(n_glasses))
    return value, *_interval(value, drawn, n_glasses, resampling)


def estimate(
    statistic: Callable[[Array], Array], groups: list[Array], resampling: Resampling
) -> Estimate:
    """The same for a single number, from the entries of at least two glasses."""
    value, low, high, error = bootstrapped(statistic, len(groups), resampling)
    return Estimate(
        value=float(value),
        low=float(low),
        high=float(high),
        error=float(error),
        n_glasses=len(groups),
        n_entries=sum(len(g) for g in groups),
        basis=GLASSES,
    )


def of_entries(value: float, low: float, high: float, error: float, n: int) -> Estimate:
    """A number from n entries of one glass, taken as independent."""
    return Estimate(
        value=value, low=low, high=high, error=error, n_glasses=1, n_entries=n, basis=ENTRIES
    )


def _interval(
    value: ArrayLike, drawn: Array, n: int, resampling: Resampling
) -> tuple[Array, Array, Array]:
    """Ends of the confidence interval and standard error, from draws (draws, ...).

    Plain percentiles are too narrow by sqrt((n - 1) / n) and by the step from Student's t to
    the normal law: they are taken further out (the expanded percentile interval, Hesterberg, The
    American Statistician 69, 371, 2015).
    """
    finite = np.isfinite(drawn)
    if not finite.all():  # a draw of glasses without entries says nothing
        drawn = np.where(finite, drawn, value)
    error: Array = drawn.std(axis=0, ddof=1) * np.sqrt(n / (n - 1))
    t = stdtrit(n - 1, 0.5 + resampling.confidence / 2)
    if n < FEW_GLASSES:
        center = np.asarray(value)
        return center - t * error, center + t * error, error
    tail = float(ndtr(-t * np.sqrt(n / (n - 1))))
    low, high = np.quantile(drawn, [tail, 1.0 - tail], axis=0)
    return low, high, error


def _poisson_interval(counts: ArrayLike, resampling: Resampling) -> tuple[Array, Array]:
    counts, tail = np.asarray(counts), (1.0 - resampling.confidence) / 2
    low = np.where(counts > 0, gammaincinv(np.maximum(counts, 1), tail), 0.0)
    return low, np.asarray(gammaincinv(counts + 1, 1 - tail))


def _ratio(top: Array, bottom: Array) -> Array:
    """Top / bottom, NaN where bottom is zero."""
    shape = np.broadcast_shapes(top.shape, bottom.shape)
    result: Array = np.divide(top, bottom, out=np.full(shape, np.nan), where=bottom != 0)
    return result


def entries_by_glass(name: str, values: Sequence[ArrayLike]) -> list[Array]:
    """The entries of each glass as numbers.

    Raises
    ------
    InputError
        For no glass, and entries that are not finite.
    """
    if len(values) == 0:
        raise InputError(f"{name} is empty, expected the entries of at least one glass")
    return [
        float64_array(f"{name} of glass {k}", np.asarray(group, dtype=float), (None,))
        for k, group in enumerate(values)
    ]


def _basis(n_glasses: int) -> str:
    return GLASSES if n_glasses > 1 else ENTRIES
