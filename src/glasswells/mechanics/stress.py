"""The stress of a configuration."""

from __future__ import annotations

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.records import Array, Configuration
from glasswells.mechanics.derivatives import strain_gradient
from glasswells.model.functions import checked_interactions
from glasswells.model.pair_model import Model
from glasswells.model.strain import voigt_tensor


@expects(model=Model, configuration=Configuration)
def stress(model: Model, configuration: Configuration) -> Array:
    r"""The stress sigma (3, 3) of a configuration at rest, **tensile positive**.

    .. math:: \sigma_{ab} = \frac{1}{V} \frac{dV_{pot}}{de_{ab}}
              = \frac{1}{V} \sum_{pairs} \frac{v'}{r} r_a r_b

    for a homogeneous strain that takes r to (1 + e) r; the second form holds for pair models. The
    pressure is -tr(sigma)/3. There is no kinetic part. Models without derivatives by strain of
    their own give it by finite differences of energies in deformed boxes.

    Units: energy per volume; `UnitSystem.pressure_gigapascal` converts.

    Raises
    ------
    InputError
        If the model cannot describe the configuration or cannot be strained; if particles sit on
        one another.
    """
    interactions = checked_interactions(model, configuration)
    gradient = strain_gradient(interactions, configuration.positions)
    return voigt_tensor(gradient / float(np.prod(configuration.box)))
