"""Checking a store from end to end: checksums, counts, references."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from glasswells.core.errors import GlasswellsError
from glasswells.core.progress import Progress, Report, reporting
from glasswells.store import tallies
from glasswells.store.codec import Codec, sha256
from glasswells.store.errors import CodecError, DamagedStoreError
from glasswells.store.packing import unpack_text
from glasswells.store.reader import ENDED, WAITING, StoreReader
from glasswells.store.schema import (
    ABBREVIATED,
    NAMED_ARRAYS,
    PACKED,
    format_of,
    log_size,
    seal,
    translated,
)
from glasswells.store.tasks import CHECKPOINT

REFERENCES = {
    "records of no task": "SELECT COUNT(*) FROM records r WHERE NOT EXISTS"
    " (SELECT 1 FROM tasks t WHERE t.seq = r.task)",
    "array references of no record": "SELECT COUNT(*) FROM arrays a WHERE NOT EXISTS"
    " (SELECT 1 FROM records r WHERE r.id = a.record)",
    "array references without array": "SELECT COUNT(*) FROM arrays a WHERE NOT EXISTS"
    " (SELECT 1 FROM blobs b WHERE b.digest BETWEEN a.digest AND a.digest || 'g')",
    "arrays of no record": "SELECT COUNT(*) FROM blobs b WHERE NOT EXISTS"
    " (SELECT 1 FROM arrays a WHERE a.digest IN (b.digest, {abbreviated})){or_base}",
    "inputs of no task": "SELECT COUNT(*) FROM inputs i WHERE NOT EXISTS"
    " (SELECT 1 FROM tasks t WHERE t.id = i.chain)",
    "inputs from no task": "SELECT COUNT(*) FROM inputs i WHERE NOT EXISTS"
    " (SELECT 1 FROM tasks t WHERE t.id = i.source)",
    "chains with a missing chunk": "SELECT COUNT(*) FROM (SELECT chain FROM tasks GROUP BY chain"
    " HAVING COUNT(*) <> MAX(chunk) + 1 OR MIN(chunk) <> 0)",
    "chains with two open ends": "SELECT COUNT(*) FROM (SELECT chain FROM tasks"
    " WHERE status <> 'continued' GROUP BY chain HAVING COUNT(*) <> 1)",
}
"""What must be zero."""
BASES = {
    "arrays whose base is missing": "SELECT COUNT(*) FROM blobs b WHERE b.base IS NOT NULL"
    " AND NOT EXISTS (SELECT 1 FROM blobs o WHERE o.digest = b.base)",
}
"""The same, of stores with packed arrays."""
OR_BASE = " AND NOT EXISTS (SELECT 1 FROM blobs o WHERE o.base = b.digest)"
MAX_PROBLEMS = 1000
LONGEST_KEY = 100
"""Characters of what names a row."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Verification:
    """What was checked, and what is wrong."""

    rows: int
    records: int
    arrays: int
    bytes: int
    """Of arrays."""
    problems: tuple[str, ...]

    @property
    def is_sound(self) -> bool:
        """Whether everything is as it was written."""
        return not self.problems


def verify_store(directory: Path, codec: Codec, *, progress: Progress = False) -> Verification:
    """Check every row, record and array of a campaign; damage is reported, not raised.

    Raises
    ------
    FormatError
        If the folder holds no campaign of this format.
    """
    totals = dict.fromkeys(("rows", "records", "arrays", "bytes"), 0)
    found: list[str] = []
    try:
        with (
            _Verifier(directory, codec) as verifier,
            verifier.snapshot(),
            reporting(progress, "records checked", verifier.record_count) as report,
        ):
            for problem in verifier.check(totals, report):
                found.append(problem)
                if len(found) == MAX_PROBLEMS:
                    break
    except DamagedStoreError as error:
        found.append(str(error))
    return Verification(**totals, problems=tuple(found))


