"""Reading that fails before it has taken much memory."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import pytest

from glasswells.core.errors import InputError
from glasswells.core.records import Configuration


def assert_small(read: Callable[[], Configuration], message: str) -> None:
    """The reader complains, and has not allocated more than a few megabytes."""
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=message):
            read()
        assert tracemalloc.get_traced_memory()[1] < 20e6
    finally:
        tracemalloc.stop()
