"""Gradient-boosted trees: whether a pair is a double well, and how large is its splitting E."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from glasswells.core.checks import count, positive
from glasswells.core.errors import InputError
from glasswells.core.optional import require
from glasswells.core.records import Array, Pair
from glasswells.screening.calibration import Calibration, calibrate
from glasswells.screening.features import FEATURES, guessed_depths, static_features
from glasswells.screening.folds import Folds, folds_of
from glasswells.screening.records import Importance, Predictions, Searched

Load = Callable[[str, str], Any]
"""Gives a module that comes with an extra, or raises `InputError`: `core.optional.require`."""

LEAST_DOUBLE_WELLS = 100
"""Double wells from which splittings are learned. A leaf holds 20; below this the trees can
hardly split, and the cross-validated scores that the probabilities rest on mean little."""
LEAST_OF_A_KIND = 20
"""Pairs with and without a double well from which the two are told apart, one leaf of each; with
fewer, P(double well) is their fraction."""
HITS = 10
"""Splittings below the threshold that its probability is calibrated on. With fewer of them, the
curve is fitted for the larger E below which so many lie, and shifted to the threshold."""
DEEP = 10.0
"""Splittings below the threshold by more than this factor count as that deep: their exact value
is of no interest and would dominate the squares."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Trees:
    """Both models, with the curves that turn their scores into probabilities."""

    double_well: Any
    """Classifier of scikit-learn; None if nearly all searched pairs were of one kind."""
    double_well_curve: Calibration
    splitting: Any
    """Regression of scikit-learn, of -log10 E."""
    splitting_curve: Calibration
    threshold: float
    """E below which a double well counts as a two-level system, in epsilon."""

    def predict(self, pairs: Sequence[Pair]) -> Predictions:
        """What to expect of pairs, in their order."""
        if not pairs:
            none = np.zeros(0)
            return Predictions(double_well=none, splitting=none.copy(), two_level=none.copy())
        features = static_features(pairs)
        with threadpool_limits(limits=1):
            level = np.zeros(len(pairs))
            if self.double_well is not None:
                level = self.double_well.decision_function(features)
            depth = self.splitting.predict(features)
        double_well = self.double_well_curve.probability(level[:, None])
        scores = np.column_stack([depth, guessed_depths(pairs)])
        return Predictions(
            double_well=double_well,
            splitting=10.0**-depth,
            two_level=double_well * self.splitting_curve.probability(scores),
        )


def why_not(known: Sequence[Searched], load: Load = require) -> str:
    """Why no trees can be learned from these searched pairs; empty if they can."""
    found = sum(each.splitting is not None for each in known)
    if found < LEAST_DOUBLE_WELLS:
        return (
            f"{found} double wells are known, expected at least {LEAST_DOUBLE_WELLS} to learn from"
        )
    try:
        for module in ("sklearn.ensemble", "skops.io"):
            load(module, "learn")
    except InputError as error:
        return str(error)
    return ""


def learn(
    known: Sequence[Searched], *, threshold: float, seed: int, load: Load = require
) -> tuple[Trees, tuple[Importance, ...]]:
    """Trees that tell double wells and their splittings, and what each feature is worth to them.

    Two models of 100 trees with 31 leaves of at least 20 pairs each, learning rate 0.1, the
    defaults of scikit-learn; nothing is tuned, and no part of the pairs is set aside to stop early.
    The probabilities and importances rest on five folds: the scores of a fold are those of trees
    that have not seen it. With five glasses or more, a glass is never in two folds.

    P(E < threshold) is calibrated on two scores, the -log10 E of the trees and the guess of the
    rule `close`: what trees know from few double wells adds to what the rule knows from none.

    Parameters
    ----------
    known
        Pairs whose paths were searched, in any order.
    threshold
        E below which a double well counts as a two-level system, in epsilon.
    seed
        Of folds and permutations; the same pairs in the same order give the same bits.
    load
        Gives the modules of the extra `learn`.

    Raises
    ------
    InputError
        With fewer double wells than `LEAST_DOUBLE_WELLS`, without scikit-learn or skops, or for a
        threshold that is not positive.
    """
    threshold = positive("threshold", threshold)
    rng = np.random.default_rng(count("seed", seed))
    if reason := why_not(known, load):
        raise InputError(f"no trees can be learned: {reason}")
    with threadpool_limits(limits=1):  # more threads add up in another order
        classifier, level_curve, level_losses = _learn_double_wells(known, rng, load)
        regression, depth_curve, depth_losses = _learn_splittings(known, threshold, rng, load)
    trees = Trees(
        double_well=classifier,
        double_well_curve=level_curve,
        splitting=regression,
        splitting_curve=depth_curve,
        threshold=threshold,
    )
    importances = tuple(
        Importance(feature=name, double_well=float(level), splitting=float(depth))
        for name, level, depth in zip(FEATURES, level_losses, depth_losses, strict=True)
    )
    return trees, importances


