"""The file of the library: records as a campaign's store encodes them, in few bytes.

An npz of two arrays. `index` is JSON: what there is, in the texts of the codec, and where the bytes
of each array lie in `data`, under the SHA-256 of what they are unpacked to. Places are on a grid
(`library_places`); those of saddle and minimum B are kept as differences from minimum A, and those
of A from the most similar A before of the same particles (`store.packing`).
"""

from __future__ import annotations

import hashlib
import json
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any

import numpy as np

from glasswells.catalog.library_places import on_grid
from glasswells.catalog.library_records import (
    BandCheck,
    LibraryEdition,
    LibraryWell,
    ModesSummary,
    Provenance,
)
from glasswells.core.configuration import Configuration
from glasswells.core.records import DoubleWell
from glasswells.core.whole_file import whole_file
from glasswells.stages.histories import HISTORIES
from glasswells.statistics.well_summary import WellSummary
from glasswells.store.codec import sha256
from glasswells.store.errors import CodecError
from glasswells.store.packing import Packed, pack, unpack
from glasswells.store.record_types import codec_of

FORMAT = 2
READABLE = (1, FORMAT)
"""The first format kept places to the last bit."""
CODEC = codec_of(
    (DoubleWell, WellSummary, ModesSummary, BandCheck, Provenance, LibraryEdition), HISTORIES
)
DAMAGED = "the library of double wells is damaged{}: install the package again"


def write_library(
    path: Path,
    edition: LibraryEdition,
    two_level_systems: Sequence[LibraryWell],
    sample: Sequence[LibraryWell],
) -> None:
    """Write a library; the file appears whole or not at all.

    Parameters
    ----------
    path
        Of the file.
    edition
        Where the double wells come from.
    two_level_systems, sample
        The rows of the two tables, in order; what is in both is written once.
    """
    shelf = _Shelf()
    entries = {
        well.key: _bodies(well, shelf)
        for well in {each.key: each for each in (*two_level_systems, *sample)}.values()
    }
    index = json.dumps(
        {
            "format": FORMAT,
            "edition": shelf.body(edition),
            "two_level_systems": [well.key for well in two_level_systems],
            "double_wells": [well.key for well in sample],
            "entries": entries,
            "arrays": shelf.places,
        }
    ).encode()
    with whole_file(path) as draft, draft.open("wb") as file:
        np.savez_compressed(
            file,
            allow_pickle=False,
            index=np.frombuffer(index, np.uint8),
            seal=np.frombuffer(hashlib.sha256(index).digest(), np.uint8),
            data=np.frombuffer(b"".join(shelf.packed), np.uint8),
        )


class _Shelf:
    """Packs arrays one after the other, each once."""

    def __init__(self) -> None:
        self.places: dict[str, tuple[int, int, int, str | None]] = {}
        self.packed: list[bytes] = []
        self._minima: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self._end = 0

    def body(self, record: Any, bases: Mapping[str, bytes] | None = None) -> str:
        """The text of a record, whose arrays may be differences from these."""
        encoded = CODEC.encode(record)
        for digest, data in encoded.arrays.items():
            if digest not in self.places:
                kept = pack(data, {k: v for k, v in (bases or {}).items() if k != digest})
                self.places[digest] = (self._end, len(kept.data), kept.coding, kept.base)
                self.packed.append(kept.data)
                self._end += len(kept.data)
        return encoded.body

    def minima(self, a: Configuration) -> dict[str, bytes]:
        """Positions of the minima A of the same particles, by their digests."""
        return self._minima[sha256(a.diameters.tobytes() + a.box.tobytes() + a.masses.tobytes())]


def _bodies(well: LibraryWell, shelf: _Shelf) -> dict[str, Any]:
    double_well = on_grid(well.double_well)
    a = double_well.minimum_a
    others, positions = shelf.minima(a), a.positions.tobytes()
    shelf.body(a, others)  # before what is a difference from it
    others[sha256(positions)] = positions
    return {
        "preparation_temperature": well.preparation_temperature,
        "double_well": shelf.body(double_well, {sha256(positions): positions}),
        **{name: shelf.body(getattr(well, name)) for name in _RECORDS},
    }


_RECORDS = tuple(
    item.name
    for item in fields(LibraryWell)
    if item.name not in ("key", "preparation_temperature", "double_well")
)
"""What else an entry holds, each with a text of its own: a table reads summaries only."""


@dataclass(frozen=True, slots=True, eq=False)
class LibraryFile:
    """A library in memory; its records are unpacked when they are asked for."""

    index: Mapping[str, Any]
    data: bytes

    @property
    def edition(self) -> LibraryEdition:
        """Where it comes from."""
        found: LibraryEdition = self._record(self.index["edition"])
        return found

    @property
    def two_level_systems(self) -> list[str]:
        """Keys of the two-level systems, in the order of their table."""
        return list(self.index["two_level_systems"])

    @property
    def sample(self) -> list[str]:
        """Keys of the random sample of double wells, in the order in which they were drawn."""
        return list(self.index["double_wells"])

    def well(self, key: str) -> LibraryWell:
        """All that is held of a double well."""
        entry = self.index["entries"][key]
        return LibraryWell(
            key=key,
            preparation_temperature=entry["preparation_temperature"],
            double_well=self._record(entry["double_well"]),
            **{name: self._record(entry[name]) for name in _RECORDS},
        )

    def part(self, key: str, name: str) -> Any:
        """One field of a double well, without the others: tables need no positions."""
        entry = self.index["entries"][key]
        return entry[name] if name == "preparation_temperature" else self._record(entry[name])

    def _record(self, body: str) -> Any:
        return CODEC.decode(body, self._array)

    def _array(self, digest: str) -> bytes:
        place = self.index["arrays"].get(digest)
        if place is None:
            raise CodecError(DAMAGED.format(f", array {digest} is missing"))
        start, size, coding, base = place
        kept = Packed(self.data[start : start + size], coding, base)
        base_data = b"" if base is None else self._array(base)
        try:
            data = unpack(kept, base_data)
        except CodecError as error:
            raise CodecError(DAMAGED.format(f" at array {digest} ({error})")) from None
        if sha256(data) != digest:
            raise CodecError(DAMAGED.format(f" at array {digest}"))
        return data


def read_library(open_file: Callable[[], IO[bytes]]) -> LibraryFile:
    """The library in a file.

    Raises
    ------
    CodecError
        If it is no library of this format, or not what was written.
    """
    try:
        with open_file() as file, np.load(file, allow_pickle=False) as stored:
            index, seal, data = (stored[name].tobytes() for name in ("index", "seal", "data"))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile, zlib.error) as error:
        raise CodecError(DAMAGED.format(f" ({error})")) from None
    if hashlib.sha256(index).digest() != seal:
        raise CodecError(DAMAGED.format(" in its index"))
    content = json.loads(index)
    if content["format"] not in READABLE:
        raise CodecError(f"the library has the format {content['format']}, expected {READABLE}")
    return LibraryFile(content, data)
