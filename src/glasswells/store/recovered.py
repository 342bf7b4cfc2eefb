"""What can be found in a damaged store, each piece proved by its seal or digest."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

from glasswells.store.codec import Encoded, array_digests, sha256
from glasswells.store.coded_arrays import ArraysInFile
from glasswells.store.errors import CodecError, FormatError
from glasswells.store.machine_failures import RECORDED
from glasswells.store.packing import MOST_BASES, PLAIN, Packed, unpack, unpack_text
from glasswells.store.reader import CONTINUED, DONE, ENDED, FAILED
from glasswells.store.recent_arrays import RecentArrays
from glasswells.store.schema import COLUMNS, columns_of, seal
from glasswells.store.sqlite_pages import (
    INDEX_INTERIOR,
    INDEX_LEAF,
    TABLE_LEAF,
    PageFile,
    Place,
    Row,
)
from glasswells.store.tasks import CHECKPOINT, Ref, Task

TASK_COLUMNS = len(COLUMNS["tasks"]) + 1
BLOB_COLUMNS, OLD_BLOB_COLUMNS = 4, 2
"""Of arrays, today and in formats that pack none."""
REALS = ("cpu_seconds", "wall_seconds")
"""SQLite keeps whole numbers as such even in columns of reals."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecoveredChunk:
    """One chunk of work as the damaged store knew it; the fields are columns of `tasks`."""

    seq: int
    id: str
    stage: str
    rank: int
    glass: str
    number: int
    chunk: int
    chain: str
    parameters: str
    chunks_left: int
    status: str
    waiting: int
    attempts: int
    reason: str
    error: str
    counts: str
    seed_path: str
    cpu_seconds: float
    wall_seconds: float
    session: int
    products: int


class _Record(NamedTuple):
    id: int
    place: Place
    digest: str


