"""Which double well a product of a campaign is about."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from glasswells.stages.table import STAGES
from glasswells.store.reader import StoredRecord, StoreReader
from glasswells.store.tasks import product_key


def double_well_keys(store: StoreReader) -> Callable[[StoredRecord, int], str | None]:
    """What gives the key of the double well that a product is about, None if it is about none."""
    makers = {
        row.task.chain: row.task.inputs[0].chain
        for stage in STAGES
        if stage.about_wells
        for row in store.tasks(stage=stage.name)
    }
    kinds = frozenset[str]().union(*(stage.about_wells for stage in STAGES))

    def key_of(stored: StoredRecord, item: int) -> str | None:
        record: Any = stored.record
        if stored.kind == "double_well":
            return product_key(stored.chain, item)
        if stored.kind in kinds:
            return product_key(makers[stored.chain], getattr(record, "double_well", item))
        return None

    return key_of
