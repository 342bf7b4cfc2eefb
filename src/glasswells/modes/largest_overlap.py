"""The largest overlap of a field with any normal mode, certified without the full spectrum."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.arguments import expects
from glasswells.core.checks import count as checked_count
from glasswells.core.errors import InputError
from glasswells.core.fields import nonzero_field
from glasswells.core.records import Array, Configuration, MaxOverlap
from glasswells.curvature.spectral_measure import (
    SAME_LEVEL,
    Levels,
    bound_of_others,
    with_level,
)
from glasswells.model.pair_model import Model
from glasswells.modes.eigenvector import eigenvector, nearest_level
from glasswells.modes.known_modes import KnownModes, no_modes
from glasswells.modes.spectrum import dense_spectrum
from glasswells.modes.stiffness import Stiffness, as_stiffness

SMALL = 600
"""Up to this many coordinates the dense spectrum takes a few hundredths of a second."""
FIRST_FRACTION, GROWTH = 1 / 8, 1.5
"""The bound is first looked at after 3N/8 Lanczos steps, then each time they have grown by half:
looking costs O(steps^2), in all about twice the last look."""
FIRST_FRACTION_OF_REST = 1 / 24
"""The same where the softest modes are known: what they leave of a field is smoother."""
FEWEST_STEPS = 10
"""Before the first look, however few the particles."""
STEPS_PER_COORDINATE = 3
"""Default budget of Lanczos steps per coordinate; beyond it the dense spectrum is cheaper."""
AGREEMENT = 1e-8
"""Largest accepted difference between c^2 of the quadrature and of the vector itself."""


@expects(model=Model, configuration=Configuration)
def max_overlap(
    model: Model,
    configuration: Configuration,
    field: ArrayLike,
    *,
    method: Literal["auto", "lanczos", "dense"] = "auto",
    max_steps: int | None = None,
    stiffness: Stiffness | None = None,
    known: KnownModes | None = None,
) -> MaxOverlap:
    """The largest overlap c (paper, eq. 7) of a field with any of the 3N normal modes.

    The squared overlaps are the point masses of the field's spectral measure. Lanczos steps from
    the field give its Gauss quadrature; modes with large overlap soon appear as converged Ritz
    vectors, whose weights are their c^2, and the remaining nodes bound the c^2 of every other
    mode (`bound_of_others`). The steps go on until the largest known c^2 exceeds that bound, or
    would if the heaviest node, not converged yet, were a mode.
    Then inverse iteration gives the mode's vector, from which c is recomputed, and Sylvester's
    law its number. Modes that are known beforehand are taken out of the field: their c are scalar
    products, and the steps have to bound the overlaps with the others only, of which the sum of
    all c^2 = 1 leaves little or nothing.

    For a degenerate level, eigenvalues closer than 1e-9 of the largest entry of M, the mode
    vectors are arbitrary; c is then |P r| / |r| with the projector P on the level: the largest
    overlap that any vector of the level has. The three translations are one such level.

    Parameters
    ----------
    model, configuration
        Forces need not vanish.
    field
        (N, 3), any norm; a displacement u enters as sqrt(m_i) u_i, see `mass_weighted`.
    method
        `lanczos`; `dense`, from the full spectrum; `auto`: `lanczos`, and `dense` for up to 200
        particles or if the budget ends before the certificate is closed.
    max_steps
        Budget of Lanczos steps; None: three per coordinate. Where it ends before the certificate
        is closed, `lanczos` gives the best mode known by then, uncertified.
    stiffness
        The `Stiffness` of this configuration, if at hand.
    known
        Its `known_modes`, if at hand.

    Raises
    ------
    InputError
        For a field of another shape, with NaN or zero everywhere, or another method; if the
        model cannot describe the configuration.
    """
    r = nonzero_field("field", field, configuration.n_particles)
    if method not in ("auto", "lanczos", "dense"):
        raise InputError(f"method is {method!r}, expected 'auto', 'lanczos' or 'dense'")
    budget = STEPS_PER_COORDINATE * r.size
    if max_steps is not None:
        budget = checked_count("max_steps", max_steps, 1)
    stiffness = as_stiffness(model, configuration, stiffness)
    r /= np.abs(r).max()
    r /= np.linalg.norm(r)
    relative = stiffness.without_drift(r)
    in_relative = float(np.linalg.norm(relative))
    if in_relative < 1e-12:
        return _translation(r, relative, bound=in_relative, steps=0, method="exact")
    if method == "dense" or (method == "auto" and r.size <= SMALL):
        return _from_dense(stiffness, r, relative)
    result = _from_lanczos(stiffness, r, relative, budget, known or no_modes(stiffness))
    if not result.certified and method == "auto":
        return _from_dense(stiffness, r, relative)
    return result


class _Bounded(NamedTuple):
    """What Lanczos steps tell of the modes that are not known; weights are c^2."""

    levels: Levels | None
    best: int
    """The level of largest weight."""
    found: float
    """Its weight; 0 if it is not resolved."""
    bound: float
    """Of the weights of all modes at no resolved level."""
    is_closed: bool
    """Whether the largest weight of all is certain."""
    steps: int
    vector: tuple[Array, int, float] | None = None
    """The mode of the best level, its number and eigenvalue, where it was sought on the way."""

    @property
    def other(self) -> float:
        """Upper bound of the weights besides that of the best level."""
        if self.levels is None:
            return self.bound
        others = np.delete(self.levels.weights[self.levels.resolved], self._position)
        return max(self.bound, float(others.max(initial=0.0)))

    @property
    def _position(self) -> list[int]:
        """Where the best level stands among the resolved ones, as a list of one or none."""
        resolved = self.levels.resolved if self.levels else np.zeros(1, dtype=np.bool_)
        return [int(resolved[: self.best].sum())] if resolved[self.best] else []


def _bounded(
    stiffness: Stiffness,
    rest: Array,
    known: float,
    start: float,
    most: int,
    candidates: tuple[MaxOverlap, ...],
) -> _Bounded:
    """Lanczos steps from what is left of a field, until the largest weight is certain.

    `known`: the largest weight of a mode or level that was taken out of the field. `start`: after
    how many steps the bound is first looked at. `candidates`: modes that other fields led to.
    """
    weight = float(np.sum(rest**2))
    noise = AGREEMENT * (weight + known)
    if known > weight + noise:
        return _Bounded(None, 0, 0.0, weight, True, 0)
    measure, steps = stiffness.measure(rest), start
    while True:
        measure.extend(min(int(steps), most))
        nodes, weights, resolved = measure.levels()
        levels = Levels(nodes, weight * weights, resolved)
        best = _best_level(levels)
        found = float(levels.weights[best]) if resolved[best] else 0.0
        bound = bound_of_others(levels)
        is_closed = max(found, known) > bound + noise
        if is_closed or measure.is_invariant or measure.steps >= most:
            return _Bounded(levels, best, found, bound, is_closed, measure.steps)
        sooner = _sought(stiffness, rest, levels, candidates, known, noise)
        if sooner is not None:
            return sooner._replace(steps=measure.steps)
        steps = GROWTH * measure.steps


def _sought(
    stiffness: Stiffness,
    rest: Array,
    levels: Levels,
    candidates: tuple[MaxOverlap, ...],
    known: float,
    noise: float,
) -> _Bounded | None:
    """The certificate with a mode that the steps have not resolved yet; None if it stays open.

    Most steps serve to resolve the mode of largest weight itself. Inverse iteration finds it long
    before, and its weight is then a scalar product. It is sought at the heaviest node, only where
    the bound of the others would close if that were the mode. A mode that another field led to is
    awaited instead: once it is resolved, no factorization is needed.
    """
    heaviest = int(np.argmax(np.where(levels.resolved, -1.0, levels.weights)))
    guess = float(levels.nodes[heaviest]), float(levels.weights[heaviest])
    at_hand = [float(np.vdot(rest, found.field)) ** 2 for found in candidates]
    if max(at_hand, default=0.0) > 0.5 * guess[1]:
        return None
    same = SAME_LEVEL * stiffness.scale
    resolved = levels.nodes[levels.resolved]
    as_guessed = with_level(levels, *guess)
    if (np.abs(resolved - guess[0]) <= same).any():
        return None
    if not max(guess[1], known) > bound_of_others(as_guessed) + noise:
        return None
    level = nearest_level(stiffness, rest, guess[0])
    vector = None if level is None else eigenvector(stiffness, rest, level)
    if vector is None or (np.abs(resolved - vector[2]) <= same).any():
        return None
    weight = float(np.vdot(rest, vector[0])) ** 2
    levels = with_level(levels, vector[2], weight)
    best, bound = _best_level(levels), bound_of_others(levels)
    found = float(levels.weights[best])
    if levels.nodes[best] != vector[2] or not max(found, known) > bound + noise:
        return None
    return _Bounded(levels, best, found, bound, True, 0, vector)


def _from_lanczos(
    stiffness: Stiffness, r: Array, relative: Array, budget: int, known: KnownModes
) -> MaxOverlap:
    """The largest overlap as far as the budget reaches."""
    drift = float(np.sum((r - relative) ** 2))
    components = known.components(relative)
    weights = np.concatenate([[0.0], components**2])
    soft = int(np.argmax(weights))
    largest = max(drift, float(weights[soft]))
    fraction = FIRST_FRACTION_OF_REST if len(components) else FIRST_FRACTION
    rest = known.rest(relative, components)
    start = max(fraction * r.size, FEWEST_STEPS)
    of_rest = _bounded(stiffness, rest, largest, start, budget, known.candidates)
    below = float(np.delete(weights, soft).max(initial=0.0))
    if of_rest.found > largest or not (of_rest.is_closed or weights[soft] > drift):
        return _from_level(stiffness, r, rest, of_rest, largest, known)
    others = np.sqrt(max(below, of_rest.found, of_rest.other))
    if drift >= weights[soft]:
        bound = max(others, np.sqrt(weights[soft]))
        return _translation(r, relative, bound=bound, steps=of_rest.steps, method="lanczos")
    return MaxOverlap(
        overlap=min(float(np.sqrt(weights[soft])), 1.0),
        mode=int(known.numbers[soft - 1]),
        frequency=_frequency(float(known.eigenvalues[soft - 1])),
        field=known.fields[soft - 1].copy(),
        certified=of_rest.is_closed,
        bound=float(max(others, np.sqrt(drift))),
        steps=of_rest.steps,
        method="lanczos",
    )


def _from_level(
    stiffness: Stiffness,
    r: Array,
    rest: Array,
    bounded: _Bounded,
    largest: float,
    known: KnownModes,
) -> MaxOverlap:
    """The overlap with the best level that the steps found; `largest`: c^2 of any other mode."""
    levels, best = bounded.levels, bounded.best
    vector = bounded.vector
    if vector is None and levels is not None and levels.resolved[best]:
        eigenvalue = float(levels.nodes[best])
        vector = _candidate(stiffness, r, eigenvalue, bounded.found, known)
        vector = vector or eigenvector(stiffness, rest, eigenvalue)
    if vector is None:
        return _unknown(r, bounded, largest)
    mode, number, eigenvalue = vector
    c = min(abs(float(np.vdot(r, mode))), 1.0)
    agrees = abs(c * c - bounded.found) <= AGREEMENT
    return MaxOverlap(
        overlap=c,
        mode=number,
        frequency=_frequency(eigenvalue),
        field=mode,
        certified=bounded.is_closed and agrees,
        bound=float(np.sqrt(max(bounded.other, largest))),
        steps=bounded.steps,
        method="lanczos",
    )


def _candidate(
    stiffness: Stiffness, r: Array, eigenvalue: float, weight: float, known: KnownModes
) -> tuple[Array, int, float] | None:
    """A mode that another field led to, if it is the one at this eigenvalue with this weight.

    In a degenerate level the projection of another field would have less weight.
    """
    for found in known.candidates:
        its_own = float(np.sign(found.frequency) * found.frequency**2)
        is_near = abs(its_own - eigenvalue) <= SAME_LEVEL * stiffness.scale
        if is_near and abs(float(np.vdot(r, found.field)) ** 2 - weight) <= AGREEMENT:
            return found.field.copy(), found.mode, its_own
    return None


def _unknown(r: Array, bounded: _Bounded, largest: float) -> MaxOverlap:
    """A lower and an upper bound only."""
    least = max(bounded.found, largest)
    return MaxOverlap(
        overlap=float(np.sqrt(least)),
        mode=0,
        frequency=np.nan,
        field=np.zeros_like(r),
        certified=False,
        bound=float(np.sqrt(max(bounded.bound, bounded.found))),
        steps=bounded.steps,
        method="lanczos",
    )


def _best_level(levels: Levels) -> int:
    """The resolved level of largest weight, the softest of equals; else the heaviest node."""
    weights = np.where(levels.resolved, levels.weights, -1.0)
    if not levels.resolved.any():
        weights = levels.weights
    return int(np.argmax(weights >= weights.max() * (1 - 1e-12)))


def _from_dense(stiffness: Stiffness, r: Array, relative: Array) -> MaxOverlap:
    eigenvalues, vectors = dense_spectrum(stiffness)
    components = np.tensordot(vectors, relative, axes=([1, 2], [0, 1]))
    group = np.concatenate(
        [[0], np.cumsum(np.diff(eigenvalues) > SAME_LEVEL * stiffness.scale)]
    ).astype(np.intp)
    weights = np.bincount(group, components**2)
    best = int(np.argmax(weights >= weights.max() * (1 - 1e-12)))
    others = float(np.sqrt(np.delete(weights, best).max(initial=0.0)))
    drift = float(np.linalg.norm(r - relative))
    c = float(np.sqrt(weights[best]))
    if drift >= c:
        return _translation(r, relative, bound=c, steps=0, method="dense")
    members = np.flatnonzero(group == best)
    mode = np.tensordot(components[members], vectors[members], axes=1) / c
    return MaxOverlap(
        overlap=min(c, 1.0),
        mode=int(members[0]) + 4,
        frequency=_frequency(float(eigenvalues[members[0]])),
        field=mode,
        certified=True,
        bound=max(others, drift),
        steps=0,
        method="dense",
    )


def _translation(r: Array, relative: Array, *, bound: float, steps: int, method: str) -> MaxOverlap:
    drift = r - relative
    norm = float(np.linalg.norm(drift))
    return MaxOverlap(
        overlap=min(norm, 1.0),
        mode=1,
        frequency=0.0,
        field=drift / norm,
        certified=True,
        bound=bound,
        steps=steps,
        method=method,
    )


def _frequency(eigenvalue: float) -> float:
    return float(np.sign(eigenvalue) * np.sqrt(abs(eigenvalue)))
