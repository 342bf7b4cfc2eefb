"""Truncated Newton steps: conjugate gradients on the Hessian of frozen pairs.

Close to a minimum the forces are nearly linear, and a product with a Hessian whose pair terms
are kept costs half of a force evaluation.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np

from glasswells.core.records import Array
from glasswells.curvature.blocks import Blocks
from glasswells.curvature.conjugate_gradients import conjugate_gradients
from glasswells.curvature.scaled_blocks import ScaledBlocks, empty_scaled_blocks, scale_blocks
from glasswells.minimization.settings import MinimizerSettings
from glasswells.model.frozen_pairs import FrozenPairs
from glasswells.model.pair_model import Interactions


@runtime_checkable
class Freezable(Protocol):
    """Interactions that are a sum over pairs, whose derivatives they can write into arrays."""

    def freeze(self, positions: Array, frozen: FrozenPairs | None = None) -> FrozenPairs:
        """The interacting pairs, in the arrays of `frozen` if they suffice."""
        ...


class NewtonSolver:
    """Solves M d = f at given positions for one set of particles; keeps its workspace.

    The solution is that of `Expansion.solve`, but for pivots that are lifted: a step may be
    shorter than Newton's where a particle is hardly touched.
    """

    def __init__(self, interactions: Freezable, most_products: int) -> None:
        self._interactions = interactions
        self._most_products = most_products
        self._pairs: FrozenPairs | None = None
        self._blocks: Blocks | None = None
        self._scaled: ScaledBlocks | None = None

    def solve(self, positions: Array, force_d: Array, tolerance: float, out_d: Array) -> int:
        """Fill the Newton displacement (3N,); see `conjugate_gradients` for the rest."""
        pairs = self._interactions.freeze(positions, self._pairs)
        if self._scaled is None or self._blocks is None or pairs is not self._pairs:
            self._pairs = pairs
            self._blocks = Blocks(pairs.start, pairs.partner, pairs.second_pf, np.empty((0, 6)))
            self._scaled = empty_scaled_blocks(self._blocks)
        scale_blocks(self._blocks, self._scaled)
        return int(
            conjugate_gradients(self._scaled, force_d, tolerance, self._most_products, out_d)
        )


def newton_solver(interactions: Interactions, settings: MinimizerSettings) -> NewtonSolver | None:
    """The solver for the end of a descent; None for other energies than sums over pairs."""
    if settings.newton_below > 0 and isinstance(interactions, Freezable):
        return NewtonSolver(interactions, settings.newton_products)
    return None
