"""What a campaign's store holds of couplings; those of older campaigns are computed on reading."""

from __future__ import annotations

import math

from glasswells.core.records import DoubleWell
from glasswells.mechanics import deformation_potential
from glasswells.mechanics.records import DeformationPotential
from glasswells.model.pair_model import Model
from glasswells.stages.couplings import WellCouplings
from glasswells.stages.well_places import WellPlace, well_chains
from glasswells.store.reader import StoreReader


class StoredCouplings:
    """Couplings and attempt frequencies by double well.

    Parameters
    ----------
    store
        The campaign.
    model
        Its energy, for double wells whose coupling is not stored; None for a calculator, which
        reading does not run.
    """

    def __init__(self, store: StoreReader, model: Model | None) -> None:
        chains = well_chains(store, "well_couplings")
        self._model = model
        self._found: dict[WellPlace, WellCouplings] = {
            WellPlace(chain=chains[item.chain], item=item.record.double_well): item.record
            for item in store.records("well_couplings")
        }

    def __len__(self) -> int:
        return len(self._found)

    def deformation_potential(
        self, place: WellPlace, well: DoubleWell
    ) -> DeformationPotential | None:
        """As it is stored, or else computed; None if neither can be had."""
        found = self._found.get(place)
        if found is not None and math.isfinite(found.gamma_longitudinal):
            return DeformationPotential(tensor=found.deformation_potential)
        return None if self._model is None else deformation_potential(self._model, well)

    def numbers(self, place: WellPlace) -> dict[str, float]:
        """Attempt frequencies by the names of their columns; empty if they are not stored."""
        found = self._found.get(place)
        if found is None or math.isnan(found.attempt_frequency_a):
            return {}
        return {
            "attempt_frequency_a": found.attempt_frequency_a,
            "attempt_frequency_b": found.attempt_frequency_b,
        }
