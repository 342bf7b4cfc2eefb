"""The numbers behind the tables that stages declare for reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from glasswells.core.records import Array
from glasswells.store.pipeline import RecordTable
from glasswells.store.reader import StoreReader


def record_numbers(
    store: StoreReader, glass: str, tables: Sequence[RecordTable]
) -> dict[str, Array]:
    """By kind, (R, K): the K numbers of each record of a glass; nothing for kinds without any.

    Raises
    ------
    DamagedStoreError
        If something in the store is not what was written.
    """
    found: dict[str, Array] = {}
    for table in tables:
        rows = [
            [float(number.of(item.record)) for number in table.numbers]
            for item in store.records(table.kind, glass=glass)
        ]
        if rows:
            found[table.kind] = np.array(rows)
            found[table.kind].setflags(write=False)
    return found


def joined_numbers(parts: Sequence[Mapping[str, Array]]) -> dict[str, Array]:
    """What several campaigns know of one glass, one after the other."""
    kinds = dict.fromkeys(kind for part in parts for kind in part)
    return {kind: np.concatenate([p[kind] for p in parts if kind in p]) for kind in kinds}
