"""What the room gives: moduli and deformation potentials."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from glasswells.core.described import described
from glasswells.core.records import Array, freeze
from glasswells.mechanics.averages import longitudinal_square, transverse_square


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ElasticModuli:
    """Elastic response of a minimum, in energy per volume."""

    stiffness: Array
    """(6, 6), d sigma_k / d e_l in Voigt's notation (xx yy zz yz xz xy, engineering shear), with
    all particles relaxed: Birch's coefficients. Symmetric if the stress is isotropic."""
    affine: Array
    """(6, 6), the same if every particle followed the strain: the Born part."""
    stress: Array
    """(3, 3), the stress of the minimum itself, tensile positive."""
    max_force: float
    """Largest absolute force component of the configuration."""

    def __post_init__(self) -> None:
        freeze(self, stiffness=self.stiffness, affine=self.affine, stress=self.stress)

    @property
    def pressure(self) -> float:
        """P = -tr(sigma)/3."""
        return -float(np.trace(self.stress)) / 3

    @property
    def bulk(self) -> float:
        """K = (1/9) sum over the 3 x 3 block of normal strains; -V dP/dV at T = 0."""
        return float(self.stiffness[:3, :3].sum()) / 9

    @property
    def shear(self) -> float:
        """G, Voigt's average over all directions of shear: that of the isotropic part."""
        normal = self.stiffness[:3, :3]
        diagonal = float(np.trace(normal))
        coupling = (float(normal.sum()) - diagonal) / 2
        return (diagonal - coupling + 3 * float(np.trace(self.stiffness[3:, 3:]))) / 15

    @property
    def longitudinal(self) -> float:
        """M = K + 4 G / 3, the modulus of longitudinal waves."""
        return self.bulk + 4 * self.shear / 3


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class DeformationPotential:
    """How the asymmetry of a double well follows a homogeneous strain.

    g_ab = d(Delta)/d(e_ab), with e_ab the symmetric strain **tensor**: a shear of the angle theta
    in the plane ab has e_ab = e_ba = theta/2 and shifts Delta by g_ab theta. The standard tunneling
    model writes Delta = 2 gamma e (Phillips, Rep. Prog. Phys. 50, 1657, 1987), so **gamma = g/2,
    and gamma^2 is a quarter of g^2**. Formulas that are quadratic in the coupling are either
    written with g (relaxation: the prefactor 1/(4 T) of sech^2 belongs to g) or with gamma (the
    tunneling strength P gamma^2/(rho v^2)): look which.
    """

    tensor: Array
    """(3, 3), g_ab = V (sigma_ab(B) - sigma_ab(A)), energy; and what zero-point energies add, where
    they were asked for."""

    def __post_init__(self) -> None:
        freeze(self, tensor=self.tensor)

    @property
    def longitudinal2(self) -> float:
        """<(n.g n)^2> over all directions n: mean square of g for longitudinal waves.

        (1/5) sum g_aa^2 + (2/15) sum_{a<b} g_aa g_bb + (4/15) sum_{a<b} g_ab^2.
        """
        return float(longitudinal_square(self.tensor))

    @property
    def transverse2(self) -> float:
        """<(n.g m)^2> over all directions n and polarizations m across them.

        (1/15) sum g_aa^2 - (1/15) sum_{a<b} g_aa g_bb + (1/5) sum_{a<b} g_ab^2. The strain of the
        wave is the slope du_m/dn of its displacement, the angle of shear, and not half of it.
        """
        return float(transverse_square(self.tensor))

    @property
    def gamma_longitudinal2(self) -> float:
        """Mean square of gamma = g/2 for longitudinal waves: `longitudinal2` / 4."""
        return self.longitudinal2 / 4

    @property
    def gamma_transverse2(self) -> float:
        """Mean square of gamma = g/2 for transverse waves: `transverse2` / 4."""
        return self.transverse2 / 4
