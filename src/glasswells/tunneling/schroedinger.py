r"""Lowest levels of H = -(hb^2/2) d^2/ds^2 + V(s), in two independent discretizations.

======================  ==============================================================
symbol                  variable
======================  ==============================================================
:math:`\tilde\hbar`     `reduced_hbar`
:math:`V(s)`            `potential`
:math:`\psi_k(s_g)`     `states` (G, 4), normalized with the quadrature `weights` (G,)
======================  ==============================================================

*Modal*: long elements, integrated Legendre polynomials, exact mass matrix, V by Gauss quadrature.
*Nodal*: shorter spectral elements, Lagrange polynomials through Gauss-Lobatto points; the
quadrature at these points makes the mass matrix diagonal; another mesh in another, larger box.
They share nothing but V and the survey of where the wave functions live. (Szabo & Babuska,
Finite Element Analysis, 1991; Canuto et al., Spectral Methods, 2006, chapter 2.)

At the edge of the box, and at hard walls, the wave function is zero.
"""

from __future__ import annotations

import functools
from typing import NamedTuple

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray
from scipy.linalg import eigh

from glasswells.tunneling.continuation import Potential
from glasswells.tunneling.mesh import N_LEVELS, Mesh, Survey, mesh

Array = NDArray[np.float64]


class Solution(NamedTuple):
    """The lowest levels in one discretization with n basis functions and G points."""

    levels: Array
    """(4,), increasing, energy above minimum A."""
    states: Array
    """(G, 4), wave functions at the points."""
    points: Array
    """(G,), arc length."""
    weights: Array
    """(G,), quadrature: sum_g weights_g states_gk states_gl = delta_kl."""
    left_weights: Array
    """(G,), the same for the integral up to the top of the barrier."""
    matrix: Array
    """(n, n), H in the basis."""
    mass: Array
    """(n, n), overlaps of the basis functions."""
    vectors: Array
    """(n, 4), matrix @ vectors = mass @ vectors * levels."""
    n_left: int
    """How many of the functions, the first ones, vanish right of the top of the barrier."""
    noise: float
    """eps * ||H||, below which differences of levels are rounding."""


def solve_modal(potential: Potential, reduced_hbar: float, found: Survey) -> Solution:
    """Levels by long elements of integrated Legendre polynomials (Rayleigh-Ritz).

    Raises
    ------
    InputError
        For more unknowns than the resolution of the survey allows.
    """
    resolution = found.resolution
    degree = resolution.modal_degree
    cut = mesh(found, resolution.decay, resolution.modal_action, degree)
    half = cut.half[:, None]
    x, w, basis, stiffness, mass_matrix = _integrated_legendre(degree)
    points, weights = cut.edges[:-1, None] + half * (1.0 + x), half * w
    energy = (basis * (weights * potential(points))[:, None, :]) @ basis.T
    blocks = energy + (reduced_hbar**2 / (2 * half[:, :, None])) * stiffness
    masses = half[:, :, None] * mass_matrix
    scale = 1.0 / np.sqrt(_summed(np.diagonal(masses, axis1=1, axis2=2)))
    matrix, noise = _assembled(blocks, scale)
    mass, _ = _assembled(masses, scale)
    levels, vectors = eigh(matrix, mass, subset_by_index=[0, N_LEVELS - 1], check_finite=False)
    coefficients = np.pad(vectors, ((1, 1), (0, 0))) * scale[:, None]
    local = coefficients[_functions(len(half), degree)]
    is_left = np.arange(len(half))[:, None] < cut.n_left
    return Solution(
        levels=levels,
        states=(basis.T @ local).reshape(-1, N_LEVELS),
        points=points.ravel(),
        weights=weights.ravel(),
        left_weights=(weights * is_left).ravel(),
        matrix=matrix,
        mass=mass,
        vectors=vectors,
        n_left=_n_left(cut, degree),
        noise=noise,
    )


