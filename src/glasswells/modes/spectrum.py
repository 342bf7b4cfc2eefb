"""Normal modes (paper, eq. 3): the full spectrum or its soft end, and what is read off them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
import scipy.sparse.linalg
from numpy.typing import ArrayLike, NDArray

from glasswells.core.arguments import expects
from glasswells.core.checks import count as checked_count
from glasswells.core.checks import float64_array, fraction, positive
from glasswells.core.described import explained
from glasswells.core.errors import InputError
from glasswells.core.fields import participation_numbers
from glasswells.core.limits import Fraction, Positive, check_limits
from glasswells.core.records import Array, Configuration, NormalModes, VibrationalDensity
from glasswells.model.pair_model import Model
from glasswells.modes.kernels import chebyshev_filter
from glasswells.modes.stiffness import Stiffness, as_stiffness

FILTER_DEGREE = 30
"""Of the Chebyshev polynomial: 20 to 40 cost the same within noise."""
FILTER_WIDTH = 1.75
"""The filter damps what lies above this many times the modes asked for; 1.5 to 2 is
the flat optimum."""
FILTERED_ONE_IN = 5
"""Above a fifth of the spectrum the dense solver is the faster one."""
PROBE_STEPS = 100
"""Lanczos steps that estimate where the spectrum begins and ends."""
START_SEED = 20210511
"""Of the start vectors: results are the same in every run."""
ARPACK_RESIDUAL = 1e-9
"""Largest accepted |M v - lambda v| relative to the largest entry of M; 1e-14 is usual."""


@explained
@dataclass(frozen=True, kw_only=True, slots=True)
class QuasilocalizedLimits:
    """Below which a mode is quasilocalized (paper, section III).

    Raises
    ------
    InputError
        For limits that are no fraction or not positive.
    """

    participation: Fraction = 0.1
    """Upper participation ratio; 0.1 in the paper."""
    frequency: Positive = 2.0
    """Upper frequency. The paper says `low`, and shows the band of localized high-frequency modes
    far above."""

    def __post_init__(self) -> None:
        check_limits(self)


QUASILOCALIZED = QuasilocalizedLimits()
"""The usual limits."""


@expects(model=Model, configuration=Configuration)
def normal_modes(
    model: Model,
    configuration: Configuration,
    count: int | None = None,
    *,
    stiffness: Stiffness | None = None,
) -> NormalModes:
    """Normal modes M e = omega^2 e of a configuration (paper, eq. 3), translations first.

    M_ij / sqrt(m_i m_j) takes the place of the Hessian M_ij: `fields` are mass-weighted unit
    eigenvectors e, orthogonal to each other, and particles move along e_i / sqrt(m_i). Compare
    displacements with them after `mass_weighted`. With all masses 1 there is no difference.

    The three translations come first, e_i = sqrt(m_i) a, of frequency exactly 0; the others
    follow by ascending eigenvalue. At a configuration that is no minimum these are the
    instantaneous normal modes: a negative eigenvalue lambda gives the frequency
    -sqrt(-lambda), and such modes follow the translations directly. Eigenvalues below rounding
    (3N eps times the largest) count as 0.

    Parameters
    ----------
    model, configuration
        Forces need not vanish.
    count
        How many modes, translations included; None: all 3N.
    stiffness
        The `Stiffness` of this configuration, if at hand.

    Notes
    -----
    All modes: LAPACK's divide and conquer. Few: the implicitly restarted Lanczos method on a
    Chebyshev polynomial of M that damps the rest of the spectrum, a factor of ten faster than
    shift-invert (Zhou & Saad, SIAM J. Matrix Anal. Appl. 29, 954, 2007). Like every Krylov
    method it sees a degenerate level through rounding only; glasses have none.

    Raises
    ------
    InputError
        For a count outside [1, 3N]; if the model cannot describe the configuration.
    """
    n_modes = 3 * configuration.n_particles
    wanted = n_modes if count is None else checked_count("count", count, minimum=1)
    if wanted > n_modes:
        raise InputError(f"count is {wanted}, expected at most 3N = {n_modes}: use None for all")
    stiffness = as_stiffness(model, configuration, stiffness)
    n_translations = min(3, wanted)
    soft = wanted - n_translations
    pairs = None
    if 0 < soft <= n_modes // FILTERED_ONE_IN:
        pairs = _soft_end(stiffness, soft)
    if pairs is None:
        pairs = dense_spectrum(stiffness) if soft else (np.empty(0), np.empty((0, n_modes // 3, 3)))
    eigenvalues, vectors = pairs[0][:soft], pairs[1][:soft]
    noise = n_modes * np.finfo(float).eps * stiffness.scale
    eigenvalues = np.where(np.abs(eigenvalues) <= noise, 0.0, eigenvalues)
    translations = stiffness.translations()[:n_translations]
    fields = np.concatenate([translations, vectors])
    return NormalModes(
        frequencies=np.concatenate(
            [np.zeros(n_translations), np.sign(eigenvalues) * np.sqrt(np.abs(eigenvalues))]
        ),
        fields=fields,
        participation_ratios=participation_numbers(fields) / configuration.n_particles,
        n_translations=n_translations,
        complete=wanted == n_modes,
    )


def dense_spectrum(stiffness: Stiffness) -> tuple[Array, Array]:
    """All eigenvalues (3N - 3,) and vectors (3N - 3, N, 3) but the translations."""
    n_modes = 3 * stiffness.n_particles
    matrix = np.asfortranarray(stiffness.matrix.toarray())
    translations = stiffness.translations().reshape(3, -1)
    # Lift the translations above the rest, so that nothing near zero mixes with them.
    lift = 2.0 * float(np.abs(matrix).sum(axis=0).max()) + 1.0
    matrix += lift * (translations.T @ translations)
    values, vectors = scipy.linalg.eigh(matrix, driver="evd", overwrite_a=True, check_finite=False)
    fields = np.ascontiguousarray(vectors[:, : n_modes - 3].T).reshape(n_modes - 3, -1, 3)
    return values[: n_modes - 3], fields


def quasilocalized(
    modes: NormalModes,
    participation_limit: float = QUASILOCALIZED.participation,
    frequency_limit: float = QUASILOCALIZED.frequency,
) -> NDArray[np.int64]:
    """Indices of the quasilocalized modes: low frequency and PR < 0.1 (paper, section III).

    Translations and unstable modes are left out. The number of a mode as in the paper is its
    index plus one.

    Raises
    ------
    InputError
        For limits that are no fraction or not positive.
    """
    participation_limit = fraction("participation_limit", participation_limit)
    frequency_limit = positive("frequency_limit", frequency_limit)
    chosen = (
        (modes.frequencies > 0)
        & (modes.frequencies < frequency_limit)
        & (modes.participation_ratios < participation_limit)
    )
    chosen[: modes.n_translations] = False
    return np.flatnonzero(chosen)


def vibrational_density(
    modes: NormalModes | Sequence[NormalModes], edges: ArrayLike
) -> VibrationalDensity:
    """Vibrational density of states D(omega) = sum delta(omega - omega_l) / (3N - 3) by bins.

    Translations are left out. The error is the standard error over several minima, and for a
    single one sqrt(count), as if modes were independent.

    Parameters
    ----------
    modes
        Those of one minimum or of several. An incomplete spectrum gives the density below its
        highest frequency only: bins that reach beyond are refused.
    edges
        (bins + 1,), frequencies, strictly increasing.

    Raises
    ------
    InputError
        For no modes, edges that do not increase, bins beyond an incomplete spectrum.
    """
    several = [modes] if isinstance(modes, NormalModes) else list(modes)
    bounds = float64_array("edges", edges, (None,))
    if not several or len(bounds) < 2 or np.diff(bounds).min() <= 0:
        raise InputError(
            f"{len(several)} spectra and {len(bounds)} edges, expected at least one and two, "
            f"the edges strictly increasing"
        )
    for one in several:
        if not one.complete and bounds[-1] > one.frequencies[-1]:
            raise InputError(
                f"the last edge is {bounds[-1]:g}, expected at most the highest frequency "
                f"computed, {one.frequencies[-1]:g}: ask for more modes"
            )
    counts = np.array([np.histogram(m.frequencies[m.n_translations :], bounds)[0] for m in several])
    norm = np.array([[3.0 * m.fields.shape[1] - 3.0] for m in several]) * np.diff(bounds)
    densities = counts / norm
    if len(several) > 1:
        error = densities.std(axis=0, ddof=1) / np.sqrt(len(several))
    else:
        error = np.sqrt(counts[0]) / norm[0]
    return VibrationalDensity(
        edges=bounds,
        density=densities.mean(axis=0),
        error=error,
        counts=counts.sum(axis=0).astype(np.float64),
    )


def _soft_end(stiffness: Stiffness, soft: int) -> tuple[Array, Array] | None:
    """The `soft` lowest eigenpairs but the translations; None if not found reliably."""
    shape = (stiffness.n_particles, 3)
    start = stiffness.without_drift(np.random.default_rng(START_SEED).standard_normal(shape))
    cut, top = _filter_limits(stiffness, start, soft)
    if not 0 < cut < 0.5 * top:
        return None
    work_a, work_b = np.empty(shape), np.empty(shape)

    def filtered(vector: Array) -> Array:
        out = np.empty(shape)
        field = stiffness.without_drift(np.asarray(vector).reshape(shape))
        chebyshev_filter(stiffness.blocks, field, out, work_a, work_b, FILTER_DEGREE, cut, top)
        return stiffness.without_drift(out).ravel()

    size = 3 * stiffness.n_particles
    operator: Any = scipy.sparse.linalg.LinearOperator((size, size), matvec=filtered, dtype=float)
    try:
        _, vectors = scipy.sparse.linalg.eigsh(operator, k=soft, which="LA", v0=start.ravel())
    except scipy.sparse.linalg.ArpackNoConvergence:
        return None
    # Rayleigh-Ritz with M itself: eigenvalues of M, and an order that is theirs.
    basis = np.linalg.qr(vectors)[0]
    products = np.stack([stiffness.product(v).ravel() for v in basis.T], axis=1)
    values, rotation = np.linalg.eigh(basis.T @ products)
    residual = np.linalg.norm(products @ rotation - (basis @ rotation) * values, axis=0).max()
    if not (residual <= ARPACK_RESIDUAL * stiffness.scale and values[-1] < cut):
        return None
    return values, np.ascontiguousarray((basis @ rotation).T).reshape(soft, *shape)


def _filter_limits(stiffness: Stiffness, start: Array, soft: int) -> tuple[float, float]:
    """Eigenvalue below which about FILTER_WIDTH `soft` modes lie, and one above all of them."""
    measure = stiffness.measure(start)
    measure.extend(PROBE_STEPS)
    quadrature = measure.quadrature()
    top = 1.01 * float((quadrature.nodes + quadrature.residuals).max())
    below = np.cumsum(quadrature.weights) * (3 * stiffness.n_particles - 3)
    wanted = max(FILTER_WIDTH * soft, soft + 10.0)
    cut = float(np.interp(wanted, below, quadrature.nodes))
    return cut, top
