"""What lies beyond minima A and B: a named convention, on which the splitting depends.

No published text fixes it. The zero-point length sqrt(hb / omega) is of the order of the distance
of the wells, so the choice moves splittings far more than any numerical error does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from glasswells.core.checks import positive
from glasswells.core.errors import InputError
from glasswells.tunneling.profile import Curve, SmoothProfile

Array = NDArray[np.float64]

WALL_WIDTH = 3.0
"""Default distance of the hard walls, in path lengths: one beyond each end. With a reduced Planck
constant of 0.0177 such walls reproduce the published splittings; the four path lengths of earlier
versions belonged to a constant that does not."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Tail:
    """The energy beyond one end, as a function of the distance x >= 0 from it."""

    value: float
    """V at x = 0."""
    slope: float
    """dV/dx at x = 0: zero at a minimum."""
    curvature: float
    """d2V/dx2 where no true energies are used."""
    data: Curve | None = None
    """True energies up to `extent`."""
    extent: float = 0.0
    """Distance from which on V is the parabola (value, slope, curvature), which starts here."""
    wall: float = math.inf
    """Distance of a hard wall."""

    def __call__(self, x: Array, checking: bool = False) -> Array:
        """Energy at distances `x`, of any shape."""
        y = x - self.extent
        parabola: Array = self.value + y * (self.slope + 0.5 * self.curvature * y)
        if self.data is None:
            return parabola
        return np.where(y > 0, parabola, self.data(np.minimum(x, self.extent), checking))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Potential:
    """V(s) on the whole line: the profile on [0, length] and its continuation."""

    profile: SmoothProfile
    tail_a: Tail
    tail_b: Tail

    def __call__(self, s: Array, checking: bool = False) -> Array:
        """Energy above minimum A at positions `s` of any shape.

        With `checking` the second interpolation is used, see `Curve`.
        """
        length = self.profile.length
        inside = self.profile.curve(np.clip(s, 0.0, length), checking)
        before = self.tail_a(np.maximum(-s, 0.0), checking)
        after = self.tail_b(np.maximum(s - length, 0.0), checking)
        return np.where(s < 0, before, np.where(s > length, after, inside))

    @property
    def breaks(self) -> tuple[float, ...]:
        """Positions where a derivative of V jumps, increasing."""
        length = self.profile.length
        ends = {-self.tail_a.extent, 0.0, length, length + self.tail_b.extent}
        return tuple(sorted(ends))


def straight(profile: SmoothProfile, wall_width: float | None = None) -> Potential:
    """True energies along the straight continuation of the chord at rho, as far as they extend.

    From there on a parabola with the slope that the data end with and the largest of three
    curvatures: that of the data at their end, that stated for the end of the path, and
    slope^2 / (2 rise), of the parabola with the slope and rise of the data. It confines always.
    """
    sides = []
    for side, data, extent, curvature in (
        ("a", profile.beyond_a, profile.extent_a, profile.curvature_a),
        ("b", profile.beyond_b, profile.extent_b, profile.curvature_b),
    ):
        if data is None:
            raise InputError(
                f"the profile has no beyond_{side}, which the continuation 'straight' needs: give "
                f"the true energies beyond its ends, or name another continuation: 'harmonic' "
                f"or 'walls'"
            )
        value, slope = float(data(np.array(extent))), data.derivative(extent)
        rise = value - float(data(np.array(0.0)))
        from_rise = slope**2 / (2 * rise) if rise > 0 else 0.0
        steepest = max(data.derivative(extent, 2), curvature, from_rise)
        if steepest <= 0:
            raise InputError(
                f"beyond_{side} ends at {extent} with slope {slope} and no positive curvature: "
                f"continue it until the energy rises"
            )
        sides.append(Tail(value=value, slope=slope, curvature=steepest, data=data, extent=extent))
    return Potential(profile=profile, tail_a=sides[0], tail_b=sides[1])


def harmonic(profile: SmoothProfile, wall_width: float | None = None) -> Potential:
    """A parabola at each end, with the curvature stated there."""
    for name in ("curvature_a", "curvature_b"):
        value = getattr(profile, name)
        if value <= 0:
            raise InputError(
                f"{name} is {value}, expected a number above 0 for the continuation 'harmonic': "
                f"name another continuation"
            )
    return _parabolas(profile, math.inf)


def walls(profile: SmoothProfile, wall_width: float | None = None) -> Potential:
    """Hard walls `wall_width` apart, the middle of the path half-way; parabolas up to them.

    Between the end of the path and the wall V is the parabola of `harmonic`; a curvature of
    zero gives a flat bottom. The default width is `WALL_WIDTH` path lengths.
    """
    length = profile.length
    default = WALL_WIDTH * length
    width = default if wall_width is None else positive("wall_width", wall_width)
    if width <= length:
        raise InputError(
            f"wall_width is {width}, expected more than the path length {length}: the walls "
            f"must lie beyond both minima"
        )
    for name in ("curvature_a", "curvature_b"):
        value = getattr(profile, name)
        if value < 0:
            raise InputError(
                f"{name} is {value}, expected a number of at least 0 for the continuation "
                f"'walls': name another continuation"
            )
    return _parabolas(profile, (width - length) / 2)


CONTINUATIONS: dict[str, Callable[[SmoothProfile, float | None], Potential]] = {
    "straight": straight,
    "harmonic": harmonic,
    "walls": walls,
}
"""Every continuation by its name."""


def continued(profile: SmoothProfile, name: str, wall_width: float | None = None) -> Potential:
    """The potential on the whole line under the continuation of this name.

    Raises
    ------
    InputError
        For an unknown name, and where the profile lacks what this continuation needs.
    """
    return CONTINUATIONS[check_continuation(name)](profile, wall_width)


def check_continuation(name: str) -> str:
    """The name of a continuation, or an `InputError` with those that there are."""
    if name not in CONTINUATIONS:
        raise InputError(f"continuation is {name!r}, expected one of {', '.join(CONTINUATIONS)}")
    return name


def _parabolas(profile: SmoothProfile, wall: float) -> Potential:
    ends = np.array([0.0, profile.length])
    values = profile.curve(ends)
    slopes = (-profile.curve.derivative(0.0), profile.curve.derivative(profile.length))
    tail_a, tail_b = (
        Tail(value=float(v), slope=slope, curvature=curvature, wall=wall)
        for v, slope, curvature in zip(
            values, slopes, (profile.curvature_a, profile.curvature_b), strict=True
        )
    )
    return Potential(profile=profile, tail_a=tail_a, tail_b=tail_b)
