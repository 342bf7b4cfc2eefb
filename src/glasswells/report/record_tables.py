"""The tables that stages declare: means over their records, by preparation temperature."""

from __future__ import annotations

import numpy as np

from glasswells.content.records import Preparation, ReportContent
from glasswells.report.tables import Table
from glasswells.statistics import mean
from glasswells.store.pipeline import RecordTable

NOTE = (
    "Means over all records; in brackets the 95 % interval over glasses, where a star marks that "
    "of entries taken as independent."
)


def record_tables(content: ReportContent) -> list[Table]:
    """A table for each that a stage declares and that has records."""
    return [
        _table(table, content)
        for table in content.tables
        if any(table.kind in g.numbers for p in content.preparations for g in p.glasses)
    ]


def _table(table: RecordTable, content: ReportContent) -> Table:
    units = [f" ({n.unit})" if n.unit != "1" else "" for n in table.numbers]
    names = [n.name + unit for n, unit in zip(table.numbers, units, strict=True)]
    return Table(
        slug=f"records_{table.kind}",
        title=table.title,
        note=f"{table.note} {NOTE}".strip(),
        columns=("T_f", "glasses", "records", *names),
        rows=tuple(_row(table, p) for p in content.preparations),
        hints=(
            "preparation temperature",
            "glasses with such records",
            "records",
            *(n.meaning for n in table.numbers),
        ),
    )


def _row(table: RecordTable, preparation: Preparation) -> tuple[str, ...]:
    glasses = [g.numbers[table.kind] for g in preparation.glasses if table.kind in g.numbers]
    cells = []
    for k in range(len(table.numbers)):
        known = [numbers[np.isfinite(numbers[:, k]), k] for numbers in glasses]
        found = mean(known) if known else None
        cells.append("-" if found is None else found.text())
    records = sum(len(numbers) for numbers in glasses)
    return (f"{preparation.temperature:g}", str(len(glasses)), str(records), *cells)
