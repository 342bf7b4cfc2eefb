"""One double well of 125 particles for the tests of this room."""

from __future__ import annotations

import pytest
from small_wells import SmallWell, stored_well


@pytest.fixture(scope="session")
def small() -> SmallWell:
    return stored_well()