class _Verifier(StoreReader):
    def __init__(self, directory: Path, codec: Codec) -> None:
        self._hashed: set[str] = set()
        super().__init__(directory, codec)
        # A damaged text is told by its seal, and what follows it is checked, too.
        self._connection.text_factory = lambda text: text.decode(errors="replace")

    @property
    def record_count(self) -> int:
        """Rows of the table of records."""
        with translated(self.path):
            (count,) = self._connection.execute("SELECT COUNT(*) FROM records").fetchone()
        return int(count)

    def check(self, totals: dict[str, int], report: Report) -> Iterator[str]:
        """Yield problems; count into `totals` what was looked at."""
        with translated(self.path):
            for (line,) in self._connection.execute("PRAGMA integrity_check"):
                if line != "ok":
                    yield f"SQLite: {line}"
        yield from self._check_file()
        yield from self._check_seals(totals)
        yield from self._check_references()
        yield from self._check_sums()
        yield from self._check_tasks()
        yield from self._check_records(totals, report)
        yield from self._check_other_arrays(totals)

    def _check_totals(self) -> None:
        """Found by the checks below instead."""

    def _check_file(self) -> Iterator[str]:
        with translated(self.path):
            (pages,) = self._connection.execute("PRAGMA page_count").fetchone()
            (size,) = self._connection.execute("PRAGMA page_size").fetchone()
        actual = self.path.stat().st_size
        if actual > pages * size and not log_size(self.path):
            yield f"{actual - pages * size} bytes follow the end of the store"

    def _check_seals(self, totals: dict[str, int]) -> Iterator[str]:
        for table, columns in self._columns.items():
            names = ", ".join(columns)
            with translated(self.path):
                for *row, expected in self._connection.execute(
                    f"SELECT {names}, seal FROM {table}"  # noqa: S608 (own constants)
                ):
                    totals["rows"] += 1
                    if seal(*row) != expected:
                        yield f"{table} {_legible(row[0])} is not what was written"

    def _check_references(self) -> Iterator[str]:
        with translated(self.path):
            is_packed = format_of(self._connection) >= PACKED
            for name, sql in {**REFERENCES, **(BASES if is_packed else {})}.items():
                text = sql.replace("{or_base}", OR_BASE if is_packed else "")
                text = text.replace("{abbreviated}", f"SUBSTR(b.digest, 1, {ABBREVIATED})")
                (count,) = self._connection.execute(text).fetchone()
                if count:
                    yield f"{count} {name}"
            found = self._counted()
        written = json.loads(self.property("totals"))
        if found != written:
            yield f"the store holds {found}, expected {written}"

    def _check_sums(self) -> Iterator[str]:
        """What is kept as sums is what the rows add up to."""
        if format_of(self._connection) < PACKED:
            return
        try:
            made = self._recounted()
            for what in tallies.ALL:
                kept = self._tally(what)
                if kept != {key: numbers for key, numbers in made.items() if key[0] == what}:
                    yield f"the sums over {what} are not what their rows add up to"
        except (GlasswellsError, ValueError, TypeError) as error:
            yield f"sums: {error}"

    def _check_tasks(self) -> Iterator[str]:
        """Task ids are what they stand for, and waiting tasks wait for what is not there yet."""
        with translated(self.path):
            seqs = self._connection.execute("SELECT seq, waiting FROM tasks").fetchall()
        for seq, waiting in seqs:
            try:
                row = self.task(seq)
                open_inputs = sum(
                    not self._has_ended(chain) for chain in {r.chain for r in row.task.inputs}
                )
            except (GlasswellsError, ValueError, TypeError) as error:
                yield f"task {seq}: {error}"
                continue
            stored = self._product_count(seq)
            if row.products is not None and row.products != stored:
                yield f"task {seq} has {stored} products, expected {row.products}"
            if row.status == WAITING and waiting != open_inputs:
                yield f"task {seq} waits for {waiting} others, expected {open_inputs}"

    def _product_count(self, seq: int) -> int:
        with translated(self.path):
            (count,) = self._connection.execute(
                "SELECT COUNT(*) FROM records WHERE task = ? AND kind <> ?", (seq, CHECKPOINT)
            ).fetchone()
        return int(count)

    def _has_ended(self, chain: str) -> bool:
        with translated(self.path):
            found = self._connection.execute(
                "SELECT 1 FROM tasks WHERE chain = ? AND status IN (?, ?)", (chain, *ENDED)
            ).fetchone()
        return found is not None

    def _check_records(self, totals: dict[str, int], report: Report) -> Iterator[str]:
        """Texts, the arrays that they name and the arrays that are listed for them.

        Each array is read with its record, and hashed when it is met first.
        """
        with translated(self.path):
            for identity, body, digest in self._connection.execute(
                "SELECT id, body, digest FROM records ORDER BY id"
            ):
                totals["records"] += 1
                report(1)
                arrays = self._arrays_of(identity)
                yield from self._check_arrays(arrays, totals)
                try:
                    text = unpack_text(body)
                except CodecError:
                    text = ""
                if sha256(text.encode()) != digest:
                    yield f"record {identity} is not what was written"
                    continue
                named = _Named(arrays)
                try:
                    self.codec.decode(text, named)
                except (GlasswellsError, ValueError, TypeError) as error:
                    yield f"record {identity}: {error}"
                    continue
                if named.seen != arrays.keys():
                    yield f"record {identity} has other array references than its text"

    def _arrays_of(self, identity: int) -> dict[str, bytes | None]:
        """The arrays of a record by their digests; None: not what was written."""
        with translated(self.path):
            found = self._connection.execute(
                f"SELECT b.digest FROM {NAMED_ARRAYS} WHERE a.record = ?",  # noqa: S608
                (identity,),
            ).fetchall()
        return {digest: self._whole(digest) for (digest,) in found}

    def _whole(self, digest: str) -> bytes | None:
        try:
            return self.array(digest)
        except DamagedStoreError:
            return None

    def _check_arrays(
        self, arrays: Mapping[str, bytes | None], totals: dict[str, int]
    ) -> Iterator[str]:
        for digest, data in arrays.items():
            if digest in self._hashed:
                continue
            self._hashed.add(digest)
            totals["arrays"] += 1
            if data is None:
                yield f"array {digest} is not what was written"
            else:
                totals["bytes"] += len(data)

    def _check_other_arrays(self, totals: dict[str, int]) -> Iterator[str]:
        """Arrays that no record led to."""
        with translated(self.path):
            for (digest,) in self._connection.execute("SELECT digest FROM blobs"):
                if digest not in self._hashed:
                    yield from self._check_arrays({digest: self._whole(digest)}, totals)


def _legible(key: object) -> str:
    """What names a row, which may be damaged itself."""
    text = str(key)
    is_sane = isinstance(key, int | str) and text.isprintable() and len(text) <= LONGEST_KEY
    return text if is_sane else "whose name is damaged"


class _Named:
    """Gives the arrays of a record by their digests, and remembers which were asked for."""

    def __init__(self, arrays: Mapping[str, Any]) -> None:
        self.seen: set[str] = set()
        self._arrays = arrays

    def __call__(self, digest: str) -> bytes:
        self.seen.add(digest)
        data = self._arrays.get(digest)
        if not isinstance(data, bytes):
            raise DamagedStoreError(f"array {digest} is missing")
        return data
