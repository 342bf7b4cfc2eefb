"""The store's one SQLite file: its tables, how it is opened, and what is refused at the door."""

from __future__ import annotations

import json
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from glasswells.core.whole_file import draft_of, publish, sync
from glasswells.store.errors import DamagedStoreError, FormatError, StoreError

STORE_NAME = "campaign.sqlite"
PLAN_NAME = "plan.toml"
"""A copy to read beside the store; what counts is the text in the store."""
APPLICATION_ID = 0x676C7773
"""`glws`: marks the file as ours in its header."""
STORE_FORMAT = 4
"""Of the tables below. Raise it with any change to them, and teach `upgrade` the step.

1: tasks did not say how many products they have. 2: they do. 3: arrays and texts may be packed, and
sums over tasks and records are kept. 4: the table `arrays` abbreviates digests, and texts are
compressed with words that they have in common."""
OLDEST_FORMAT = 1
"""That this version reads."""
PAGE_SIZE = 2048
"""Bytes. Of a longer array whole pages are filled and the rest shares one with other rows: of
minima of 6 kB it is half a page of 4 kB, so that the other half stays empty. What takes less room
later leaves whole pages to others."""
LOG_PAGES = 8192
"""In the write-ahead log, after which they are moved into the file."""
PAGE_SIZES = (PAGE_SIZE, 4096, 16384)
"""Those of older stores, too."""
PASSING = tuple(
    f"SQLITE_{name}"
    for name in ("FULL", "CANTOPEN", "BUSY", "LOCKED", "READONLY", "IOERR", "NOMEM", "PROTOCOL")
)
"""How names of SQLite's errors begin that say nothing about what is in the file."""
UNREADABLE = " with text "
"""In words of SQLite about a text that is none; its bytes follow."""
BUSY_TIMEOUT = 60.0
"""Seconds that a reader waits for the writer's lock; there is only one writer."""

TABLES = (
    "CREATE TABLE campaign (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL,"
    " seal INTEGER NOT NULL)",
    "CREATE TABLE sessions (id INTEGER PRIMARY KEY, provenance TEXT NOT NULL,"
    " ending TEXT NOT NULL, seal INTEGER NOT NULL)",
    "CREATE TABLE tasks (seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, stage TEXT NOT NULL,"
    " rank INTEGER NOT NULL, glass TEXT NOT NULL, number INTEGER NOT NULL, chunk INTEGER NOT NULL,"
    " chain TEXT NOT NULL, parameters TEXT NOT NULL, chunks_left INTEGER NOT NULL,"
    " status TEXT NOT NULL, waiting INTEGER NOT NULL, attempts INTEGER NOT NULL,"
    " reason TEXT NOT NULL, error TEXT NOT NULL, counts TEXT NOT NULL, seed_path TEXT NOT NULL,"
    " cpu_seconds REAL NOT NULL, wall_seconds REAL NOT NULL, session INTEGER NOT NULL,"
    " seal INTEGER NOT NULL, products INTEGER NOT NULL DEFAULT 0)",
    "CREATE INDEX tasks_in_order ON tasks (status, rank, glass, number, chunk)",
    "CREATE INDEX tasks_by_chain ON tasks (chain, chunk)",
    "CREATE TABLE inputs (chain TEXT NOT NULL, position INTEGER NOT NULL, source TEXT NOT NULL,"
    " kind TEXT NOT NULL, item INTEGER, optional INTEGER NOT NULL, seal INTEGER NOT NULL,"
    " PRIMARY KEY (chain, position)) WITHOUT ROWID",
    "CREATE INDEX inputs_by_source ON inputs (source)",
    "CREATE TABLE records (id INTEGER PRIMARY KEY, task INTEGER NOT NULL, kind TEXT NOT NULL,"
    " position INTEGER NOT NULL, body TEXT NOT NULL, digest TEXT NOT NULL, seal INTEGER NOT NULL)",
    "CREATE UNIQUE INDEX records_by_task ON records (task, kind, position)",
    "CREATE INDEX records_by_kind ON records (kind)",
    "CREATE TABLE arrays (record INTEGER NOT NULL, digest TEXT NOT NULL,"
    " PRIMARY KEY (record, digest)) WITHOUT ROWID",
    "CREATE INDEX arrays_by_digest ON arrays (digest)",
    "CREATE TABLE blobs (digest TEXT PRIMARY KEY NOT NULL, data BLOB NOT NULL,"
    " coding INTEGER NOT NULL DEFAULT 0, base TEXT)",
    "CREATE INDEX blobs_by_base ON blobs (base) WHERE base IS NOT NULL",
    "CREATE TABLE tallies (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL,"
    " seal INTEGER NOT NULL)",
)
COLUMNS = {
    "campaign": ("key", "value"),
    "sessions": ("id", "provenance", "ending"),
    "tasks": (
        *("seq", "id", "stage", "rank", "glass", "number", "chunk", "chain", "parameters"),
        *("chunks_left", "status", "waiting", "attempts", "reason", "error", "counts"),
        *("seed_path", "cpu_seconds", "wall_seconds", "session", "products"),
    ),
    "inputs": ("chain", "position", "source", "kind", "item", "optional"),
    "records": ("id", "task", "kind", "position", "digest"),
    "tallies": ("key", "value"),
}
"""The columns that each row's seal covers, in order."""
COUNTED, PACKED = 2, 3
"""Formats from which on tasks count their products, and arrays are packed and sums kept."""
ABBREVIATED = 16
"""Digits of a digest in the table `arrays`, which names each array of each record, and its index.
Of ten million arrays two are abbreviated alike with a chance of 3e-6, and nothing is lost then."""
NAMED_ARRAYS = "arrays a CROSS JOIN blobs b ON b.digest BETWEEN a.digest AND a.digest || 'g'"
"""The arrays of records, from references to arrays: `g` follows all hexadecimal digits. Of older
formats, too, whose references are whole digests."""
PRODUCTS = "products"
"""The column of tasks that format 1 lacks."""
COUNTED_TABLES = ("tasks", "records", "tallies")
"""Whose rows are counted in the property `totals`."""
PACKING = ", coding INTEGER NOT NULL DEFAULT 0, base TEXT"
"""The columns of arrays that came with packing."""


