"""Where the double wells of a campaign lie in its store, and which one a product is about."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from glasswells.stages.table import STAGES
from glasswells.store.reader import StoredRecord, StoreReader
from glasswells.store.tasks import product_key


@dataclass(frozen=True, kw_only=True, slots=True)
class WellPlace:
    """Where a double well lies in the store."""

    chain: str
    item: int
    """Its number among the double wells of the chain."""

    @property
    def key(self) -> str:
        """Name of the double well in every table."""
        return product_key(self.chain, self.item)


def well_chains(store: StoreReader, kind: str) -> dict[str, str]:
    """For each chain of a stage whose products of this kind are about double wells, that of these.

    A stage says so by `Stage.about_wells`; the double wells are what its tasks take first.
    """
    return {
        row.task.chain: row.task.inputs[0].chain
        for stage in STAGES
        if kind in stage.about_wells
        for row in store.tasks(stage=stage.name)
    }


def double_well_keys(store: StoreReader) -> Callable[[StoredRecord, int], str | None]:
    """What gives the key of the double well that a product is about, None if it is about none."""
    kinds = frozenset[str]().union(*(stage.about_wells for stage in STAGES))
    makers = {kind: well_chains(store, kind) for kind in kinds}

    def key_of(stored: StoredRecord, item: int) -> str | None:
        record: Any = stored.record
        if stored.kind == "double_well":
            return product_key(stored.chain, item)
        if stored.kind in kinds:
            chain = makers[stored.kind][stored.chain]
            return product_key(chain, getattr(record, "double_well", item))
        return None

    return key_of
