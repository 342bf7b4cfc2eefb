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
    """Total potential energy V of a configuration; sum_{i<j} v_ij(r_ij) for pair models.

    Parameters
    ----------
    model
        The potential energy.
    configuration
        The particles; of a pair the nearest images count.

    Returns
    -------
    float
        In the model's unit of energy: epsilon for pair models.

    Raises
    ------
    InputError
        If the model cannot describe the configuration, or particles sit on one another.
    """
    return _finite_energy_and_forces(model, configuration)[0]


@expects(model=Model, configuration=Configuration)
def forces(model: Model, configuration: Configuration) -> Array:
    """Forces f_i = -dV/dr_i on the particles of a configuration; they sum to zero.

    Parameters
    ----------
    model, configuration
        As for `energy`.

    Returns
    -------
    ndarray
        (N, 3), energy per length.

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
    block is -(v'' n n + (v'/r)(1 - n n)), with n the unit vector between the two. Energy per
    length squared, without masses: `normal_modes` takes them into account.

    Raises
    ------
    InputError
        As for `energy`.
    """
    return _checked_derivatives(model, configuration).matrix()


@expects(model=Model, configuration=Configuration)
def hessian_product(model: Model, configuration: Configuration, field: ArrayLike) -> Array:
    """The product M:z of the Hessian with a field, without forming M (paper, eq. 2).

    Parameters
    ----------
    model, configuration
        As for `energy`.
    field
        z (N, 3), a displacement of all particles, of any norm.

    Returns
    -------
    ndarray
        (N, 3), energy per length squared times the unit of the field.

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
    """Contractions U:zz and U:zzz of the third derivatives with a field (paper, eq. 2).

    Parameters
    ----------
    model, configuration
        As for `energy`.
    field
        z (N, 3), a displacement of all particles, of any norm.

    Returns
    -------
    vector
        U:zz (N, 3), the derivative of z:M:z by the positions.
    scalar
        U:zzz, the third derivative of V(r + s z) with respect to s at s = 0.

    Raises
    ------
    InputError
        As for `energy`; for a field of another shape.
    """
    z = float64_array("field", field, (configuration.n_particles, 3))
    return _checked_derivatives(model, configuration).third(z)


@expects(model=Model, configuration=Configuration)
def fourth_order(model: Model, configuration: Configuration, field: ArrayLike) -> float:
    """T:zzzz, the fourth derivative of V(r + s z) with respect to s at s = 0 (paper, eq. 2).

    Parameters
    ----------
    model, configuration
        As for `energy`.
    field
        z (N, 3), a displacement of all particles, of any norm.

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
