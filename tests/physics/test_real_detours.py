"""Detours of a shipped glass are no double wells: their paths are searched."""

from __future__ import annotations

import pytest

import glasswells as gw
from glasswells.core.records import PathFailure
from glasswells.landscape.detours import find_detours

pytestmark = pytest.mark.physics

MODEL = gw.SoftSpheres()
SEARCHED = 10


def test_no_detour_is_a_double_well() -> None:
    glass = gw.glass(0.07, 1).configuration
    settings = gw.ExplorationSettings(time_step=0.02)
    found = gw.explore(MODEL, glass, 0.04, 500, 100, seed=7, settings=settings)
    pairs = gw.linked_pairs(found.structures, found.transitions, 1)
    detours = find_detours(pairs, found.structures)
    assert len(detours) >= SEARCHED
    for detour in detours[:: len(detours) // SEARCHED][:SEARCHED]:
        a, b = (found.structures[k].configuration for k in (detour.i, detour.j))
        assert isinstance(gw.find_double_well(MODEL, a, b), PathFailure), detour
