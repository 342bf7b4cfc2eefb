"""All benchmarks, then one table: `make bench`, or `python benchmarks/run.py swap start`.

The table is kept as CSV as well, see `history.py`.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path

from history import entries, keep, today
from rows import Row, print_rows

ALL = (
    *("swap", "md", "silicon", "quench", "explore", "paths", "tunneling", "modes"),
    *("start", "coordinator", "pooling", "status", "scaling"),
)


def rows_of(name: str) -> list[Row]:
    """The rows of one benchmark; one that fails becomes a row that says so."""
    if not Path(__file__).with_name(f"bench_{name}.py").exists():
        print(f"bench_{name}: skipped, there is no such file\n", flush=True)
        return []
    print(f"bench_{name} ...", flush=True)
    try:
        rows = importlib.import_module(f"bench_{name}").main()
    except Exception as error:
        traceback.print_exc()
        rows = [Row(work=name, measured=f"failed: {type(error).__name__}", meets_must=False)]
    print(flush=True)
    return list(rows or ())


def main(names: list[str]) -> int:
    unknown = sorted(set(names) - set(ALL))
    if unknown:
        print(f"unknown benchmark {', '.join(unknown)}, expected some of {', '.join(ALL)}")
        return 2
    measured = {name: rows_of(name) for name in names or ALL}
    rows = [row for found in measured.values() for row in found]
    print_rows(rows)
    now = today()
    kept = [entry for name in measured for entry in entries(name, measured[name], **now)]
    if kept:
        print(f"\nkept in {keep(kept)}")
    return int(any(row.meets_must is False for row in rows))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
