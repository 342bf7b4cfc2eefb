r"""The energy along a path with the zero-point energies of the modes across it.

A splitting is that of a particle in V(s). The other 3N - 4 modes follow the path, and if they are
fast they add their zero-point energies,

.. math:: V_{eff}(s) = V(s) + \frac{\hbar}{2} \sum_k \omega_k(s),

with the frequencies of the Hessian projected on the directions across the path (the vibrationally
adiabatic potential: Miller, Handy & Adams, J. Chem. Phys. 72, 99, 1980).

The sum needs no spectrum. From int_0^inf ln(1 + a^2/t^2) dt = pi a follows

.. math:: \sum_k \omega_k = \frac{1}{\pi} \int_0^\infty \ln\det{}_\perp (1 + M/t^2)\, dt, \qquad
          \det{}_\perp A = \det A \cdot \hat t^T A^{-1} \hat t

for the directions across a unit vector. Each point of the integral is one sparse factorization.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from glasswells.core.arguments import expects
from glasswells.core.checks import count, float64_array, positive
from glasswells.core.described import described
from glasswells.core.errors import InputError
from glasswells.core.masses import mass_weighted
from glasswells.core.records import Array, DoubleWell, EnergyProfile, freeze
from glasswells.model.pair_model import Model
from glasswells.modes.stiffness import Stiffness
from glasswells.paths.images import path_images

IMAGES = 7
"""[default] Of the path, where the modes across it are computed."""
FINER = 10
"""Steps of the path between two images, from which tangents are taken."""
NODES = 12
"""[default] Of the integral. With t = c tan(theta) its integrand is periodic and analytic in a
strip: 12 points leave a relative 1e-5 of a sum whose frequencies span a factor 25."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TransverseFrequencies:
    """Sums of frequencies across a path."""

    places: Array
    """(K,), fractions of the arc length, from 0 in A to 1 in B."""
    sums: Array
    """(K,), sum of omega_k over the stable modes across the path, less that at A."""
    unstable: NDArray[np.int64]
    """(K,), how many modes across are unstable. They add nothing to the exact integral, but make
    it hard: sums there are good to some percent of such a frequency only."""

    def __post_init__(self) -> None:
        freeze(self, places=self.places, sums=self.sums)
        self.unstable.setflags(write=False)


@expects(model=Model, double_well=DoubleWell)
def transverse_frequencies(
    model: Model, double_well: DoubleWell, *, images: int = IMAGES, nodes: int = NODES
) -> TransverseFrequencies:
    """Sums of the frequencies across the path of a double well.

    Takes images times nodes factorizations, for 1500 soft spheres 0.4 s each.

    Parameters
    ----------
    model, double_well
        Result of `find_double_well`.
    images
        At equal steps of the arc length, both ends included.
    nodes
        Of the integral over t.

    Raises
    ------
    InputError
        For fewer than three images or two nodes.
    ConvergenceError
        If the path does not end in both minima.
    """
    n, nodes = count("images", images, minimum=3), count("nodes", nodes, minimum=2)
    path = path_images(model, double_well, FINER * (n - 1) + 1)
    # At the ends the tangents of the record; elsewhere a central difference of the finer path.
    inner = [
        mass_weighted(path[k], path[k + 1].positions - path[k - 1].positions)
        for k in range(FINER, len(path) - 1, FINER)
    ]
    tangents = [double_well.tangent_a, *inner, double_well.tangent_b]
    found = [
        sum_across(Stiffness(model, image), tangent, nodes)
        for image, tangent in zip(path[::FINER], tangents, strict=True)
    ]
    sums = np.array([total for total, _ in found])
    return TransverseFrequencies(
        places=np.linspace(0, 1, n),
        sums=sums - sums[0],
        unstable=np.array([unstable for _, unstable in found]),
    )


def sum_across(stiffness: Stiffness, tangent: Array, nodes: int = NODES) -> tuple[float, int]:
    """Sum of the frequencies across a direction (N, 3), and the number of unstable modes there.

    The midpoint rule in theta, t = c tan(theta), with c between the slowest and the fastest
    frequency. Without 3N - 4 frequencies c, whose sum is known, the integrand is analytic at t = 0,
    even and periodic in theta, and the rule converges geometrically.
    """
    unit = tangent / np.linalg.norm(tangent)
    center = 0.2 * math.sqrt(stiffness.scale)
    modes = 3 * stiffness.n_particles - 4
    total, unstable = 0.0, 0
    for k in range(nodes):
        theta = (k + 0.5) * math.pi / (2 * nodes)
        t = center * math.tan(theta)
        logarithm, negative = _log_across(stiffness, unit, t)
        logarithm += 2 * modes * math.log(math.sin(theta))  # ln of t^2/(t^2 + c^2)
        total += logarithm * center / math.cos(theta) ** 2
        unstable = negative if k == 0 else unstable
    return modes * center + total / (2 * nodes), unstable


def _log_across(stiffness: Stiffness, unit: Array, t: float) -> tuple[float, int]:
    """The ln of |det(1 + M/t^2)| across a unit field, and how many eigenvalues are negative."""
    factor = stiffness.below(-(t**2))
    pivots = factor.pivots / t**2
    along = t**2 * float(np.sum(unit * factor.solve(unit)))
    negative = int(np.count_nonzero(pivots < 0)) - (along < 0)
    return float(np.log(np.abs(pivots)).sum()) + math.log(abs(along)), negative


def with_zero_point(
    profile: EnergyProfile, places: Sequence[float] | Array, sums: Array, reduced_hbar: float
) -> EnergyProfile:
    """The profile plus (hbar/2) times sums of frequencies across it, less that at A.

    The sums are joined by a cubic spline that ends flat: beyond A and B the modes across are those
    of the ends.

    Parameters
    ----------
    profile
        V(s).
    places
        (K,), increasing from 0 to 1, fractions of the arc length.
    sums
        (K,), of the frequencies there.
    reduced_hbar
        hbar.
    """
    hbar = positive("reduced_hbar", reduced_hbar)
    fraction = float64_array("places", np.asarray(places), (None,))
    total = float64_array("sums", sums, (len(fraction),))
    if len(fraction) < 3 or fraction[0] != 0 or fraction[-1] != 1 or np.diff(fraction).min() <= 0:
        raise InputError(f"places is {fraction}, expected at least three, increasing from 0 to 1")
    spline = CubicSpline(fraction, hbar / 2 * (total - total[0]), bc_type="clamped")
    s = profile.arc_length
    beyond_b = profile.beyond_b
    if beyond_b is not None:
        beyond_b = (beyond_b[0], beyond_b[1] + float(spline(1.0)))
    return EnergyProfile(
        arc_length=s,
        energy=profile.energy + spline((s - s[0]) / (s[-1] - s[0])),
        curvature_a=profile.curvature_a,
        curvature_b=profile.curvature_b,
        beyond_a=profile.beyond_a,
        beyond_b=beyond_b,
    )
