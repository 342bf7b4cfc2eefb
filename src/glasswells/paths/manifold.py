"""How a steepest-descent path leaves a saddle: the unstable manifold as a power series.

In the amplitude a along the unstable mode v it is x(a) = S + a v + a^2 c/2 + a^3 d/6, with c and d
across v. That the flow keeps to it, x'(a) da/dt = -g(x(a)), says in orders two and three

(M - 2 lambda) c = -(U:vv)                         across v,
(M - 3 lambda) d = -3 U:vc - T:vvv + 3 (U:vvv) c   across v.

Both matrices are positive definite across v, as lambda < 0 is the only negative eigenvalue.

The series knows the pairs of particles within their cutoffs at S. Where others come in on the way,
third derivatives jump, and the manifold leaves it. The force at x(a) tells: on the manifold it is
along x'(a).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from glasswells.core.records import Array
from glasswells.paths.curve import CurvePoint
from glasswells.paths.saddle import Saddle
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface

CLOSER = 0.7
"""The next amplitude that is tried, where one leads off the manifold."""
PROBE = 1e-4
"""Displacement, length, between two forces for the stiffness across the path."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class UnstableManifold:
    """One half of the unstable manifold of a saddle, to third order in the amplitude."""

    origin: Array
    """S (N, 3)."""
    mode: Array
    """v (N, 3), unit, in the direction of the path."""
    bend: Array
    """c (N, 3)."""
    twist: Array
    """d (N, 3)."""

    def point(self, amplitude: float) -> Array:
        """x(a) (N, 3)."""
        a = amplitude
        point: Array = self.origin + a * (self.mode + a / 2 * (self.bend + a / 3 * self.twist))
        return point

    def tangent(self, amplitude: float) -> Array:
        """The unit field along x'(a) (N, 3)."""
        along = self.mode + amplitude * (self.bend + amplitude / 2 * self.twist)
        unit: Array = along / np.linalg.norm(along)
        return unit

    def reversed(self) -> UnstableManifold:
        """The other half."""
        return replace(self, mode=-self.mode, twist=-self.twist)

    def points(self, amplitude: float, spacing: float) -> list[CurvePoint]:
        """Points up to an amplitude, at most `spacing` apart, with their tangents."""
        count = int(np.ceil(amplitude / spacing))
        amplitudes = amplitude * np.arange(1, count + 1) / count
        return [CurvePoint(self.point(a), self.tangent(a)) for a in amplitudes]

    def start(self, surface: Surface, farthest: float, settings: PathSettings) -> float:
        """The amplitude, up to `farthest`, from which the flow is followed.

        It is that of `reach`, or smaller until forces tell that the series is near the manifold
        there; no check is made below `first_distance`.
        """
        amplitude = min(self.reach(settings), farthest)
        while (
            amplitude > settings.first_distance
            and self.distance_off(surface, amplitude) > settings.first_distance_off
        ):
            amplitude = max(CLOSER * amplitude, settings.first_distance)
        return amplitude

    def distance_off(self, surface: Surface, amplitude: float) -> float:
        """How far x(a) is from the manifold, by the force across x'(a) and the stiffness there."""
        here, tangent = self.point(amplitude), self.tangent(amplitude)
        force = surface.interactions.energy_and_forces(here)[1]
        across = force - np.vdot(force, tangent) * tangent
        size = float(np.linalg.norm(across))
        if size == 0.0:
            return 0.0
        unit = across / size
        beside = surface.interactions.energy_and_forces(here + PROBE * unit)[1]
        stiffness = float(np.vdot(force - beside, unit)) / PROBE
        return size / stiffness if stiffness > 0 else np.inf

    def reach(self, settings: PathSettings) -> float:
        """The largest amplitude whose error is within `first_error`.

        What is left out is taken to be to the third order as that is to the second. The amplitude
        is `first_distance` at least and `farthest_start` at most.
        """
        second = 0.5 * float(np.linalg.norm(self.bend))
        third = float(np.linalg.norm(self.twist)) / 6
        if third == 0.0 or second == 0.0:
            return settings.first_distance
        # (third a^3)^2 / (second a^2) = error
        amplitude = float((settings.first_error * second / third**2) ** 0.25)
        return min(max(amplitude, settings.first_distance), settings.farthest_start)


def unstable_manifold(surface: Surface, saddle: Saddle, settings: PathSettings) -> UnstableManifold:
    """The half of the unstable manifold in the direction of the mode of a saddle."""
    v, expansion = saddle.mode, surface.expansion(saddle.positions)
    flat, value = v.ravel(), saddle.negative_eigenvalue

    def solved(multiple: int, right: Array) -> Array:
        operator = expansion.shifted(multiple * value).across(flat)
        found, _ = operator.minres(right.ravel(), settings.bend_tolerance, settings.newton_products)
        return found.reshape(-1, 3)

    bent, skew = expansion.third(v)
    c = solved(2, -bent)
    size = float(np.linalg.norm(c))
    if size == 0.0:
        mixed = np.zeros_like(c)
    else:
        # U:vc from U:zz at v + c/|c| and v - c/|c|, which is exact for what is bilinear.
        plus, minus = (expansion.third(v + s * c / size)[0] for s in (1, -1))
        mixed = 0.25 * size * (plus - minus)
    d = solved(3, -3 * mixed - expansion.fourth(v)[0] + 3 * skew * c)
    return UnstableManifold(origin=saddle.positions, mode=v, bend=c, twist=d)
