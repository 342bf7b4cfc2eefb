"""What an estimate says, and what it rests on: numbers with the scatter of glasses about them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from glasswells.core.errors import InputError

NORMAL_90 = 1.645
"""Of a normal distribution 90 % lie within this many standard deviations."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    """A number and the interval in which it should lie in nine cases of ten."""

    value: float
    low: float
    high: float

    @classmethod
    def exactly(cls, value: float) -> Range:
        """What is known without error."""
        return cls(value=value, low=value, high=value)

    @classmethod
    def within(cls, value: float, spread: float) -> Range:
        """A positive number whose logarithm has the standard deviation `spread`."""
        factor = math.exp(NORMAL_90 * spread)
        return cls(value=value, low=value / factor, high=value * factor)

    def __add__(self, other: Range) -> Range:
        """The sum if the errors of both go the same way, as those of stages mostly do."""
        return Range(
            value=self.value + other.value,
            low=self.low + other.low,
            high=self.high + other.high,
        )

    def scaled(self, factor: float) -> Range:
        """The same times a positive number."""
        return Range(value=factor * self.value, low=factor * self.low, high=factor * self.high)


NOTHING = Range.exactly(0.0)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """Seconds, bytes or a number of things for each unit of work, averaged over glasses."""

    value: float
    spread: float
    """Standard deviation of one glass over the mean."""
    glasses: int
    """How many the mean is over."""
    source: str
    """Where it comes from, in words."""
    depth: float = 0.0
    """For pairs of a glass: the quenches after which they were counted; 0: it does not depend on
    with them."""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.value) and self.value >= 0 and self.spread >= 0):
            raise InputError(f"a rate is {self.value}, expected a finite number, 0 or more")

    def relative_variance(self, glasses: int) -> float:
        """Of the mean over that many other glasses, as this mean predicts it."""
        return self.spread**2 * (1 / glasses + 1 / max(1, self.glasses))

    def scaled(self, factor: float) -> Rate:
        """The same for another size."""
        return replace(self, value=factor * self.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """Rates by their names: for all preparation temperatures (None), and for single ones."""

    rates: Mapping[tuple[str, float | None], Rate]

    def __contains__(self, name: str) -> bool:
        return (name, None) in self.rates

    def rate(self, name: str, temperature: float | None = None) -> Rate:
        """The rate at this temperature, or else the one for all."""
        return self.rates.get((name, temperature)) or self.rates[name, None]

    def over(self, other: Known) -> Known:
        """These rates, and those of the other where there is none of that name at all."""
        own = {name for name, _ in self.rates}
        rest = {key: rate for key, rate in other.rates.items() if key[0] not in own}
        return Known(rates={**rest, **self.rates})


@dataclass(frozen=True, kw_only=True, slots=True)
class StageEstimate:
    """What one stage will need."""

    stage: str
    title: str
    tasks: Range
    """Chunks of work, as `status` counts them; exact for what the plan alone decides."""
    cpu_seconds: Range
    stored_bytes: Range
    sources: tuple[str, ...]
    """Of its costs and numbers of tasks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """What a campaign will need, from its beginning to its end."""

    stages: tuple[StageEstimate, ...]
    workers: int
    cpu_seconds: Range
    wall_seconds: Range
    """If each worker has a core of its own."""
    stored_bytes: Range
    memory_bytes: float
    """Of all processes together, at most."""
    notes: tuple[str, ...]
    """What the error contains and what was extrapolated."""

    def stage(self, name: str) -> StageEstimate:
        """The stage of this name."""
        return next(stage for stage in self.stages if stage.stage == name)
