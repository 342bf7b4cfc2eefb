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
from scipy.sparse import coo_array, csc_array, eye_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from glasswells.core.checks import positive, positive_array
from glasswells.core.records import Array
from glasswells.mechanics.averages import longitudinal_square, transverse_square
from glasswells.model.strain import voigt_numbers, voigt_tensor
from glasswells.observables.friction import Friction
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
    """Q^-1 but for 1/(V rho v^2).

    No mode is needed. With L = -p^{-1/2} W p^{1/2} and b = sqrt(p) V sigma, the solution of
    (L + i omega) x = b has Re(x^H L x) = sum of c_m^2 Gamma_m/(Gamma_m^2 + omega^2), for each two
    of the six components of V sigma: one sparse factorization.
    """
    n = len(network.energies)
    if n < 2:
        return 0.0, 0.0
    matrix = _symmetric(network, temperature)
    if omega <= 10 * n * np.finfo(float).eps * float(matrix.diagonal().max()):
        return math.nan, math.nan
    # Only differences of couplings count: without their mean the mode of equilibrium drops out.
    populations = occupations(network, temperature)
    couplings = network.couplings - np.einsum("k,kab->ab", populations, network.couplings)
    b = np.sqrt(populations)[:, None] * np.array([voigt_numbers(tensor) for tensor in couplings])
    x = splu(csc_array(matrix + omega * eye_array(n, dtype=np.complex128) * 1j)).solve(
        b.astype(np.complex128)
    )
    sums, axes = np.linalg.eigh((x.conj().T @ (matrix @ x)).real)
    tensors = np.array([voigt_tensor(axis) for axis in axes.T])
    weights = omega / temperature * sums
    return (
        float(weights @ longitudinal_square(tensors)),
        float(weights @ transverse_square(tensors)),
    )


def _symmetric(network: Network, temperature: float) -> csc_array:
    """L = -p^{-1/2} W p^{1/2} (K, K).

    Off the diagonal stands -nu/(2 pi) exp(-(V_S - (V_i + V_j)/2)/T), whatever the entropies, on it
    all rates from a minimum.
    """
    n = len(network.energies)
    other = network.ends[:, 0] != network.ends[:, 1]
    i, j = network.ends[other].T
    saddles, attempts = network.saddles[other], network.attempts[other] / (2.0 * math.pi)
    mean = (network.energies[i] + network.energies[j]) / 2
    rates = attempts * np.exp(-(saddles - mean) / temperature)
    leaving = np.zeros(n)
    for start, end in ((i, j), (j, i)):
        widths = (network.entropies[end] - network.entropies[start]) / 2
        exponent = -(saddles - network.energies[start]) / temperature + widths
        np.add.at(leaving, start, attempts * np.exp(exponent))
    everything = np.concatenate([leaving, -rates, -rates])
    rows, columns = np.concatenate([np.arange(n), i, j]), np.concatenate([np.arange(n), j, i])
    return csc_array(coo_array((everything, (rows, columns)), shape=(n, n)))