def columns_of(version: int) -> dict[str, tuple[str, ...]]:
    """As `COLUMNS`, for a store of some format."""
    columns = dict(COLUMNS)
    if version < PACKED:
        del columns["tallies"]
    if version < COUNTED:
        columns["tasks"] = tuple(name for name in COLUMNS["tasks"] if name != PRODUCTS)
    return columns


def tables_of(version: int) -> list[str]:
    """As `TABLES`, for a store of some format."""
    statements = list(TABLES)
    if version < PACKED:
        statements = [sql.replace(PACKING, "") for sql in TABLES if not _is_new(sql)]
    if version < COUNTED:
        own = f", {PRODUCTS} INTEGER NOT NULL DEFAULT 0"
        statements = [sql.replace(own, "") for sql in statements]
    return sorted(statements)


def _is_new(sql: str) -> bool:
    """Whether a table or index came with packed arrays."""
    return "blobs_by_base" in sql or "TABLE tallies" in sql


def upgrade(connection: sqlite3.Connection) -> None:
    """Bring a store of an older format to that of today, in the caller's transaction.

    What was written stays as it is; sums are to be made by the caller, where there were none.
    """
    before = format_of(connection)
    if before < COUNTED:
        _count_products(connection)
    if before < PACKED:
        connection.execute("ALTER TABLE blobs ADD COLUMN coding INTEGER NOT NULL DEFAULT 0")
        connection.execute("ALTER TABLE blobs ADD COLUMN base TEXT")
        for statement in filter(_is_new, TABLES):
            connection.execute(statement)
    connection.execute("UPDATE arrays SET digest = SUBSTR(digest, 1, ?)", (ABBREVIATED,))
    connection.execute(f"PRAGMA user_version={STORE_FORMAT}")


def _count_products(connection: sqlite3.Connection) -> None:
    connection.execute(f"ALTER TABLE tasks ADD COLUMN {PRODUCTS} INTEGER NOT NULL DEFAULT 0")
    connection.execute(
        f"UPDATE tasks SET {PRODUCTS} = (SELECT COUNT(*) FROM records r"  # noqa: S608 (own names)
        " WHERE r.task = tasks.seq AND r.kind <> 'checkpoint')"
    )
    names = COLUMNS["tasks"]
    rows = connection.execute(f"SELECT {', '.join(names)} FROM tasks").fetchall()  # noqa: S608
    connection.executemany(
        "UPDATE tasks SET seal = ? WHERE seq = ?", [(seal(*row), row[0]) for row in rows]
    )


def seal(*values: Any) -> int:
    """CRC-32 of a row: any single flipped bit changes it.

    Corruption may turn a text into bytes, hence `repr`.
    """
    return zlib.crc32(json.dumps(values, default=repr).encode())


