"""A small double well, with the dense spectrum of its minimum A by NumPy alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from glasswells.core.records import Configuration, DoubleWell
from glasswells.landscape.explore import explore
from glasswells.minimization import minimize
from glasswells.model.diameters import draw_diameters
from glasswells.model.functions import hessian
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.paths import find_double_well
from glasswells.sampling.molecular_dynamics import molecular_dynamics

MODEL = SoftSpheres()


class SmallWell(NamedTuple):
    """A double well and what its minimum A vibrates like."""

    well: DoubleWell
    eigenvalues: np.ndarray
    """(3N,), ascending, translations first."""
    modes: np.ndarray
    """(3N, N, 3), unit."""

    @property
    def a(self) -> Configuration:
        return self.well.minimum_a

    @property
    def participation_ratios(self) -> np.ndarray:
        """PR = 1 / (N sum |v_i|^4) of each mode (paper, eq. 4)."""
        square = (self.modes**2).sum(axis=2)
        return 1 / (self.a.n_particles * (square**2).sum(axis=1))

    def overlaps(self, field: np.ndarray) -> np.ndarray:
        """c of a field with each mode (paper, eq. 7)."""
        products = np.abs(self.modes.reshape(len(self.modes), -1) @ field.ravel())
        return products / np.linalg.norm(field)

    def mobilities(self, field: np.ndarray) -> np.ndarray:
        """a of a field with each mode (paper, eq. 8)."""
        return np.linalg.norm(self.modes, axis=2) @ mobility(field)


def mobility(field: np.ndarray) -> np.ndarray:
    """|r_i| / |r| of each particle."""
    return np.linalg.norm(field, axis=1) / np.linalg.norm(field)


def make_well(n: int = 125, seed: int = 2) -> SmallWell:
    """The first double well between neighboring minima of a quenched liquid."""
    generator = np.random.default_rng(seed)
    edge = n ** (1 / 3)
    cells = round(edge)
    sites = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    start = Configuration(
        positions=sites * (edge / cells) + generator.uniform(-0.1, 0.1, (n, 3)),
        diameters=draw_diameters(n, seed=generator),
        box=np.full(3, edge),
    )
    rough = minimize(MODEL, start, max_force=1e-3).configuration
    liquid = molecular_dynamics(MODEL, rough, 0.15, 3000, seed).configuration
    found = explore(MODEL, liquid, 0.06, quenches=40, interval=40, seed=seed)
    for transition in found.transitions:
        first, second = (found.structures[k].configuration for k in (transition.i, transition.j))
        well = find_double_well(MODEL, first, second) if transition.i != transition.j else None
        if isinstance(well, DoubleWell):
            values, vectors = np.linalg.eigh(hessian(MODEL, well.minimum_a).toarray())
            assert values[3] > 1e-3
            return SmallWell(well, values, vectors.T.reshape(3 * n, n, 3))
    raise AssertionError("no double well among the pairs of minima: take another seed")
