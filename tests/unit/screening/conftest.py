"""Searched pairs to learn from, and others to be judged on."""

from __future__ import annotations

import pytest
from made_up_pairs import made_up

from glasswells.screening.records import Searched


@pytest.fixture(scope="session")
def known() -> list[Searched]:
    return made_up(800, seed=1)


@pytest.fixture(scope="session")
def unseen() -> list[Searched]:
    return made_up(800, seed=2)
