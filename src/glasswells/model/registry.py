"""Pair models by the name that plan files use."""

from __future__ import annotations

from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.pair_model import PairModel
from glasswells.model.soft_spheres import SoftSpheres

MODELS: dict[str, type[PairModel]] = {
    "soft_spheres": SoftSpheres,
    "kob_andersen": KobAndersen,
}
