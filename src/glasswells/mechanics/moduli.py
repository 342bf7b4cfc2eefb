"""Elastic moduli of a minimum: the affine response minus what the particles relax."""

from __future__ import annotations

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.checks import positive
from glasswells.core.errors import InputError
from glasswells.core.geometry import remove_drift
from glasswells.core.records import Array, Configuration
from glasswells.mechanics.derivatives import strain_derivatives
from glasswells.mechanics.records import ElasticModuli
from glasswells.model.pair_model import Model
from glasswells.model.strain import VOIGT, voigt_tensor
from glasswells.modes.stiffness import Stiffness, as_stiffness

ROUNDING = 1e-13
"""Non-affine forces below this many times the scale of the Hessian times the box are rounding:
strains that symmetry keeps affine, as in a crystal, have no others."""
TOLERANCES = (1e-12, 1e-7)
"""Residuals of the solutions: an exact Hessian allows the first. One of finite differences resists
translations by 1e-9 of its scale; the moduli's error is of second order in the residual."""


@expects(model=Model, configuration=Configuration)
def elastic_moduli(
    model: Model,
    configuration: Configuration,
    *,
    max_force: float = 1e-6,
    stiffness: Stiffness | None = None,
) -> ElasticModuli:
    r"""Moduli of an inherent structure at T = 0, with the relaxation of all particles.

    With the derivatives of the energy by strain e and by positions r, all at the minimum,

    .. math:: V A_{kl} = \frac{\partial^2 E}{\partial e_k \partial e_l}
              - \frac{\partial^2 E}{\partial e_k \partial r} \cdot M^{-1}
              \frac{\partial^2 E}{\partial r \partial e_l}

    (Lemaitre & Maloney, J. Stat. Phys. 123, 415, 2006): one solution with the Hessian M for each of
    the six strains. The configuration may be under stress; then an energy per strain and a stress
    per strain differ. `stiffness` is the latter, Birch's coefficients (Wallace, Solid State Phys.
    25, 301, 1970),

    .. math:: \frac{d\sigma_{ab}}{de_{cd}} = A_{abcd} + \frac{1}{4} (\sigma_{ac}\delta_{bd}
              + \sigma_{ad}\delta_{bc} + \sigma_{bc}\delta_{ad} + \sigma_{bd}\delta_{ac})
              - \sigma_{ab}\delta_{cd},

    the slope of the Cauchy stress with strain, so that `bulk` is -V dP/dV.

    Parameters
    ----------
    model, configuration
        A minimum.
    max_force
        Largest allowed force component.
    stiffness
        The `Stiffness` of this configuration, if at hand.

    Raises
    ------
    InputError
        If the model cannot describe the configuration or cannot be strained; if the configuration
        is no minimum.
    """
    max_force = positive("max_force", max_force)
    stiffness = as_stiffness(model, configuration, stiffness)
    positions = configuration.positions
    largest = float(np.abs(stiffness.interactions.energy_and_forces(positions)[1]).max())
    if not largest <= max_force:
        raise InputError(
            f"the largest force component is {largest:g}, expected at most {max_force:g}: moduli "
            f"are those of a minimum, use minimize first"
        )
    found = strain_derivatives(stiffness.interactions, positions)
    volume = float(np.prod(configuration.box))
    stress = voigt_tensor(found.gradient / volume)
    relaxed = found.curvature - relaxation(stiffness, found.mixed)
    return ElasticModuli(
        stiffness=birch_coefficients(relaxed / volume, stress),
        affine=birch_coefficients(found.curvature / volume, stress),
        stress=stress,
        max_force=largest,
    )


def relaxation(stiffness: Stiffness, mixed: Array) -> Array:
    """What the particles' own displacements take off the curvature: x_k . M^-1 x_l (6, 6)."""
    forces = _mass_weighted_forces(stiffness, mixed)
    product = np.einsum("kna,lna->kl", forces, non_affine(stiffness, mixed))
    symmetric: Array = 0.5 * (product + product.T)
    return symmetric


def non_affine(stiffness: Stiffness, mixed: Array) -> Array:
    """M^-1 x_k (6, N, 3), mass-weighted: minus what the particles move beyond each unit strain.

    Conjugate gradients on the blocks of M, as for nonlinear modes: six solutions take less time
    than one factorization.
    """
    noise = ROUNDING * stiffness.scale * float(stiffness.configuration.box.max())
    fields = np.zeros_like(mixed)
    for k, force in enumerate(_mass_weighted_forces(stiffness, mixed)):
        if float(np.abs(force).max()) <= noise:
            continue
        fields[k] = _displacements(stiffness, force)
    return fields


def _mass_weighted_forces(stiffness: Stiffness, mixed: Array) -> Array:
    """The derivatives x_k without drift, in the mass-weighted coordinates: x_i / sqrt(m_i).

    Masses do not enter products with their solutions.
    """
    return np.array([stiffness.displacement(remove_drift(force)) for force in mixed])


def _displacements(stiffness: Stiffness, force: Array) -> Array:
    for tolerance in TOLERANCES:
        solution = stiffness.solve(force, tolerance=tolerance)
        if solution is not None:
            return solution
    raise InputError(
        "the Hessian has a negative direction, expected a minimum: moduli of a saddle mean nothing"
    )


def birch_coefficients(curvature: Array, stress: Array) -> Array:
    """The slopes d sigma_k/d e_l (6, 6) from d2E/de_k de_l per volume and the stress."""
    one = np.eye(3)
    result = curvature.copy()
    for k, (a, b) in enumerate(VOIGT):
        for m, (c, d) in enumerate(VOIGT):
            result[k, m] += (
                stress[a, c] * one[b, d]
                + stress[a, d] * one[b, c]
                + stress[b, c] * one[a, d]
                + stress[b, d] * one[a, c]
            ) / 4 - stress[a, b] * one[c, d]
    return result
