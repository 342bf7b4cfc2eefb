"""Two-level systems, double wells and networks with known answers."""

from __future__ import annotations

import itertools

import numpy as np

from glasswells.observables import Medium, Network, ThermalWells, TwoLevelStates

MEDIUM = Medium(density=1.1, longitudinal=60.0, transverse=14.0)


def states(splitting, amplitude, longitudinal2=1.0, transverse2=1.0, volume=100.0):
    n = len(splitting)
    return TwoLevelStates(
        volume=volume,
        splitting=np.array(splitting, dtype=float),
        amplitude=np.array(amplitude, dtype=float),
        longitudinal2=np.broadcast_to(longitudinal2, n).astype(float),
        transverse2=np.broadcast_to(transverse2, n).astype(float),
    )


def random_tensors(n: int, seed: int) -> np.ndarray:
    g = np.random.default_rng(seed).normal(size=(n, 3, 3))
    return g + g.transpose(0, 2, 1)


def directions() -> list[tuple[float, np.ndarray, tuple[np.ndarray, np.ndarray]]]:
    """Weights, directions n and two polarizations across each: exact for fourth-order products."""
    found = []
    cosines, weights = np.polynomial.legendre.leggauss(8)
    for (z, w), phi in itertools.product(
        zip(cosines, weights, strict=True), 2 * np.pi * np.arange(16) / 16
    ):
        sine = np.sqrt(1 - z**2)
        n = np.array([sine * np.cos(phi), sine * np.sin(phi), z])
        first = np.array([z * np.cos(phi), z * np.sin(phi), -sine])
        found.append((w / 2 / 16, n, (first, np.cross(n, first))))
    return found


def two_minima(barrier, asymmetry, attempt_a, attempt_b, coupling, volume=100.0) -> Network:
    """A double well as a network; the minimum's width stands in its entropy."""
    return Network(
        volume=volume,
        energies=np.array([0.0, asymmetry]),
        couplings=np.array([np.zeros((3, 3)), coupling]),
        ends=np.array([[0, 1]]),
        saddles=np.array([barrier]),
        attempts=np.array([np.sqrt(attempt_a * attempt_b)]),
        entropies=-np.log([attempt_a, attempt_b]),
    )


def independent(networks: list[Network]) -> Network:
    """All states of several networks that do not know each other: energies and couplings add."""
    found = networks[0]
    for other in networks[1:]:
        found = _product(found, other)
    return found


def _product(a: Network, b: Network) -> Network:
    def number(i, j):
        return i * len(b.energies) + j

    ends, saddles, attempts = [], [], []
    for link, (i, j) in enumerate(a.ends):
        for k, energy in enumerate(b.energies):
            ends.append((number(i, k), number(j, k)))
            saddles.append(a.saddles[link] + energy)
            attempts.append(a.attempts[link])
    for link, (i, j) in enumerate(b.ends):
        for k, energy in enumerate(a.energies):
            ends.append((number(k, i), number(k, j)))
            saddles.append(b.saddles[link] + energy)
            attempts.append(b.attempts[link])
    return Network(
        volume=a.volume,
        energies=np.add.outer(a.energies, b.energies).ravel(),
        couplings=(a.couplings[:, None] + b.couplings[None]).reshape(-1, 3, 3),
        ends=np.array(ends),
        saddles=np.array(saddles),
        attempts=np.array(attempts),
        entropies=np.add.outer(a.entropies, b.entropies).ravel(),
    )


def wells(barrier, asymmetry, attempt_a, attempt_b, couplings, volume=100.0) -> ThermalWells:
    squares = [sum(w * (n @ g @ n) ** 2 for w, n, _ in directions()) for g in np.array(couplings)]
    across = [
        sum(w * ((n @ g @ m) ** 2) / 2 for w, n, both in directions() for m in both)
        for g in np.array(couplings)
    ]
    return ThermalWells(
        volume=volume,
        barrier=np.array(barrier, dtype=float),
        asymmetry=np.array(asymmetry, dtype=float),
        attempt_a=np.array(attempt_a, dtype=float),
        attempt_b=np.array(attempt_b, dtype=float),
        longitudinal2=np.array(squares),
        transverse2=np.array(across),
    )
