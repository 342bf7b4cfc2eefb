"""Pair models by the name that plan files use: those of the package, and of installed ones."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

from glasswells.core.errors import InputError
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.pair_model import PairModel
from glasswells.model.soft_spheres import SoftSpheres

MODELS: dict[str, type[PairModel]] = {
    "soft_spheres": SoftSpheres,
    "kob_andersen": KobAndersen,
}
GROUP = "glasswells.models"
"""Entry points of installed packages under which pair models are found: a plan can name only what
somebody has installed as a model, so that no plan brings code along."""


def model_names() -> list[str]:
    """All that plans may name."""
    return [*MODELS, *(name for name in _installed() if name not in MODELS)]


def model_class(name: str) -> type[PairModel]:
    """The pair model of a name.

    Raises
    ------
    InputError
        If there is none, if its package cannot be imported, or if it is no frozen dataclass
        derived from `PairModel`.
    """
    if name in MODELS:
        return MODELS[name]
    found = _installed().get(name)
    if found is None:
        raise InputError(f"there is no pair model {name!r}, expected one of {model_names()}")
    try:
        loaded = found.load()
    except Exception as error:  # whatever the module of somebody else does when it is imported
        raise InputError(
            f"the pair model {name!r} of {found.value} cannot be loaded: "
            f"{type(error).__name__}: {error}"
        ) from error
    is_model = isinstance(loaded, type) and issubclass(loaded, PairModel)
    if not is_model or "__dataclass_fields__" not in vars(loaded):
        raise InputError(
            f"the pair model {name!r} is {found.value}, expected a dataclass derived from PairModel"
        )
    model: type[PairModel] = loaded
    return model


def _installed() -> dict[str, EntryPoint]:
    return {point.name: point for point in entry_points(group=GROUP)}
