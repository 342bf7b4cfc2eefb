"""One version, wherever it is written."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import glasswells as gw

ROOT = Path(__file__).parents[1]


def test_all_files_name_one_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == gw.__version__
    assert f"\nversion: {gw.__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    unreleased, latest, *_ = re.findall(
        r"^## (.+)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M
    )
    assert unreleased == "Unreleased"
    assert latest.startswith(f"{gw.__version__} - ")
