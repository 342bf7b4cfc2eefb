"""Chains of double wells whose searches are made up: no two minima are joined twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from glasswells.core.outcomes import Outcome
from glasswells.core.records import Configuration, PathFailure
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.paths import chain

SITES = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), -1).reshape(-1, 3) * 1.2


def minimum(k: int) -> Configuration:
    positions = SITES.copy()
    positions[k] += 0.3
    return Configuration(positions=positions, diameters=np.ones(64), box=np.full(3, 4.8))


MINIMA = [minimum(k) for k in range(4)]


def number(configuration: Configuration) -> int:
    moved = np.linalg.norm(configuration.positions - SITES, axis=1)
    return int(moved.argmax())


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """From 0 to 1 the path passes 2; from 2 to 1 it comes back to 0, and passes 3."""
    done: list[tuple[int, int]] = []
    between = {(0, 1): (2,), (2, 1): (0, 3)}

    def search(model: Any, a: Configuration, b: Configuration, **settings: Any) -> PathFailure:
        key = number(a), number(b)
        done.append(key)
        return PathFailure(
            minimum_a=a,
            minimum_b=b,
            outcome=Outcome.LEFT_THE_PAIR,
            message="",
            asymmetry=0.0,
            barrier=np.nan,
            intermediates=tuple(minimum(k) for k in between.get(key, ())),
        )

    monkeypatch.setattr(chain, "find_double_well", search)
    return done


def test_a_path_that_comes_back_joins_nothing_twice(searches: list[tuple[int, int]]) -> None:
    found = chain.find_double_wells(SoftSpheres(), MINIMA[0], MINIMA[1])
    assert [number(m) for m in found.minima] == [0, 2, 3, 1]
    assert searches == [(0, 1), (0, 2), (2, 1), (2, 3), (3, 1)]
    assert len({frozenset(key) for key in searches}) == len(searches)
