"""Order where there should be none: crystals, and large particles parted from small."""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree
from scipy.special import sph_harm_y

from glasswells.core.geometry import minimum_image, wrap
from glasswells.core.records import Array, Configuration

BOND_LENGTH = 1.4
"""Neighbors are closer than this times their mean diameter: the first minimum of g(r/sigma_ij)."""
SOLID_BOND = 0.7
"""Two neighbors are bonded like a crystal if their normalized q6 vectors overlap by more."""
SOLID_BONDS = 7
"""A particle with at least this many such bonds counts as crystalline (ten Wolde, Ruiz-Montero &
Frenkel, J. Chem. Phys. 104, 9932, 1996)."""


def crystalline_fraction(configuration: Configuration) -> float:
    """Fraction of particles in a crystalline environment, by the bond-orientational order q6.

    q6m(i) is the mean of Y6m over the bonds of i; a bond i-j is solid-like if the normalized
    q6(i).q6(j)* exceeds 0.7, and a particle crystalline if it has at least seven such bonds.
    A liquid or glass has below a few percent, an fcc or bcc crystal above 90.
    """
    first, second, vectors = _bonds(configuration)
    n = configuration.n_particles
    polar = np.arccos(np.clip(vectors[:, 2] / np.linalg.norm(vectors, axis=1), -1, 1))
    azimuth = np.arctan2(vectors[:, 1], vectors[:, 0])
    harmonics = np.array([sph_harm_y(6, m, polar, azimuth) for m in range(-6, 7)])
    q6 = np.array(
        [np.bincount(first, h.real, n) + 1j * np.bincount(first, h.imag, n) for h in harmonics]
    ).T
    norms = np.linalg.norm(q6, axis=1)
    q6 /= np.where(norms > 0, norms, 1.0)[:, None]
    solid = np.real(np.sum(q6[first] * q6[second].conj(), axis=1)) > SOLID_BOND
    return float(np.mean(np.bincount(first, solid, n) >= SOLID_BONDS))


def fractionation(configuration: Configuration) -> float:
    """Structure factor of the diameters at the smallest wave vectors of the box.

    S(k) = (1/N) |sum_i z_i exp(i k.r_i)|^2 with z_i = (sigma_i - <sigma>)/std(sigma), mean over
    the thirteen directions of the vectors (2 pi / L)(h, k, l) with h, k, l in {-1, 0, 1}. It is of
    order one in a mixture and grows like N when large and small particles part.
    """
    d = configuration.diameters
    spread = d.std()
    if spread == 0:
        return 0.0
    z = (d - d.mean()) / spread
    indices = np.stack(np.meshgrid(*[[-1, 0, 1]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    waves = 2 * np.pi * indices[14:] / configuration.box  # the 13 others are their opposites
    amplitudes = np.exp(1j * configuration.positions @ waves.T).T @ z
    return float(np.mean(np.abs(amplitudes) ** 2) / len(d))


def _bonds(configuration: Configuration) -> tuple[Array, Array, Array]:
    """Directed bonds (i, j) and their vectors."""
    box, d = configuration.box, configuration.diameters
    positions = wrap(configuration.positions, box)
    longest = min(BOND_LENGTH * float(d.max()), 0.499 * float(box.min()))
    pairs = cKDTree(positions, boxsize=box).query_pairs(longest, output_type="ndarray")
    vectors = minimum_image(positions[pairs[:, 1]] - positions[pairs[:, 0]], box)
    close = np.linalg.norm(vectors, axis=1) < BOND_LENGTH * d[pairs].mean(axis=1)
    pairs, vectors = pairs[close], vectors[close]
    return (
        np.concatenate([pairs[:, 0], pairs[:, 1]]),
        np.concatenate([pairs[:, 1], pairs[:, 0]]),
        np.concatenate([vectors, -vectors]),
    )
