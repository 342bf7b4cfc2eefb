"""Nonlinear modes: cubic (paper, eqs. 5 and 6), quartic and pseudo-harmonic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.checks import count, positive
from glasswells.core.errors import InputError
from glasswells.core.fields import nonzero_field
from glasswells.core.geometry import remove_drift
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array, Configuration, CubicMode, NonlinearMode
from glasswells.model.interactions import PairInteractions
from glasswells.model.pair_model import Model
from glasswells.modes.kernels import fourth_order_vector, pair_fourth_powers
from glasswells.modes.overlaps import overlap
from glasswells.modes.stiffness import Stiffness, as_stiffness

MAX_ITERATIONS = 1000
"""[default] For each method. Eq. 6 takes about 20 steps from most displacements, more than 300
where it alternates slowly around a mode; cycles are found long before."""
CYCLE_RATIO, CYCLE_STEPS = 0.01, 4
"""In a cycle of period two a step and the next cancel to this part of their length, here for so
many steps in a row."""
SOLVE_SHARE = 1e-3
"""Residual of each solution M y = C', relative to that of the mode equation: a better solution
would not make a better step."""
LOOSEST_SOLVE, TIGHTEST_SOLVE = 1e-6, 1e-13
VANISHING = 1e-13
"""A coefficient below this part of |z| |C'| is rounding noise."""
ROUNDING = 1e-13
"""Rises of the logarithm of b up to this are noise."""
HALVINGS = 30
"""A line search that needs more than this has met noise."""

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


def cubic_mode(
    model: Model,
    configuration: Configuration,
    start: ArrayLike,
    *,
    tolerance: float = 1e-10,
    max_iterations: int = MAX_ITERATIONS,
    fallback: bool = True,
    stiffness: Stiffness | None = None,
) -> CubicMode:
    """The cubic mode that eq. 6 of the paper reaches from a seed.

    M pi = (M:pi pi / U:pi pi pi) U:pi pi (eq. 5): a stationary point of the barrier function
    b(z) = (2/3) (M:zz)^3 / (U:zzz)^2 (Gartner & Lerner, Phys. Rev. E 93, 011001, 2016). The sign
    is such that U:pi pi pi < 0: along +pi the third-order energy first rises to its barrier b.

    Eq. 6, normalized at each step, is tried first. If it falls into a cycle or does not converge,
    the damped step pi <- pi + pi' starts again from the seed, and if that fails too, descent on
    ln b with a line search goes on: eq. 6 is its full step in the metric of M. The damped step
    leads some seeds to another mode than eq. 6 does, so that slow convergence is no reason to
    change over.

    Parameters
    ----------
    model, configuration
        At a minimum of the energy; forces are not used.
    start
        Seed (N, 3), any norm; its drift is removed.
    tolerance
        Of the residual |M pi - (kappa/tau) U:pi pi| / |M pi|.
    max_iterations
        For each of the three methods.
    fallback
        Whether to go beyond eq. 6; if not, the outcome may be `CYCLE`.
    stiffness
        The `Stiffness` of this configuration: the campaign makes it once per minimum.

    Raises
    ------
    InputError
        For a seed of another shape, with NaN or without relative motion; for a bad tolerance or
        limit; if the model cannot describe the configuration.
    """
    stiffness = as_stiffness(model, configuration, stiffness)
    seed = _seed(start, configuration)
    positions = configuration.positions
    form = Form(lambda z: stiffness.interactions.third_order(positions, z), degree=3)
    found = _search(stiffness, form, seed, tolerance, max_iterations, fallback)
    point = found.point
    sign = -1.0 if point.coefficient > 0 else 1.0
    tau = sign * point.coefficient
    barrier = (2 / 3) * point.stiffness**3 / tau**2 if tau else np.inf
    return CubicMode(
        field=sign * point.field,
        stiffness=point.stiffness,
        cubic=tau,
        barrier=float(barrier),
        residual=point.residual,
        iterations=found.iterations,
        method=found.method,
        overlap_with_start=overlap(seed, point.field),
        outcome=found.outcome,
    )


