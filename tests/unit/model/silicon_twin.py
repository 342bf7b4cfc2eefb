"""Stillinger-Weber silicon as a sum over triples, from the equations of PRB 31, 5262 (1985).

Works for complex positions too, so that an imaginary step gives derivatives without cancellation.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import reference
from glasswells.core.records import Configuration

EDGE = 5.431
BASIS = np.array(
    [[0, 0, 0], [0, 2, 2], [2, 0, 2], [2, 2, 0], [1, 1, 1], [1, 3, 3], [3, 1, 3], [3, 3, 1]]
) / 4  # fmt: skip


class Numbers(NamedTuple):
    """As printed; epsilon in eV, sigma in angstrom."""

    epsilon: float
    strength: float
    sigma: float = 2.0951
    cutoff: float = 1.80
    gamma: float = 1.20
    A: float = 7.049556277
    B: float = 0.6022245584


SETS = {
    "stillinger-weber-1985": Numbers(2.1683, 21.0),
    "vink-2001": Numbers(1.64833, 31.5),
}


def crystal(cells: int = 2, noise: float = 0.0, seed: int = 0) -> Configuration:
    """Diamond cubic silicon, every coordinate displaced by up to `noise`."""
    corners = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), axis=-1)
    positions = (corners.reshape(-1, 1, 3) + BASIS).reshape(-1, 3) * EDGE
    positions = positions + np.random.default_rng(seed).uniform(-noise, noise, positions.shape)
    return Configuration(
        positions=positions, diameters=np.ones(len(positions)), box=np.full(3, cells * EDGE)
    )


def energy(numbers: Numbers, positions: np.ndarray, box: np.ndarray) -> complex:
    """The sum over pairs and over angles, one after the other."""
    n = numbers
    total = 0.0 + 0.0j
    for i in range(len(positions)):
        vectors = positions - positions[i]
        vectors = vectors - vectors.real + reference.nearest_images(vectors.real, box)
        r = np.sqrt((vectors**2).sum(axis=1))
        near = (r.real < n.cutoff * n.sigma) & (np.arange(len(positions)) != i)
        vectors, r = vectors[near], r[near]
        ending = 1 / (r - n.cutoff * n.sigma)
        two_body = n.A * n.epsilon * (n.B * (n.sigma / r) ** 4 - 1) * np.exp(n.sigma * ending)
        total += two_body.sum() / 2
        directions = vectors / r[:, None]
        g = np.exp(n.gamma * n.sigma * ending)
        first, second = np.triu_indices(len(r), k=1)
        cosine = (directions[first] * directions[second]).sum(axis=1)
        total += (n.strength * n.epsilon * g[first] * g[second] * (cosine + 1 / 3) ** 2).sum()
    return complex(total)


def slope(numbers: Numbers, c: Configuration, field: np.ndarray) -> float:
    """Derivative of the energy along a field, by a step of 1e-30 i."""
    return energy(numbers, c.positions + 1e-30j * field, c.box).imag / 1e-30
