"""Inputs that a worker of the coordinator's machine reads from the store itself.

A task that looks at few of many configurations at a time then needs no room for all of them, and
nobody copies them. Those that it gives back are not sent either: the store has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from glasswells.store.codec import Codec
from glasswells.store.reader import StoreReader, TaskRow
from glasswells.store.tasks import TaskInput


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredInput:
    """What a task gets, before it is read."""

    directory: Path
    """Of the campaign."""
    codec: Codec
    row: TaskRow

    @contextmanager
    def at_hand(self) -> Iterator[TaskInput]:
        """The input, whose configurations are read whenever somebody looks at one.

        Raises
        ------
        DamagedStoreError, StoreError
            If something is not what was written, or cannot be read now; also later.
        """
        with StoreReader(self.directory, self.codec) as store:
            yield input_from(store, self.row, late=True)


def input_from(store: StoreReader, row: TaskRow, *, late: bool) -> TaskInput:
    """What a task gets, read from a store; `late` as for `StoreReader.products`."""
    return TaskInput(
        inputs=tuple(store.products(ref, late=late) for ref in row.task.inputs),
        state=store.checkpoint(row, late=late),
        parameters=row.task.parameters,
        seed=row.task.seed_sequence,
    )
