"""Melt and quench: the ramp against its definition, bit for bit in parts, and what it says."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import glasswells as gw
from glasswells.core.errors import ConvergenceError, InputError
from glasswells.core.records import Configuration
from glasswells.landscape.melt_quench import (
    BLOCK,
    continue_melt_quench,
    finish_melt_quench,
    start_melt_quench,
)
from glasswells.landscape.quench_report import MeltQuenchReport

MODEL = gw.StillingerWeber("vink-2001")
EDGE = 10.9
SETTINGS = gw.MeltQuenchSettings(
    rate=0.05 / BLOCK,
    melt_temperature=0.35,
    melt_time=3 * BLOCK * 0.2,
    final_temperature=0.03,
    time_step=0.2,
)


@pytest.fixture(scope="module")
def lattice() -> Configuration:
    sites = np.stack(np.meshgrid(*[np.arange(4)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    return Configuration(
        positions=sites * (EDGE / 4),
        diameters=np.ones(64),
        box=np.full(3, EDGE),
        masses=np.full(64, 28.0855),
    )


def test_the_ramp_falls_at_the_rate_and_ends_at_the_final_temperature() -> None:
    temperatures = [SETTINGS.temperature(k) for k in range(SETTINGS.blocks)]
    block = BLOCK * SETTINGS.time_step
    # Written from T(t) = T_melt - rate t, at the end of each block
    expected = [
        max(0.35 - SETTINGS.rate * max(0.0, (k + 1) * block - 3 * block), 0.03)
        for k in range(SETTINGS.blocks)
    ]
    np.testing.assert_allclose(temperatures, expected, rtol=1e-12)
    assert temperatures[:3] == [0.35] * 3
    assert temperatures[-1] == 0.03
    assert temperatures[-2] > 0.03


def test_parts_equal_the_whole_bit_for_bit(lattice: Configuration) -> None:
    whole = gw.melt_quench(MODEL, lattice, SETTINGS, seed=5)
    state = start_melt_quench(MODEL, lattice, SETTINGS, seed=5)
    for blocks in (1, 4, 2, 100):
        state = continue_melt_quench(MODEL, state, SETTINGS, blocks)
    parts = finish_melt_quench(MODEL, state, SETTINGS)
    assert np.array_equal(whole.configuration.positions, parts.configuration.positions)
    assert whole.report == parts.report
    other = gw.melt_quench(MODEL, lattice, SETTINGS, seed=6)
    assert not np.array_equal(whole.configuration.positions, other.configuration.positions)


def test_the_report_states_the_rate_and_no_fictive_temperature(lattice: Configuration) -> None:
    state = start_melt_quench(MODEL, lattice, SETTINGS, seed=5)
    molten = continue_melt_quench(MODEL, state, SETTINGS, SETTINGS.melt_blocks)
    glass = finish_melt_quench(
        MODEL, continue_melt_quench(MODEL, molten, SETTINGS, SETTINGS.blocks), SETTINGS
    )
    report = glass.report
    assert isinstance(report, MeltQuenchReport)
    assert math.isnan(glass.preparation_temperature)
    assert report.rate == SETTINGS.rate
    assert report.energy == pytest.approx(gw.energy(MODEL, glass.configuration) / 64)
    assert report.inherent_energy == pytest.approx(
        gw.minimize(MODEL, glass.configuration).energy / 64
    )
    assert report.inherent_energy < report.energy
    moved = molten.dynamics.positions - molten.start
    moved = moved - moved.mean(axis=0)
    spacing = (EDGE**3 / 64) ** (1 / 3)
    expected = np.sqrt((moved**2).sum(axis=1).mean()) / spacing
    assert report.melt_displacement == pytest.approx(expected, rel=1e-12)


def test_a_melt_that_is_none_is_flagged(lattice: Configuration) -> None:
    cold = replace(SETTINGS, melt_temperature=0.031, rate=1e-4)
    report = gw.melt_quench(MODEL, lattice, cold, seed=1).report
    assert report.melt_displacement < 1
    assert report.flags[0].startswith("hardly molten: displacement 0.")
    assert replace(report, melt_displacement=2.0).flags == ()


def test_what_cannot_be_done_says_so(lattice: Configuration) -> None:
    with pytest.raises(InputError, match=r"melt_temperature is 0\.02, expected more than"):
        replace(SETTINGS, melt_temperature=0.02)
    with pytest.raises(InputError, match="rate is 0"):
        replace(SETTINGS, rate=0)
    state = start_melt_quench(MODEL, lattice, SETTINGS, seed=5)
    with pytest.raises(InputError, match=f"0 of {SETTINGS.blocks} blocks of 100 steps are done"):
        finish_melt_quench(MODEL, state, SETTINGS)
    with pytest.raises(ConvergenceError, match=r"blew up at temperature .* use a shorter one"):
        gw.melt_quench(MODEL, lattice, replace(SETTINGS, time_step=3.0), seed=1)


def test_a_pair_model_may_be_melted_too(mixture: Configuration) -> None:
    settings = gw.MeltQuenchSettings(
        rate=0.5, melt_temperature=2.0, melt_time=1.0, final_temperature=0.2, time_step=0.005
    )
    report = gw.melt_quench(gw.KobAndersen(), mixture, settings, seed=1).report
    assert report.energy < gw.energy(gw.KobAndersen(), mixture) / 216 + 3
    assert report.n_particles == 216
