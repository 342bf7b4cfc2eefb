"""Analytic surfaces of two coordinates, and real pairs of neighboring minima of a small glass."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy.optimize

from glasswells.core.records import Configuration
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.paths.surface import Surface
from twin_derivatives import TwinDerivatives

SPRING = 2.0
"""Of the four coordinates that do not matter."""


class PlaneInteractions:
    """V(x, y) of the first two of six coordinates, harmonic in the rest.

    The gradient is exact by complex steps; higher derivatives by central differences.
    """

    def __init__(self, value: Callable[[complex, complex], complex]) -> None:
        self.value = value

    def gradient(self, q: np.ndarray) -> np.ndarray:
        h = 1e-30
        g = SPRING * q
        g[0] = self.value(q[0] + 1j * h, q[1] + 0j).imag / h
        g[1] = self.value(q[0] + 0j, q[1] + 1j * h).imag / h
        return g

    def energy_and_forces(self, positions: np.ndarray) -> tuple[float, np.ndarray]:
        q = positions.ravel()
        energy = self.value(q[0] + 0j, q[1] + 0j).real + 0.5 * SPRING * (q[2:] ** 2).sum()
        return float(energy), -self.gradient(q).reshape(2, 3)

    def hessian_product(self, positions: np.ndarray, field: np.ndarray) -> np.ndarray:
        q, z = positions.ravel(), field.ravel()
        size = np.linalg.norm(z)
        if size == 0:
            return np.zeros_like(field)
        h = 1e-5 / size
        return ((self.gradient(q + h * z) - self.gradient(q - h * z)) / (2 * h)).reshape(2, 3)

    def hessian(self, positions: np.ndarray) -> np.ndarray:
        fields = np.eye(6).reshape(6, 2, 3)
        return np.array([self.hessian_product(positions, z).ravel() for z in fields])

    def third_order(self, positions: np.ndarray, field: np.ndarray) -> tuple[np.ndarray, float]:
        q, z = positions.ravel(), field.ravel()
        h = 1e-4
        bent = (self.gradient(q + h * z) - 2 * self.gradient(q) + self.gradient(q - h * z)) / h**2
        return bent.reshape(2, 3), float(bent @ z)

    def derivatives(self, positions: np.ndarray) -> TwinDerivatives:
        return TwinDerivatives(self, positions)


def plane_surface(value: Callable[[complex, complex], complex]) -> Surface:
    return Surface(interactions=PlaneInteractions(value), box=None, translations=False)


def at(x: float, y: float) -> np.ndarray:
    positions = np.zeros((2, 3))
    positions[0, :2] = x, y
    return positions


MUELLER_BROWN = np.array(
    [
        # A, a, b, c, x0, y0: Mueller & Brown, Theor. Chim. Acta 53, 75 (1979)
        [-200.0, -1.0, 0.0, -10.0, 1.0, 0.0],
        [-100.0, -1.0, 0.0, -10.0, 0.0, 0.5],
        [-170.0, -6.5, 11.0, -6.5, -0.5, 1.5],
        [15.0, 0.7, 0.6, 0.7, -1.0, 1.0],
    ]
)
MUELLER_BROWN_SCALE = 0.01
"""Energies in units in which curvatures are like those of a glass."""


def mueller_brown(x: complex, y: complex) -> complex:
    total = 0j
    for height, a, b, c, x0, y0 in MUELLER_BROWN:
        total += height * np.exp(a * (x - x0) ** 2 + b * (x - x0) * (y - y0) + c * (y - y0) ** 2)
    return MUELLER_BROWN_SCALE * total


def leps_oscillator(r_ab: complex, x: complex) -> complex:
    """LEPS with a harmonic oscillator, model II of Jonsson, Mills & Jacobsen (1998).

    Three atoms on a line, the outer two fixed 3.742 apart; x is the oscillator.
    """
    alpha, r0, r_ac, k_c, c_hat = 1.942, 0.742, 3.742, 0.2025, 1.154
    overlap = {"ab": 0.05, "bc": 0.80, "ac": 0.05}
    depth = {"ab": 4.746, "bc": 4.746, "ac": 3.445}
    distance = {"ab": r_ab, "bc": r_ac - r_ab, "ac": r_ac + 0j}
    coulomb, exchange = 0j, {}
    for pair, r in distance.items():
        far = np.exp(-alpha * (r - r0))
        coulomb += depth[pair] / 2 * (1.5 * far**2 - far) / (1 + overlap[pair])
        exchange[pair] = depth[pair] / 4 * (far**2 - 6 * far) / (1 + overlap[pair])
    ab, bc, ac = exchange["ab"], exchange["bc"], exchange["ac"]
    london = np.sqrt(ab**2 + bc**2 + ac**2 - ab * bc - bc * ac - ab * ac)
    return coulomb - london + 2 * k_c * (r_ab - (r_ac / 2 - x / c_hat)) ** 2


def stationary(value: Callable[[complex, complex], complex], x: float, y: float) -> np.ndarray:
    """The stationary point next to (x, y), by SciPy."""
    gradient = PlaneInteractions(value).gradient

    def plane_gradient(p: np.ndarray) -> np.ndarray:
        return gradient(np.array([*p, 0.0, 0.0, 0.0, 0.0]))[:2]

    found = scipy.optimize.root(plane_gradient, [x, y], tol=1e-14)
    return at(*found.x)


def quenched(configuration: Configuration) -> Configuration:
    """The minimum below, by SciPy's L-BFGS-B and a few dense Newton steps."""
    interactions = SoftSpheres().interactions(configuration)
    shape = configuration.positions.shape

    def value(q: np.ndarray) -> tuple[float, np.ndarray]:
        energy, force = interactions.energy_and_forces(q.reshape(shape))
        return energy, -force.ravel()

    options = {"maxiter": 5000, "maxfun": 20000, "ftol": 1e-16, "gtol": 1e-6, "maxcor": 10}
    x = scipy.optimize.minimize(
        value, configuration.positions.ravel(), jac=True, method="L-BFGS-B", options=options
    ).x
    for _ in range(4):
        hessian = interactions.derivatives(x.reshape(shape)).matrix().toarray()
        translations = np.kron(np.ones((shape[0], shape[0])), np.eye(3)) / shape[0]
        x = x - np.linalg.solve(hessian + translations, value(x)[1])
    return configuration.moved_to(x.reshape(shape))


def real_pairs(count: int) -> list[tuple[Configuration, Configuration]]:
    """Consecutive quenches of a trajectory of 125 particles that ended in different minima.

    First those whose softest mode lies well below the next one, at both ends: others turn toward it
    only at distances below what is tested. They are stored: where a trajectory leads depends on
    the rounding of the processor.
    """
    with np.load(Path(__file__).with_name("real_pairs.npz"), allow_pickle=False) as stored:
        glass = Configuration(
            positions=stored["positions"][0, 0], diameters=stored["diameters"], box=stored["box"]
        )
        return [(glass.moved_to(a), glass.moved_to(b)) for a, b in stored["positions"][:count]]
