"""The slow twin of strain: soft spheres in a deformed box, in plain NumPy, relaxed by Newton steps.

Coordinates stay those of the undeformed box; the vector of a pair is F times the nearest image
there, F = 1 + e. Nothing here comes from the package but configurations.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

import reference
from glasswells.core.records import Configuration, DoubleWell
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.paths import find_double_well

MODEL = SoftSpheres()
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
WELLS = Path(__file__).parents[1] / "paths" / "real_pairs.npz"
"""Twelve pairs of neighboring minima of one glass of 125 particles."""


def unit_strain(k: int) -> np.ndarray:
    """Strain number k of Voigt's notation, of engineering size 1."""
    strain = np.zeros((3, 3))
    a, b = VOIGT[k]
    strain[a, b] += 0.5
    strain[b, a] += 0.5
    return strain


def minima(number: int) -> tuple[Configuration, Configuration]:
    with np.load(WELLS, allow_pickle=False) as stored:
        a, b = stored["positions"][number]
        first = Configuration(positions=a, diameters=stored["diameters"], box=stored["box"])
        return first, first.moved_to(b)


def double_well(number: int) -> DoubleWell | None:
    found = find_double_well(MODEL, *minima(number))
    return found if isinstance(found, DoubleWell) else None


class StrainedGlass:
    """One glass, at any strain."""

    def __init__(self, configuration: Configuration, mixing: reference.Mixing) -> None:
        c = configuration
        pairs = [
            (i, j, pair)
            for i, j, _, r, pair in reference.all_pairs(c.positions, c.diameters, c.box, mixing)
            if r < 1.3 * pair.cutoff * pair.range
        ]
        self.i = np.array([i for i, _, _ in pairs])
        self.j = np.array([j for _, j, _ in pairs])
        self.range = np.array([pair.range for _, _, pair in pairs])
        self.cutoff = pairs[0][2].cutoff
        self.terms = pairs[0][2].terms
        self.box = c.box
        self.n = c.n_particles

    def derivative(self, r: np.ndarray, order: int) -> np.ndarray:
        x = r / self.range
        total = sum(a * reference.falling(p, order) * x ** (p - order) for a, p in self.terms)
        return np.where(x < self.cutoff, total / self.range**order, 0.0)

    def vectors(self, x: np.ndarray, strain: np.ndarray) -> np.ndarray:
        images = reference.nearest_images(x[self.j] - x[self.i], self.box)
        return images @ (np.eye(3) + strain).T

    def energy(self, x: np.ndarray, strain: np.ndarray) -> float:
        return float(self.derivative(np.linalg.norm(self.vectors(x, strain), axis=1), 0).sum())

    def gradient(self, x: np.ndarray, strain: np.ndarray) -> np.ndarray:
        """dV/dx (N, 3)."""
        vectors = self.vectors(x, strain)
        r = np.linalg.norm(vectors, axis=1)
        pull = (self.derivative(r, 1) / r)[:, None] * vectors @ (np.eye(3) + strain)
        total = np.zeros((self.n, 3))
        np.add.at(total, self.j, pull)
        np.add.at(total, self.i, -pull)
        return total

    def hessian(self, x: np.ndarray, strain: np.ndarray) -> np.ndarray:
        f = np.eye(3) + strain
        vectors = self.vectors(x, strain)
        r = np.linalg.norm(vectors, axis=1)
        n = vectors / r[:, None]
        nn = n[:, :, None] * n[:, None, :]
        first = (self.derivative(r, 1) / r)[:, None, None]
        block = self.derivative(r, 2)[:, None, None] * nn + first * (np.eye(3) - nn)
        block = np.einsum("ba,pbc,cd->pad", f, block, f)
        matrix = np.zeros((self.n, self.n, 3, 3))
        for rows, columns, sign in ((self.i, self.i, 1), (self.j, self.j, 1)):
            np.add.at(matrix, (rows, columns), sign * block)
        np.add.at(matrix, (self.i, self.j), -block)
        np.add.at(matrix, (self.j, self.i), -block)
        return matrix.transpose(0, 2, 1, 3).reshape(3 * self.n, 3 * self.n)

    def relaxed(self, x: np.ndarray, strain: np.ndarray) -> np.ndarray:
        """The minimum near x at this strain, to forces below 1e-11."""
        translations = np.repeat(np.eye(3)[:, None, :], self.n, axis=1).reshape(3, -1)
        for _ in range(30):
            gradient = self.gradient(x, strain)
            if np.abs(gradient).max() < 1e-11:
                return x
            matrix = self.hessian(x, strain) + translations.T @ translations
            x = x - np.linalg.solve(matrix, gradient.ravel()).reshape(-1, 3)
        raise AssertionError("no minimum at this strain")

    def cauchy_stress(self, x: np.ndarray, strain: np.ndarray) -> np.ndarray:
        """(3, 3), in the deformed frame, tensile positive."""
        vectors = self.vectors(x, strain)
        r = np.linalg.norm(vectors, axis=1)
        virial = np.einsum("p,pa,pb->ab", self.derivative(r, 1) / r, vectors, vectors)
        return virial / (np.prod(self.box) * np.linalg.det(np.eye(3) + strain))


PLACES = (-2, -1, 1, 2)
WEIGHTS = (1 / 12, -2 / 3, 2 / 3, -1 / 12)


def slope(function, step: float):
    """Derivative by s at s = 0, from four places."""
    return sum(w * function(place * step) for place, w in zip(PLACES, WEIGHTS, strict=True)) / step
