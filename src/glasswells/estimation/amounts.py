"""Products of rates: an expected number with the relative variance that its factors give it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from statistics import NormalDist

from glasswells.estimation.records import Range, Rate


@dataclass(frozen=True, kw_only=True, slots=True)
class Amount:
    """How much there will be of something, over some glasses together."""

    value: float
    glasses: int
    variance: float = 0.0
    """Relative to the square of the value."""
    log_variance: float = 0.0
    """Of the logarithm, for powers that are not known well."""
    sources: tuple[str, ...] = ()

    def times(self, rate: Rate) -> Amount:
        """So many of what the rate is for; relative variances of independent factors add up."""
        return replace(
            self,
            value=self.value * rate.value,
            variance=self.variance + rate.relative_variance(self.glasses),
            sources=(*self.sources, rate.source),
        )

    def scaled(self, factor: float) -> Amount:
        """The same times a number that is known."""
        return replace(self, value=factor * self.value)

    def limited(self, most: float) -> Amount:
        """The same, but never more than `most`."""
        return replace(self, value=min(self.value, most))

    def __add__(self, other: Amount) -> Amount:
        """Both together, whose errors may go the same way."""
        return replace(
            self,
            value=self.value + other.value,
            variance=max(self.variance, other.variance),
            log_variance=max(self.log_variance, other.log_variance),
            sources=(*self.sources, *other.sources),
        )

    def range(self) -> Range:
        """Nine cases of ten, by a log-normal distribution."""
        return Range.within(self.value, math.sqrt(math.log1p(self.variance) + self.log_variance))


def mean_below(mean: float, spread: float, limit: float) -> float:
    """Mean of min(X, limit), X log-normal with this mean and relative standard deviation.

    With s^2 = ln(1 + spread^2) and mu = ln(mean) - s^2/2 it is
    mean Phi((ln(limit) - mu)/s - s) + limit (1 - Phi((ln(limit) - mu)/s)).
    """
    if mean <= 0 or spread <= 0:
        return min(mean, limit)
    s = math.sqrt(math.log1p(spread**2))
    z = (math.log(limit / mean) + s * s / 2) / s
    normal = NormalDist()
    return mean * normal.cdf(z - s) + limit * (1 - normal.cdf(z))
