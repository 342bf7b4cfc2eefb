"""The minima themselves, of which explorations keep places, for the stages that need them."""

from __future__ import annotations

from glasswells.core.records import Configuration, InherentStructure
from glasswells.landscape.places import settled
from glasswells.minimization import MinimizerSettings
from glasswells.model.pair_model import Model
from glasswells.store.tasks import TaskFailedError


def settled_minimum(
    model: Model, minimum: InherentStructure, max_force: float = 1e-10
) -> Configuration:
    """The minimum itself, of which the exploration kept the place.

    Raises
    ------
    TaskFailedError
        If the descent from there does not end in it.
    """
    found = settled(model, minimum, MinimizerSettings(max_force=max_force))
    if found is None:
        raise TaskFailedError(
            "minimum_lost",
            f"the descent from the place of the minimum of energy {minimum.energy:.12g} ends "
            f"elsewhere: explore the glass again",
        )
    return found.configuration
