"""A campaign's products as files that any program reads: CSV with npz, HDF5, or Parquet."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from glasswells.core.errors import GlasswellsError
from glasswells.core.whole_file import sync
from glasswells.export.formats import ExportFormat
from glasswells.export.hdf5 import export_hdf5
from glasswells.export.parquet import export_parquet
from glasswells.export.records import rows, safe_name, survey
from glasswells.store.errors import StoreError
from glasswells.store.reader import StoreReader


def export_campaign(
    store: StoreReader, directory: Path, format: ExportFormat | str = ExportFormat.CSV
) -> list[Path]:
    """Write the products of a campaign; every float64 keeps all its bits, nothing is pickled.

    Nested fields are named `outer.inner`; each row says by stage, glass, number, position and
    chain where its record comes from. The files get their names when all of them are complete.

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
    write: Callable[[StoreReader, Path], list[Path]] = {
        ExportFormat.CSV: _export_csv,
        ExportFormat.HDF5: export_hdf5,
        ExportFormat.PARQUET: export_parquet,
    }[ExportFormat(format)]
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with _drafts(directory) as drafts:
            return [_publish(draft, directory) for draft in write(store, drafts)]
    except OSError as error:
        if isinstance(error, GlasswellsError):
            raise
        raise StoreError(
            f"{directory} cannot be written ({error.strerror or error}): check free space and "
            f"permissions"
        ) from error


@contextmanager
def _drafts(directory: Path) -> Iterator[Path]:
    """A folder of its own inside another one, which is gone in the end."""
    drafts = Path(tempfile.mkdtemp(prefix=".export-", dir=directory))
    try:
        yield drafts
    finally:
        shutil.rmtree(drafts, ignore_errors=True)


def _publish(draft: Path, directory: Path) -> Path:
    path = directory / draft.name
    os.replace(draft, path)
    sync(directory)
    return path


def _export_csv(store: StoreReader, directory: Path) -> list[Path]:
    return [path for kind in store.kinds() for path in _export_kind(store, kind, directory)]


def _export_kind(store: StoreReader, kind: str, directory: Path) -> Iterator[Path]:
    table = directory / f"{safe_name(kind)}.csv"
    glass, arrays = "", dict[str, Any]()
    written = []
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(survey(store, kind).scalars), restval="")
        writer.writeheader()
        for number, row in enumerate(rows(store, kind)):
            if arrays and row.glass != glass:
                written.append(_write_arrays(directory / f"{kind}.{safe_name(glass)}.npz", arrays))
                arrays = {}
            glass = row.glass
            arrays |= {f"{number}/{name}": array for name, array in row.arrays.items()}
            writer.writerow(row.scalars)
    sync(table)
    if arrays:
        written.append(_write_arrays(directory / f"{kind}.{safe_name(glass)}.npz", arrays))
    yield table
    yield from written


def _write_arrays(path: Path, arrays: dict[str, Any]) -> Path:
    np.savez(path, allow_pickle=False, **arrays)
    sync(path)
    return path
