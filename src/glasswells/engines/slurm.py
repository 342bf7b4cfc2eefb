"""The file that describes Slurm jobs: each field is checked, for it goes into a shell script.

Nothing here is quoted and passed on: a field may hold only characters that need no quotes.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from glasswells.core.errors import InputError
from glasswells.core.shown import shown
from glasswells.store.bounded import read_bounded

MAX_BYTES = 100_000
"""Of the file."""
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.,-]{0,63}")
PATH = re.compile(r"(?:/[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}){1,20}")
CLOCK = re.compile(r"(?:\d{1,2}-)?\d{1,3}:\d{2}:\d{2}")
MEMORY = re.compile(r"[1-9]\d{0,5} ?[MGT]B")
DIRECTIVE = re.compile(r"--[a-z][a-z-]{1,30}(?:=[A-Za-z0-9_.,:/@*-]{1,100})?")
"""An option of `sbatch`, such as `--constraint=skylake` or `--exclusive`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SlurmJobs:
    """Equal jobs, each with one worker process for each of its cores.

    Raises
    ------
    InputError
        If a field holds anything that a shell or Slurm might understand as more than a value.
    """

    jobs: int
    """How many jobs; one that ends is replaced."""
    cores: int
    """Of each job."""
    memory: str
    """Of each job, `16 GB`; a worker that needs more than its share is ended and started again."""
    walltime: str
    """Of each job, `HH:MM:SS` or `D-HH:MM:SS`."""
    interface: str
    """Network interface of scheduler and workers, such as `ib0`: nothing listens elsewhere."""
    shared_directory: str
    """Folder that all nodes see; the workers' certificates lie there, readable by you alone, as
    long as the run lasts."""
    partition: str | None = None
    account: str | None = None
    log_directory: str | None = None
    local_directory: str | None = None
    """Scratch folder of a node."""
    python: str | None = None
    """Interpreter on the nodes; by default the one that runs here."""
    directives: tuple[str, ...] = field(default=())
    """More options of `sbatch`."""

    def __post_init__(self) -> None:
        for name in ("jobs", "cores"):
            value = getattr(self, name)
            if type(value) is not int or not 1 <= value <= 10_000:
                raise InputError(f"{name} is {shown(value)}, expected a number from 1 to 10000")
        for name, pattern, example in _TEXTS:
            value = getattr(self, name)
            if value is not None and not _fits(value, pattern):
                raise InputError(f"{name} is {shown(value)}, expected something like {example}")
        if type(self.directives) is not tuple or len(self.directives) > 50:
            raise InputError("directives is no list of at most 50 texts")
        for value in self.directives:
            if not _fits(value, DIRECTIVE):
                raise InputError(
                    f"a directive is {shown(value)}, expected one like --constraint=skylake"
                )

    @property
    def workers(self) -> int:
        """Tasks at once when all jobs run."""
        return self.jobs * self.cores


_TEXTS = (
    ("memory", MEMORY, "16 GB"),
    ("walltime", CLOCK, "12:00:00"),
    ("interface", NAME, "ib0"),
    ("shared_directory", PATH, "/home/me/glasswells"),
    ("partition", NAME, "long"),
    ("account", NAME, "glasses"),
    ("log_directory", PATH, "/home/me/logs"),
    ("local_directory", PATH, "/scratch/me"),
    ("python", PATH, "/home/me/venv/bin/python"),
)


def read_slurm_jobs(path: Path) -> SlurmJobs:
    """The jobs that a TOML file describes in its table `[slurm]`.

    Raises
    ------
    InputError
        If it cannot be read, for unknown and missing keys, and for values that do not fit.
    """
    try:
        content = read_bounded(path, MAX_BYTES, "a few lines")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror})") from None
    try:
        tree = tomllib.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # no UTF-8, or endless integers, or no TOML
        raise InputError(f"{path} is no TOML: {error}") from None
    table = tree.get("slurm")
    if not isinstance(table, dict) or len(tree) != 1:
        raise InputError(f"{path} holds {sorted(tree)}, expected one table [slurm]")
    known = {item.name: item for item in fields(SlurmJobs)}
    for key in table:
        if key not in known:
            close = difflib.get_close_matches(key, known, 1)
            hint = f": did you mean {close[0]}?" if close else ""
            raise InputError(f"{path} has the unknown key {key!r}{hint}")
    missing = [k for k, item in known.items() if item.default is MISSING and k not in table]
    if missing:
        raise InputError(f"{path} lacks {', '.join(missing)}")
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in table.items()}
    return SlurmJobs(**values)


def _fits(value: object, pattern: re.Pattern[str]) -> bool:
    matches: Callable[[str], Any] = pattern.fullmatch  # the whole text: `$` would allow a newline
    return isinstance(value, str) and matches(value) is not None and ".." not in value
