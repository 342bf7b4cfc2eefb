"""The minima themselves, of which explorations keep places, for the stages that need them."""

from __future__ import annotations

from glasswells.core.errors import InputError
from glasswells.core.records import Configuration, InherentStructure
from glasswells.landscape.places import settled
from glasswells.minimization import MinimizerSettings
from glasswells.model.pair_model import Model
from glasswells.store.tasks import TaskFailedError


def minimum_of(model: Model, kept: InherentStructure, max_force: float = 1e-10) -> Configuration:
    """The minimum itself, of which an exploration kept the place.

    Raises
    ------
    InputError
        If the descent from there does not end in it.
    """
    found = settled(model, kept, MinimizerSettings(max_force=max_force))
    if found is None:
        raise InputError(
            f"the descent from the place of the minimum of energy {kept.energy:.12g} ends "
            f"elsewhere: explore the glass again"
        )
    return found.configuration


def settled_minimum(
    model: Model, kept: InherentStructure, max_force: float = 1e-10
) -> Configuration:
    """The same for a stage, whose task fails if the minimum is not found again.

    Raises
    ------
    TaskFailedError
        Then, with the reason `minimum_lost`.
    """
    try:
        return minimum_of(model, kept, max_force)
    except InputError as error:
        raise TaskFailedError("minimum_lost", str(error)) from error