def create_store(directory: Path, *, pipeline: str, plan: str, seed: int) -> None:
    """Make a campaign's folder and its empty store.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    totals = json.dumps(dict.fromkeys(COUNTED_TABLES, 0))
    properties = {"pipeline": pipeline, "plan": plan, "seed": str(seed), "totals": totals}
    create(directory / STORE_NAME, properties)


def create(path: Path, properties: dict[str, str]) -> None:
    """Make a store without tasks, whole or not at all, and never in place of another one.

    Raises
    ------
    StoreError
        If the folder cannot be written.
    """
    draft = draft_of(path)
    try:
        _write_draft(draft, properties)
        publish(draft, path)
    except OSError as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(
            f"{path} cannot be made ({error.strerror}): check free space and permissions"
        ) from error
    finally:
        with suppress(OSError):
            for ending in ("", "-wal", "-shm", "-journal"):
                draft.with_name(draft.name + ending).unlink(missing_ok=True)


def _write_draft(path: Path, properties: dict[str, str]) -> None:
    with translated(path):
        connection = sqlite3.connect(path, isolation_level=None)
        try:
            connection.execute(f"PRAGMA page_size={PAGE_SIZE}")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in TABLES:
                connection.execute(statement)
            rows = [(key, value, seal(key, value)) for key, value in properties.items()]
            connection.executemany("INSERT INTO campaign VALUES (?, ?, ?)", rows)
            connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version={STORE_FORMAT}")
            connection.execute("COMMIT")
            # Closing moves the log into the file as well, but is silent where it cannot, and then
            # the file alone would get its name.
            log = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
        finally:
            connection.close()
    if log != (0, 0, 0) or log_size(path) or path.stat().st_size != pages * PAGE_SIZE:
        raise StoreError(f"{path} cannot be made: check free space, quota and permissions")


def connect(path: Path, *, writable: bool) -> sqlite3.Connection:
    """Open a store after checking that it is one, and that nothing was added to its schema.

    Raises
    ------
    FormatError
        For a missing file, another kind of file, another format, a schema that is not ours:
        a view or trigger from a stranger would run at the next query.
    DamagedStoreError
        For a file that is shorter than it says.
    """
    require_store(path)
    with translated(path):
        mode = "rw" if writable else "ro"
        uri = f"{path.absolute().as_uri()}?mode={mode}"
        effective = os.access in os.supports_effective_ids
        may_write = os.access(path.parent, os.W_OK, effective_ids=effective)
        if not writable and not may_write and not log_size(path):
            uri += "&immutable=1"  # readers need a shared memory file, but nobody can write here
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_TIMEOUT)
        try:
            connection.execute("PRAGMA trusted_schema=OFF")
            connection.execute("PRAGMA cell_size_check=ON")
            _check_format(connection, path)
            _check_length(connection, path)
            if writable:
                connection.execute("PRAGMA synchronous=FULL")
                connection.execute("PRAGMA journal_size_limit=67108864")
                connection.execute(f"PRAGMA wal_autocheckpoint={LOG_PAGES}")
        except BaseException:
            connection.close()
            raise
    return connection


def require_store(path: Path) -> None:
    """Raise `FormatError` if there is no such file."""
    if not os.path.isfile(path):  # unlike Path.is_file, no error for names that are too long
        raise FormatError(f"{path} is missing: the folder holds no campaign; start one with `run`")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours, which name the file and the next step."""
    try:
        yield
    except (sqlite3.Error, UnicodeDecodeError) as error:
        name = getattr(error, "sqlite_errorname", "") or ""
        if name.startswith(PASSING):
            raise StoreError(
                f"{path} cannot be used now: {error}. What was acknowledged is safe: check free "
                f"space, quota and permissions, then go on with `resume`"
            ) from error
        what = str(error).partition(UNREADABLE)[0]
        raise DamagedStoreError(
            f"{path} is damaged: {what}. See what is left with `glasswells verify`"
        ) from error


def sync_folder(directory: Path) -> None:
    """Wait until the names of a campaign's files are on the disk.

    Raises
    ------
    StoreError
        If the disk refuses.
    """
    try:
        sync(directory)
    except OSError as error:
        raise StoreError(
            f"{directory} cannot be synced ({error.strerror}): see to the disk, then go on with "
            f"`resume`"
        ) from error


def format_of(connection: sqlite3.Connection) -> int:
    """Number of a store's format."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_format(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    version = format_of(connection)
    if application != APPLICATION_ID:
        raise FormatError(f"{path} is no campaign of glasswells: give the folder of one")
    if not OLDEST_FORMAT <= version <= STORE_FORMAT:
        advice = "install a newer glasswells" if version > STORE_FORMAT else "use an older one"
        raise FormatError(
            f"{path} has store format {version}, this version uses {STORE_FORMAT} and reads from "
            f"{OLDEST_FORMAT} on: {advice}"
        )
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    if sorted(str(sql) for (sql,) in rows) != tables_of(version):
        raise FormatError(
            f"{path} has tables, views or triggers that glasswells did not make: do not use it, "
            f"or have it checked by `glasswells verify` if it is your own"
        )


def log_size(path: Path) -> int:
    """Bytes in the write-ahead log, whose pages are not in the file yet."""
    log = path.with_name(path.name + "-wal")
    return log.stat().st_size if log.exists() else 0


def _check_length(connection: sqlite3.Connection, path: Path) -> None:
    if log_size(path):
        return  # the last pages may still be in the log only
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    (page_size,) = connection.execute("PRAGMA page_size").fetchone()
    if path.stat().st_size < pages * page_size:
        raise DamagedStoreError(
            f"{path} holds {path.stat().st_size} bytes, expected {pages * page_size}: it was "
            f"truncated; copy it again from where it came"
        )
