"""The coupling of a double well to strain."""

from __future__ import annotations

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.checks import positive
from glasswells.core.errors import InputError
from glasswells.core.records import DoubleWell, PathFailure
from glasswells.mechanics.records import DeformationPotential
from glasswells.mechanics.stress import stress
from glasswells.mechanics.zero_point import frequency_slopes
from glasswells.model.pair_model import Model
from glasswells.model.strain import voigt_tensor
from glasswells.modes.stiffness import Stiffness


@expects(model=Model)
def deformation_potential(
    model: Model, double_well: DoubleWell | PathFailure, *, reduced_hbar: float | None = None
) -> DeformationPotential:
    r"""How the asymmetry of a double well follows strain.

    .. math:: g_{ab} = \frac{d\Delta}{de_{ab}} = V (\sigma_{ab}(B) - \sigma_{ab}(A))

    of the classical minima, exactly, with the relaxation of both included: at a minimum the forces
    vanish, so that the first-order response of its energy is that of the affine deformation alone.
    With `reduced_hbar` the zero-point energies of the two wells follow strain, too:

    .. math:: g_{ab} = V (\sigma_{ab}(B) - \sigma_{ab}(A))
        + \frac{\hbar}{2} \frac{d}{de_{ab}} \sum_k (\omega_k(B) - \omega_k(A))

    over all modes, see `mechanics/zero_point.py`. The unit is that of the energy: strains have
    none.

    Parameters
    ----------
    model
        The energy; with `reduced_hbar` a pair model.
    double_well
        Of which the two minima are taken.
    reduced_hbar
        hbar in the units of the model, sigma sqrt(m epsilon), as `UnitSystem.reduced_hbar` has it;
        None: without zero-point energies. With them, both spectra are computed: half a minute of
        CPU each for 1500 particles.

    Raises
    ------
    InputError
        As for `stress`; for minima in different boxes, and for a path that is no double well. With
        `reduced_hbar`: unless it is above 0, for an energy that does not know how its Hessian
        changes with strain, and where a Hessian has other than three eigenvalues of zero: that is
        no minimum.
    """
    if isinstance(double_well, PathFailure):
        raise InputError(
            f"double_well is a PathFailure ({double_well.outcome.name}), expected a DoubleWell: "
            f"{double_well.message}"
        )
    a, b = double_well.minimum_a, double_well.minimum_b
    if not np.array_equal(a.box, b.box):
        raise InputError(
            f"the minima lie in the boxes {a.box.tolist()} and {b.box.tolist()}, expected one"
        )
    volume = float(np.prod(a.box))
    tensor = volume * (stress(model, b) - stress(model, a))
    if reduced_hbar is not None:
        hbar = positive("reduced_hbar", reduced_hbar)
        slopes = [frequency_slopes(Stiffness(model, minimum)) for minimum in (a, b)]
        tensor = tensor + hbar / 2 * voigt_tensor(slopes[1] - slopes[0])
    return DeformationPotential(tensor=tensor)
