"""Swap Monte Carlo on a potential written by CONTRIBUTING's four steps, strengths included."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from glasswells.core.compiler import kernel
from glasswells.core.errors import InputError
from glasswells.model.functions import energy
from glasswells.sampling.swap_monte_carlo import swap_monte_carlo
from own_potential import WideMixture, energy_of_all_pairs, liquid, wide_law


def test_moves_see_the_energy_of_the_model() -> None:
    model, start = WideMixture(widening=1.1), liquid(216)
    run = swap_monte_carlo(
        model, start, 0.5, 30, 7, partner_window=None, burn_in=0, sample_interval=30
    )
    assert run.swap_acceptance > 0.001
    assert run.displacement_acceptance > 0.1
    change = energy_of_all_pairs(model, run.configuration) - energy(model, start)
    # the rounding of 200 accepted moves a sweep in single precision, energies of order 10
    assert run.accepted_energy_change == pytest.approx(change, abs=0.05)


@cache
def law_by_equality():
    @kernel
    def mix(diameter_i, diameter_j, k):
        return (0.5 * (diameter_i + diameter_j), 2.0 if diameter_i == diameter_j == 1.4 else 1.0)

    return wide_law()._replace(mix=mix)


class ByEquality(WideMixture):
    @property
    def law(self):
        return law_by_equality()


def test_a_rule_that_single_precision_changes_is_refused() -> None:
    with pytest.raises(InputError, match=r"changes by 0\.5 of itself in single precision"):
        swap_monte_carlo(ByEquality(), liquid(216), 0.5, 2, 7)


def test_a_rule_whose_range_falls_between_samples_is_refused() -> None:
    # only the step at 1.1 lets a range fall: unlike pairs reach farther than the pair of large
    start = liquid(216)
    diameters = np.where(np.arange(216) < 2, 1.1, np.linspace(1.0, 1.2, 216))
    given = type(start)(positions=start.positions, diameters=diameters, box=start.box)
    with pytest.raises(InputError, match="range of a pair falls when a diameter grows"):
        swap_monte_carlo(WideMixture(), given, 0.5, 2, 7)
