r"""Internal friction of a network of minima, in which one relaxation passes several saddles.

The occupations p follow dp/dt = W p. Over a saddle S with the mean attempt frequency nu the rate
from minimum i to minimum j is

.. math:: W_{ji} = \frac{\nu}{2\pi} e^{-(V_S - V_i)/T + (s_j - s_i)/2},

which keeps the equilibrium p_k ~ exp(-V_k/T + s_k) in detailed balance whatever the network; the
columns of W add up to 0. A strain changes the energy of minimum k by (V sigma_k) e. The answer of
the stress to it is, by linear response,

.. math:: Q^{-1}(T, \omega) = \frac{1}{V \rho v^2 T} \sum_m c_m^2
          \frac{\omega\Gamma_m}{\omega^2 + \Gamma_m^2}, \qquad
          c_m = \sum_k v_{mk} \sqrt{p_k}\, (V \sigma_k),

over the modes v_m of the symmetric matrix p^{-1/2} W p^{1/2} with the rates Gamma_m > 0
(arXiv:2406.17978 computes Q^-1 of amorphous silicon in this way). The coupling belongs to the
node: the sum over links that each carry their own g^2 is another number wherever a minimum has more
than one saddle.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from glasswells.core.checks import positive, positive_array
from glasswells.core.records import Array
from glasswells.mechanics.averages import longitudinal_square, transverse_square
from glasswells.observables.friction import Friction, debye_peak
from glasswells.observables.records import Medium, Network


def rate_matrix(network: Network, temperature: float) -> Array:
    """W (K, K), W_ji from minimum i to minimum j; columns add up to 0.

    Several saddles between two minima add; one that leads back to its own minimum does nothing.
    """
    kT, n = positive("temperature", temperature), len(network.energies)
    matrix = np.zeros((n, n))
    for start, end in ((0, 1), (1, 0)):
        i, j = network.ends[:, start], network.ends[:, end]
        log_rate = -(network.saddles - network.energies[i]) / kT
        log_rate = log_rate + (network.entropies[j] - network.entropies[i]) / 2
        np.add.at(matrix, (j, i), network.attempts / (2.0 * math.pi) * np.exp(log_rate))
    np.fill_diagonal(matrix, 0.0)
    np.fill_diagonal(matrix, -matrix.sum(axis=0))
    return matrix


def occupations(network: Network, temperature: float) -> Array:
    """p_k (K,) at equilibrium, adding up to 1."""
    exponent = -network.energies / positive("temperature", temperature) + network.entropies
    weights = np.exp(exponent - exponent.max())
    populations: Array = weights / weights.sum()
    return populations


def network_friction(
    network: Network, medium: Medium, temperatures: ArrayLike, omega: float
) -> Friction:
    """Q^-1 at temperatures (M,) and one angular frequency.

    The equilibrium is that over all minima of the network. Minima that no saddle joins never
    exchange occupation: pass one connected part (`largest_part`).

    Parameters
    ----------
    network
        Minima and saddles of one glass.
    medium
        Moduli that the waves see.
    temperatures
        (M,), reduced.
    omega
        Reduced. Rounding hides rates below K eps times the fastest one; where `omega` is no larger
        than that the friction is NaN.
    """
    temperature = positive_array("temperatures", temperatures, (None,), "temperatures")
    frequency = positive("omega", omega)
    columns = [_friction_at(network, float(kT), frequency) for kT in temperature]
    longitudinal, transverse = np.array(columns).reshape(-1, 2).T / network.volume
    return Friction(
        longitudinal=longitudinal / medium.longitudinal, transverse=transverse / medium.transverse
    )


def largest_part(network: Network) -> Network:
    """The connected part with the most minima; of equal ones that of the first minimum."""
    n = len(network.energies)
    links = coo_array((np.ones(len(network.ends)), network.ends.T), shape=(n, n))
    labels = connected_components(links, directed=False)[1]
    kept = np.flatnonzero(labels == np.argmax(np.bincount(labels, minlength=1)))
    number = np.full(n, -1)
    number[kept] = np.arange(len(kept))
    inside = (number[network.ends] >= 0).all(axis=1)
    return Network(
        volume=network.volume,
        energies=network.energies[kept],
        couplings=network.couplings[kept],
        ends=number[network.ends[inside]],
        saddles=network.saddles[inside],
        attempts=network.attempts[inside],
        entropies=network.entropies[kept],
    )


def _friction_at(network: Network, temperature: float, omega: float) -> tuple[float, float]:
    n = len(network.energies)
    rates, modes = np.linalg.eigh(-_symmetric(network, temperature))
    if n < 2 or omega <= 10 * n * np.finfo(float).eps * float(np.abs(rates).max()):
        return (0.0, 0.0) if n < 2 else (math.nan, math.nan)
    # Only differences of couplings count: without their mean the mode of equilibrium drops out.
    populations = occupations(network, temperature)
    couplings = network.couplings - np.einsum("k,kab->ab", populations, network.couplings)
    amplitudes = np.einsum("km,k,kab->mab", modes, np.sqrt(populations), couplings)
    peaks = debye_peak(np.maximum(rates, 0.0), omega) / temperature
    return (
        float(peaks @ longitudinal_square(amplitudes)),
        float(peaks @ transverse_square(amplitudes)),
    )


def _symmetric(network: Network, temperature: float) -> Array:
    """p^{-1/2} W p^{1/2} (K, K).

    Off the diagonal stands nu/(2 pi) exp(-(V_S - (V_i + V_j)/2)/T), whatever the entropies.
    """
    matrix = np.diag(np.diag(rate_matrix(network, temperature)))
    i, j = network.ends.T
    mean = (network.energies[i] + network.energies[j]) / 2
    rates = network.attempts / (2.0 * math.pi) * np.exp(-(network.saddles - mean) / temperature)
    other = i != j
    np.add.at(matrix, (i[other], j[other]), rates[other])
    np.add.at(matrix, (j[other], i[other]), rates[other])
    return matrix