def quartic_mode(
    model: Model,
    configuration: Configuration,
    start: ArrayLike,
    *,
    tolerance: float = 1e-10,
    max_iterations: int = MAX_ITERATIONS,
    fallback: bool = True,
    stiffness: Stiffness | None = None,
) -> NonlinearMode:
    """The quartic mode M z = (M:zz / T:zzzz) T:zzz reached from a seed; T fourth derivatives.

    As `cubic_mode`, with the cost (M:zz)^2 / |T:zzzz| (Gartner & Lerner, SciPost Phys. 1, 016,
    2016). The sign is that of the seed.

    Raises
    ------
    InputError
        As for `cubic_mode`.
    """
    stiffness = as_stiffness(model, configuration, stiffness)
    form = Form(_fourth_derivative(stiffness), degree=4)
    seed = _seed(start, configuration)
    found = _search(stiffness, form, seed, tolerance, max_iterations, fallback)
    return _nonlinear_mode("quartic", seed, found)


def pseudo_harmonic_mode(
    model: Model,
    configuration: Configuration,
    start: ArrayLike,
    *,
    tolerance: float = 1e-10,
    max_iterations: int = MAX_ITERATIONS,
    fallback: bool = True,
    stiffness: Stiffness | None = None,
) -> NonlinearMode:
    """The pseudo-harmonic mode reached from a seed: it needs the Hessian alone.

    A stationary point of the cost (M:zz)^2 / sum |z_i - z_j|^4 over interacting pairs (Richard,
    Kapteijns, Giannini, Manning & Lerner, Phys. Rev. Lett. 126, 015501, 2021). Pairs interact
    where the Hessian has a block. The sign is that of the seed.

    Raises
    ------
    InputError
        As for `cubic_mode`.
    """
    stiffness = as_stiffness(model, configuration, stiffness)

    def contract(z: Array) -> tuple[Array, float]:
        out = np.empty_like(z)
        total = pair_fourth_powers(stiffness.blocks, z, out)
        return out, float(total)

    seed = _seed(start, configuration)
    form = Form(contract, degree=4)
    found = _search(stiffness, form, seed, tolerance, max_iterations, fallback)
    return _nonlinear_mode("pseudo_harmonic", seed, found)


def fourth_order_contraction(stiffness: Stiffness, field: Array) -> Array:
    """T:zzz (N, 3) of a field z (N, 3): exact for pair models, else by central difference."""
    return _fourth_derivative(stiffness)(field)[0]


def _fourth_derivative(stiffness: Stiffness) -> Contraction:
    positions = stiffness.configuration.positions
    interactions = stiffness.interactions
    if isinstance(interactions, PairInteractions):
        fill = fourth_order_vector(interactions.model.law)
        box, constants = interactions.box, interactions.constants

        def exact(z: Array) -> tuple[Array, float]:
            out = np.empty_like(z)
            fill(positions, box, interactions.pairs(positions), constants, z, out)
            return out, float(np.vdot(z, out))

        return exact

    def difference(z: Array) -> tuple[Array, float]:
        step = 1e-4 / float(np.abs(z).max())
        ahead, _ = interactions.third_order(positions + step * z, z)
        behind, _ = interactions.third_order(positions - step * z, z)
        out = (ahead - behind) / (2.0 * step)
        return out, float(np.vdot(z, out))

    return difference


def _seed(start: ArrayLike, configuration: Configuration) -> Array:
    seed = nonzero_field("start", start, configuration.n_particles)
    seed /= np.abs(seed).max()
    relative = remove_drift(seed)
    norm = float(np.linalg.norm(relative))
    if norm <= 1e-12 * float(np.linalg.norm(seed)):
        raise InputError("start is a uniform translation, expected particles that move apart")
    return relative / norm


