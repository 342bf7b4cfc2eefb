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


@pytest.mark.parametrize("temperature", [0.062, 0.07, 0.092])
def test_recognition_changes_nothing_in_lanes(temperature: float) -> None:
    glass = gw.glass(temperature, 1).configuration
    early, full = (
        gw.explore(MODEL, glass, 0.04, 40, 50, 1, trajectories=16, settings=settings)
        for settings in (
            gw.ExplorationSettings(lanes=16),
            gw.ExplorationSettings(lanes=16, recognition=WITHOUT.recognition),
        )
    )
    assert early.recognized > 100
    assert full.recognized == 0
    assert early.transitions == full.transitions
    assert [s.visits for s in early.structures] == [s.visits for s in full.structures]
    for a, b in zip(early.structures, full.structures, strict=True):
        assert a.energy == pytest.approx(b.energy, abs=1e-9)
