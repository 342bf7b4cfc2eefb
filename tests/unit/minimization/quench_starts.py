"""Small starts and toy energies for the tests of this room."""

from __future__ import annotations

import numpy as np

from glasswells.core.records import Configuration
from glasswells.minimization import MinimizerSettings, minimize_positions
from glasswells.model.diameters import draw_diameters
from glasswells.model.interactions import PairInteractions
from glasswells.model.pair_model import Derivatives
from glasswells.model.soft_spheres import SoftSpheres

EDGE = 6
N_SMALL = EDGE**3


def lattice(n_edge: int, box: float) -> np.ndarray:
    """Simple cubic lattice."""
    axis = (np.arange(n_edge) + 0.5) * box / n_edge
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)


def noisy_lattice(seed: int, noise: float = 0.1) -> Configuration:
    """Soft spheres at density 1 near a lattice."""
    generator = np.random.default_rng(seed)
    box = float(EDGE)
    return Configuration(
        positions=lattice(EDGE, box) + noise * generator.normal(size=(N_SMALL, 3)),
        diameters=draw_diameters(N_SMALL, seed=seed),
        box=np.full(3, box),
    )


def mixture(seed: int) -> Configuration:
    """A Kob-Andersen mixture at density 1.2 near a lattice."""
    generator = np.random.default_rng(seed)
    box = (N_SMALL / 1.2) ** (1 / 3)
    diameters = np.full(N_SMALL, 1.0)
    diameters[generator.permutation(N_SMALL)[: N_SMALL // 5]] = 0.88
    return Configuration(
        positions=lattice(EDGE, box) + 0.05 * generator.normal(size=(N_SMALL, 3)),
        diameters=diameters,
        box=np.full(3, box),
    )


class Chain:
    """Particles tied to sites by springs of very different strength, and to the next particle.

    V = sum_i k_i |r_i - a_i|^2 / 2 + sum_i |r_i+1 - r_i|^2 / 2 + floor: one minimum, net force.
    """

    def __init__(self, n: int, floor: float = 0.0) -> None:
        generator = np.random.default_rng(5)
        self.sites = generator.normal(size=(n, 3))
        self.stiffness = np.geomspace(0.1, 300.0, n)[:, None]
        self.floor = floor
        self.evaluations = 0

    def energy_and_forces(self, positions: np.ndarray) -> tuple[float, np.ndarray]:
        self.evaluations += 1
        away = positions - self.sites
        bonds = np.diff(positions, axis=0)
        forces = -self.stiffness * away
        forces[:-1] += bonds
        forces[1:] -= bonds
        energy = 0.5 * np.sum(self.stiffness * away**2) + 0.5 * np.sum(bonds**2) + self.floor
        return float(energy), forces

    def minimum(self) -> np.ndarray:
        """Solution of the linear equation of zero force."""
        n = len(self.sites)
        bond = np.diff(np.eye(n), axis=0)
        matrix = np.diag(self.stiffness[:, 0]) + bond.T @ bond
        return np.linalg.solve(matrix, self.stiffness * self.sites)

    def derivatives(self, positions: np.ndarray) -> Derivatives:
        raise NotImplementedError


class Broken(Chain):
    """A chain whose energies and forces are spoiled from some evaluation on."""

    def __init__(self, n: int, how: str, after: int) -> None:
        super().__init__(n)
        self.how = how
        self.after = after

    def energy_and_forces(self, positions: np.ndarray) -> tuple[float, np.ndarray]:
        energy, forces = super().energy_and_forces(positions)
        if self.evaluations > self.after:
            if self.how == "nan energy":
                energy = np.nan
            elif self.how == "infinite force":
                forces[3, 1] = np.inf
            elif self.how == "wrong sign":
                forces = -forces
        return energy, forces


def interactions_of(glass: Configuration) -> PairInteractions:
    """Those of soft spheres."""
    interactions = SoftSpheres().interactions(glass)
    assert isinstance(interactions, PairInteractions)
    return interactions


def minimum_near_a_lattice(settings: MinimizerSettings) -> Configuration:
    """An inherent structure of soft spheres."""
    start = noisy_lattice(3)
    end = minimize_positions(interactions_of(start), start.positions, settings)
    return start.moved_to(end.positions)
