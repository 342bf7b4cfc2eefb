"""A smooth energy curve through the points of a profile."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import BSpline, make_interp_spline
from scipy.optimize import minimize_scalar

from glasswells.core.checks import float64_array
from glasswells.core.errors import InputError

Array = NDArray[np.float64]

DEGREES = (5, 7)
"""Degree of the interpolating spline, and of the second one that measures its error."""

COARSE_DEGREES = (3, 5)
"""The same where the points are too few or too rough for the higher pair: a cubic spline rings
least."""

RINGING = 0.01
"""Quintic and cubic spline may differ by this fraction of the energy range half-way between two
points. More means that the points do not resolve the energy and the quintic may overshoot."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Curve:
    """Two interpolating splines of one set of points; their difference is the error."""

    spline: BSpline
    """The curve."""
    check: BSpline
    """The same points with a spline two degrees higher."""
    is_coarse: bool = False
    """Whether the points are too few for the higher pair of degrees, whatever they look like."""

    def __call__(self, s: Array, checking: bool = False) -> Array:
        """Energy at positions `s` of any shape."""
        values: Array = (self.check if checking else self.spline)(s)
        return values

    def derivative(self, s: float, order: int = 1) -> float:
        """Derivative of the given order at `s`."""
        return float(self.spline(s, order))

    def lowered_by(self, energy: float) -> Curve:
        """The same curve with `energy` subtracted: the B-splines add up to one."""
        return Curve(
            spline=BSpline(self.spline.t, self.spline.c - energy, self.spline.k),
            check=BSpline(self.check.t, self.check.c - energy, self.check.k),
            is_coarse=self.is_coarse,
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SmoothProfile:
    """A checked energy profile with its interpolation, energies relative to minimum A."""

    curve: Curve
    """V(s) on [0, length], two or more times differentiable."""
    length: float
    """Arc length from A to B."""
    curvature_a: float
    curvature_b: float
    beyond_a: Curve | None
    """V at distance x beyond A, from the true energies there."""
    beyond_b: Curve | None
    extent_a: float
    """Largest distance beyond A of a true energy; 0 without them."""
    extent_b: float
    is_coarse: bool
    """Whether any of the curves has so few points that their difference understates the error."""
    barrier: float
    """Highest energy on the path."""
    barrier_position: float
    """Arc length of that point."""


def interpolate(s: Array, v: Array, slopes: tuple[float | None, float | None]) -> Curve:
    """The smooth curve through points `s` (K,), `v` (K,), with the end slopes where given.

    A quintic spline: its error falls as the sixth power of the spacing, four times
    continuously differentiable. Conditions that the data do not provide are replaced by
    leaving out knots next to the ends (the "not-a-knot" rule), so that the curvature at an end
    comes from the energies themselves and not from a curvature quoted at a finite distance. Too
    few or too rough points get a cubic spline.
    """
    cubic = _spline(s, v, slopes, COARSE_DEGREES[0])
    conditions = len(s) + sum(slope is not None for slope in slopes)
    if conditions <= DEGREES[0]:  # five points of a curve whose ends are no minima
        return Curve(spline=cubic, check=_polynomial(s, v), is_coarse=True)
    quintic = _spline(s, v, slopes, DEGREES[0])
    middle = (s[1:] + s[:-1]) / 2
    deviation = float(np.abs(cubic(middle) - quintic(middle)).max())
    is_coarse = len(s) <= DEGREES[1]
    if is_coarse or deviation > RINGING * float(np.ptp(v)):
        return Curve(spline=cubic, check=quintic, is_coarse=is_coarse)
    return Curve(spline=quintic, check=_spline(s, v, slopes, DEGREES[1]))


def smooth_profile(profile: Any) -> SmoothProfile:
    """Check a profile and interpolate it.

    Parameters
    ----------
    profile : EnergyProfile or any object with its fields
        `arc_length` (K,), K >= 5, strictly increasing; `energy` (K,); `curvature_a`,
        `curvature_b`; optionally `beyond_a`, `beyond_b`. Neither needs to start at 0: positions
        count from the first point, energies from minimum A.

    Raises
    ------
    InputError
        For missing fields, NaN, fewer than 5 points, arc lengths that do not increase.

    Notes
    -----
    The slope is zero at A and at B, unless the neighboring point lies lower: such an end is no
    minimum (a test potential cut off on its wall, say), and its slope is left to the spline.
    Minimum A is then the first minimum of the curve.
    """
    s, v = _points(profile, "arc_length", "energy")
    s = s - s[0]
    zero_slope_a, zero_slope_b = bool(v[1] >= v[0]), bool(v[-2] >= v[-1])
    slopes = (0.0 if zero_slope_a else None, 0.0 if zero_slope_b else None)
    curve = interpolate(s, v, slopes)
    lowest = float(v[0]) if zero_slope_a else _first_minimum(curve, s, v)
    curve = curve.lowered_by(lowest)
    end = float(s[-1])
    ends = {"a": (0.0, -1.0), "b": (end, 1.0)}
    beyond = {side: _beyond(profile, f"beyond_{side}", curve, *ends[side]) for side in ends}
    top = int(np.argmax(v))
    barrier, position = _highest(curve, s, top)
    return SmoothProfile(
        curve=curve,
        length=end,
        curvature_a=_curvature(profile, "curvature_a"),
        curvature_b=_curvature(profile, "curvature_b"),
        beyond_a=beyond["a"][0],
        beyond_b=beyond["b"][0],
        extent_a=beyond["a"][1],
        extent_b=beyond["b"][1],
        is_coarse=any(c.is_coarse for c in (curve, beyond["a"][0], beyond["b"][0]) if c),
        barrier=barrier,
        barrier_position=position,
    )


def _spline(s: Array, v: Array, slopes: tuple[float | None, float | None], degree: int) -> BSpline:
    half = (degree + 1) // 2
    left, right = (half - (slope is not None) for slope in slopes)
    knots = np.concatenate(
        [np.full(degree + 1, s[0]), s[left : len(s) - right], np.full(degree + 1, s[-1])]
    )
    conditions: Any = tuple(None if slope is None else [(1, slope)] for slope in slopes)
    return make_interp_spline(s, v, k=degree, t=knots, bc_type=conditions, check_finite=False)


def _polynomial(s: Array, v: Array) -> BSpline:
    """The one polynomial through all points."""
    return make_interp_spline(s, v, k=len(s) - 1, t=np.repeat(s[[0, -1]], len(s)))


def _points(profile: Any, positions: str, energies: str) -> tuple[Array, Array]:
    s = float64_array(positions, _field(profile, positions), (None,))
    v = float64_array(energies, _field(profile, energies), (len(s),))
    if len(s) < 5:
        raise InputError(f"{positions} holds {len(s)} points, expected at least 5")
    _check_increasing(positions, s)
    return s, v


def _check_increasing(name: str, s: Array) -> None:
    steps = np.diff(s)
    if steps.min() <= 0:
        k = int(steps.argmin()) + 1
        raise InputError(
            f"{name}[{k}] is {s[k]} after {s[k - 1]}, expected strictly increasing numbers: "
            f"remove repeated points"
        )


def _field(profile: Any, name: str) -> Any:
    try:
        return getattr(profile, name)
    except AttributeError:
        raise InputError(
            f"{type(profile).__name__} has no {name}, expected an EnergyProfile or an object "
            f"with arc_length, energy, curvature_a and curvature_b"
        ) from None


def _curvature(profile: Any, name: str) -> float:
    return float(float64_array(name, _field(profile, name), ()))


def _beyond(
    profile: Any, name: str, curve: Curve, end: float, direction: float
) -> tuple[Curve | None, float]:
    """The curve of the true energies beyond one end, joined to the path, and its extent."""
    given = getattr(profile, name, None)
    if given is None:
        return None, 0.0
    x = float64_array(f"{name} distances", given[0], (None,))
    v = float64_array(f"{name} energies", given[1], (len(x),))
    if len(x) < 5 or x[0] != 0:
        raise InputError(f"{name} holds {len(x)} distances, expected at least 5, increasing from 0")
    _check_increasing(f"{name} distances", x)
    # Both pieces hold the end point; the path's value of it wins, so that V is continuous.
    joined = v - v[0] + float(curve(np.array(end)))
    return interpolate(x, joined, (direction * curve.derivative(end), None)), float(x[-1])


def _first_minimum(curve: Curve, s: Array, v: Array) -> float:
    rising = np.flatnonzero(np.diff(v) >= 0)
    if not len(rising):
        return float(v[-1])
    k = int(rising[0])
    found = minimize_scalar(
        lambda x: float(curve.spline(x)), bounds=(s[k - 1], s[k + 1]), method="bounded"
    )
    return float(found.fun)


def _highest(curve: Curve, s: Array, top: int) -> tuple[float, float]:
    near = np.linspace(s[max(top - 1, 0)], s[min(top + 1, len(s) - 1)], 65)
    energies = curve(near)
    k = int(np.argmax(energies))
    return float(energies[k]), float(near[k])
