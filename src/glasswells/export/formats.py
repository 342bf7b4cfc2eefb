"""Names of the export formats; nothing else, so that `--help` stays quick."""

from __future__ import annotations

from enum import StrEnum


class ExportFormat(StrEnum):
    """How products are written."""

    CSV = "csv"
    """Tables as CSV, arrays as npz."""
    HDF5 = "hdf5"
    """All in one file."""
    PARQUET = "parquet"
    """One table of each kind, arrays inside."""
