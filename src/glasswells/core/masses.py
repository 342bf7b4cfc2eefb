"""Masses as weights of displacements: Q_i = sqrt(m_i) r_i makes every kinetic energy that of m = 1.

The room of modes works with the masses themselves, so that frequencies come out in units of the
configuration. The room of paths works with masses over their mean: its coordinates are then
lengths, and particles of equal mass need no weights, whatever that mass is.
"""

from __future__ import annotations

import numpy as np

from glasswells.core.fields import nonzero_field
from glasswells.core.records import Array, Configuration


def mean_mass(configuration: Configuration) -> float:
    """The mean mass of the particles; exactly their mass if all are equal."""
    masses = configuration.masses
    return float(masses[0] if (masses == masses[0]).all() else masses.mean())


def relative_masses(configuration: Configuration) -> Array | None:
    """Masses (N,) over their mean; None if all are equal."""
    masses = configuration.masses
    return None if (masses == masses[0]).all() else masses / masses.mean()


def mass_weights(configuration: Configuration) -> Array | None:
    """Square roots of the masses as a column (N, 1); None if all are 1."""
    masses = configuration.masses
    return None if (masses == 1).all() else np.sqrt(masses)[:, None]


def mass_weighted(configuration: Configuration, displacement: Array) -> Array:
    """The field sqrt(m_i) u_i (N, 3) of a displacement u (N, 3), which compares with normal modes.

    Normal modes are orthogonal in these coordinates only. The displacement itself if all masses
    are 1.

    Raises
    ------
    InputError
        For another shape, NaN, or a displacement that is zero everywhere.
    """
    field = nonzero_field("displacement", displacement, configuration.n_particles)
    weights = mass_weights(configuration)
    return field if weights is None else weights * field


def displacement_of(configuration: Configuration, mode: Array) -> Array:
    """The displacement e_i / sqrt(m_i) (N, 3) of a normal mode e (N, 3): undoes `mass_weighted`.

    Raises
    ------
    InputError
        As for `mass_weighted`.
    """
    field = nonzero_field("mode", mode, configuration.n_particles)
    weights = mass_weights(configuration)
    return field if weights is None else field / weights
