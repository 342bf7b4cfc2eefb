"""What a campaign has found, from the small records of its store only.

A double well is 3N numbers three times over; the stage `splittings` has them in hand and leaves a
summary behind, so that nobody has to read them again to count.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from glasswells.core.splittings import TunnelSplitting
from glasswells.stages.splittings import solved_units
from glasswells.stages.table import read_stored_plan
from glasswells.statistics import Overview, WellSummary, overview, summarize_well
from glasswells.store.reader import StoreReader
from glasswells.store.tasks import Ref


def campaign_overview(store: StoreReader) -> Overview:
    """Counts of double wells and two-level systems, of an unfinished campaign so far.

    Double wells whose splittings are not solved yet are counted only. Those of older versions,
    which left no summary, are read in full.

    Raises
    ------
    DamagedStoreError
        If something in the store is not what was written.
    """
    with store.snapshot():
        wells: dict[str, list[WellSummary]] = {g: [] for g in store.glasses("exploration")}
        summaries = {
            (item.chain, item.record.number): item.record for item in store.records("well_summary")
        }
        splittings: defaultdict[tuple[str, str, int], dict[str, TunnelSplitting]]
        splittings = defaultdict(dict)
        for item in store.records("splitting"):
            solved = item.record.splitting
            splittings[item.glass, item.chain, item.record.double_well][solved.units] = solved
        for (glass, chain, number), found in splittings.items():
            if glass not in wells:  # of a damaged store its library is lost; reports leave it out
                continue
            summary = summaries.get((chain, number)) or _read_in_full(store, chain, number)
            wells[glass].append(replace(summary, glass=glass, splittings=found))
        units = solved_units(store, read_stored_plan(store.property("plan")))
        unsolved = store.product_counts().get("double_well", 0) - len(splittings)
        return overview(list(wells.values()), units, store.open_tasks(), max(unsolved, 0))


def _read_in_full(store: StoreReader, chain: str, number: int) -> WellSummary:
    path = store.last_of(chain).task.inputs[0].chain
    (well,) = store.products(Ref(chain=path, kind="double_well", item=number))
    return summarize_well(well, "", number)
