"""The Kob-Andersen binary Lennard-Jones mixture with a smooth cutoff."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar, NamedTuple

import numpy as np

from glasswells.core.checks import positive
from glasswells.core.compiler import kernel
from glasswells.core.errors import InputError
from glasswells.core.records import Array, Configuration, freeze
from glasswells.model.law import PairLaw, smooth_cutoff
from glasswells.model.pair_model import PairModel

DIAMETER_A = 1.0
DIAMETER_B = 0.88
"""The diameters of the two species name them: sigma_AA and sigma_BB."""


class KobAndersenConstants(NamedTuple):
    """Numbers of the pair law."""

    cutoff2: float
    c0: float
    c2: float
    c4: float


@dataclass(frozen=True, kw_only=True, slots=True)
class KobAndersen(PairModel):
    """v(r) = 4 epsilon_ij [x^-12 - x^-6 + c0 + c2 x^2 + c4 x^4], x = r/sigma_ij < x_c.

    Kob & Andersen, PRE 51, 4626 (1995): sigma_AA = 1, sigma_AB = 0.8, sigma_BB = 0.88;
    epsilon_AA = 1, epsilon_AB = 1.5, epsilon_BB = 0.5. The even polynomial makes v, v' and v''
    vanish at the cutoff instead of the bare truncation of the original. A particle of diameter
    1 is an A, of diameter 0.88 a B; the customary mixture has 80 % A at density 1.2.
    """

    ends_smoothly: ClassVar[bool] = True
    """v, v' and v'' vanish at the cutoff by construction."""
    cutoff: float = 2.5
    """x_c, in units of sigma_ij."""

    def __post_init__(self) -> None:
        freeze(self, cutoff=positive("cutoff", self.cutoff))

    @property
    def is_repulsive(self) -> bool:
        """The tail attracts."""
        return False

    @property
    def law(self) -> PairLaw:
        """The compiled functions."""
        return kob_andersen_law()

    @property
    def constants(self) -> KobAndersenConstants:
        """The numbers that the compiled functions take."""
        repulsion, attraction = smooth_cutoff(12, self.cutoff), smooth_cutoff(6, self.cutoff)
        c0, c2, c4 = (r - a for r, a in zip(repulsion, attraction, strict=True))
        return KobAndersenConstants(cutoff2=self.cutoff**2, c0=c0, c2=c2, c4=c4)

    def check(self, configuration: Configuration) -> None:
        """Raise unless every diameter is one of the two species'."""
        check_species(configuration.diameters)
        PairModel.check(self, configuration)


def check_species(diameters: Array) -> None:
    """Raise `InputError` unless every diameter is 1 (species A) or 0.88 (species B)."""
    strange = ~np.isin(diameters, (DIAMETER_A, DIAMETER_B))
    if strange.any():
        k = int(np.argmax(strange))
        raise InputError(
            f"diameters[{k}] is {diameters[k]}, expected {DIAMETER_A} (species A) or {DIAMETER_B} "
            f"(species B) in a Kob-Andersen mixture"
        )


@cache
def kob_andersen_law() -> PairLaw:
    """The compiled pair law of the mixture; epsilon_ij (times 4) is the strength."""

    @kernel
    def mix(diameter_i, diameter_j, k):  # type: ignore[no-untyped-def]
        if diameter_i == diameter_j:
            return diameter_i, (4.0 if diameter_i == DIAMETER_A else 2.0)
        return 0.8, 6.0

    @kernel
    def value(x2, inverse, k):  # type: ignore[no-untyped-def]
        attraction = inverse**3
        return attraction * (attraction - 1.0) + k.c0 + x2 * (k.c2 + x2 * k.c4)

    @kernel
    def slope(x2, inverse, k):  # type: ignore[no-untyped-def]
        attraction = inverse**3
        u = attraction * (attraction - 1.0) + k.c0 + x2 * (k.c2 + x2 * k.c4)
        u_1 = attraction * inverse * (6.0 - 12.0 * attraction) + 2.0 * k.c2 + 4.0 * k.c4 * x2
        return u, u_1

    @kernel
    def derivatives(x2, inverse, k):  # type: ignore[no-untyped-def]
        attraction = inverse**3
        power = attraction * inverse
        return (
            power * (6.0 - 12.0 * attraction) + 2.0 * k.c2 + 4.0 * k.c4 * x2,
            power * (156.0 * attraction - 42.0) + 2.0 * k.c2 + 12.0 * k.c4 * x2,
            power * inverse * (336.0 - 2184.0 * attraction) + 24.0 * k.c4,
            power * inverse * (32760.0 * attraction - 3024.0) + 24.0 * k.c4,
        )

    return PairLaw(mix, value, slope, derivatives, uniform_strength=False)
