"""Test potentials sampled as energy profiles."""

import numpy as np
from numpy.polynomial import Polynomial

from glasswells.core.records import EnergyProfile
from glasswells.tunneling import UnitSystem


def units(reduced_hbar, tls_threshold=0.0015):
    return UnitSystem(
        name="test",
        reduced_hbar=reduced_hbar,
        tls_threshold=tls_threshold,
        sigma=3e-10,
        epsilon=100.0,
        mass=40.0,
    )


def quartic_coefficients(height, half_distance, tilt=0.0):
    """Of height (1 - (x/a)^2)^2 + tilt x."""
    a = half_distance
    return [height, tilt, -2 * height / a**2, 0.0, height / a**4]


def sampled_polynomial(coefficients, n_points=200, extent=0.8, n_beyond=120, offset=0.0):
    """The path between the outer two minima of a quartic, true energies beyond; and V(A)."""
    v = Polynomial(coefficients)
    a, _, b = np.sort(v.deriv().roots().real)
    s, x = np.linspace(0.0, b - a, n_points), np.linspace(0.0, extent, n_beyond)
    profile = EnergyProfile(
        arc_length=s,
        energy=v(a + s) - v(a) + offset,
        curvature_a=v.deriv(2)(a),
        curvature_b=v.deriv(2)(b),
        beyond_a=(x, v(a - x) - v(a)),
        beyond_b=(x, v(b + x) - v(a)),
    )
    return profile, float(v(a))
