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
        kept = kept_overview(store)
        if kept is not None:
            return kept
        return None if has_many(store) else pipeline.overview(store)


def kept_overview(store: StoreReader) -> KeptOverview | None:
    """What a campaign had found when its last run ended, if nothing was added since."""
    kept = store.note(NOTE)
    if kept is None:
        return None
    digest, numbers, sentences = json.loads(kept)
    if digest != store.sums_digest():
        return None
    return KeptOverview(numbers=numbers, sentences=tuple(sentences))


def has_many(store: StoreReader) -> bool:
    """Whether a store has more records than are read to count what was found."""
    return sum(store.product_counts().values()) > FEW


def uncounted(store: StoreReader) -> list[str]:
    """What to say in place of an overview where records are too many to be counted by the way.

    With what an earlier run had found when it ended, if one has.
    """
    kept = store.note(NOTE)
    before = json.loads(kept)[2] if kept is not None else []
    directory = store.path.parent
    return [
        *before,
        *(["That was when a run ended by itself; more has been found since."] if before else []),
        f"Two-level systems are counted when a run ends by itself, or now by "
        f"`glasswells report {directory}`",
    ]
