"""`glasswells status` on a store of a million records, made up, of a finished campaign.

Rows have the seals and sums that the store's own writer gives them; `verify` is not run. The time
is that of the whole command, and beside it that of its work on the store alone.
"""

from __future__ import annotations

import json
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from glasswells.campaign.campaigns import open_campaign, start_campaign
from glasswells.campaign.outline import keep_outline
from glasswells.campaign.overview import NOTE, overview_of
from glasswells.campaign.progress import stage_progress
from glasswells.stages.pipeline import PIPELINE
from glasswells.store import tallies
from glasswells.store.codec import sha256
from glasswells.store.reader import DONE, FAILED
from glasswells.store.schema import COLUMNS, STORE_NAME, seal
from glasswells.store.writer import Store
from rows import Row

GLASSES, TASKS, RECORDS = 260, 100_000, 10
"""Glasses, as many as the paper's; tasks; records of each task."""
PLAN = """
[campaign]
name = "many"
seed = 1

[glasses]
source = "shipped"
preparation_temperatures = [0.07]
counts = [1]
"""
STAGES = (("explore", 1), ("paths", 5), ("splittings", 6))
REPEATS = 3
MUST, AIM = 1.0, 0.2
"""Seconds."""


def make_store(folder: Path, tasks: int = TASKS, records: int = RECORDS) -> Path:
    """A campaign with so many finished tasks and so many records of each."""
    plan = folder / "plan.toml"
    plan.write_text(PLAN)
    directory = start_campaign(plan, folder / "many", PIPELINE)
    connection = sqlite3.connect(directory / STORE_NAME, isolation_level=None)
    connection.execute("PRAGMA synchronous=OFF")
    connection.execute("BEGIN")
    sums: tallies.Tally = {}
    _add_tasks(connection, sums, tasks)
    _add_records(connection, sums, tasks, records)
    rows = [(tallies.text_of(key), tallies.text_of(sums[key])) for key in sums]
    connection.executemany("INSERT INTO tallies VALUES (?, ?, ?)", [(*r, seal(*r)) for r in rows])
    totals = {"tasks": tasks, "records": tasks * records, "tallies": len(rows)}
    text = json.dumps(totals)
    connection.execute(
        "INSERT OR REPLACE INTO campaign VALUES ('totals', ?, ?)", (text, seal("totals", text))
    )
    connection.execute("COMMIT")
    connection.close()
    with Store(directory, PIPELINE.codec) as store, store.transaction():
        keep_nothing(store)
    return directory


def keep_nothing(store: Store) -> None:
    """As a run does at its begin and end, of records that hold nothing to count."""
    keep_outline(store, PIPELINE)
    store.keep_note(NOTE, json.dumps([store.sums_digest(), {}, ["made up"]]))


def _add_tasks(connection: sqlite3.Connection, sums: tallies.Tally, tasks: int) -> None:
    names = COLUMNS["tasks"]
    marks = ", ".join("?" * (len(names) + 1))
    sql = f"INSERT INTO tasks ({', '.join(names)}, seal) VALUES ({marks})"  # noqa: S608 (own names)
    counts = json.dumps({"double_wells": 1, "evaluations": 500, "route_fast": 1})

    def rows() -> Iterator[tuple[object, ...]]:
        for seq in range(1, tasks + 1):
            stage, rank = STAGES[seq % len(STAGES)]
            identity = sha256(str(seq).encode())
            row = (
                *(seq, identity, stage, rank, f"T0.070-{seq % GLASSES:04d}", seq, 0, identity),
                *("{}", 0, DONE, 0, 0, "", "", counts, f"1/{stage}/g/{seq}/0"),
                *(0.5 + seq * 1e-6, 0.6, 1, RECORDS),
            )
            tallies.add(sums, tallies.of_task(dict(zip(names, row, strict=True))))
            yield (*row, seal(*row))

    connection.executemany(sql, rows())


def _add_records(
    connection: sqlite3.Connection, sums: tallies.Tally, tasks: int, records: int
) -> None:
    body = '{"record":"SearchResult","version":1,"fields":{"outcome":"double_well"}}'
    digest = sha256(body.encode())

    def rows() -> Iterator[tuple[object, ...]]:
        for k in range(tasks * records):
            row = (k + 1, k // records + 1, "search", k % records, digest)
            yield (*row[:4], body, digest, seal(*row))

    connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", rows())
    tallies.add(sums, [tallies.of_record("search")], tasks * records)


def look(directory: Path) -> float:
    """Seconds of CPU that the work of `status` on the store takes."""
    begin = time.process_time()
    with open_campaign(directory, PIPELINE) as store:
        store.sessions()
        stage_progress(store, PIPELINE, running={})
        list(store.tasks(FAILED))
        store.product_counts()
        if overview_of(store, PIPELINE) is None:
            raise RuntimeError("what was found was not kept")
    return time.process_time() - begin


def command(directory: Path) -> float:
    """Seconds of CPU of the whole command."""
    begin = sum(_children())
    words = [sys.executable, "-m", "glasswells", "status", str(directory)]
    subprocess.run(words, check=True, capture_output=True)
    return sum(_children()) - begin


def _children() -> tuple[float, float]:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime, used.ru_stime


def main() -> list[Row]:
    with tempfile.TemporaryDirectory(prefix="glasswells-") as name:
        directory = make_store(Path(name))
        alone = statistics.median(look(directory) for _ in range(REPEATS))
        whole = statistics.median(command(directory) for _ in range(REPEATS))
    return [
        Row(
            work=f"status of {TASKS * RECORDS} records, {TASKS} tasks, {GLASSES} glasses",
            measured=f"{whole:.2f} s of CPU, {alone:.2f} s of them on the store",
            must=f"{MUST} s",
            aim=f"{AIM} s",
            meets_must=whole <= MUST,
            meets_aim=whole <= AIM,
        )
    ]


if __name__ == "__main__":
    from rows import print_rows

    print_rows(main())
