"""Searches for nonlinear modes: eq. 6 of the paper, its damped form, and descent.

A mode of a homogeneous form C(z) solves M z = (M:zz / C) C', C' = dC/dz / degree; it is a
stationary point of (M:zz)^degree / C^2. Eq. 6 steps to z' = (M:zz / C) M^-1 C'; z' - z is, in the
metric of M, the direction of steepest descent of that quotient. Fields are mass-weighted here, as
those of `Stiffness`: the equation keeps its form, so that the modes are the same displacements
whatever the masses.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from glasswells.core.checks import count, positive
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array
from glasswells.modes.stiffness import Stiffness

MAX_ITERATIONS = 1000
"""[default] For each method. Eq. 6 takes about 20 steps from most displacements, some hundreds
where the steps shrink too slowly to be extrapolated; cycles are found long before."""
CYCLE_STEPS = 4
"""A cycle is one if so many fields in a row return to where the iteration was a period before."""
RETURNS = {2: 0.01, **dict.fromkeys(range(3, 9), 1e-3)}
"""Periods that are looked for, and the distance from the field one period before, in lengths of a
step, below which a field has returned. A search that turns around a mode comes close to such fields
as well: at 1e-3 it would not get there in `MAX_ITERATIONS` steps."""
EXTRAPOLATE_BELOW = 1e-2
"""Residual below which steps are extrapolated: cycles stay above 0.1, and the basin of another
mode is far."""
COLLINEAR = 0.95
"""Least cosine between two steps that belong to one geometric sequence."""
LONGEST_EXTRAPOLATION = 0.1
"""On the unit sphere: at this distance the third-order terms are no correction any more."""
EXTRAPOLATION_PAUSE = 5
"""Steps before a failed extrapolation is tried again; each costs as much as a step."""
SOLVE_FRACTION = 1e-3
"""Residual of each solution M y = C', relative to that of the mode equation: a better solution
would not make a better step."""
LOOSEST_SOLVE, TIGHTEST_SOLVE = 1e-6, 1e-13
VANISHING = 1e-13
"""A coefficient below this part of |z| |C'| is rounding noise."""
ROUNDING = 1e-13
"""Rises of the logarithm of b up to this are noise."""
HALVINGS = 30
"""A line search that needs more than this has met noise."""

Method = Literal["iteration", "damped", "descent"]
Contraction = Callable[[Array], tuple[Array, float]]
"""z -> (C', C): the vector C' (N, 3) = dC/dz / degree, and C = z . C'."""


class Form(NamedTuple):
    """A homogeneous form C(z) whose modes are sought."""

    contract: Contraction
    degree: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One field on the unit sphere and the step that eq. 6 takes from it."""

    field: Array
    stiffness: float
    """kappa = M:zz."""
    coefficient: float
    """C."""
    residual: float
    following: Array
    """(kappa/C) M^-1 C', not normalized; its M-product with `field` is kappa."""

    def logarithm(self, degree: int) -> float:
        """Of kappa^degree / C^2: ln b up to a constant for the cubic form."""
        return degree * float(np.log(self.stiffness)) - 2.0 * float(np.log(abs(self.coefficient)))


class Search(NamedTuple):
    """The end of a search."""

    point: Point
    iterations: int
    method: str
    outcome: Outcome


def search(
    stiffness: Stiffness,
    form: Form,
    seed: Array,
    tolerance: float,
    max_iterations: int,
    fallback: bool,
) -> Search:
    """The mode reached from a unit seed without drift: eq. 6, and with `fallback` what may follow.

    Raises
    ------
    InputError
        For a tolerance that is not positive, or less than one iteration.
    """
    tolerance = positive("tolerance", tolerance)
    limit = count("max_iterations", max_iterations, 1)
    start = evaluate(stiffness, form, seed)
    if isinstance(start, Outcome):
        return Search(_blank(seed), 0, "iteration", start)
    total = 0
    found = Search(start, 0, "iteration", Outcome.STEP_LIMIT)
    walks: list[tuple[Method, bool]] = [("iteration", True)]
    if fallback:
        walks += [("damped", True), ("descent", False)]
    for method, from_seed in walks:
        point = start if from_seed else found.point
        found = walk(stiffness, form, point, method, tolerance, limit)
        total += found.iterations
        found = found._replace(iterations=total)
        if found.outcome.converged:
            break
    return found


