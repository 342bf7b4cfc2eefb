"""Mixing rules of any kind: ranges beyond the mean diameter, and rules that are no rules."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from glasswells.core.compiler import kernel
from glasswells.core.errors import InputError
from glasswells.minimization import minimize
from glasswells.model.functions import energy, forces
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.mixing import mixed_ranges
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.model.stacked import StackedPairEnergies
from glasswells.sampling.molecular_dynamics import molecular_dynamics
from own_potential import WideMixture, energy_of_all_pairs, liquid

WIDE = WideMixture()


# all pairs screened, and linked cells
@pytest.mark.parametrize("n", [300, pytest.param(3200, marks=pytest.mark.compiled)])
def test_energy_of_ranges_beyond_the_mean(n: int) -> None:
    c = liquid(n)
    # single sums over 1e5 pairs in two orders
    assert energy(WIDE, c) == pytest.approx(energy_of_all_pairs(WIDE, c), rel=1e-12)


def test_forces_are_the_slope_of_that_energy() -> None:
    c = liquid(216)
    field = np.random.default_rng(2).normal(size=c.positions.shape)
    step = 1e-6
    rise = energy_of_all_pairs(WIDE, c.moved_to(c.positions + step * field))
    rise -= energy_of_all_pairs(WIDE, c.moved_to(c.positions - step * field))
    # truncation and rounding of a central difference
    assert -np.vdot(forces(WIDE, c), field) == pytest.approx(rise / (2 * step), rel=1e-7)


def test_images_of_a_band_see_the_same_pairs() -> None:
    c = liquid(216)
    lanes = StackedPairEnergies(WIDE.interactions(c), c.positions)
    r = np.repeat(c.positions[lanes.order][:, :, None], lanes.lanes(5), axis=2)
    values = np.empty(r.shape[2])
    lanes(r, np.empty_like(r), values)
    np.testing.assert_allclose(values, energy_of_all_pairs(WIDE, c), rtol=1e-12)


@pytest.mark.compiled
def test_a_quench_of_such_a_model_ends_in_a_minimum() -> None:
    end = minimize(WIDE, liquid(216))
    assert end.outcome.converged
    assert end.energy == pytest.approx(energy_of_all_pairs(WIDE, end.configuration), rel=1e-12)


def test_dynamics_of_such_a_model_keeps_its_energy() -> None:
    run = molecular_dynamics(WIDE, liquid(216), 0.3, 100, 3, 0.002, sample_interval=100)
    end = energy_of_all_pairs(WIDE, run.configuration)
    assert run.potential_energies[-1] == pytest.approx(end, rel=1e-12)


def test_the_box_must_hold_the_longest_range() -> None:
    c = liquid(64)  # the unlike range is 1.6 * 1.2 * 1.3 = 2.496, the mean rule says 1.82
    with pytest.raises(InputError, match=r"shortest box edge is 4, .*largest cutoff, 4\.992"):
        energy(WIDE, c)


@pytest.mark.parametrize(
    ("model", "diameters"),
    [
        (SoftSpheres(), np.linspace(0.73, 1.62, 200)),
        (SoftSpheres(nonadditivity=0.4), np.linspace(0.73, 1.62, 200)),
        (KobAndersen(), np.array([1.0, 0.88])),
    ],
)
def test_stated_bounds_hold_for_every_pair(model, diameters) -> None:
    stated = model.ranges(diameters)
    found = mixed_ranges(model.law, model.constants, diameters)
    assert stated.longest == found.longest
    assert stated.over_mean == found.over_mean == 1.0
    assert stated.is_rising == found.is_rising
    assert found.weakest > 0


@cache
def law_with(mix, uniform_strength):
    return WIDE.law._replace(mix=mix, uniform_strength=uniform_strength)


@kernel
def negative(a, b, k):
    return 0.5 * (a + b) * (1.0 - 5.0 * abs(a - b)), 1.0


@kernel
def ordered(a, b, k):
    return 0.5 * (a + b) * (1.0 + 0.1 * (a - b)), 1.0


@kernel
def double_strength(a, b, k):
    return 0.5 * (a + b), 2.0


@pytest.mark.parametrize(
    ("mix", "uniform", "message"),
    [
        (negative, False, "1 and 1.4 the range -1.2 and the strength 1, expected a range above 0"),
        (ordered, False, "expected the same with the two exchanged"),
        (double_strength, True, "strength 2, expected the strength 1"),
    ],
)
def test_rules_that_give_wrong_energies_are_refused(mix, uniform, message) -> None:
    with pytest.raises(InputError, match=message):
        mixed_ranges(law_with(mix, uniform), WIDE.constants, np.array([1.0, 1.4]))
