"""What is said when a campaign begins with the work of another one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from glasswells.store.pipeline import Pipeline
from glasswells.store.reader import CONTINUED, DONE, StoreReader


def what_is_shared(directory: Path, other: Path, pipeline: Pipeline) -> list[str]:
    """In sentences, how much of another campaign a campaign has, and in what their plans differ.

    Parameters
    ----------
    directory
        Folder of the campaign that took something over.
    other
        Folder of the one that it was taken from.
    pipeline
        The stages.
    """
    with (
        StoreReader(directory, pipeline.codec) as here,
        StoreReader(other, pipeline.codec) as there,
    ):
        own, known = _ended_chains(here), _ended_chains(there)
        begun = _begun(here, set(own))
        plans = [pipeline.stored_plan(store.property("plan")) for store in (there, here)]
        places = f"in {other}", f"in {directory}"
        otherwise = computed_otherwise(there, pipeline)
    parts = []
    for stage in pipeline.stages:
        chains = {chain for chain, name in known.items() if name == stage.name}
        if chains or begun[stage.name]:
            part = f"{len(chains & set(own))} of {len(chains)} {stage.title}"
            if begun[stage.name]:
                part += f" ({begun[stage.name]} more go on from where they ended there)"
            parts.append(part)
    if not parts:
        return [f"nothing is taken over from {other}: it has finished nothing yet"]
    told = [f"taken over from {other}: {', '.join(parts)}"]
    if otherwise:
        told.append(
            f"another version of glasswells made {other} and computed otherwise: "
            f"{', '.join(otherwise)}; these are done anew, and what rests on them"
        )
    differences = pipeline.differences(*plans, places=places, of_work=True)
    if differences:
        told.append(f"the rest is done anew, as the plans differ: {'; '.join(differences)}")
    return told


def computed_otherwise(store: StoreReader, pipeline: Pipeline) -> list[str]:
    """Titles of the stages of a campaign whose code formats are not those of today."""
    return [
        stage.title
        for stage in pipeline.stages
        if store.code_formats(stage.name) - {stage.code_format}
    ]


def _ended_chains(store: StoreReader) -> dict[str, str]:
    """Chains that are done, with their stages."""
    return {row.task.chain: row.task.stage for row in store.tasks(DONE)}


def _begun(store: StoreReader, ended: set[str]) -> Counter[str]:
    """By stage the chains that have done some chunks, but not all."""
    found = {row.task.chain: row.task.stage for row in store.tasks(CONTINUED)}
    return Counter(stage for chain, stage in found.items() if chain not in ended)
