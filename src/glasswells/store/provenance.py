"""What a run was made with: versions and machine type, but no names of users or hosts."""

from __future__ import annotations

import platform
import re
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

PACKAGES = ("glasswells", "numpy", "scipy", "numba", "llvmlite")
"""Those that numbers depend on."""


def provenance(**more: Any) -> dict[str, Any]:
    """Versions, git commit of the package, processor, time, and whatever the caller adds."""
    return {
        "started": utc_now(),
        "python": platform.python_version(),
        "packages": package_versions(),
        "git_commit": git_commit(Path(__file__).resolve().parents[3]),
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        **more,
    }


def package_versions() -> dict[str, str | None]:
    """Versions of what numbers depend on."""
    return {name: _version(name) for name in PACKAGES}


def utc_now() -> str:
    """The time to the second, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def git_commit(root: Path) -> str | None:
    """The commit that is checked out in `root`; None outside a git checkout."""
    try:
        head = (root / ".git" / "HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        name = head.removeprefix("ref: ")
        loose = root / ".git" / name
        if loose.is_file():
            return loose.read_text().strip()
        packed = (root / ".git" / "packed-refs").read_text()
    except OSError:
        return None
    found = re.search(rf"^([0-9a-f]{{40}}) {re.escape(name)}$", packed, re.MULTILINE)
    return found.group(1) if found else None


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        found = None
    return found.group(1) if found else platform.processor()
