"""How exact the energies and forces of a model are: what tolerances may ask for.

Pair models are exact to the rounding of double precision, for which all defaults of the package
are made, and continuous unless their law jumps at its cutoff (`is_cut_smoothly`). Other
interactions may state more noise by an attribute `precision`, that their energy never jumps by an
attribute `is_continuous`, and that second and higher derivatives are differences of forces by an
attribute `derivatives_are_exact`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

FORCE_MARGIN = 2.0
"""What is stated of forces is an upper bound already, with the curvature of the stiffest atom."""
ENERGY_MARGIN = 5.0
"""Energies of two configurations differ by the noise of both; 5 standard deviations."""


class Precision(NamedTuple):
    """Noise of energies and forces that no iteration can get below; zero: double precision."""

    force: float = 0.0
    """Of one component, energy/length."""
    energy: float = 0.0
    """Of the total energy."""

    @property
    def least_force(self) -> float:
        """Tolerance that the largest force component of a minimum can be asked to meet."""
        return FORCE_MARGIN * self.force

    @property
    def least_energy(self) -> float:
        """Difference of total energies above which two configurations differ."""
        return ENERGY_MARGIN * self.energy


EXACT = Precision()
"""Of pair models and calculators in double precision."""


def precision_of(interactions: Any) -> Precision:
    """What the interactions state, `EXACT` by default."""
    stated: Precision = getattr(interactions, "precision", EXACT)
    return stated


def derivatives_are_exact(interactions: Any) -> bool:
    """Whether derivatives are as exact as forces; by default they are."""
    return bool(getattr(interactions, "derivatives_are_exact", True))


def is_continuous(interactions: Any) -> bool:
    """Whether the interactions state that their energy has no jumps; by default they may."""
    return bool(getattr(interactions, "is_continuous", False))
