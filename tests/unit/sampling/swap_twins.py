"""Slow twins for swap Monte Carlo, written from the equations in double precision, all pairs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from glasswells.core.records import Configuration
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.swap_kernels import (
    SwapKernels,
    displacement_move,
    energy_change_kernels,
    swap_kernels,
    swap_move,
)
from glasswells.sampling.swap_lists import list_kernels
from glasswells.sampling.swap_monte_carlo import (
    SwapCheckpoint,
    _copy_with_capacity,
    _Run,
    _workspace,
    single_precision,
    start_checkpoint,
)

MODEL = SoftSpheres()
EPS32 = float(np.finfo(np.float32).eps)


def ranges(diameters):
    """sigma_ij = (sigma_i + sigma_j)/2 (1 - 0.2 |sigma_i - sigma_j|)."""
    a, b = diameters[:, None], diameters[None, :]
    return 0.5 * (a + b) * (1.0 - 0.2 * np.abs(a - b))


def distances(positions, box):
    """(N, N) nearest-image distances."""
    d = positions[:, None, :] - positions[None, :, :]
    d -= box * np.round(d / box)
    return np.sqrt((d**2).sum(axis=-1))


def pair_energies(configuration):
    """(N, N) matrix of v(r_ij/sigma_ij), zero on the diagonal and beyond 1.25."""
    x = distances(configuration.positions, configuration.box) / ranges(configuration.diameters)
    np.fill_diagonal(x, np.inf)
    near = x < 1.25
    v = np.zeros_like(x)
    y = x[near]
    v[near] = y**-12.0 - 28 / 1.25**12 + 48 / 1.25**14 * y**2 - 21 / 1.25**16 * y**4
    return v


def total_energy(configuration):
    return 0.5 * pair_energies(configuration).sum()


def rounding_scale(configuration, particles):
    """A bound on the rounding error of one sum over the pairs of `particles`.

    A pair energy takes some 20 single precision operations on terms of the size of x^-12 and of
    the polynomial (up to about 3), and x^-12 multiplies the error of x^2 by six.
    """
    v = pair_energies(configuration)[particles]
    return 40 * EPS32 * float((v + 4.0 * (v > 0)).sum() + 1.0)


def packing(n, seed, *, shape=(1.0, 1.0, 1.0), limits=(0.73, 1.62), noise=0.12, density=1.0):
    """A jittered lattice in a box of the given proportions, some particles exactly on faces."""
    generator = np.random.default_rng(seed)
    proportions = np.asarray(shape) / np.prod(shape) ** (1 / 3)
    box = (n / density) ** (1 / 3) * proportions
    m = np.ceil(n ** (1 / 3) * proportions - 1e-9).astype(int)
    while m.prod() < n:
        m[m.argmin()] += 1
    sites = np.stack(np.meshgrid(*[np.arange(k) for k in m], indexing="ij"), axis=-1)
    chosen = np.sort(generator.permutation(m.prod())[:n])
    positions = sites.reshape(-1, 3)[chosen] * (box / m)
    positions += noise * generator.uniform(-1, 1, (n, 3)) * (positions > 0)  # faces stay faces
    positions[::7] += box * generator.integers(-2, 3, (len(positions[::7]), 3))
    u = (np.arange(1, n + 1) - 0.5) / n
    generator.shuffle(u)
    a, b = limits
    diameters = (a**-2 - u * (a**-2 - b**-2)) ** -0.5
    return Configuration(
        positions=positions, diameters=diameters.astype(np.float32).astype(float), box=box
    )


class Moves(NamedTuple):
    """The compiled pieces of swap Monte Carlo, as shipped or with one of them replaced."""

    displace: Any
    swap: Any
    kernels: SwapKernels


def moves(lists=None, energy_changes=None):
    lists = lists or list_kernels(MODEL.law)
    energy_changes = energy_changes or energy_change_kernels(MODEL.law)
    return Moves(
        displacement_move(lists, energy_changes),
        swap_move(lists, energy_changes),
        swap_kernels(MODEL.law),
    )


class Live(NamedTuple):
    """A state in flight, with all that the move functions take."""

    checkpoint: SwapCheckpoint
    arrays: Any
    settings: Any
    constants: Any
    workspace: Any

    def copy(self):
        arrays = _copy_with_capacity(self.arrays, self.arrays.capacity)
        return self._replace(arrays=arrays, workspace=_workspace(arrays))

    @property
    def arguments(self):
        return self.arrays, self.settings, self.constants, self.workspace

    def configuration(self):
        checkpoint = SwapCheckpoint(
            arrays=self.arrays,
            diameters=self.checkpoint.diameters,
            box=self.checkpoint.box,
            max_displacement=self.checkpoint.max_displacement,
            sweeps=0,
            lists_for="",
        )
        return checkpoint.configuration()


def go_live(
    configuration, *, temperature=0.1, swap_probability=0.2, partner_window=np.inf,
    max_displacement=0.06, capacity=None, seed=1, moves_per_run=0,
):  # fmt: skip
    """A state with fresh lists, as at the beginning of a run."""
    run = _Run(
        model=MODEL,
        temperature=temperature,
        swap_probability=swap_probability,
        partner_window=partner_window,
    )
    checkpoint = start_checkpoint(configuration, seed, max_displacement)
    arrays = _copy_with_capacity(
        checkpoint.arrays, capacity or 16 * (-(-configuration.n_particles // 16))
    )
    live = Live(
        checkpoint,
        arrays,
        run._settings(checkpoint, 0)._replace(moves=moves_per_run),
        single_precision(MODEL.constants),
        _workspace(arrays),
    )
    assert swap_kernels(MODEL.law).make_lists(*live.arguments) == 0
    return live


def check_lists(live):
    """Neighbor rows against all pairs of reference positions, in double precision."""
    arrays = live.arrays
    n, capacity = len(arrays.counts), arrays.capacity
    box = live.checkpoint.box
    reference = arrays.reference[:, :n].T.view(np.uint32) * (box / 2.0**32)
    diameters = arrays.diameters[:n].astype(float)
    assert (arrays.diameters[n:] == 0).all()
    gap = distances(reference, box) - 1.25 * ranges(diameters) - float(live.settings.skin)
    np.fill_diagonal(gap, np.inf)
    listed = np.zeros((n, n), dtype=int)
    rows = arrays.neighbors.reshape(n, capacity)
    for i in range(n):
        k = arrays.counts[i]
        assert (rows[i, k:] == i).all(), "padding"
        np.add.at(listed[i], rows[i, :k], 1)
    assert listed.max() <= 1, "a neighbor twice"
    assert not listed.diagonal().any(), "itself"
    assert (listed == listed.T).all(), "symmetry"
    # A distance in single precision is off by some eps32 of itself (at most about 3)
    sure = np.abs(gap) > 10 * EPS32
    assert (listed[sure] == (gap < 0)[sure]).all()
    return listed


def check_bookkeeping(live):
    """The copies of a diameter agree, and nobody has strayed beyond half the skin."""
    arrays = live.arrays
    n = len(arrays.counts)
    records = arrays.records.reshape(n, 4)
    single = records[:, 3].view(np.float32)
    assert (single == arrays.diameters[:n]).all()
    assert (single == live.checkpoint.diameters[arrays.labels].astype(np.float32)).all()
    assert sorted(arrays.labels) == list(range(n))
    away = (records[:, :3] - arrays.reference[:, :n].T) * (live.checkpoint.box / 2.0**32)
    half_skin = np.sqrt(float(live.settings.half_skin2))
    assert 0.1 < half_skin < 0.5 * float(live.settings.skin)
    assert (np.sqrt((away**2).sum(axis=1)) < half_skin * (1 + 4 * EPS32)).all()
