r"""The distribution of Delta and Delta_0, beside that of the standard tunneling model.

The standard model has P(Delta, Delta_0) = P/Delta_0: flat in Delta and in ln Delta_0. Its exponents
are measured with

.. math:: p(\Delta) \sim \Delta^a \quad (0 < \Delta < \Delta_{max}), \qquad
          p(\ln\Delta_0) \sim \Delta_0^b \quad (\Delta_{min} < \Delta_0 < \Delta_{max})

by maximum likelihood; a = b = 0 is the standard model. Delta is counted by its size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.checks import positive_array
from glasswells.core.errors import InputError
from glasswells.core.records import Array, freeze
from glasswells.observables.records import TwoLevelStates
from glasswells.statistics.bootstrap import (
    DEFAULT_RESAMPLING,
    Estimate,
    Resampling,
    estimate,
    of_entries,
)

FEWEST = 3
"""Two-level systems below which an exponent is not fitted."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ParameterDensity:
    """P(Delta, ln Delta_0) and its exponents."""

    asymmetry_edges: Array
    """(I + 1,), of the size of Delta, from 0."""
    amplitude_edges: Array
    """(J + 1,), of Delta_0, above 0."""
    density: Array
    """(I, J), two-level systems per volume, per Delta and per ln Delta_0: P in the standard
    model."""
    counts: Array
    """(I, J), how many there are in a cell."""
    asymmetry_exponent: Estimate | None
    """a; None for fewer than `FEWEST` in the window."""
    amplitude_exponent: Estimate | None
    """b."""

    def __post_init__(self) -> None:
        for name in ("asymmetry_edges", "amplitude_edges", "density", "counts"):
            freeze(self, **{name: getattr(self, name)})


def parameter_density(
    glasses: Sequence[TwoLevelStates],
    asymmetry_edges: ArrayLike,
    amplitude_edges: ArrayLike,
    resampling: Resampling = DEFAULT_RESAMPLING,
) -> ParameterDensity:
    """P(Delta, ln Delta_0) in cells, and the exponents of those inside all cells together.

    Parameters
    ----------
    glasses
        Two-level systems of each glass, each distinct one once; a glass without any counts.
    asymmetry_edges
        (I + 1,), increasing from 0, reduced energy.
    amplitude_edges
        (J + 1,), increasing, above 0.
    resampling
        Of the error bars.
    """
    rows = np.asarray(asymmetry_edges, dtype=np.float64)
    columns = positive_array("amplitude_edges", amplitude_edges, (None,), "energies")
    for name, edges in (("asymmetry_edges", rows), ("amplitude_edges", columns)):
        if len(edges) < 2 or np.diff(edges).min() <= 0:
            raise InputError(f"{name} is {edges}, expected at least two that strictly increase")
    if rows[0] != 0:
        raise InputError(f"asymmetry_edges begins at {rows[0]}, expected 0")
    if not glasses:
        raise InputError("glasses is empty, expected the two-level systems of at least one")
    inside = [
        g.chosen(
            (g.asymmetry < rows[-1]) & (g.amplitude >= columns[0]) & (g.amplitude < columns[-1])
        )
        for g in glasses
    ]
    counts = sum(np.histogram2d(g.asymmetry, g.amplitude, (rows, columns))[0] for g in inside)
    volume = sum(g.volume for g in glasses)
    areas = np.diff(rows)[:, None] * np.diff(np.log(columns))
    # Delta = 0 has a probability of zero and would make the likelihood infinite.
    tiny = np.finfo(float).tiny
    logarithms = [np.log(np.maximum(g.asymmetry, tiny) / rows[-1]) for g in inside]
    places = [
        _place(np.log(g.amplitude), math.log(columns[0]), math.log(columns[-1])) for g in inside
    ]
    half = math.log(columns[-1] / columns[0]) / 2
    return ParameterDensity(
        asymmetry_edges=rows,
        amplitude_edges=columns,
        density=counts / (volume * areas),
        counts=np.asarray(counts, dtype=np.float64),
        asymmetry_exponent=_fitted(logarithms, lambda mean: -1.0 - 1.0 / mean, resampling),
        amplitude_exponent=_fitted(places, lambda mean: inverse_langevin(mean) / half, resampling),
    )


def inverse_langevin(mean: Array) -> Array:
    """The x of coth x - 1/x = mean: the law exp(x y) on [-1, 1] has this mean of y."""
    target = np.clip(np.asarray(mean, dtype=np.float64), -1 + 1e-9, 1 - 1e-9)
    low, high = np.full_like(target, -1e10), np.full_like(target, 1e10)
    # In asinh x, so that 60 halvings reach all digits of small and of large x.
    low, high = np.arcsinh(low), np.arcsinh(high)
    for _ in range(60):
        middle = (low + high) / 2
        below = _langevin(np.sinh(middle)) < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    result: Array = np.sinh((low + high) / 2)
    return result


def _langevin(x: Array) -> Array:
    small = np.abs(x) < 1e-3  # there the two terms cancel
    safe = np.where(small, 1.0, x)
    value: Array = np.where(small, x / 3 - x**3 / 45, 1 / np.tanh(safe) - 1 / safe)
    return value


def _place(logarithm: Array, low: float, high: float) -> Array:
    place: Array = (2 * logarithm - low - high) / (high - low)
    return place


def _fitted(
    values: list[Array], exponent: Callable[[Array], Array], resampling: Resampling
) -> Estimate | None:
    """An exponent that follows from the mean of a number over all entries.

    With one glass the error is that of the mean of independent entries, carried through the slope.
    """
    sums = np.array([v.sum() for v in values])
    sizes = np.array([float(len(v)) for v in values])
    if sizes.sum() < FEWEST:
        return None
    if len(values) > 1:

        def statistic(weights: Array) -> Array:
            total = weights @ sizes
            mean = np.divide(
                weights @ sums, total, out=np.full(len(total), np.nan), where=total > 0
            )
            filled = np.where(np.isfinite(mean), mean, sums.sum() / sizes.sum())
            return np.where(np.isfinite(mean), exponent(filled), np.nan)

        return estimate(statistic, values, resampling)
    (only,) = values
    mean, error = only.mean(), only.std(ddof=1) / math.sqrt(len(only))
    ends = exponent(np.array([mean - error, mean, mean + error]))
    spread = float(abs(ends[2] - ends[0])) / 2
    value = float(ends[1])
    return of_entries(value, value - 2 * spread, value + 2 * spread, spread, len(only))
