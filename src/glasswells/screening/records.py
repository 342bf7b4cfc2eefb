"""What screening takes and gives: searched pairs, predictions, an order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glasswells.core.checks import positive
from glasswells.core.records import Array, Pair, freeze


@dataclass(frozen=True, kw_only=True, slots=True)
class Searched:
    """A pair whose path was searched, and what came of it."""

    glass: str
    """Name of its glass: models are judged on glasses that they have not seen."""
    pair: Pair
    splitting: float | None
    """E of the double well that joins the two minima directly; None if there is none, or if E lies
    below the threshold of a two-level system though it is none, a single well in disguise."""

    def __post_init__(self) -> None:
        if self.splitting is not None:
            positive("splitting", self.splitting)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Predictions:
    """What the trees expect of pairs that were not searched yet."""

    double_well: Array
    """(n,), probability that a double well joins the two minima directly."""
    splitting: Array
    """(n,), E to expect if it does, in epsilon: 10 to the power of the predicted log10 E."""
    two_level: Array
    """(n,), probability of a two-level system: of a double well with E below the threshold."""

    def __post_init__(self) -> None:
        freeze(
            self,
            double_well=self.double_well,
            splitting=self.splitting,
            two_level=self.two_level,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Importance:
    """How much worse the trees do on pairs that they have not seen, without one feature.

    Permutation importance (Breiman, Machine Learning 45, 5 (2001)): the feature's values are
    exchanged between pairs. Of features that tell the same, each seems dispensable.
    """

    feature: str
    """Name of the feature, as in `FEATURES`."""
    double_well: float
    """Increase of the mean square error of P(double well); 0 if there was no such model."""
    splitting: float
    """Increase of the mean square error of log10 E, relative to the variance of log10 E."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class KeptTrees:
    """Trees as saved by skops, with all that predictions need. No pickle is in them."""

    double_well: NDArray[np.uint8]
    """(bytes,), the classifier; empty if all searched pairs but a few were of one kind."""
    double_well_slopes: tuple[float, ...]
    """(1,), calibration of P(double well): logit = slope * score + offset."""
    double_well_offset: float
    splitting: NDArray[np.uint8]
    """(bytes,), the regression of -log10 E."""
    splitting_slopes: tuple[float, ...]
    """(2,), calibration of P(E < threshold): logit = slopes . scores + offset, of the
    -log10 E that the trees predict and of the one that the rule `close` guesses."""
    splitting_offset: float
    threshold: float
    """E below which a double well counts as a two-level system, in epsilon."""
    features: tuple[str, ...]
    """The features that they ask for, in order."""
    versions: tuple[str, str]
    """Of scikit-learn and of skops."""

    def __post_init__(self) -> None:
        freeze(self, double_well=self.double_well, splitting=self.splitting)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Ranking:
    """The order in which candidates are to be followed, and why."""

    order: tuple[int, ...]
    """Numbers of the candidates, the most promising first."""
    explored: tuple[int, ...]
    """Those of them that stand where they do by the order of the rule, not by the trees."""
    rule: str
    """`trees`, or `close` if the candidates keep the order in which they came."""
    reason: str
    """Why the trees were not asked; empty if they were."""
    predictions: Predictions | None = None
    """By number of the candidate; None without trees."""
    importances: tuple[Importance, ...] = ()
    """Of each feature; none without trees."""
    trees: KeptTrees | None = None
