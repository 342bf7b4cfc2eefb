"""From the scores of models to a probability: a logistic curve through what was seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from glasswells.core.records import Array

EQUAL = 1e-12
"""Scores that differ by no more than this, relative to their size or to 1, are one score."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """P = 1 / (1 + exp(-(slopes . scores + offset)))."""

    slopes: tuple[float, ...]
    """(k,), one for each score, none negative."""
    offset: float

    def probability(self, scores: Array) -> Array:
        """Probabilities (n,) of scores (n, k)."""
        result: Array = expit(scores @ np.array(self.slopes) + self.offset)
        return result


def calibrate(scores: Array, hits: NDArray[np.bool_]) -> Calibration:
    """The logistic curve of largest likelihood through scores (n, k) and hits (n,).

    The scores must be those of models that have not seen the hit that they are held against. Hits
    count as (n_1 + 1) / (n_1 + 2) and misses as 1 / (n_0 + 2) (Platt, Advances in Large Margin
    Classifiers, 61 (1999)): the curve stays finite where scores separate the two, and without a
    single hit it says so with the rule of succession, not with 0. A score that foretells the
    opposite of what it should is given no weight.
    """
    n_hits, k = int(hits.sum()), scores.shape[1]
    target = np.where(hits, (n_hits + 1) / (n_hits + 2), 1 / (len(hits) - n_hits + 2))
    center, width = scores.mean(axis=0), scores.std(axis=0)
    width = np.where(width > EQUAL * np.maximum(np.abs(center), 1.0), width, np.inf)
    columns = np.column_stack([(scores - center) / width, np.ones(len(scores))])

    def cost(line: Array) -> tuple[float, Array]:
        logit = columns @ line
        loss = -np.mean(target * log_expit(logit) + (1 - target) * log_expit(-logit))
        return float(loss), columns.T @ (expit(logit) - target) / len(target)

    mean = float(target.mean())
    line = minimize(
        cost,
        np.array([*np.zeros(k), np.log(mean / (1 - mean))]),
        jac=True,
        method="L-BFGS-B",
        bounds=[*[(0.0, None)] * k, (None, None)],
        options={"ftol": 1e-15, "gtol": 1e-9},
    ).x
    slopes = line[:k] / width
    return Calibration(
        slopes=tuple(slopes.tolist()), offset=float(line[k] - (slopes * center).sum())
    )
