"""Explorations with early recognition and without find the same, also between shallow minima."""

from __future__ import annotations

import pytest

import glasswells as gw

pytestmark = pytest.mark.physics
MODEL = gw.SoftSpheres()
WITHOUT = gw.ExplorationSettings(recognition=gw.Recognition(displacement=0.0))


@pytest.mark.parametrize(("temperature", "index"), [(0.062, 2), (0.062, 3), (0.07, 0), (0.092, 3)])
def test_recognition_changes_nothing(temperature: float, index: int) -> None:
    """In each of these runs a limit of 0.05 on the displacement merged minima."""
    glass = gw.glass(temperature, index).configuration
    found = [
        gw.explore(MODEL, glass, 0.04, quenches=250, interval=50, seed=index, settings=settings)
        for settings in (gw.ExplorationSettings(), WITHOUT)
    ]
    early, full = found
    assert early.recognized > 100
    assert full.recognized == 0
    assert early.evaluations < full.evaluations
    assert early.transitions == full.transitions
    assert [s.visits for s in early.structures] == [s.visits for s in full.structures]
    for a, b in zip(early.structures, full.structures, strict=True):
        assert a.energy == pytest.approx(b.energy, abs=1e-9)
