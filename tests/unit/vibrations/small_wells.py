"""A small double well, with the dense spectrum of its minimum A by NumPy alone."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from glasswells.core.records import Configuration, DoubleWell
from glasswells.model.functions import hessian
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.modes import Stiffness, cubic_mode
from glasswells.paths import find_double_well

MODEL = SoftSpheres()


class CountedStiffness(Stiffness):
    """It counts its third derivatives, which only searches for cubic modes ask for."""

    contractions = 0

    def third(self, field: np.ndarray) -> tuple[np.ndarray, float]:
        self.contractions += 1
        return super().third(field)


class BrokenStiffness(Stiffness):
    """No cubic mode can be sought."""

    error: Exception = RuntimeError("no luck")

    def third(self, field: np.ndarray) -> tuple[np.ndarray, float]:
        raise self.error


def contractions_of_one_search(a: Configuration, start: np.ndarray) -> int:
    """Third derivatives of a search for a cubic mode."""
    counted = CountedStiffness(MODEL, a)
    cubic_mode(MODEL, a, start, stiffness=counted)
    return counted.contractions


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


def stored_well() -> SmallWell:
    """A double well between neighboring minima of a quenched liquid of 125 particles.

    The two minima are stored: where a trajectory leads depends on the rounding of the processor.
    """
    with np.load(Path(__file__).with_name("small_well.npz"), allow_pickle=False) as stored:
        a = Configuration(positions=stored["a"], diameters=stored["diameters"], box=stored["box"])
        well = find_double_well(MODEL, a, a.moved_to(stored["b"]))
    assert isinstance(well, DoubleWell)
    n = a.n_particles
    values, vectors = np.linalg.eigh(hessian(MODEL, well.minimum_a).toarray())
    assert values[3] > 1e-3
    return SmallWell(well, values, vectors.T.reshape(3 * n, n, 3))
