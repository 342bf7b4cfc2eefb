"""Energy and its derivatives of one configuration: checked input in, plain results out."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.arguments import expects
from glasswells.core.checks import float64_array
from glasswells.core.errors import InputError
from glasswells.core.records import Array, Configuration
from glasswells.model.pair_model import Derivatives, Interactions, KnowsClosestPair, Model


@expects(model=Model, configuration=Configuration)
def energy(model: Model, configuration: Configuration) -> float:
    """Total potential energy V = sum_{i<j} v_ij(r_ij) of a configuration.

    Raises
    ------
    InputError
        If the model cannot describe the configuration, or particles sit on one another.
    """
    return _finite_energy_and_forces(model, configuration)[0]


@expects(model=Model, configuration=Configuration)
def forces(model: Model, configuration: Configuration) -> Array:
    """Forces -dV/dr (N, 3) on the particles of a configuration; they sum to zero.

    Raises
    ------
    InputError
        As for `energy`.
    """
    return _finite_energy_and_forces(model, configuration)[1]


@expects(model=Model, configuration=Configuration)
def hessian(model: Model, configuration: Configuration) -> Any:
    """Hessian M = d2V/dr dr as a SciPy sparse array (3N, 3N) in CSC format (paper, eq. 2).

    Coordinate 3 i + c is component c of particle i. The prestress term v'/r is kept: the pair
    block is -(v'' n n + (v'/r)(1 - n n)).

    Raises
    ------
    InputError
        As for `energy`.
    """
    return _checked_derivatives(model, configuration).matrix()


@expects(model=Model, configuration=Configuration)
def hessian_product(model: Model, configuration: Configuration, field: ArrayLike) -> Array:
    """M:z (N, 3) for a field z (N, 3), without forming M.

    Raises
    ------
    InputError
        As for `energy`; for a field of another shape.
    """
    z = float64_array("field", field, (configuration.n_particles, 3))
    return _checked_derivatives(model, configuration).product(z)


@expects(model=Model, configuration=Configuration)
def third_order(
    model: Model, configuration: Configuration, field: ArrayLike
) -> tuple[Array, float]:
    """U:zz (N, 3) and U:zzz, contractions of the third derivative tensor (paper, eq. 2).

    Raises
    ------
    InputError
        As for `energy`; for a field of another shape.
    """
    z = float64_array("field", field, (configuration.n_particles, 3))
    return _checked_derivatives(model, configuration).third(z)


@expects(model=Model, configuration=Configuration)
def fourth_order(model: Model, configuration: Configuration, field: ArrayLike) -> float:
    """T:zzzz, the fourth derivative of V(r + s z) with respect to s at s = 0.

    Raises
    ------
    InputError
        As for `energy`; for a field of another shape.
    """
    z = float64_array("field", field, (configuration.n_particles, 3))
    return _checked_derivatives(model, configuration).fourth(z)[1]


def checked_interactions(model: Model, configuration: Configuration) -> Interactions:
    """The interactions of a configuration whose energy was found to be finite."""
    interactions = model.interactions(configuration)
    _checked(interactions, configuration)
    return interactions


def _checked_derivatives(model: Model, configuration: Configuration) -> Derivatives:
    return checked_interactions(model, configuration).derivatives(configuration.positions)


def _finite_energy_and_forces(model: Model, configuration: Configuration) -> tuple[float, Array]:
    return _checked(model.interactions(configuration), configuration)


def _checked(interactions: Interactions, configuration: Configuration) -> tuple[float, Array]:
    value, force = interactions.energy_and_forces(configuration.positions)
    if np.isfinite(value) and np.isfinite(force).all():
        return float(value), force
    where = "particles overlap"
    if isinstance(interactions, KnowsClosestPair):
        i, j, r = interactions.closest_pair(configuration.positions)
        where = f"particles {i} and {j} are at distance {r:g}"
    raise InputError(
        f"the energy is {value}: {where}, expected particles apart; start from a lattice"
    )
