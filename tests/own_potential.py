"""A pair potential as a user writes it by the four steps of CONTRIBUTING.md, nothing else.

Its unlike pairs reach 1.6 times the mean of their diameters, and its strengths differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from glasswells.core.compiler import kernel
from glasswells.core.records import Configuration
from glasswells.model.law import PairLaw, smooth_cutoff
from glasswells.model.pair_model import PairModel

WIDENING = 1.6
LIMIT = 1.1
"""Small and large particles are told apart by this diameter."""


class Constants(NamedTuple):
    cutoff2: float
    widening: float
    c0: float
    c2: float
    c4: float


@dataclass(frozen=True, kw_only=True, slots=True)
class WideMixture(PairModel):
    """v = strength_ij (x^-6 + c0 + c2 x^2 + c4 x^4), range_ij = (sigma_i + sigma_j)/2, unlike 1.6
    times that; strength 1, unlike 2.5."""

    cutoff: float = 1.3
    widening: float = WIDENING

    @property
    def is_repulsive(self) -> bool:
        return True

    @property
    def law(self) -> PairLaw:
        return wide_law()

    @property
    def constants(self) -> Constants:
        return Constants(self.cutoff**2, self.widening, *smooth_cutoff(6, self.cutoff))


@cache
def wide_law() -> PairLaw:
    @kernel
    def mix(diameter_i, diameter_j, k):
        mean = 0.5 * (diameter_i + diameter_j)
        if (diameter_i < LIMIT) != (diameter_j < LIMIT):
            return k.widening * mean, 2.5
        return mean, 1.0

    @kernel
    def value(x2, inverse, k):
        return inverse**3 + k.c0 + x2 * (k.c2 + x2 * k.c4)

    @kernel
    def slope(x2, inverse, k):
        u = inverse**3 + k.c0 + x2 * (k.c2 + x2 * k.c4)
        return u, -6.0 * inverse**4 + 2.0 * k.c2 + 4.0 * k.c4 * x2

    @kernel
    def derivatives(x2, inverse, k):
        power = inverse**4
        return (
            -6.0 * power + 2.0 * k.c2 + 4.0 * k.c4 * x2,
            42.0 * power + 2.0 * k.c2 + 12.0 * k.c4 * x2,
            -336.0 * power * inverse + 24.0 * k.c4,
            3024.0 * power * inverse + 24.0 * k.c4,
        )

    return PairLaw(mix, value, slope, derivatives, uniform_strength=False)


def energy_of_all_pairs(model: WideMixture, configuration) -> float:
    """The energy from the equation, over all pairs."""
    n = configuration.n_particles
    i, j = np.triu_indices(n, 1)
    d = configuration.positions[j] - configuration.positions[i]
    d -= configuration.box * np.round(d / configuration.box)
    sigma = configuration.diameters
    unlike = (sigma[i] < LIMIT) != (sigma[j] < LIMIT)
    range_ij = 0.5 * (sigma[i] + sigma[j]) * np.where(unlike, model.widening, 1.0)
    x = np.linalg.norm(d, axis=1) / range_ij
    c0, c2, c4 = smooth_cutoff(6, model.cutoff)
    u = x**-6 + c0 + c2 * x**2 + c4 * x**4
    return float((np.where(unlike, 2.5, 1.0) * np.where(x < model.cutoff, u, 0.0)).sum())


def liquid(n: int = 300, seed: int = 1, density: float = 1.0) -> Configuration:
    """A jittered lattice of two sizes."""
    rng = np.random.default_rng(seed)
    edge = (n / density) ** (1 / 3)
    side = int(np.ceil(n ** (1 / 3)))
    sites = (np.indices((side,) * 3).reshape(3, -1).T[:n] + 0.5) * edge / side
    return Configuration(
        positions=sites + rng.normal(0, 0.05, (n, 3)),
        diameters=np.where(np.arange(n) % 3 == 0, 1.4, 1.0),
        box=[edge] * 3,
    )
