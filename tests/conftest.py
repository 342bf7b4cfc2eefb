"""Fixtures of the whole suite: one thread per process, and small liquid configurations."""

from __future__ import annotations

import os

import numpy as np
import pytest
import threadpoolctl

from glasswells.core.records import Configuration
from glasswells.engines.pool import available_cores
from glasswells.model.diameters import draw_diameters

# Child processes, and libraries that this process has yet to load, read the variables.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
threadpoolctl.threadpool_limits(limits=1)

LONG_TIMEOUT = 3 * 3600
"""Seconds for a test of `make physics` or `make soak`, against those that hang."""
MOST_PROCESSES = 8
"""Of the tests: each takes half a gigabyte, and all compile the kernels of the first run."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than the cores that this process may use, whatever else the machine has.

    Tests of engines wait for other processes, two files of them for 70 s. With one process for
    each of two cores, a run of 374 s had 518 s of CPU time, 69 % of what there was.
    """
    return min(available_cores() + 1, MOST_PROCESSES)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    # Files stay whole, as their tests share fixtures; the others keep their order.
    items.sort(key=lambda item: item.get_closest_marker("early") is None)
    for item in items:
        if any(item.get_closest_marker(name) for name in ("physics", "soak")):
            item.add_marker(pytest.mark.timeout(LONG_TIMEOUT))


def lattice_with_noise(
    cells: tuple[int, int, int],
    spacings: tuple[float, float, float],
    diameters: np.ndarray,
    seed: int,
    noise: float,
) -> Configuration:
    """A simple orthorhombic lattice with every coordinate displaced by up to `noise`."""
    generator = np.random.default_rng(seed)
    sites = np.stack(np.meshgrid(*(np.arange(c) for c in cells), indexing="ij"), axis=-1)
    positions = sites.reshape(-1, 3) * np.array(spacings)
    positions = positions + generator.uniform(-noise, noise, positions.shape)
    return Configuration(
        positions=positions, diameters=diameters, box=np.array(cells) * np.array(spacings)
    )


@pytest.fixture
def soft_liquid() -> Configuration:
    """150 soft spheres at density 1 in a box that is not cubic; some lie outside the box."""
    return lattice_with_noise((5, 5, 6), (0.95, 1.0, 1 / 0.95), draw_diameters(150, seed=1), 2, 0.1)


@pytest.fixture
def mixture() -> Configuration:
    """An 80:20 Kob-Andersen mixture of 216 particles at density 1.2, box not cubic."""
    diameters = np.where(np.random.default_rng(3).permutation(216) < 172, 1.0, 0.88)
    return lattice_with_noise((6, 6, 6), (0.88, 0.94, 1 / (1.2 * 0.88 * 0.94)), diameters, 4, 0.1)
