"""The Stillinger-Weber energy of tetrahedral materials, in electronvolts and angstroms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse

from glasswells.core.checks import positive
from glasswells.core.described import explained
from glasswells.core.errors import InputError
from glasswells.core.records import Array, Configuration
from glasswells.model.angular_hessian import angular_hessian
from glasswells.model.angular_kernels import AngularConstants, gradient_kernel
from glasswells.model.frozen_pairs import PairDerivatives
from glasswells.model.interactions import PairInteractions
from glasswells.model.law import PairLaw
from glasswells.model.pair_model import PairModel
from glasswells.model.stillinger_weber_forces import energy_and_forces
from glasswells.model.stillinger_weber_law import (
    NEAREST,
    StillingerWeberConstants,
    stillinger_weber_law,
)
from glasswells.model.strain import UNIT_STRAINS, StrainDerivatives, voigt_numbers

SKIN = 0.8
"""Angstroms: lists stay valid while no atom moves farther than half of this."""
BOND = 1.4
"""In sigma: a quenched melt of 512 atoms had 8 pairs from 2.7 to 2.8 angstrom, 2 from 2.9 to
3.0, and 25 from 3.2 to 3.3."""
NO_STRAIN = np.zeros((3, 3))


@explained
@dataclass(frozen=True, kw_only=True, slots=True)
class StillingerWeberParameters:
    """Numbers of one material; the powers p = 4 and q = 0 are those of all published silicon sets.

    Raises
    ------
    InputError
        For numbers that are not positive, a cosine outside [-1, 1].
    """

    epsilon: float
    """Energy, eV."""
    sigma: float
    """Length, angstrom."""
    cutoff: float = 1.80
    """a: all terms end at a sigma."""
    strength: float
    """lambda, of the angular term."""
    decay: float = 1.20
    """gamma, of the angular term."""
    cosine: float = -1 / 3
    """cos(theta_0): the angle that costs nothing."""
    A: float = 7.049556277
    """Of the two-body term."""
    B: float = 0.6022245584
    """Of the two-body term."""

    def __post_init__(self) -> None:
        for name in ("epsilon", "sigma", "cutoff", "strength", "decay", "A", "B"):
            object.__setattr__(self, name, positive(name, getattr(self, name)))
        if not -1 <= self.cosine <= 1:
            raise InputError(f"cosine is {self.cosine!r}, expected a number in [-1, 1]")


PARAMETERS = {
    "stillinger-weber-1985": StillingerWeberParameters(epsilon=2.1683, sigma=2.0951, strength=21.0),
    "vink-2001": StillingerWeberParameters(epsilon=1.64833, sigma=2.0951, strength=31.5),
}
"""Silicon: Stillinger & Weber, PRB 31, 5262 (1985), with 50 kcal/mol as 2.1683 eV; amorphous
silicon: Vink, Barkema, van der Weg & Mousseau, J. Non-Cryst. Solids 282, 248 (2001)."""


@explained
@dataclass(frozen=True, slots=True)
class StillingerWeber:
    r"""Silicon after Stillinger & Weber, PRB 31, 5262 (1985).

    .. math:: V = \sum_{i<j} A \epsilon [B (\sigma/r)^4 - 1] e^{\sigma/(r - a\sigma)}
              + \sum_i \sum_{j<k} \lambda \epsilon (\cos\theta_{jik} - \cos\theta_0)^2
              e^{\gamma\sigma/(r_{ij} - a\sigma)} e^{\gamma\sigma/(r_{ik} - a\sigma)}

    Lengths are angstroms, energies and temperatures electronvolts. All derivatives vanish at the
    cutoff a sigma = 3.77 angstrom, so that Hessian and higher orders are defined everywhere, and
    all are exact. A configuration has diameters 1, and masses in atomic mass units with the unit
    set `METAL`, or masses 1 with `SILICON`.

    Parameters
    ----------
    parameters
        `stillinger-weber-1985`, `vink-2001` (amorphous silicon: a weaker bond, stiffer angles), or
        `StillingerWeberParameters`.

    Raises
    ------
    InputError
        For another name.
    """

    parameters: StillingerWeberParameters | str = "stillinger-weber-1985"
    """The name of a published set, or the numbers."""

    def __post_init__(self) -> None:
        known = isinstance(self.parameters, str) and self.parameters in PARAMETERS
        if not known and not isinstance(self.parameters, StillingerWeberParameters):
            raise InputError(
                f"parameters are {self.parameters!r}, expected one of {', '.join(PARAMETERS)}, or "
                f"StillingerWeberParameters"
            )

    @property
    def numbers(self) -> StillingerWeberParameters:
        """The parameters, by name or not."""
        if isinstance(self.parameters, str):
            return PARAMETERS[self.parameters]
        return self.parameters

    @property
    def bond_length(self) -> float:
        """Distance below which two atoms are bonded, angstrom: 2.93 for sigma of silicon.

        It lies in the first minimum of the pair distribution of amorphous silicon.
        """
        return BOND * self.numbers.sigma

    def check(self, configuration: Configuration) -> None:
        """Raise unless all diameters are 1 and each box edge is at least twice the cutoff."""
        strange = configuration.diameters != 1.0
        if strange.any():
            k = int(np.argmax(strange))
            raise InputError(
                f"diameters[{k}] is {configuration.diameters[k]}, expected 1 for every atom of "
                f"Stillinger-Weber silicon: its size is in the model"
            )
        PairModel.check(_Pairs(self.numbers), configuration)

    def interactions(self, configuration: Configuration) -> StillingerWeberInteractions:
        """The energy of these atoms as a function of their positions."""
        self.check(configuration)
        return StillingerWeberInteractions(self.numbers, configuration)


class _Pairs(PairModel):
    """What of the energy is a sum over pairs."""

    ends_smoothly = True

    def __init__(self, numbers: StillingerWeberParameters) -> None:
        self._numbers = numbers
        self.cutoff = numbers.cutoff * numbers.sigma

    @property
    def law(self) -> PairLaw:
        return stillinger_weber_law()

    @property
    def constants(self) -> StillingerWeberConstants:
        n = self._numbers
        return StillingerWeberConstants(
            cutoff2=self.cutoff**2,
            cutoff=self.cutoff,
            repulsion=n.A * n.B * n.epsilon * n.sigma**4,
            attraction=n.A * n.epsilon,
            decay=n.sigma,
            double_decay=2 * n.decay * n.sigma,
            itself=n.strength * n.epsilon * (1 - n.cosine) ** 2,
            nearest=NEAREST * n.sigma,
        )

    @property
    def is_repulsive(self) -> bool:
        return False


class StillingerWeberInteractions:
    """Energy and derivatives of one set of atoms; see `Interactions`.

    A pair model plus the angular energy of `angular_kernels`, on one neighbor list.
    """

    def __init__(self, numbers: StillingerWeberParameters, configuration: Configuration) -> None:
        self.box = configuration.box
        self._pair_part = PairInteractions(_Pairs(numbers), configuration, SKIN)
        cutoff = numbers.cutoff * numbers.sigma
        self._constants = AngularConstants(
            cutoff2=(cutoff + NEAREST * numbers.sigma) ** 2,
            cutoff=cutoff,
            decay=numbers.decay * numbers.sigma,
            strength=numbers.strength * numbers.epsilon,
            cosine=numbers.cosine,
        )

    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        """Total energy, eV, and forces (N, 3), eV/angstrom."""
        forces = np.empty_like(positions)
        pairs = self._pair_part.pairs(positions)
        energy = energy_and_forces(
            positions, self.box, pairs, self._pair_part.constants, self._constants, forces
        )
        return energy, forces

    def derivatives(self, positions: Array) -> StillingerWeberDerivatives:
        """The second to fourth derivatives at these positions."""
        return StillingerWeberDerivatives(self, positions)

    def pair_derivatives(self, positions: Array) -> PairDerivatives:
        """Those of the energy that is a sum over pairs."""
        return self._pair_part.derivatives(positions)

    def angular_hessian(self, positions: Array) -> scipy.sparse.csc_array:
        """The Hessian (3N, 3N) of the angular energy: an atom meets neighbors of neighbors."""
        pairs = self._pair_part.pairs(positions)
        return scipy.sparse.csc_array(angular_hessian(positions, self.box, pairs, self._constants))

    def strain_gradient(self, positions: Array) -> Array:
        """dV/de_k (6,) for the strains of `strain`."""
        _, virial = self.angular_gradient(0, positions, positions)
        return self._pair_part.strain_gradient(positions) + voigt_numbers(virial)

    def strain_derivatives(self, positions: Array) -> StrainDerivatives:
        """First and second derivatives by strains: a Hessian product for each strain."""
        found = self._pair_part.strain_derivatives(positions)
        gradient = self.strain_gradient(positions)
        still = np.zeros_like(positions)
        for k, strain in enumerate(UNIT_STRAINS):
            mixed, virial = self.angular_gradient(1, positions, still, strain)
            found.mixed[k] += mixed
            found.curvature[k] += np.einsum("kab,ab->k", UNIT_STRAINS, virial)
        return found._replace(gradient=gradient)

    def angular_gradient(
        self, order: int, positions: Array, field: Array, strain: Array = NO_STRAIN
    ) -> tuple[Array, Array]:
        """Gradient (N, 3) and virial (3, 3) of the angular energy: coefficients of s^order."""
        gradient, virial = np.empty_like(positions), np.empty((3, 3))
        gradient_kernel(order)(
            positions,
            self.box,
            self._pair_part.pairs(positions),
            self._constants,
            field,
            strain,
            gradient,
            virial,
        )
        return gradient, virial


class StillingerWeberDerivatives:
    """Those of the pairs, frozen, plus power series of the angular energy; see `Derivatives`."""

    def __init__(self, interactions: StillingerWeberInteractions, positions: Array) -> None:
        self._interactions = interactions
        self._positions = np.array(positions)
        self._pairs = interactions.pair_derivatives(positions)

    def product(self, field: Array) -> Array:
        """M:z (N, 3) for a field z (N, 3)."""
        return self._pairs.product(field) + self._angular(1, field)

    def third(self, field: Array) -> tuple[Array, float]:
        """U:zz (N, 3) and U:zzz."""
        contraction = self._pairs.third(field)[0] + 2 * self._angular(2, field)
        return contraction, float(np.vdot(contraction, field))

    def fourth(self, field: Array) -> tuple[Array, float]:
        """T:zzz (N, 3) and T:zzzz."""
        contraction = self._pairs.fourth(field)[0] + 6 * self._angular(3, field)
        return contraction, float(np.vdot(contraction, field))

    def matrix(self) -> scipy.sparse.csc_array:
        """The Hessian (3N, 3N)."""
        angular = self._interactions.angular_hessian(self._positions)
        return scipy.sparse.csc_array(self._pairs.matrix() + angular)

    def _angular(self, order: int, field: Array) -> Array:
        return self._interactions.angular_gradient(order, self._positions, field)[0]