def walk(
    stiffness: Stiffness,
    form: Form,
    point: Point,
    method: Method,
    tolerance: float,
    limit: int,
) -> Search:
    """Steps of one method until the residual is below the tolerance."""
    step: Array | None = None
    cycles = _Cycles(point.field)
    wait, length = 0, 1.0
    for iteration in range(limit):
        if point.residual <= tolerance:
            return Search(point, iteration, method, Outcome.CONVERGED)
        if method == "descent":
            following, length = _line_search(stiffness, form, point, length)
        else:
            fraction = 1.0 if method == "iteration" else 0.5
            following = evaluate(stiffness, form, _toward(point, fraction), point)
        if isinstance(following, Outcome):
            return Search(point, iteration, method, following)
        step_before, step = step, following.field - point.field
        point = following
        is_closed = method == "iteration" and cycles.is_closed_by(point.field, step)
        if step_before is None or method == "descent":
            continue
        if point.residual <= EXTRAPOLATE_BELOW and wait <= iteration:
            guess = _extrapolated(stiffness, form, point, step_before, step)
            if guess is None:
                wait = iteration + EXTRAPOLATION_PAUSE
            else:
                point, step = guess, None
        elif is_closed:
            return Search(point, iteration + 1, method, Outcome.CYCLE)
    outcome = Outcome.CONVERGED if point.residual <= tolerance else Outcome.STEP_LIMIT
    return Search(point, limit, method, outcome)


class _Cycles:
    """Whether the fields of an iteration return to where they were, from the last few of them."""

    def __init__(self, start: Array) -> None:
        self._fields = deque([start], maxlen=max(RETURNS))
        self._returns: Counter[int] = Counter()

    def is_closed_by(self, field: Array, step: Array) -> bool:
        """Whether a field, the next one after a step, closes a cycle of some period."""
        length = float(np.linalg.norm(step))
        for period, ratio in RETURNS.items():
            if period > len(self._fields):
                break
            back = float(np.linalg.norm(field - self._fields[-period]))
            self._returns[period] = self._returns[period] + 1 if back < ratio * length else 0
        self._fields.append(field)
        return max(self._returns.values(), default=0) >= CYCLE_STEPS


def _extrapolated(
    stiffness: Stiffness, form: Form, point: Point, step_before: Array, step: Array
) -> Point | None:
    """The limit of a geometric sequence of steps (Aitken), if it is closer to a mode.

    Close to a mode the steps of a slow sequence shrink by one factor mu, near -1 or 1.
    """
    square = float(np.vdot(step_before, step_before))
    product = float(np.vdot(step, step_before))
    norm = float(np.linalg.norm(step))
    mu = product / square
    if abs(mu) >= 1 or abs(product) < COLLINEAR * norm * np.sqrt(square):
        return None
    beyond = mu / (1.0 - mu) * step
    if float(np.linalg.norm(beyond)) > LONGEST_EXTRAPOLATION:
        return None
    moved = point.field + beyond
    guess = evaluate(stiffness, form, moved / np.linalg.norm(moved), point)
    if isinstance(guess, Point) and guess.residual < point.residual:
        return guess
    return None


def _toward(point: Point, fraction: float) -> Array:
    """The field moved by a fraction of the step to the normalized next one; of unit norm."""
    following = point.following / np.linalg.norm(point.following)
    moved = (1.0 - fraction) * point.field + fraction * following
    return moved / np.linalg.norm(moved)


def _line_search(
    stiffness: Stiffness, form: Form, point: Point, length: float
) -> tuple[Point | Outcome, float]:
    """A step along -M^-1 grad ln b that lowers ln b, and its length."""
    here = point.logarithm(form.degree)
    for trial in _lengths(min(1.0, 2.0 * length)):
        moved = point.field + trial * (point.following - point.field)
        following = evaluate(stiffness, form, moved / np.linalg.norm(moved), point)
        if isinstance(following, Point):
            rise = following.logarithm(form.degree) - here
            if rise < 0 or (rise <= ROUNDING and following.residual < point.residual):
                return following, trial
    return Outcome.LINE_SEARCH_FAILED, length


def _lengths(first: float) -> Iterator[float]:
    for halving in range(HALVINGS):
        yield first * 0.5**halving


def evaluate(
    stiffness: Stiffness, form: Form, field: Array, before: Point | None = None
) -> Point | Outcome:
    """All that a search needs at a field of unit norm, or why it cannot be had."""
    product = stiffness.product(field)
    kappa = float(np.vdot(field, product))
    gradient, coefficient = form.contract(field)
    if not (np.isfinite(coefficient) and np.isfinite(gradient).all()):
        return Outcome.NOT_FINITE
    if kappa <= 0:
        return Outcome.NOT_A_MINIMUM
    if abs(coefficient) <= VANISHING * np.linalg.norm(gradient) or coefficient == 0:
        return Outcome.NO_COEFFICIENT
    ratio = kappa / coefficient
    force = ratio * gradient
    residual = float(np.linalg.norm(product - force) / np.linalg.norm(product))
    tolerance = min(LOOSEST_SOLVE, max(TIGHTEST_SOLVE, SOLVE_FRACTION * residual))
    guess = field if before is None else before.following
    following = stiffness.solve(stiffness.without_drift(force), guess=guess, tolerance=tolerance)
    if following is None:
        return Outcome.NOT_A_MINIMUM
    return Point(
        field=field,
        stiffness=kappa,
        coefficient=float(coefficient),
        residual=residual,
        following=following,
    )


def _blank(seed: Array) -> Point:
    """The seed itself, where not even one step could be taken."""
    return Point(field=seed, stiffness=np.nan, coefficient=np.nan, residual=np.nan, following=seed)
