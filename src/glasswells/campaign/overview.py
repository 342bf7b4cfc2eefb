"""What a campaign has found, kept in its store when a run ends that nobody has stopped.

Counting two-level systems reads some small records of every double well: minutes in a store of a
million records, for what `status` says in a line.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from glasswells.store.pipeline import CampaignOverview, Pipeline
from glasswells.store.reader import StoreReader
from glasswells.store.writer import Store

NOTE = "found"
"""Key of the note in the store."""
FEW = 20_000
"""Records that are read to make what no run has kept: some seconds."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptOverview:
    """A `CampaignOverview` as it was when a run ended by itself."""

    numbers: dict[str, Any]
    sentences: tuple[str, ...]


def keep_overview(store: Store, pipeline: Pipeline) -> None:
    """Keep what has been found so far."""
    if pipeline.overview is None:
        return
    found = pipeline.overview(store)
    kept = [store.sums_digest(), found.numbers, list(found.sentences)]
    with store.transaction():
        store.keep_note(NOTE, json.dumps(kept))


def overview_of(store: StoreReader, pipeline: Pipeline) -> CampaignOverview | None:
    """What a campaign has found: as kept, if nothing was added since, else counted now.

    Returns
    -------
    CampaignOverview or None
        None for stages that have nothing to sum up, and while a campaign with more than `FEW`
        records goes on.

    Raises
    ------
    DamagedStoreError
        If something in the store is not what was written.
    """
    if pipeline.overview is None:
        return None
    with store.snapshot():
        kept = store.note(NOTE)
        if kept is not None:
            digest, numbers, sentences = json.loads(kept)
            if digest == store.sums_digest():
                return KeptOverview(numbers=numbers, sentences=tuple(sentences))
        if sum(store.product_counts().values()) > FEW:
            return None
        return pipeline.overview(store)
