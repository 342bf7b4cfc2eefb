"""Polydisperse soft spheres with a nonadditive mixing rule: eq. 1 of the paper."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, NamedTuple

import numpy as np

from glasswells.core.checks import count, not_negative, positive
from glasswells.core.compiler import kernel
from glasswells.core.errors import InputError
from glasswells.core.records import Array, Configuration, freeze
from glasswells.model.law import PairLaw, smooth_cutoff
from glasswells.model.mixing import MixedRanges
from glasswells.model.pair_model import PairModel


class SoftSphereConstants(NamedTuple):
    """Numbers of the pair law; `one` and `half` keep single precision loops single."""

    one: float
    half: float
    cutoff2: float
    nonadditivity: float
    c0: float
    c2: float
    c4: float
    slope2: float
    slope4: float
    power1: float
    power2: float
    power3: float
    power4: float
    curve4: float
    third4: float


@dataclass(frozen=True, kw_only=True, slots=True)
class SoftSpheres(PairModel):
    """v(r) = x^-n + c0 + c2 x^2 + c4 x^4 for x = r/sigma_ij < x_c, zero beyond (paper, eq. 1).

    sigma_ij = (sigma_i + sigma_j)/2 (1 - nonadditivity |sigma_i - sigma_j|), after Ninarello,
    Berthier & Coslovich, PRX 7, 021039 (2017). v, v' and v'' vanish at the cutoff; v''' jumps.

    Raises
    ------
    InputError
        For an exponent that is not a positive even integer, a cutoff <= 0, a negative
        nonadditivity.
    """

    ends_smoothly: ClassVar[bool] = True
    """v, v' and v'' vanish at the cutoff by construction."""
    exponent: int = 12
    """n, even."""
    nonadditivity: float = 0.2
    """Of the mixing rule, per length."""
    cutoff: float = 1.25
    """x_c, in units of sigma_ij."""

    def __post_init__(self) -> None:
        exponent = count("exponent", self.exponent, minimum=2)
        if exponent % 2:
            raise InputError(f"exponent is {exponent}, expected an even integer")
        freeze(
            self,
            exponent=exponent,
            nonadditivity=not_negative("nonadditivity", self.nonadditivity),
            cutoff=positive("cutoff", self.cutoff),
        )

    def check(self, configuration: Configuration) -> None:
        """Raise unless all ranges are positive and the box is large enough."""
        spread = float(np.ptp(configuration.diameters))
        if self.nonadditivity * spread >= 1:
            raise InputError(
                f"diameters differ by up to {spread:g}, expected less than 1/nonadditivity = "
                f"{1 / self.nonadditivity:g}: the mixing rule would give pairs a negative range"
            )
        PairModel.check(self, configuration)

    def ranges(self, diameters: Array) -> MixedRanges:
        """Bounds that hold for any diameters: a nonadditivity >= 0 only shortens the mean.

        Where the longest range is that of two equal spheres, d(sigma_ij)/d(sigma_i) >= 0 for all
        pairs if and only if 2 nonadditivity sigma_max <= 1.
        """
        largest = float(diameters.max())
        rises = 2 * self.nonadditivity * largest <= 1
        return MixedRanges(longest=largest, over_mean=1.0, is_rising=rises)

    @property
    def is_repulsive(self) -> bool:
        """V >= 0 everywhere, which the swap move's early rejection relies on."""
        return True

    @property
    def law(self) -> PairLaw:
        """The compiled functions for this exponent."""
        return soft_sphere_law(self.exponent)

    @property
    def constants(self) -> SoftSphereConstants:
        """The numbers that the compiled functions take."""
        n = self.exponent
        c0, c2, c4 = smooth_cutoff(n, self.cutoff)
        return SoftSphereConstants(
            one=1.0,
            half=0.5,
            cutoff2=self.cutoff**2,
            nonadditivity=self.nonadditivity,
            c0=c0,
            c2=c2,
            c4=c4,
            slope2=2 * c2,
            slope4=4 * c4,
            power1=-float(n),
            power2=float(n * (n + 1)),
            power3=-float(n * (n + 1) * (n + 2)),
            power4=float(n * (n + 1) * (n + 2) * (n + 3)),
            curve4=12 * c4,
            third4=24 * c4,
        )


@cache
def integer_power(exponent: int) -> Any:
    """The compiled function y -> y^exponent as a chain of squarings, resolved at compile time.

    The `**` operator would loop over the bits of the exponent at run time, seven times slower.
    """
    if exponent == 1:

        @kernel
        def identity(y):  # type: ignore[no-untyped-def]
            return y

        return identity
    root = integer_power(exponent // 2)
    is_odd = exponent % 2 == 1

    @kernel
    def power(y):  # type: ignore[no-untyped-def]
        y_root = root(y)
        return y_root * y_root * y if is_odd else y_root * y_root

    return power


@cache
def soft_sphere_law(exponent: int) -> PairLaw:
    """The pair law of x^-n with its smooth cutoff, for an even n fixed at compile time."""
    power_of_half = integer_power(exponent // 2)

    @kernel
    def mix(diameter_i, diameter_j, k):  # type: ignore[no-untyped-def]
        mean = k.half * (diameter_i + diameter_j)
        return mean * (k.one - k.nonadditivity * abs(diameter_i - diameter_j)), k.one

    @kernel
    def value(x2, inverse, k):  # type: ignore[no-untyped-def]
        return power_of_half(inverse) + k.c0 + x2 * (k.c2 + x2 * k.c4)

    @kernel
    def slope(x2, inverse, k):  # type: ignore[no-untyped-def]
        power = power_of_half(inverse)
        u = power + k.c0 + x2 * (k.c2 + x2 * k.c4)
        return u, k.power1 * power * inverse + k.slope2 + k.slope4 * x2

    @kernel
    def derivatives(x2, inverse, k):  # type: ignore[no-untyped-def]
        power = power_of_half(inverse) * inverse
        return (
            k.power1 * power + k.slope2 + k.slope4 * x2,
            k.power2 * power + k.slope2 + k.curve4 * x2,
            k.power3 * power * inverse + k.third4,
            k.power4 * power * inverse + k.third4,
        )

    return PairLaw(mix, value, slope, derivatives, uniform_strength=True)
