"""The look of the gallery's figures: that of the package's reports."""

from __future__ import annotations

from importlib import resources
from typing import Any

import matplotlib as mpl


def report_style(_configuration: dict[str, Any], _file: str) -> None:
    """Set matplotlib to the report's style; called before each example."""
    mpl.rcdefaults()
    style = resources.files("glasswells.report") / "style.mplstyle"
    with resources.as_file(style) as path:
        mpl.style.use(path)
