"""Swap Monte Carlo samples the Boltzmann distribution: statistics with stated errors."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from scipy.special import gammaincc

from glasswells.core.records import Configuration
from glasswells.model.diameters import draw_diameters
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.swap_monte_carlo import largest_step, swap_monte_carlo

pytestmark = pytest.mark.physics
MODEL = SoftSpheres()


def pair_energy(x):
    """v(x) of eq. 1, zero beyond the cutoff."""
    x = np.asarray(x, dtype=float)
    v = np.zeros_like(x)
    y = np.maximum(x[x < 1.25], 1e-3)
    v[x < 1.25] = y**-12.0 - 28 / 1.25**12 + 48 / 1.25**14 * y**2 - 21 / 1.25**16 * y**4
    return v


def pair_range(a, b):
    return 0.5 * (a + b) * (1 - 0.2 * abs(a - b))


def mean_with_error(values, blocks=25):
    """Mean and its standard error from block averages."""
    values = np.asarray(values)[: len(values) // blocks * blocks]
    averages = values.reshape(blocks, -1).mean(axis=1)
    return averages.mean(), averages.std(ddof=1) / np.sqrt(blocks)


def lattice(n_edge, diameters, density):
    """A simple cubic lattice, which melts at once."""
    sites = np.stack(np.meshgrid(*[np.arange(n_edge)] * 3), axis=-1).reshape(-1, 3)
    edge = (n_edge**3 / density) ** (1 / 3)
    return Configuration(
        positions=sites * (edge / n_edge), diameters=diameters, box=np.full(3, edge)
    )


@pytest.mark.parametrize("partner_window", [None, 0.1])
def test_with_and_without_swaps_the_energy_is_the_same(partner_window):
    """A liquid of 64 particles, where displacements alone equilibrate as well."""
    configuration = lattice(4, draw_diameters(64, (0.8, 1.25), seed=3), 1.0)
    mean, error = [], []
    for probability, seed in ((0.0, 1), (0.2, 2), (0.8, 3)):
        run = swap_monte_carlo(
            MODEL,
            configuration,
            0.25,
            60_000,
            seed,
            probability,
            partner_window=partner_window,
            burn_in=3000,
            sample_interval=25,
        )
        m, e = mean_with_error(run.energies)
        mean.append(m)
        error.append(e)
    assert max(error) < 0.01 * mean[0]  # so that a real difference would show
    for k in (1, 2):
        assert abs(mean[k] - mean[0]) < 3 * np.hypot(error[k], error[0])


PAIR = Configuration(
    positions=np.array([[0.0, 0.0, 0.0], [1.0, 0.8, 0.6]]),
    diameters=np.array([1.0, 0.9]),
    box=np.array([2.55, 2.7, 2.9]),
)


def pair_samples(temperature, swap_probability, seed):
    # 300 sweeps are 600 moves of mean square 0.4 x 3 x step^2 / 3: each wanders 2 > half the box
    return swap_monte_carlo(
        MODEL,
        PAIR,
        temperature,
        300 * 6000,
        seed,
        swap_probability,
        max_displacement=largest_step(),
        burn_in=0,
        sample_interval=300,
    ).energies


@pytest.mark.parametrize("swap_probability", [0.0, 0.5])
@pytest.mark.parametrize("temperature", [0.15, 1.0])
def test_two_particles_against_the_boltzmann_integral(temperature, swap_probability):
    """Mean energy and the distribution of it, by quadrature over the distance."""
    energies = pair_samples(temperature, swap_probability, 11)
    sigma = pair_range(*PAIR.diameters)
    r = (np.arange(200_000) + 0.5) * (1.25 * sigma / 200_000)
    u = pair_energy(r / sigma)
    weight = 4 * np.pi * r**2 * np.exp(-u / temperature) * (r[1] - r[0])
    outside = np.prod(PAIR.box) - 4 / 3 * np.pi * (1.25 * sigma) ** 3
    partition = outside + weight.sum()
    mean, error = mean_with_error(energies)
    assert abs(mean - (weight * u).sum() / partition) < 4 * error
    edges = np.array([1e-9, 0.02, 0.1, 0.25, 0.5, 0.8]) * temperature
    bins = np.concatenate([[-np.inf], edges, [np.inf]])
    expected, _ = np.histogram(u, bins, weights=weight / partition)
    expected[0] += outside / partition
    expected *= len(energies)
    assert expected.min() > 10
    counts, _ = np.histogram(energies, bins)
    chi2 = ((counts - expected) ** 2 / expected).sum()
    assert gammaincc((len(expected) - 1) / 2, chi2 / 2) > 1e-3


def test_three_particles_against_independent_points():
    """Mean energy of three unlike particles, swaps included, against uniform random points."""
    temperature = 0.4
    box = np.array([2.6, 2.7, 2.8])
    d = np.array([0.8, 0.9, 1.0])
    generator = np.random.default_rng(5)
    points = generator.uniform(size=(1_000_000, 2, 3)) * box  # the third sits at the origin
    total = np.zeros(len(points))
    vectors = (points[:, 0], points[:, 1], points[:, 0] - points[:, 1])
    for vector, (i, j) in zip(vectors, ((0, 1), (0, 2), (1, 2)), strict=True):
        nearest = vector - box * np.round(vector / box)
        distance = np.sqrt((nearest**2).sum(axis=1))
        total += pair_energy(distance / pair_range(d[i], d[j]))
    weight = np.exp(-total / temperature)
    exact = (weight * total).sum() / weight.sum()
    exact_error = np.sqrt((weight**2 * (total - exact) ** 2).sum()) / weight.sum()
    start = Configuration(
        positions=np.array([[0.0, 0.0, 0.0], [1.3, 0.0, 1.4], [1.3, 1.3, 0.2]]),
        diameters=d,
        box=box,
    )
    run = swap_monte_carlo(
        MODEL,
        start,
        temperature,
        2_400_000,
        7,
        0.3,
        max_displacement=largest_step(),
        burn_in=0,
        sample_interval=300,
    )
    mean, error = mean_with_error(run.energies)
    assert error < 0.08 * exact
    assert abs(mean - exact) < 4 * np.hypot(error, exact_error)


@pytest.mark.parametrize("partner_window", [None, 0.4])
def test_arrangements_are_visited_by_their_boltzmann_weights(partner_window):
    """Swaps alone: four sizes on four places, 24 arrangements, by the loop over moves itself."""
    temperature = 1.0
    configuration = Configuration(
        positions=np.array([[0.0, 0.0, 0.0], [1.3, 0.1, 4.5], [4.0, 1.32, 0.2], [0.9, 1.1, 1.0]]),
        diameters=np.array([0.73, 1.1, 1.4, 1.62]),
        box=np.array([4.1, 4.3, 4.6]),
    )
    run = swap_monte_carlo(
        MODEL,
        configuration,
        temperature,
        20 * 12_000,
        9,
        1.0,
        partner_window=partner_window,
        burn_in=0,
        sample_interval=20,
    )
    levels = {}
    vectors = configuration.positions[:, None] - configuration.positions[None]
    vectors -= configuration.box * np.round(vectors / configuration.box)
    distance = np.sqrt((vectors**2).sum(axis=-1))
    for arrangement in permutations(configuration.diameters):
        pairs = [
            pair_energy(distance[i, j] / pair_range(arrangement[i], arrangement[j]))
            for i in range(4)
            for j in range(i)
        ]
        levels[arrangement] = float(np.sum(pairs))
    energies = np.unique(np.round(list(levels.values()), 6), return_counts=True)
    expected = energies[1] * np.exp(-energies[0] / temperature)
    expected *= len(run.energies) / expected.sum()
    nearest = np.abs(run.energies[:, None] - energies[0][None, :]).argmin(axis=1)
    counts = np.bincount(nearest, minlength=len(expected))
    common = expected > 10
    assert common.sum() > 5
    chi2 = ((counts - expected)[common] ** 2 / expected[common]).sum()
    assert gammaincc((common.sum() - 1) / 2, chi2 / 2) > 1e-3
