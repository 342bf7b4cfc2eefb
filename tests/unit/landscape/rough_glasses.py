"""A glass that hops often."""

from __future__ import annotations

import numpy as np

from glasswells.core.records import Configuration
from glasswells.model.diameters import draw_diameters
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.swap_monte_carlo import swap_monte_carlo

N = 150


def rough_glass() -> Configuration:
    """A small, poorly annealed glass: its landscape is rough."""
    edge = N ** (1 / 3)
    sites = np.stack(np.meshgrid(*[np.arange(6)] * 3, indexing="ij"), -1).reshape(-1, 3)
    start = Configuration(
        positions=sites[:N] * (edge / 6), diameters=draw_diameters(N, seed=5), box=np.full(3, edge)
    )
    model = SoftSpheres()
    melt = swap_monte_carlo(model, start, 0.3, 200, seed=6).configuration
    return swap_monte_carlo(model, melt, 0.1, 1500, seed=7).configuration
