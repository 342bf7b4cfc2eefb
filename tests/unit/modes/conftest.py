"""A small glass and a crystal for the tests of this room."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from small_glasses import Glass, make_glass

from glasswells.core.records import Configuration
from glasswells.model.functions import hessian
from glasswells.model.soft_spheres import SoftSpheres


@pytest.fixture(scope="session")
def glass() -> Glass:
    """216 particles, with six neighboring minima."""
    made = make_glass(216, seed=7, neighbors=6)
    assert made.eigenvalues[3] > 0.01
    assert len(made.displacements) == 6
    return made


@pytest.fixture(scope="session")
def crystal() -> Glass:
    """108 equal particles on a face-centered cubic lattice: most levels are degenerate."""
    cells = np.stack(np.meshgrid(*[np.arange(3)] * 3, indexing="ij"), axis=-1).reshape(-1, 1, 3)
    basis = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    edge = 108 ** (1 / 3)
    configuration = Configuration(
        positions=(cells + basis).reshape(-1, 3) * edge / 3,
        diameters=np.full(108, 1.1),
        box=np.full(3, edge),
    )
    model = SoftSpheres()
    eigenvalues, vectors = scipy.linalg.eigh(hessian(model, configuration).toarray())
    return Glass(model, configuration, eigenvalues, vectors.T, [])
