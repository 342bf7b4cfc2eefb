"""The potential energy along a straight line V(r_A + s z): a double well or not (paper, IV D)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from glasswells.core.arguments import expects
from glasswells.core.checks import count, positive
from glasswells.core.fields import nonzero_field
from glasswells.core.records import Array, Configuration, FieldProfile
from glasswells.model.functions import checked_interactions
from glasswells.model.pair_model import Interactions, Model

EXTENT = 2.0
"""[default] Twice to five times the distance of the two minima of a double well."""
POINTS = 401
"""[default] Steps of 0.01, a tenth of the narrowest well that two minima can be told apart in."""
CEILING = 10.0
"""[default] Several times the highest barrier of a double well, in units of epsilon: whatever
lies beyond is out of reach of any crossing."""


@expects(model=Model, configuration=Configuration)
def energy_along(
    model: Model,
    configuration: Configuration,
    field: ArrayLike,
    *,
    extent: float = EXTENT,
    points: int = POINTS,
    ceiling: float = CEILING,
) -> FieldProfile:
    """Potential energy V(r_A + s z) - V(r_A) for |s| <= extent, z = field / |field|.

    Each side ends early after the first point above the ceiling, or before the first where the
    energy is not finite. Positions of extrema come from a parabola through three points.

    Parameters
    ----------
    model, configuration
        r_A, usually a minimum.
    field
        (N, 3), any norm: a displacement, so that a normal mode e enters as e_i / sqrt(m_i).
    extent
        Largest |s|, a distance in configuration space, not mass-weighted.
    points
        Number of points of the full range, at least 5; made odd so that s = 0 is one.
    ceiling
        Energy above V(r_A).

    Raises
    ------
    InputError
        For a bad field, extent, number of points or ceiling; if the model cannot describe the
        configuration.
    """
    z = nonzero_field("field", field, configuration.n_particles)
    z /= np.abs(z).max()
    z /= np.linalg.norm(z)
    extent = positive("extent", extent)
    ceiling = positive("ceiling", ceiling)
    half = count("points", points, 5) // 2
    interactions = checked_interactions(model, configuration)
    origin = interactions.energy_and_forces(configuration.positions)[0]
    step = extent / half
    sides, reached = [], []
    for sign in (-1.0, 1.0):
        energies, end = _march(
            interactions, configuration.positions, sign * step * z, half, ceiling, origin
        )
        sides.append(energies)
        reached.append(end)
    energy = np.concatenate([sides[0][::-1], [0.0], sides[1]])
    distance: Array = step * np.arange(-len(sides[0]), len(sides[1]) + 1, dtype=np.float64)
    return FieldProfile(
        distance=distance,
        energy=energy,
        minima=_extrema(distance, energy),
        maxima=_extrema(distance, -energy),
        reached=(reached[0], reached[1]),
    )


def is_double_well(profile: FieldProfile) -> bool:
    """Whether the profile shows a second minimum besides that at s = 0 (paper, section IV D).

    Any two local minima between the ends count, however unlike their depths.
    """
    return len(profile.minima) >= 2


def _march(
    interactions: Interactions,
    positions: Array,
    step: Array,
    most: int,
    ceiling: float,
    origin: float,
) -> tuple[Array, str]:
    """Energies at 1, 2, ... steps from the origin, and what ended them."""
    energies: list[float] = []
    for k in range(1, most + 1):
        energy = interactions.energy_and_forces(positions + k * step)[0] - origin
        if not np.isfinite(energy):
            return np.array(energies), "overlap"
        energies.append(float(energy))
        if energy > ceiling:
            return np.array(energies), "ceiling"
    return np.array(energies), "extent"


def _extrema(s: Array, v: Array) -> Array:
    """Vertices of the parabolas through each local minimum of v and its two neighbors."""
    inside = 1 + np.flatnonzero((v[1:-1] < v[:-2]) & (v[1:-1] <= v[2:]))
    left, middle, right = v[inside - 1], v[inside], v[inside + 1]
    curvature = left - 2.0 * middle + right
    vertices: Array = s[inside] + 0.5 * (s[1] - s[0]) * (left - right) / curvature
    return vertices