class Recovered:
    """An index of all sealed rows in a damaged store; long values stay in the file until needed.

    Parameters
    ----------
    path
        The file, which is only read.

    Raises
    ------
    FormatError
        If its tasks do not say how many products they have: then no task is known to be whole.
    """

    def __init__(self, path: Path) -> None:
        self.properties: dict[str, str] = {}
        self.plans: list[str] = []
        """All that the plan may be: of a campaign that has grown older ones lie about."""
        self.sessions: dict[int, tuple[str, str]] = {}
        """Provenance and ending by number."""
        self._tasks: dict[int, RecoveredChunk] = {}
        self._old_tasks = 0
        self._records: dict[int, dict[tuple[str, int], list[_Record]]] = defaultdict(dict)
        self._inputs: dict[str, dict[int, Ref]] = defaultdict(dict)
        self._blobs: dict[str, list[Place]] = defaultdict(list)
        self._chains: dict[str, list[RecoveredChunk]] = defaultdict(list)
        self._whole: dict[int, bool] = {}
        self._whole_rows: dict[str, Place] = {}
        self._recent = RecentArrays()
        self._pages = PageFile(path)
        self._scan(path)
        for chunk in sorted(self._tasks.values(), key=lambda chunk: chunk.chunk):
            if chunk.chunk == len(self._chains[chunk.chain]):
                self._chains[chunk.chain].append(chunk)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._pages.__exit__(kind, value, traceback)

    @property
    def task_count(self) -> int:
        """How many tasks were found, ended or not."""
        return len(self._tasks)

    def ended(self) -> Iterator[RecoveredChunk]:
        """Every chunk of work that was finished, for good or bad."""
        return (chunk for chunk in self._tasks.values() if _has_ended(chunk.status))

    def ended_chains(self) -> Sequence[str]:
        """Chains that had come to an end, oldest first."""
        ends = (chunk for chunk in self._tasks.values() if chunk.status in ENDED)
        return [chunk.chain for chunk in sorted(ends, key=lambda chunk: chunk.seq)]

    def spoiled_chains(self) -> set[str]:
        """Chains that failed for a reason of the machine, and all that rests on their failure.

        A task may have run without the products of one that failed: what it found then is not what
        it finds when that one is tried again.
        """
        consumers = defaultdict(list)
        for chain, refs in self._inputs.items():
            for ref in refs.values():
                consumers[ref.chain].append(chain)
        left = [f.chain for f in self._tasks.values() if f.status == FAILED and _may_pass(f)]
        spoiled: set[str] = set()
        while left:
            chain = left.pop()
            if chain not in spoiled:
                spoiled.add(chain)
                left += consumers[chain]
        return spoiled

    def chunks(self, chain: str) -> Sequence[RecoveredChunk]:
        """The chunks of a chain from its first on, up to the first that is lost."""
        return self._chains.get(chain, ())

    def chains_of(self, stage: str, glass: str, number: int) -> Sequence[str]:
        """Chains of one seed path, whatever their parameters are."""
        return self._chains_by_path.get((stage, glass, number), ())

    @cached_property
    def _chains_by_path(self) -> dict[tuple[str, str, int], list[str]]:
        found: dict[tuple[str, str, int], list[str]] = defaultdict(list)
        for chain, chunks in self._chains.items():
            if chunks:
                found[chunks[0].stage, chunks[0].glass, chunks[0].number].append(chain)
        return found

    def chunks_left_after(self, chunk: RecoveredChunk) -> int:
        """How many chunks the chain was thought to need after this one."""
        following = self._chains[chunk.chain][chunk.chunk + 1 :]
        return max(1, following[0].chunks_left) if following else 1

    def task(self, chain: str, seed: int) -> Task | None:
        """The first task of a chain, if its row and all rows of its inputs are there."""
        chunk = self._chains[chain][0]
        refs = self._inputs.get(chain, {})
        task = Task(
            stage=chunk.stage,
            glass=chunk.glass,
            number=chunk.number,
            seed=seed,
            inputs=tuple(refs[position] for position in sorted(refs)),
            parameters=json.loads(chunk.parameters),
            chunks_left=max(1, chunk.chunks_left),
        )
        return task if task.chain == chain else None

    def is_whole(self, chunk: RecoveredChunk) -> bool:
        """Whether a chunk is done and all of its products are as they were written."""
        if chunk.status not in (DONE, CONTINUED):
            return False
        if chunk.seq not in self._whole:
            found = sum(1 for _ in self._found_products(chunk))
            self._whole[chunk.seq] = found == chunk.products
        return self._whole[chunk.seq]

    def products(self, chunk: RecoveredChunk) -> list[tuple[str, Encoded]]:
        """Kinds and records of a whole chunk, in the order in which they were made.

        Their arrays are read when somebody asks for them: a library has more than memory takes.
        """
        return [
            (kind, encoded) for _, kind, encoded in sorted(self._found_products(chunk), key=_id)
        ]

    def checkpoint(self, chunk: RecoveredChunk) -> Encoded | None:
        """The state that a chunk starts from, if it is whole."""
        return self._encoded(self._records.get(chunk.seq, {}).get((CHECKPOINT, 0), []))

    def _found_products(self, chunk: RecoveredChunk) -> Iterator[tuple[int, str, Encoded]]:
        for (kind, _), candidates in self._records.get(chunk.seq, {}).items():
            encoded = None if kind == CHECKPOINT else self._encoded(candidates)
            if encoded is not None:
                yield candidates[0].id, kind, encoded

    def _encoded(self, candidates: Sequence[_Record]) -> Encoded | None:
        """The first of several copies of a record that is whole, with all its arrays."""
        for record in candidates:
            row = self._pages.row(record.place)
            try:
                body = unpack_text(None if row is None or len(row.values) != 7 else row.values[4])
                if sha256(body.encode()) != record.digest:
                    continue
                return self.with_arrays(body)
            except CodecError:
                continue
        return None

    def with_arrays(self, body: str) -> Encoded:
        """The record of a text, with its arrays, which are read when somebody asks for them.

        Raises
        ------
        CodecError
            If one is lost.
        """
        digests = array_digests(body)
        for digest in digests - self._whole_rows.keys():
            self._array(digest)  # to see that it is whole
        packed = [digest for digest in digests if self._is_kept_as_today(digest)]
        arrays = ArraysInFile(digests, self._array)
        return Encoded(body=body, arrays=arrays, packed=ArraysInFile(packed, self._as_kept))

    def _array(self, digest: str, depth: int = 0) -> bytes:
        """The bytes of an array, from the first of several rows that has them."""
        data = self._recent.get(digest)
        if data is not None:
            return data
        for place in self._blobs.get(digest, ()):
            try:
                data = self._unpacked(_packed_in(self._pages.row(place)), depth)
            except CodecError:
                continue
            if sha256(data) == digest:
                # The first whole row rests on rows that were whole before it: no circle of bases.
                self._whole_rows.setdefault(digest, place)
                self._recent.add(digest, data)
                return data
        raise CodecError(f"array {digest} is lost")

    def _unpacked(self, packed: Packed, depth: int) -> bytes:
        if depth > MOST_BASES:
            raise CodecError("too many arrays would have to be read for one")
        known = b"" if packed.base is None else self._array(packed.base, depth + 1)
        return unpack(packed, known)

    def _is_kept_as_today(self, digest: str) -> bool:
        """Whether the row of a whole array says how it is packed; older formats packed none."""
        row = self._pages.row(self._whole_rows[digest])
        return row is not None and len(row.values) > OLD_BLOB_COLUMNS

    def _as_kept(self, digest: str) -> Packed:
        """A whole array as the store kept it."""
        return _packed_in(self._pages.row(self._whole_rows[digest]))

    def _scan(self, path: Path) -> None:
        readers: dict[tuple[int, int], Callable[[int | None, tuple[Any, ...], Place], None]] = {
            (TABLE_LEAF, 3): self._add_property,
            (TABLE_LEAF, 4): self._add_session,
            (TABLE_LEAF, TASK_COLUMNS): self._add_task,
            (TABLE_LEAF, TASK_COLUMNS - 1): self._note_old_task,
            (TABLE_LEAF, 7): self._add_record,
            (INDEX_LEAF, 7): self._add_input,
            (INDEX_INTERIOR, 7): self._add_input,
        }
        for cell in self._pages.cells():
            if cell.place.kind == TABLE_LEAF and cell.columns in (OLD_BLOB_COLUMNS, BLOB_COLUMNS):
                digest = self._pages.first(cell.place)  # none for a session, which has a number
                if isinstance(digest, str):
                    self._blobs[digest].append(cell.place)
                    continue
            reader = readers.get((cell.place.kind, cell.columns))
            row = None if reader is None else self._pages.row(cell.place)
            if reader is not None and row is not None:
                reader(row.rowid, row.values, cell.place)
        if self._old_tasks and not self._tasks:
            raise FormatError(
                f"{path} has an older store format, whose tasks do not say how many products they "
                f"have: nothing in it can be proved to be whole; copy it again from where it came"
            )

    def _add_property(self, rowid: int | None, values: tuple[Any, ...], place: Place) -> None:
        key, value, mark = values
        if isinstance(key, str) and key.startswith("["):  # a sum, which is made anew
            return
        if seal(key, value) == mark and isinstance(value, str):
            self.properties[key] = self._newer(key, value)
            if key == "plan":
                self.plans.append(value)

    def _newer(self, key: str, value: str) -> str:
        """Of several totals those of the most tasks; nothing else changes but the plan."""
        known = self.properties.get(key)
        if key != "totals" or known is None:
            return value
        return max(known, value, key=lambda text: int(json.loads(text)["tasks"]))

    def _add_session(self, rowid: int | None, values: tuple[Any, ...], place: Place) -> None:
        _, text, ending, mark = values
        if rowid is not None and seal(rowid, text, ending) == mark:
            known = self.sessions.get(rowid)
            if known is None or not known[1]:
                self.sessions[rowid] = (text, ending)

    def _add_task(self, rowid: int | None, values: tuple[Any, ...], place: Place) -> None:
        *before, mark, products = values
        field = _task_fields(COLUMNS["tasks"], (rowid, *before[1:], products))
        if rowid is None or seal(*field.values()) != mark:
            return
        chunk = RecoveredChunk(**field)
        known = self._tasks.get(rowid)
        # Older versions of a row lie about in free pages; what has ended never changes again.
        if known is None or not _has_ended(known.status):
            self._tasks[rowid] = chunk

    def _note_old_task(self, rowid: int | None, values: tuple[Any, ...], place: Place) -> None:
        *before, mark = values
        field = _task_fields(columns_of(1)["tasks"], (rowid, *before[1:]))
        self._old_tasks += seal(*field.values()) == mark

    def _add_record(self, rowid: int | None, values: tuple[Any, ...], place: Place) -> None:
        _, seq, kind, position, _, digest, mark = values
        if rowid is not None and seal(rowid, seq, kind, position, digest) == mark:
            record = _Record(rowid, place, digest)
            self._records[seq].setdefault((kind, position), []).append(record)

    def _add_input(self, rowid: int | None, values: tuple[Any, ...], place: Place) -> None:
        *row, mark = values
        if seal(*row) == mark:
            chain, position, source, kind, item, optional = row
            self._inputs[chain][position] = Ref(
                chain=source, kind=kind, item=item, optional=bool(optional)
            )


def _packed_in(row: Row | None) -> Packed:
    """An array as a row may have it, of which older formats have two columns only."""
    values = () if row is None else row.values
    if len(values) == OLD_BLOB_COLUMNS:
        values = (*values, PLAIN, None)
    if len(values) != BLOB_COLUMNS or not isinstance(values[1], bytes):
        raise CodecError("this is no array")
    _, data, coding, base = values
    return Packed(data, coding, base if isinstance(base, str) else None)


def _task_fields(names: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    field = dict(zip(names, values, strict=True))
    return field | {name: float(field[name]) for name in REALS if isinstance(field[name], int)}


def _may_pass(chunk: RecoveredChunk) -> bool:
    """Whether what a task failed for may be otherwise next time."""
    return chunk.reason in RECORDED


def _id(product: tuple[int, str, Encoded]) -> int:
    return product[0]


def _has_ended(status: str) -> bool:
    return status in (DONE, CONTINUED, FAILED)
