"""The script that corrects prefactors of instantons: its curve and its integral."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "instanton_baths.py"


@pytest.fixture(scope="module")
def script() -> Any:
    specification = importlib.util.spec_from_file_location("instanton_baths", SCRIPT)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def chain_of(script: Any, monkeypatch: pytest.MonkeyPatch, path: np.ndarray, action: float) -> Any:
    """A chain in the plane whose energy is highest at x = 0."""

    class Plane:
        def __init__(self, *_: Any) -> None: ...

        def energies(self, x: np.ndarray) -> tuple[np.ndarray, None]:
            return -(x[:, 0] ** 2), None

        def curvatures(self, x: np.ndarray) -> np.ndarray:
            return np.array([np.diag([-2.0, 4.0 + place[0]]) for place in x])

    found = SimpleNamespace(path=path, action=action)
    monkeypatch.setattr(script, "ActiveSet", Plane)
    monkeypatch.setattr(script.gw, "find_instanton", lambda *_, **__: found)
    return script.Chain(None, 2)


def test_the_correction_is_the_integral_over_imaginary_time(
    script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a line of 8 equal steps h = sum |dx|^2/S, beyond the sums in the nearer minimum."""
    x = np.linspace(-1.0, 1.0, 9)
    chain = chain_of(script, monkeypatch, np.stack([x, 0 * x], axis=1), action=0.25)
    assert chain.step == pytest.approx(8 * 0.25**2 / 0.25)
    assert chain.top == 4
    np.testing.assert_allclose(chain.at(0.75), [0.5, 0.0], atol=1e-15)
    assert chain.tangent(0.5)[0] == pytest.approx(2 * 2 * script.AROUND)
    images = np.linspace(0.0, 1.0, 5)
    assert chain.factor(images, np.full(5, 3.0)) == 1.0
    # 2 in A, 5 in B, linear between: 3 k/8 above A up to the top, 3 (8 - k)/8 below B beyond it
    rise = 3 * (0 + 1 + 2 + 3 + 4) / 8 - 3 * (3 + 2 + 1 + 0) / 8
    expected = np.exp(-chain.step * rise / 2)
    assert chain.factor(images, 2.0 + 3.0 * images) == pytest.approx(expected, rel=1e-12)


def test_the_sum_of_the_set_leaves_out_the_direction_of_the_path(
    script: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = np.linspace(-1.0, 1.0, 9)
    chain = chain_of(script, monkeypatch, np.stack([x, 0 * x], axis=1), action=0.25)
    for place, expected in ((0.0, np.sqrt(3.0)), (0.5, 2.0), (1.0, np.sqrt(5.0))):
        assert chain.own_sum(place) == pytest.approx(expected, rel=1e-12)
