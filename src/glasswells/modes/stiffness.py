"""The mass-weighted expansion at one configuration: what all functions of this room stand on."""

from __future__ import annotations

import numpy as np

from glasswells.core.errors import InputError
from glasswells.core.geometry import wrap
from glasswells.core.masses import mass_weights
from glasswells.core.records import Configuration
from glasswells.curvature.expansion import Expansion
from glasswells.model.functions import checked_interactions
from glasswells.model.mass_weighted import MassWeighted
from glasswells.model.pair_model import Interactions, Model

TRANSLATION_TOLERANCE = 1e-6
"""Largest allowed |M t| of a uniform field t, relative to the largest entry of M: rounding gives
1e-15, a finite-difference Hessian 1e-8; anything above is no isolated system."""


class Stiffness(Expansion):
    """The expansion in Q_i = sqrt(m_i) r_i: M is the dynamical matrix M_ij / sqrt(m_i m_j).

    It acts on mass-weighted fields, z_i = sqrt(m_i) u_i for a displacement u. Make it once per
    configuration and pass it to every function of this room that takes one.

    Raises
    ------
    InputError
        If the model cannot describe the configuration, or uniform translations cost energy.
    """

    def __init__(self, model: Model, configuration: Configuration) -> None:
        self.model = model
        self.configuration = configuration
        self.interactions: Interactions = checked_interactions(model, configuration)
        weights = mass_weights(configuration)
        if weights is None:
            super().__init__(self.interactions, configuration.positions)
        else:
            weighted = MassWeighted(self.interactions, weights)
            super().__init__(weighted, weights * configuration.positions)
        self.places = wrap(configuration.positions, configuration.box)
        self._check_translations()

    def _check_translations(self) -> None:
        scale = self.scale  # assembles the matrix, which is to be checked
        for uniform in self.translations():
            resistance = float(np.abs(self.product(uniform / np.abs(uniform).max())).max())
            if not resistance <= TRANSLATION_TOLERANCE * scale:
                raise InputError(
                    f"a uniform translation meets a force of {resistance:g} per length, expected "
                    f"none: modes need an energy that depends on relative positions only"
                )


def as_stiffness(
    model: Model, configuration: Configuration, stiffness: Stiffness | None
) -> Stiffness:
    """The stiffness passed, if it belongs to this configuration and model; else a new one."""
    if stiffness is None:
        return Stiffness(model, configuration)
    if stiffness.configuration is not configuration or stiffness.model != model:
        raise InputError(
            "the stiffness belongs to another configuration or model, expected that of the ones "
            "passed beside it: make it with Stiffness(model, configuration)"
        )
    return stiffness
