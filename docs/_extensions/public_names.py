"""Keeps the API page honest: it lists all public names and no other, and shows them as written."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import sphinx.ext.autosummary
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

import glasswells

ENTRY = re.compile(r"^ {3}([A-Za-z_]\w*)$", re.MULTILINE)


def check_names(app: Sphinx) -> None:
    """Stop the build where the page and `glasswells.__all__` differ."""
    listed = ENTRY.findall((Path(app.srcdir) / "api.rst").read_text(encoding="utf-8"))
    missing = sorted(set(glasswells.__all__) - set(listed))
    unknown = sorted(set(listed) - set(glasswells.__all__))
    if missing or unknown or len(set(listed)) < len(listed):
        raise ExtensionError(
            f"docs/api.rst lacks {missing}, lists unknown names {unknown}, or a name twice: "
            f"edit it to list each public name once"
        )


def escape_bars(_app: Sphinx, *event: Any) -> None:
    """|r| in a docstring is a norm, not a substitution."""
    lines = event[-1]
    lines[:] = [line if ":math:" in line else re.sub(r"(?<!\\)\|", r"\\|", line) for line in lines]


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect both, and let summaries go on after an abbreviation that is no end of a sentence."""
    sphinx.ext.autosummary.WELL_KNOWN_ABBREVIATIONS += (" eq.", " eqs.", " .")
    app.connect("builder-inited", check_names, priority=100)
    app.connect("autodoc-process-docstring", escape_bars, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
