"""Glasses at a minimum of the energy, with their dense spectra and neighboring minima."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.linalg

from glasswells.core.geometry import displacement
from glasswells.core.records import Configuration
from glasswells.minimization import minimize
from glasswells.model.diameters import draw_diameters
from glasswells.model.functions import hessian
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.molecular_dynamics import molecular_dynamics


class Glass(NamedTuple):
    """A minimum with its spectrum, and displacements to minima around it."""

    model: SoftSpheres
    configuration: Configuration
    eigenvalues: np.ndarray
    """(3N,), of the Hessian, dense, ascending."""
    vectors: np.ndarray
    """(3N, 3N), row by row."""
    displacements: list[np.ndarray]
    """r_AB (N, 3) to other minima."""


def make_glass(n: int, seed: int, neighbors: int) -> Glass:
    """A quenched liquid of n particles at density 1."""
    model = SoftSpheres()
    generator = np.random.default_rng(seed)
    edge = n ** (1 / 3)
    cells = int(np.ceil(edge - 1e-9))
    sites = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    sites = generator.permutation(sites)[:n] * (edge / cells)
    start = Configuration(
        positions=sites + generator.uniform(-0.1, 0.1, (n, 3)),
        diameters=draw_diameters(n, seed=generator),
        box=np.full(3, edge),
    )
    liquid = molecular_dynamics(
        model, minimize(model, start, max_force=1e-3).configuration, 0.2, 2000, seed
    )
    configuration = minimize(model, liquid.configuration).configuration
    displacements = []
    state = configuration
    for attempt in range(12 * neighbors):
        state = molecular_dynamics(model, state, 0.09, 100, seed + 1 + attempt).configuration
        other = minimize(model, state).configuration
        r = displacement(configuration.positions, other.positions, configuration.box)
        if np.linalg.norm(r) > 0.1:
            displacements.append(r)
        if len(displacements) == neighbors:
            break
    eigenvalues, vectors = scipy.linalg.eigh(hessian(model, configuration).toarray())
    return Glass(model, configuration, eigenvalues, vectors.T, displacements)
