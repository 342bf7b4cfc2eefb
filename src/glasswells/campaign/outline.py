"""Names and titles of a campaign's stages, kept in its store.

`status` shows sums that the store keeps. With these names it needs neither the stages nor the
plan, whose import takes many times as long as reading the sums.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from glasswells.store.codec import Codec
from glasswells.store.reader import StoreReader
from glasswells.store.writer import Store

NOTE = "stages"
"""Key of the note in the store."""


class NamedStage(Protocol):
    """What a table of progress says of a stage."""

    @property
    def name(self) -> str:
        """In the store."""

    @property
    def title(self) -> str:
        """What `status` calls it."""


class Staged(Protocol):
    """A pipeline, or an outline of one."""

    @property
    def name(self) -> str:
        """Of the pipeline."""

    @property
    def stages(self) -> Sequence[NamedStage]:
        """In their order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageName:
    """A stage without its physics."""

    name: str
    title: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """A pipeline without its physics."""

    name: str
    stages: tuple[StageName, ...]


def keep_outline(store: Store, pipeline: Staged) -> None:
    """Keep the outline of a pipeline in a store, inside a transaction."""
    names = [[stage.name, stage.title] for stage in pipeline.stages]
    text = json.dumps([pipeline.name, names])
    if store.note(NOTE) != text:
        store.keep_note(NOTE, text)


def kept_outline(store: StoreReader) -> Outline | None:
    """The outline that the last run of a campaign has kept; None if none has."""
    text = store.note(NOTE)
    if text is None:
        return None
    name, stages = json.loads(text)
    names = tuple(StageName(name=name, title=title) for name, title in stages)
    return Outline(name=name, stages=names)


def outlined_store(directory: Path) -> StoreReader:
    """A campaign's store for reading all but its records, whose types only stages know.

    Raises
    ------
    FormatError, DamagedStoreError, StoreError
        As of `StoreReader`.
    """
    return StoreReader(directory, Codec(()))
