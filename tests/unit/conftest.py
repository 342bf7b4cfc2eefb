"""The one report page that tests look at: drawn once, its figures in all formats."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import pytest

from glasswells.khomenko2021 import SECTIONS
from glasswells.report import ReportContent
from glasswells.report.page import compose
from report_contents import content, write_once
from vibration_contents import with_vibrations


@dataclass(frozen=True, kw_only=True)
class Drawn:
    content: ReportContent
    path: Path
    text: str
    globals: tuple[Any, Any]
    """Settings of Matplotlib, and whether pyplot is loaded: before and after."""


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Drawn:
    """Two temperatures, two unit sets, double wells with vibrations."""
    made = with_vibrations(content())
    before = global_state()
    path = compose(made, tmp_path_factory.mktemp("report"), SECTIONS, draw=write_once)
    text = path.read_text(encoding="utf-8")
    return Drawn(content=made, path=path, text=text, globals=(before, global_state()))


def global_state() -> tuple[dict[str, Any], bool]:
    return dict(mpl.rcParams), "matplotlib.pyplot" in sys.modules