def _learn_double_wells(
    known: Sequence[Searched], rng: np.random.Generator, load: Load
) -> tuple[Any, Calibration, Array]:
    """Classifier, calibration of its score, what each feature is worth; None with one kind only."""
    found = np.array([each.splitting is not None for each in known])
    if min(found.sum(), (~found).sum()) < LEAST_OF_A_KIND:
        return None, calibrate(np.zeros((len(found), 1)), found), np.zeros(len(FEATURES))
    model = load("sklearn.ensemble", "learn").HistGradientBoostingClassifier(**_settings(rng))
    features = static_features([each.pair for each in known])
    parts = folds_of(_glasses(known), found, load("sklearn.model_selection", "learn"), _seed(rng))
    scores, losses = _held_out(model, features, found, parts, rng)
    model.fit(features, found)
    return model, calibrate(scores[:, None], found), losses


def _learn_splittings(
    known: Sequence[Searched], threshold: float, rng: np.random.Generator, load: Load
) -> tuple[Any, Calibration, Array]:
    """Regression of -log10 E, calibration with the guess of `close`, what each feature is worth."""
    wells = [each for each in known if each.splitting is not None]
    pairs = [each.pair for each in wells]
    splittings = np.array([each.splitting for each in wells], dtype=np.float64)
    depth = -np.log10(np.maximum(splittings, threshold / DEEP))
    hits, shift = _hits(depth, -float(np.log10(threshold)))
    model = load("sklearn.ensemble", "learn").HistGradientBoostingRegressor(**_settings(rng))
    features = static_features(pairs)
    parts = folds_of(_glasses(wells), hits, load("sklearn.model_selection", "learn"), _seed(rng))
    scores, losses = _held_out(model, features, depth, parts, rng)
    curve = calibrate(np.column_stack([scores, guessed_depths(pairs)]), hits)
    model.fit(features, depth)
    shifted = Calibration(slopes=curve.slopes, offset=curve.offset - sum(curve.slopes) * shift)
    return model, shifted, losses / max(float(depth.var()), np.finfo(float).tiny)


def _glasses(known: Sequence[Searched]) -> NDArray[np.str_]:
    return np.array([each.glass for each in known])


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _settings(rng: np.random.Generator) -> dict[str, Any]:
    return {"early_stopping": False, "random_state": _seed(rng)}


def _hits(depth: Array, deep: float) -> tuple[NDArray[np.bool_], float]:
    """Which depths -log10 E count as hits, and by how much their limit lies below `deep`."""
    hits = depth > deep
    if hits.sum() >= HITS:
        return hits, 0.0
    limit = float(np.sort(depth)[-HITS])
    return depth >= limit, max(deep - limit, 0.0)


def _held_out(
    model: Any, features: Array, target: Any, folds: Folds, rng: np.random.Generator
) -> tuple[Array, Array]:
    """Scores (n,) of trees that have not seen a row; what exchanging each column costs (11,).

    The cost is an increase of the mean square error: of the probability for a classifier.
    """
    is_classifier = hasattr(model, "decision_function")

    def score(rows: Array) -> Array:
        result: Array = model.decision_function(rows) if is_classifier else model.predict(rows)
        return result

    def loss(scores: Array, wanted: Any) -> float:
        return float((((expit(scores) if is_classifier else scores) - wanted) ** 2).sum())

    scores, losses = np.zeros(len(features)), np.zeros(features.shape[1])
    for train, test in folds:
        model.fit(features[train], target[train])
        scores[test] = score(features[test])
        usual = loss(scores[test], target[test])
        for column in range(features.shape[1]):
            exchanged = features[test]
            exchanged[:, column] = rng.permutation(exchanged[:, column])
            losses[column] += loss(score(exchanged), target[test]) - usual
    return scores, losses / len(features)
