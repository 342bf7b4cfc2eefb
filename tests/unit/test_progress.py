"""Progress of long calls: it counts to the end, prints no results, and changes none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import glasswells as gw
from glasswells.core.progress import reporting, silent
from glasswells.model.pair_model import Interactions

MODEL = gw.SoftSpheres()


class Heard:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.calls: list[tuple[int, int | None, str]] = []

    def __call__(self, done: int, total: int | None, text: str) -> None:
        self.calls.append((done, total, text))


class StepByStep:
    """A model that is no pair model, so that its dynamics runs step by step."""

    def interactions(self, configuration: gw.Configuration) -> Interactions:
        bare = MODEL.interactions(configuration)

        class Bare:
            energy_and_forces = staticmethod(bare.energy_and_forces)
            derivatives = staticmethod(bare.derivatives)

        return Bare()


@pytest.fixture
def glass(soft_liquid: gw.Configuration) -> gw.Configuration:
    """An inherent structure: the dynamics of the lattice with noise would blow up."""
    return gw.minimize(MODEL, soft_liquid).configuration


def swaps(glass: gw.Configuration, **options: Any) -> gw.SwapMonteCarlo:
    return gw.swap_monte_carlo(
        MODEL, glass, 0.2, 50, seed=1, burn_in=12, sample_interval=7, **options
    )


def moves(glass: gw.Configuration, **options: Any) -> gw.MolecularDynamics:
    return gw.molecular_dynamics(MODEL, glass, 0.05, 230, seed=1, sample_interval=7, **options)


def moves_step_by_step(glass: gw.Configuration, **options: Any) -> gw.MolecularDynamics:
    return gw.molecular_dynamics(
        StepByStep(), glass, 0.05, 120, seed=1, thermostat="langevin", **options
    )


def blows_up(glass: gw.Configuration, **options: Any) -> gw.MolecularDynamics:
    return gw.molecular_dynamics(
        MODEL, glass, 0.1, 400, seed=1, time_step=0.4, sample_interval=3, **options
    )


@pytest.mark.parametrize(("call", "total"), [(swaps, 62), (moves, 230), (moves_step_by_step, 120)])
def test_the_result_is_the_same_to_the_last_bit(
    glass: gw.Configuration, call: Callable[..., Any], total: int
) -> None:
    heard = Heard()
    plain, watched = call(glass), call(glass, progress=heard)
    assert np.array_equal(plain.configuration.positions, watched.configuration.positions)
    for name in plain.__dataclass_fields__:
        value = getattr(plain, name)
        if isinstance(value, np.ndarray):
            assert np.array_equal(value, getattr(watched, name)), name
            assert not getattr(watched, name).flags.writeable
    steps = [done for done, _, _ in heard.calls]
    assert steps == sorted(steps)
    assert steps[-1] == total
    assert len(steps) > 5
    assert {of for _, of, _ in heard.calls} == {total}


def test_a_run_that_blows_up_ends_where_it_would_have_ended(soft_liquid: gw.Configuration) -> None:
    plain, watched = blows_up(soft_liquid), blows_up(soft_liquid, progress=Heard())
    assert plain.outcome is watched.outcome is gw.Outcome.NOT_FINITE
    assert plain.state.steps == watched.state.steps
    assert np.array_equal(plain.potential_energies, watched.potential_energies)
    assert np.array_equal(plain.sample_steps, watched.sample_steps)


def test_an_exploration_counts_quenches_and_tells_of_structures(
    glass: gw.Configuration,
) -> None:
    heard = Heard()
    found = gw.explore(MODEL, glass, 0.05, 3, 20, seed=2, trajectories=2, progress=heard)
    assert [done for done, _, _ in heard.calls] == [1, 2, 3, 4, 5, 6]
    assert heard.calls[0][1:] == (6, "1 structures")
    again = gw.explore(MODEL, glass, 0.05, 3, 20, seed=2, trajectories=2)
    assert [s.energy for s in again.structures] == [s.energy for s in found.structures]


def test_a_bar_leaves_the_output_to_the_results(
    soft_liquid: gw.Configuration, capsys: pytest.CaptureFixture[str]
) -> None:
    swaps(soft_liquid, progress=True)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "swap Monte Carlo" in shown.err
    with reporting(True, "search [bold]", None) as report:
        report(1, "[red]text")
    assert "search [bold]" in capsys.readouterr().err


def test_what_is_no_progress_is_refused(soft_liquid: gw.Configuration) -> None:
    with pytest.raises(gw.InputError, match="progress is 'yes', expected True, False, or"):
        swaps(soft_liquid, progress="yes")
    with reporting(False, "nothing", 3) as report:
        assert report is silent
        report(1)