def solve_nodal(potential: Potential, reduced_hbar: float, found: Survey) -> Solution:
    """Levels by shorter Gauss-Lobatto spectral elements, in the larger box of the check.

    Raises
    ------
    InputError
        For more unknowns than the resolution of the survey allows.
    """
    resolution = found.resolution
    degree = resolution.nodal_degree
    cut = mesh(found, resolution.check_decay, resolution.nodal_action, degree)
    half = cut.half[:, None]
    x, w, stiffness = _gauss_lobatto(degree)
    local = half * w
    is_left = np.arange(len(half))[:, None] < cut.n_left
    weights, left_weights = _summed(local)[1:-1], _summed(local * is_left)[1:-1]
    points = (cut.edges[:-1, None] + half * (1.0 + x))[:, 1:].ravel()[:-1]
    scale = 1.0 / np.sqrt(weights)
    blocks = (reduced_hbar**2 / (2 * half[:, :, None])) * stiffness
    matrix, noise = _assembled(blocks, np.pad(scale, 1))
    energies = potential(points)
    matrix[np.diag_indices(len(points))] += energies
    noise += np.finfo(float).eps * float(np.abs(energies).max())
    levels, vectors = eigh(matrix, subset_by_index=[0, N_LEVELS - 1], check_finite=False)
    return Solution(
        levels=levels,
        states=vectors * scale[:, None],
        points=points,
        weights=weights,
        left_weights=left_weights,
        matrix=matrix,
        mass=np.eye(len(points)),
        vectors=vectors,
        n_left=_n_left(cut, degree),
        noise=noise,
    )


def _functions(n_elements: int, degree: int) -> NDArray[np.intp]:
    """Numbers (elements, degree + 1) of each element's functions; neighbors share one."""
    return np.arange(n_elements)[:, None] * degree + np.arange(degree + 1)


def _summed(values: Array) -> Array:
    """Sum per function of the contributions (elements, degree + 1) of the elements."""
    n_elements, n_local = values.shape
    numbers = _functions(n_elements, n_local - 1)
    return np.bincount(numbers.ravel(), weights=values.ravel()).astype(np.float64)


def _assembled(blocks: Array, scale: Array) -> tuple[Array, float]:
    """The matrix from those of the elements (elements, degree + 1, degree + 1), and its noise.

    Rows and columns are multiplied by `scale`, one number per function; the two functions at
    the edge of the box are left out. The noise is eps times a bound of the largest row sum.
    """
    degree = blocks.shape[1] - 1
    numbers = _functions(len(blocks), degree)
    local_scale = scale[numbers]
    scaled = blocks * local_scale[:, :, None] * local_scale[:, None, :]
    n = degree * len(blocks) + 1
    full = np.zeros((n, n))
    for e, block in enumerate(scaled):
        own = slice(e * degree, (e + 1) * degree + 1)
        full[own, own] += block
    largest = _summed(np.abs(scaled).sum(axis=2)).max()
    return full[1:-1, 1:-1], float(np.finfo(float).eps * largest)


def _n_left(cut: Mesh, degree: int) -> int:
    # One function sits on the top itself and counts as right; that of the box edge is gone.
    return max(0, degree * cut.n_left - 1)


@functools.cache
def _gauss_lobatto(degree: int) -> tuple[Array, Array, Array]:
    """Points and weights (degree + 1,) of one nodal element on [-1, 1], and its stiffness."""
    coefficients = np.zeros(degree + 1)
    coefficients[degree] = 1.0
    inner = legendre.legroots(legendre.legder(coefficients))
    x = np.concatenate([[-1.0], inner, [1.0]])
    at_nodes = legendre.legval(x, coefficients)
    w = 2.0 / (degree * (degree + 1) * at_nodes**2)
    gap = x[:, None] - x + np.eye(degree + 1)
    derivative = at_nodes[:, None] / (at_nodes * gap)
    np.fill_diagonal(derivative, 0.0)
    np.fill_diagonal(derivative, -derivative.sum(axis=1))
    return x, w, derivative.T @ (w[:, None] * derivative)


@functools.cache
def _integrated_legendre(degree: int) -> tuple[Array, Array, Array, Array, Array]:
    """Gauss points and weights (Q,), modes there (degree + 1, Q), stiffness and mass matrices.

    The modes are ordered from left to right: the hat of the left edge, degree - 1 bubbles
    (P_j - P_{j-2}) / sqrt(4 j - 2), whose derivatives are orthonormal, the hat of the right edge.
    """
    # Ten points more than exact overlaps need, for V varies inside an element.
    x, w = legendre.leggauss(degree + 10)
    values = legendre.legvander(x, degree).T
    j = np.arange(2, degree + 1)[:, None]
    bubbles = (values[2:] - values[:-2]) / np.sqrt(4 * j - 2)
    basis = np.concatenate([[(1 - x) / 2], bubbles, [(1 + x) / 2]])
    stiffness = np.eye(degree + 1)
    stiffness[[0, 0, -1, -1], [0, -1, 0, -1]] = [0.5, -0.5, -0.5, 0.5]
    return x, w, basis, stiffness, (basis * w) @ basis.T
