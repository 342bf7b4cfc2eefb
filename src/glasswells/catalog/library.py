"""The two-level systems that come with the package: found by it, in glasses that come with it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from glasswells.catalog.catalog import Catalog
from glasswells.catalog.table import table_of
from glasswells.core.described import described
from glasswells.core.errors import InputError
from glasswells.core.records import Configuration, DoubleWell, EnergyProfile
from glasswells.core.splittings import TunnelSplitting
from glasswells.mechanics import deformation_potential
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.stages.pipeline import PIPELINE
from glasswells.statistics.well_summary import summarize_well
from glasswells.statistics.well_table import WellRow, well_table
from glasswells.store.codec import sha256
from glasswells.store.errors import CodecError
from glasswells.tunneling.units import UNIT_SETS

DATA = "data/two_level_systems.npz"
"""`index`: entries and provenance as JSON, records as a campaign's store encodes them; their arrays
as bytes under the names of their digests."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TwoLevelSystem:
    """A double well that is a two-level system under some unit set and some continuation."""

    key: str
    """Its name in the campaign that found it."""
    glass: str
    """Name of the glass: `t0p07-3` is `gw.glass(0.07, 3)`."""
    preparation_temperature: float
    """T_f, in epsilon/k_B."""
    double_well: DoubleWell
    """A, saddle, B, profile and vectors."""
    splittings: Mapping[str, TunnelSplitting]
    """By the name of the unit set: levels, numerical error, spread over continuations."""
    provenance: Mapping[str, str]
    """Which plan and version found it, and when."""

    @property
    def minimum_a(self) -> Configuration:
        """A, the inherent structure that the path starts from."""
        return self.double_well.minimum_a

    @property
    def saddle(self) -> Configuration:
        """The saddle between A and B."""
        return self.double_well.saddle

    @property
    def minimum_b(self) -> Configuration:
        """B, the other inherent structure."""
        return self.double_well.minimum_b

    @property
    def profile(self) -> EnergyProfile:
        """The energy along the path from A to B and beyond its ends."""
        return self.double_well.profile


def two_level_systems() -> Any:
    """The shipped two-level systems, a row each: a pandas DataFrame if pandas is installed.

    Otherwise `Columns`. The columns are those of a campaign's table (`Catalog.column_guide`). All
    are distinct, from the ten shipped glasses of 0.07; each is a two-level system under some unit
    set and some continuation, not under all (docs/MORE_TLS.md).
    """
    rows = [
        WellRow(
            preparation_temperature=found.preparation_temperature,
            well=summarize_well(
                found.double_well,
                found.glass,
                number,
                found.splittings,
                deformation_potential=deformation_potential(SoftSpheres(), found.double_well),
            ),
            key=found.key,
            repeats=number,
        )
        for number, found in enumerate(map(two_level_system, range(len(_library().entries))))
    ]
    names = list(_library().entries[0]["splittings"])
    units = [each for each in UNIT_SETS.values() if each.name in names]
    return table_of(well_table(rows, sorted(units, key=lambda each: names.index(each.name))))


def two_level_system(k: int | str) -> TwoLevelSystem:
    """The records of a shipped two-level system, by its row in `two_level_systems` or its key.

    Raises
    ------
    InputError
        If there is none.
    """
    library = _library()
    keys = [entry["key"] for entry in library.entries]
    known = {
        **{str(number): number for number in range(len(keys))},
        **dict(zip(keys, range(len(keys)), strict=True)),
    }
    if isinstance(k, bool) or str(k) not in known:
        raise InputError(
            f"k is {k!r}, expected a row of gw.two_level_systems(), from 0 to {len(keys) - 1}, or "
            f"a key"
        )
    entry = library.entries[known[str(k)]]
    return TwoLevelSystem(
        key=entry["key"],
        glass=entry["glass"],
        preparation_temperature=entry["preparation_temperature"],
        double_well=library.record(entry["double_well"]),
        splittings={name: library.record(body) for name, body in entry["splittings"].items()},
        provenance=library.provenance,
    )


def write_library(
    catalog: Catalog, keys: Iterable[str], provenance: Mapping[str, str], path: Path
) -> None:
    """Write double wells of a campaign as the library that the package ships."""
    arrays: dict[str, Any] = {}
    entries = []

    def body(record: Any) -> str:
        encoded = PIPELINE.codec.encode(record)
        arrays.update({k: np.frombuffer(v, dtype=np.uint8) for k, v in encoded.arrays.items()})
        return encoded.body

    for key in keys:
        found = catalog[key]
        entries.append(
            {
                "key": key,
                "glass": found.glass,
                "preparation_temperature": found.preparation_temperature,
                "double_well": body(found.double_well),
                "splittings": {name: body(s) for name, s in found.splittings.items()},
            }
        )
    index = json.dumps({"provenance": dict(provenance), "entries": entries})
    np.savez_compressed(path, allow_pickle=False, index=np.array(index), **arrays)


@dataclass(frozen=True, slots=True, eq=False)
class _Library:
    """The file in memory."""

    entries: list[dict[str, Any]]
    provenance: dict[str, str]
    arrays: dict[str, bytes]

    def record(self, body: str) -> Any:
        """A record from its text."""
        return PIPELINE.codec.decode(body, self._array)

    def _array(self, digest: str) -> bytes:
        data = self.arrays.get(digest, b"")
        if sha256(data) != digest:
            raise CodecError(f"the shipped library is damaged at {digest}: install it again")
        return data


@cache
def _library() -> _Library:
    source = resources.files("glasswells.catalog") / DATA
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        index = json.loads(str(stored["index"]))
        arrays = {name: stored[name].tobytes() for name in stored.files if name != "index"}
    return _Library(index["entries"], index["provenance"], arrays)
