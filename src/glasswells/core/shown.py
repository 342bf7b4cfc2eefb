"""Values in messages: as Python writes them, and never too long to read."""

from __future__ import annotations

from typing import Any

MAX_SHOWN = 200
"""Characters of a value in a message."""


def shown(value: Any) -> str:
    """A value as Python writes it, if that is not too long to read."""
    try:
        text = repr(value)
    except ValueError:  # Python writes no integers of more than 4300 digits
        return "an integer of thousands of digits"
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
