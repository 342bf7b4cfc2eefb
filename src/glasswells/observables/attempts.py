"""Attempt frequencies of a double well from all modes of its minima and its saddle."""

from __future__ import annotations

import math
from dataclasses import dataclass

from glasswells.core.arguments import expects
from glasswells.core.described import described
from glasswells.core.records import DoubleWell
from glasswells.model.pair_model import Model
from glasswells.modes.determinants import attempt_frequency, log_determinant
from glasswells.modes.stiffness import Stiffness


@described
@dataclass(frozen=True, kw_only=True, slots=True)
class AttemptFrequencies:
    """Angular frequencies: the rate from A is a/(2 pi) exp(-(V_S - V_A)/T)."""

    a: float
    """From A."""
    b: float
    """From B: (b/2 pi) exp(-(V_S - V_B)/T)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WellDeterminants:
    """ln of the products of the eigenvalues of three mass-weighted Hessians, no translations."""

    a: float
    """In A, all above 0."""
    saddle: float
    """At the saddle, without the negative one."""
    b: float
    """In B, all above 0."""
    attempts: AttemptFrequencies
    """Vineyard's, which follow from them."""


def well_determinants(model: Model, double_well: DoubleWell) -> WellDeterminants:
    """The determinants behind Vineyard's frequencies, by three factorizations; errors as of these.

    Parameters
    ----------
    model, double_well
        As for `attempt_frequencies`.
    """
    a, saddle, b = (
        log_determinant(Stiffness(model, configuration))
        for configuration in (
            double_well.minimum_a,
            double_well.saddle,
            double_well.minimum_b,
        )
    )
    negative = double_well.negative_eigenvalue
    attempts = AttemptFrequencies(
        a=attempt_frequency(a, saddle, negative), b=attempt_frequency(b, saddle, negative)
    )
    return WellDeterminants(
        a=a.value, saddle=saddle.value - math.log(-negative), b=b.value, attempts=attempts
    )


@expects(model=Model, double_well=DoubleWell)
def attempt_frequencies(model: Model, double_well: DoubleWell) -> AttemptFrequencies:
    """Vineyard's attempt frequencies of both minima over their saddle, by three factorizations.

    The frequencies along the path, `frequency_a` and `frequency_b` of the double well, are those of
    a saddle whose other modes are as stiff as those of the minimum.

    Raises
    ------
    InputError
        If a minimum has a negative eigenvalue, or the saddle another number than one.
    """
    return well_determinants(model, double_well).attempts
