"""The double wells that come with the package: found by it, in glasses that come with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

from glasswells.catalog.library_file import LibraryFile, read_library
from glasswells.catalog.library_places import MODEL, settled
from glasswells.catalog.library_records import LibraryEdition, LibraryWell
from glasswells.catalog.table import table_of
from glasswells.core.errors import InputError
from glasswells.statistics.vibration_numbers import VIBRATION_COLUMNS
from glasswells.statistics.well_table import WellRow, well_table
from glasswells.tunneling.units import UNIT_SETS

DATA = "data/library.npz"


def two_level_systems() -> Any:
    """The shipped two-level systems, a row each: a pandas DataFrame if pandas is installed.

    Otherwise `Columns`. The columns are those of a campaign's table (`Catalog.column_guide`) with
    the numbers of modes, then the campaign, the rules that chose its pair, how many `duplicates`
    were met, and what a band gives less what is held: `band_outcome`, `band_barrier`,
    `band_path_length` and `band_splitting_...`. All are distinct; each is a two-level system under
    some unit set and some continuation, not under all: the columns `is_two_level_...` mark those
    under the continuation of the set (docs/MORE_TLS.md).
    """
    return _table(_library().two_level_systems)


def double_wells() -> Any:
    """The shipped random sample of double wells, a row each: columns as in `two_level_systems`.

    Drawn without replacement from the distinct double wells of the campaigns of the library, each
    with the same chance, and in the order in which they were drawn: the first n rows are a random
    sample, too. Two-level systems are among them as often as it happens. `library_edition` tells
    the campaigns and the seed.
    """
    return _table(_library().sample)


def two_level_system(k: int | str) -> LibraryWell:
    """The records of a shipped two-level system, by its row in `two_level_systems` or its key.

    Raises
    ------
    InputError
        If there is none.
    """
    return _well(k, _library().two_level_systems, "two_level_systems")


def double_well(k: int | str) -> LibraryWell:
    """The records of a double well of the shipped sample, by its row in `double_wells` or its key.

    Raises
    ------
    InputError
        If there is none.
    """
    return _well(k, _library().sample, "double_wells")


def library_edition() -> LibraryEdition:
    """Of which campaigns the shipped library was made, and how its double wells were chosen.

    Rows are those of one edition: quote its number with them, or quote keys.
    """
    return _library().edition


def _table(keys: Sequence[str]) -> Any:
    library = _library()
    rows = [
        WellRow(
            preparation_temperature=library.part(key, "preparation_temperature"),
            well=replace(library.part(key, "summary"), number=number),
            key=key,
            repeats=number,
        )
        for number, key in enumerate(keys)
    ]
    names = {name for row in rows for name in row.well.splittings}
    units = [each for each in UNIT_SETS.values() if each.name in names]
    columns = well_table(rows, units, VIBRATION_COLUMNS)
    origins = [library.part(key, "provenance") for key in keys]
    bands = [library.part(key, "band") for key in keys]
    columns |= {
        "campaign": [origin.campaign for origin in origins],
        "rules": [" ".join(origin.rules) for origin in origins],
        "duplicates": [origin.duplicates for origin in origins],
        "band_outcome": [band.outcome.name.lower() for band in bands],
        "band_barrier": [band.barrier for band in bands],
        "band_path_length": [band.path_length for band in bands],
    }
    for each in units:
        heading = f"band_splitting_{each.name}".lower().replace("-", "_")
        columns[heading] = [band.splittings.get(each.name, float("nan")) for band in bands]
    return table_of(columns)


def _well(k: int | str, keys: Sequence[str], table: str) -> LibraryWell:
    known = {**{str(number): key for number, key in enumerate(keys)}, **{key: key for key in keys}}
    if isinstance(k, bool) or str(k) not in known:
        expected = (
            f"a row of gw.{table}(), from 0 to {len(keys) - 1}, or a key of it"
            if keys
            else f"nothing: gw.{table}() has no rows"
        )
        raise InputError(f"k is {k!r}, expected {expected}")
    found = _library().well(known[str(k)])
    return replace(found, double_well=settled(MODEL, found.double_well))


@cache
def _library() -> LibraryFile:
    source = resources.files("glasswells.catalog") / DATA
    return read_library(lambda: source.open("rb"))
