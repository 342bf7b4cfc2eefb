"""What a campaign has found, as one number: equal catalogues have equal digests."""

from __future__ import annotations

import hashlib
import json

from glasswells.store.reader import StoreReader


def catalogue_digest(store: StoreReader) -> str:
    """SHA-256 of the sorted tasks, counts and products of a campaign.

    Times, checkpoints, the order in which work was done and the number of attempts do not
    enter: two runs of one plan have equal digests if and only if they found the same, bit for bit.
    """
    entries = sorted(json.dumps(entry) for entry in store.digests())
    return hashlib.sha256("\n".join(entries).encode()).hexdigest()
