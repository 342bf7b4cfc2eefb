"""Crystals and demixed systems are told from liquids."""

from __future__ import annotations

import numpy as np

from glasswells.core.records import Configuration
from glasswells.sampling.structure import crystalline_fraction, fractionation


def face_centered_cubic(cells: int, noise: float, seed: int) -> Configuration:
    rng = np.random.default_rng(seed)
    basis = np.array([[0, 0, 0], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    corners = np.stack(np.meshgrid(*[np.arange(cells)] * 3, indexing="ij"), -1).reshape(-1, 3)
    edge = 4 ** (1 / 3)
    sites = (corners[:, None] + basis).reshape(-1, 3) * edge
    return Configuration(
        positions=sites + rng.normal(scale=noise, size=sites.shape),
        diameters=np.ones(len(sites)),
        box=np.full(3, cells * edge),
    )


def gas(n: int, seed: int) -> Configuration:
    rng = np.random.default_rng(seed)
    edge = n ** (1 / 3)
    return Configuration(
        positions=rng.uniform(-edge, 2 * edge, size=(n, 3)),
        diameters=rng.uniform(0.73, 1.62, n),
        box=np.full(3, edge),
    )


def test_a_thermal_crystal_is_crystalline() -> None:
    assert crystalline_fraction(face_centered_cubic(5, 0.03, seed=1)) > 0.95


def test_a_gas_is_not() -> None:
    assert crystalline_fraction(gas(500, seed=2)) < 0.02


def test_a_mixture_is_of_order_one_and_a_demixed_box_of_order_n() -> None:
    mixed = gas(1000, seed=3)
    order = np.argsort(mixed.positions[:, 0] % mixed.box[0])
    parted = np.empty(1000)
    parted[order] = np.sort(mixed.diameters)
    demixed = Configuration(positions=mixed.positions, diameters=parted, box=mixed.box)
    # 13 independent waves of mean 1 have a standard error of 0.28
    assert 0.2 < fractionation(mixed) < 2.2
    assert fractionation(demixed) > 20


def test_equal_diameters_cannot_part() -> None:
    assert fractionation(face_centered_cubic(3, 0.0, seed=4)) == 0.0