def _search(
    stiffness: Stiffness,
    form: Form,
    seed: Array,
    tolerance: float,
    max_iterations: int,
    fallback: bool,
) -> Search:
    tolerance = positive("tolerance", tolerance)
    limit = count("max_iterations", max_iterations, 1)
    start = _point(stiffness, form, seed)
    if isinstance(start, Outcome):
        return Search(_blank(seed), 0, "iteration", start)
    total = 0
    found = Search(start, 0, "iteration", Outcome.STEP_LIMIT)
    walks: list[tuple[Literal["iteration", "damped", "descent"], bool]] = [("iteration", True)]
    if fallback:
        walks += [("damped", True), ("descent", False)]
    for method, from_seed in walks:
        point = start if from_seed else found.point
        found = _walk(stiffness, form, point, method, tolerance, limit)
        total += found.iterations
        found = found._replace(iterations=total)
        if found.outcome.converged:
            break
    return found


def _walk(
    stiffness: Stiffness,
    form: Form,
    point: Point,
    method: Literal["iteration", "damped", "descent"],
    tolerance: float,
    limit: int,
) -> Search:
    """Steps of one method until the residual is below the tolerance."""
    before: list[Array] = []
    returns = 0
    length = 1.0
    for iteration in range(limit):
        if point.residual <= tolerance:
            return Search(point, iteration, method, Outcome.CONVERGED)
        if method == "descent":
            following, length = _line_search(stiffness, form, point, length)
        else:
            share = 1.0 if method == "iteration" else 0.5
            following = _point(stiffness, form, _toward(point, share), point)
        if isinstance(following, Outcome):
            return Search(point, iteration, method, following)
        before = [*before[-1:], point.field]
        point = following
        if len(before) == 2 and method == "iteration":
            back = float(np.linalg.norm(point.field - before[0]))
            step = float(np.linalg.norm(point.field - before[1]))
            returns = returns + 1 if back < CYCLE_RATIO * step else 0
            if returns == CYCLE_STEPS and point.residual > tolerance:
                return Search(point, iteration + 1, method, Outcome.CYCLE)
    outcome = Outcome.CONVERGED if point.residual <= tolerance else Outcome.STEP_LIMIT
    return Search(point, limit, method, outcome)


def _toward(point: Point, share: float) -> Array:
    """The field moved by a share of the step to the normalized next one; of unit norm."""
    following = point.following / np.linalg.norm(point.following)
    moved = (1.0 - share) * point.field + share * following
    return moved / np.linalg.norm(moved)


def _line_search(
    stiffness: Stiffness, form: Form, point: Point, length: float
) -> tuple[Point | Outcome, float]:
    """A step along -M^-1 grad ln b that lowers ln b, and its length."""
    here = point.logarithm(form.degree)
    for trial in _lengths(min(1.0, 2.0 * length)):
        moved = point.field + trial * (point.following - point.field)
        following = _point(stiffness, form, moved / np.linalg.norm(moved), point)
        if isinstance(following, Point):
            rise = following.logarithm(form.degree) - here
            if rise < 0 or (rise <= ROUNDING and following.residual < point.residual):
                return following, trial
    return Outcome.LINE_SEARCH_FAILED, length


def _lengths(first: float) -> Iterator[float]:
    for halving in range(HALVINGS):
        yield first * 0.5**halving


def _point(
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
    tolerance = min(LOOSEST_SOLVE, max(TIGHTEST_SOLVE, SOLVE_SHARE * residual))
    guess = field if before is None else before.following
    following = stiffness.solve(remove_drift(force), guess=guess, tolerance=tolerance)
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


def _nonlinear_mode(kind: str, seed: Array, found: Search) -> NonlinearMode:
    point = found.point
    sign = -1.0 if np.vdot(seed, point.field) < 0 else 1.0
    return NonlinearMode(
        kind=kind,
        field=sign * point.field,
        stiffness=point.stiffness,
        coefficient=point.coefficient,
        cost=point.stiffness**2 / abs(point.coefficient),
        residual=point.residual,
        iterations=found.iterations,
        method=found.method,
        overlap_with_start=overlap(seed, point.field),
        outcome=found.outcome,
    )
