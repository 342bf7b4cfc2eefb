"""A campaign's products as files that any program reads: CSV with npz, HDF5, or Parquet."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import numpy as np

from glasswells.core.errors import GlasswellsError
from glasswells.core.progress import Progress, Report, reporting
from glasswells.core.whole_file import sync, whole_files
from glasswells.export.formats import ExportFormat
from glasswells.export.hdf5 import export_hdf5
from glasswells.export.parquet import export_parquet
from glasswells.export.records import Table, safe_name, tables
from glasswells.store.errors import StoreError
from glasswells.store.pipeline import Pipeline
from glasswells.store.reader import StoreReader

GUIDE_NAME = "columns.csv"


def export_campaign(
    store: StoreReader,
    directory: Path,
    format: ExportFormat | str = ExportFormat.CSV,
    pipeline: Pipeline | None = None,
    progress: Progress = False,
) -> list[Path]:
    """Write the products of a campaign; every float64 keeps all its bits, nothing is pickled.

    Nested fields are named `outer.inner`; each row says by stage, glass, task, item and chain where
    its record comes from, and by `key` which double well it is about. Lists of records are tables
    `KIND.LIST`. `columns.csv` explains every column of every table, from the texts in the code. The
    files get their names together when all of them are complete: all or none.

    Parameters
    ----------
    store
        The campaign.
    directory
        Where the files go.
    format
        `csv`: a table `KIND.csv` of each kind in 17 digits, and its arrays in `KIND.GLASS.npz`,
        `R/outer.inner` for row R; `hdf5`: one file, see `export_hdf5`; `parquet`: a table
        `KIND.parquet` of each kind, see `export_parquet`.
    pipeline
        Gives keys and units; without it there are none.
    progress
        As for `gw.explore`: steps are tables that are read, then written.

    Returns
    -------
    list of Path
        The files written.

    Raises
    ------
    InputError
        If the extra that a format needs is not installed.
    StoreError
        If the folder cannot be written.
    """
    write: Callable[[Iterable[Table], Path], list[Path]] = {
        ExportFormat.CSV: _export_csv,
        ExportFormat.HDF5: export_hdf5,
        ExportFormat.PARQUET: export_parquet,
    }[ExportFormat(format)]
    try:
        with whole_files(directory) as drafts, reporting(progress, "export", None) as report:
            found = []
            for table in tables(store, pipeline):
                report(1, f"reading {table.name}")
                found.append(table)
            units = {} if pipeline is None else pipeline.units(store)
            files = [*write(_told(found, report), drafts), _write_guide(found, units, drafts)]
        return [directory / draft.name for draft in files]
    except OSError as error:
        if isinstance(error, GlasswellsError):
            raise
        raise StoreError(
            f"{directory} cannot be written ({error.strerror or error}): check free space and "
            f"permissions"
        ) from error


def _write_guide(found: list[Table], units: Mapping[str, str], directory: Path) -> Path:
    """`columns.csv`: what the columns of each table are."""
    path = directory / GUIDE_NAME
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["table", "column", "type", "unit", "meaning"])
        for table in found:
            writer.writerows([table.name, *line] for line in table.guide(units))
    sync(path)
    return path


def _told(found: Iterable[Table], report: Report) -> Iterator[Table]:
    for table in found:
        report(1, f"writing {table.name}")
        yield table


def _export_csv(found: Iterable[Table], directory: Path) -> list[Path]:
    return [path for table in found for path in _export_table(table, directory)]


def _export_table(source: Table, directory: Path) -> Iterator[Path]:
    table = directory / f"{source.name}.csv"
    with ExitStack() as opened:
        file = opened.enter_context(table.open("w", newline="", encoding="utf-8"))
        # Rows of the glasses may take turns: each glass has a file that grows.
        archives: dict[str, _Arrays] = {}
        writer = csv.DictWriter(file, list(source.columns.scalars), restval="")
        writer.writeheader()
        for number, row in enumerate(source.rows()):
            if row.arrays and row.glass not in archives:
                path = directory / f"{source.name}.{safe_name(row.glass)}.npz"
                archives[row.glass] = opened.enter_context(_Arrays(path))
            for field, array in row.arrays.items():
                archives[row.glass].add(f"{number}/{field}", array)
            writer.writerow(row.scalars)
    for path in (table, *(archive.path for archive in archives.values())):
        sync(path)
        yield path


class _Arrays:
    """An npz file to which arrays are added one by one, so that none of them has to be kept."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._archive = zipfile.ZipFile(path, "x")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._archive.close()

    def add(self, name: str, array: Any) -> None:
        """Write an array under a name."""
        with self._archive.open(f"{name}.npy", "w", force_zip64=True) as file:
            np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
