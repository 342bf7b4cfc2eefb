"""Nonlinear modes: cubic (paper, eqs. 5 and 6), quartic and pseudo-harmonic."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.arguments import expects
from glasswells.core.errors import InputError
from glasswells.core.fields import nonzero_field
from glasswells.core.records import Array, Configuration, CubicMode, NonlinearMode
from glasswells.model.pair_model import Model
from glasswells.modes.kernels import pair_fourth_powers
from glasswells.modes.nonlinear_search import MAX_ITERATIONS, Contraction, Form, Search, search
from glasswells.modes.overlaps import overlap
from glasswells.modes.stiffness import Stiffness, as_stiffness


@expects(model=Model, configuration=Configuration)
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
    The equation is one of displacements: its solutions do not depend on masses, which enter the
    path of the search only.

    Eq. 6, normalized at each step, is tried first; close to a mode its limit is extrapolated,
    which slow sequences need. If it falls into a cycle or does not converge,
    the damped step pi <- pi + pi' starts again from the seed, and if that fails too, descent on
    ln b with a line search goes on: eq. 6 is its full step in the metric of M. The damped step
    leads some seeds to another mode than eq. 6 does, so that slow convergence is no reason to
    change over.

    Parameters
    ----------
    model, configuration
        At a minimum of the energy; forces are not used.
    start
        Seed (N, 3), any norm: a displacement, so that a normal mode e enters as e_i / sqrt(m_i),
        see `displacement_of`. Its drift is removed.
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
    seed = _seed(start, stiffness)
    form = Form(stiffness.third, degree=3)
    found = search(stiffness, form, seed, tolerance, max_iterations, fallback)
    point = found.point
    field, norm = _displacement(stiffness, point.field)
    sign = -1.0 if point.coefficient > 0 else 1.0
    tau = sign * point.coefficient / norm**3
    kappa = point.stiffness / norm**2
    barrier = (2 / 3) * kappa**3 / tau**2 if tau else np.inf
    return CubicMode(
        field=sign * field,
        stiffness=kappa,
        cubic=tau,
        barrier=float(barrier),
        residual=point.residual,
        iterations=found.iterations,
        method=found.method,
        overlap_with_start=overlap(seed, point.field),
        outcome=found.outcome,
    )


@expects(model=Model, configuration=Configuration)
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
    form = Form(stiffness.fourth, degree=4)
    seed = _seed(start, stiffness)
    found = search(stiffness, form, seed, tolerance, max_iterations, fallback)
    return _nonlinear_mode("quartic", stiffness, seed, found)


@expects(model=Model, configuration=Configuration)
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

    seed = _seed(start, stiffness)
    form = Form(_of_fields(stiffness, contract), degree=4)
    found = search(stiffness, form, seed, tolerance, max_iterations, fallback)
    return _nonlinear_mode("pseudo_harmonic", stiffness, seed, found)


def _seed(start: ArrayLike, stiffness: Stiffness) -> Array:
    """The mass-weighted unit field of a seed displacement, without drift."""
    seed = nonzero_field("start", start, stiffness.n_particles)
    seed = stiffness.weighted(seed / np.abs(seed).max())
    relative = stiffness.without_drift(seed)
    norm = float(np.linalg.norm(relative))
    if norm <= 1e-12 * float(np.linalg.norm(seed)):
        raise InputError("start is a uniform translation, expected particles that move apart")
    return relative / norm


def _of_fields(stiffness: Stiffness, contract: Contraction) -> Contraction:
    """A contraction with displacements as one with mass-weighted fields."""
    if stiffness.weights is None:
        return contract

    def weighted(z: Array) -> tuple[Array, float]:
        gradient, coefficient = contract(stiffness.displacement(z))
        return stiffness.displacement(gradient), coefficient

    return weighted


def _displacement(stiffness: Stiffness, field: Array) -> tuple[Array, float]:
    """The displacement of unit norm behind a field, and the norm that it had."""
    if stiffness.weights is None:
        return field, 1.0
    displacement = stiffness.displacement(field)
    norm = float(np.linalg.norm(displacement))
    return displacement / norm, norm


def _nonlinear_mode(kind: str, stiffness: Stiffness, seed: Array, found: Search) -> NonlinearMode:
    point = found.point
    field, norm = _displacement(stiffness, point.field)
    sign = -1.0 if np.vdot(seed, point.field) < 0 else 1.0
    return NonlinearMode(
        kind=kind,
        field=sign * field,
        stiffness=point.stiffness / norm**2,
        coefficient=point.coefficient / norm**4,
        cost=point.stiffness**2 / abs(point.coefficient),
        residual=point.residual,
        iterations=found.iterations,
        method=found.method,
        overlap_with_start=overlap(seed, point.field),
        outcome=found.outcome,
    )
