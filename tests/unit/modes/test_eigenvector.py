"""Modes at eigenvalues that are known, or guessed, against the dense spectrum."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.modes import Stiffness
from glasswells.modes.eigenvector import LEVEL_RESIDUAL, eigenvector, nearest_level


@pytest.fixture(scope="module")
def stiffness(glass):
    return Stiffness(glass.model, glass.configuration)


def test_the_mode_at_an_eigenvalue_is_the_dense_one(glass, stiffness):
    field = glass.displacements[0]
    for k in (3, 4, 50, 300, 600):
        mode, number, eigenvalue = eigenvector(stiffness, field, glass.eigenvalues[k])
        assert number == k + 1
        assert eigenvalue == pytest.approx(glass.eigenvalues[k], rel=1e-11)
        assert abs(np.vdot(mode, glass.vectors[k])) == pytest.approx(1, abs=1e-9)


def test_where_no_mode_is_there_is_none(glass, stiffness):
    """Halfway between two modes inverse iteration has nothing to go by."""
    field = glass.displacements[0]
    for k in (50, 300):
        halfway = 0.5 * (glass.eigenvalues[k] + glass.eigenvalues[k + 1])
        assert eigenvector(stiffness, field, halfway) is None
        assert nearest_level(stiffness, field, halfway) is None


@pytest.mark.parametrize("off", [1e-8, 1e-5, 1e-3])
def test_a_mode_is_numbered_where_it_is_and_not_where_it_was_sought(glass, stiffness, off):
    """Between the place that is given and the mode there may be others."""
    for k in (5, 50, 300, 600):
        mode, number, eigenvalue = eigenvector(
            stiffness, glass.vectors[k].reshape(-1, 3), glass.eigenvalues[k] + off
        )
        assert number == k + 1
        assert eigenvalue == pytest.approx(glass.eigenvalues[k], abs=1e-12 * stiffness.scale)
        assert abs(np.vdot(mode, glass.vectors[k])) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("off", [0.0, 0.001, 0.1, 0.2])
def test_a_guess_leads_to_the_nearest_level(glass, stiffness, off):
    """`off` in units of the distance to the next mode above; the error is that of the residual."""
    field = glass.displacements[0]
    for k in (5, 50, 300, 600):
        below, level, above = glass.eigenvalues[k - 1 : k + 2]
        guess = level + off * (above - level)
        if guess - level < 0.25 * (level - below):
            found = nearest_level(stiffness, field, guess)
            gap = min(above - level, level - below)
            error = (LEVEL_RESIDUAL * stiffness.scale) ** 2 / gap
            assert found == pytest.approx(level, abs=error)
