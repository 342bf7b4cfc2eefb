"""Quenches: where they end, what they say when they do not, and who may ask."""

from __future__ import annotations

import numpy as np
import pytest
from quench_starts import N_SMALL, Broken, Chain, mixture, noisy_lattice

from glasswells.core.errors import InputError
from glasswells.core.geometry import displacement, wrap
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Configuration, Minimization
from glasswells.minimization import MinimizerSettings, minimize, minimize_positions
from glasswells.model import functions
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.soft_spheres import SoftSpheres

MODEL = SoftSpheres()
ENERGY_TOLERANCE = 1e-12 * N_SMALL
"""Forces of 1e-10 leave energies 1e-17 above the minimum per particle; rounding is more."""


@pytest.fixture(scope="module")
def minimum() -> Minimization:
    return minimize(MODEL, noisy_lattice(1), 1e-12)


@pytest.mark.parametrize("method", ["lbfgs", "fire"])
@pytest.mark.parametrize("size", [1e-6, 1e-3])
def test_perturbed_minimum_returns(minimum: Minimization, method: str, size: float) -> None:
    start = minimum.configuration
    noise = size * np.random.default_rng(2).normal(size=(N_SMALL, 3))
    back = minimize(MODEL, start.moved_to(start.positions + noise), method=method)
    assert back.outcome is Outcome.CONVERGED
    assert back.method == method
    assert back.energy == pytest.approx(minimum.energy, abs=ENERGY_TOLERANCE)
    moved = displacement(start.positions, back.configuration.positions, start.box)
    assert np.abs(moved).max() < 1e-8


@pytest.mark.parametrize("newton_below", [0.0, 0.1])
@pytest.mark.parametrize("tolerance", [1e-6, 1e-10, 1e-12])
def test_reported_numbers_are_those_of_the_final_configuration(
    newton_below: float, tolerance: float
) -> None:
    end = minimize(MODEL, noisy_lattice(2), tolerance, newton_below=newton_below)
    forces = functions.forces(MODEL, end.configuration)
    assert end.outcome is Outcome.CONVERGED
    assert end.max_force <= tolerance
    # Another order of summation moves a force by rounding of its terms, some 1e-14.
    assert np.abs(forces).max() == pytest.approx(end.max_force, abs=1e-13)
    assert functions.energy(MODEL, end.configuration) == pytest.approx(end.energy, rel=1e-13)


def test_newton_finish_saves_evaluations_and_keeps_the_minimum() -> None:
    start = noisy_lattice(3, 0.05)
    interactions = MODEL.interactions(start)
    # 1e-2: both are in one basin by then, which the paths from 0.1 on need not be
    plain, newton = (
        minimize_positions(interactions, start.positions, MinimizerSettings(newton_below=below))
        for below in (0.0, 1e-2)
    )
    assert plain.energy == pytest.approx(newton.energy, abs=ENERGY_TOLERANCE)
    assert newton.evaluations < 0.7 * plain.evaluations
    assert plain.hessian_products == 0 < newton.hessian_products


def test_minimum_has_no_negative_eigenvalue(minimum: Minimization) -> None:
    matrix = functions.hessian(MODEL, minimum.configuration).toarray()
    values = np.linalg.eigvalsh(matrix)
    assert np.abs(values[:3]).max() < 1e-9
    assert values[3] > 1e-3


@pytest.mark.parametrize("method", ["lbfgs", "fire"])
def test_center_of_mass_stays(method: str) -> None:
    start = noisy_lattice(4)
    end = minimize(MODEL, start, 1e-8, method=method)
    drift = (end.configuration.positions - start.positions).mean(axis=0)
    assert np.abs(drift).max() < 1e-12


def test_translated_and_wrapped_starts_end_in_the_same_minimum(minimum: Minimization) -> None:
    place = minimum.configuration
    noise = 0.01 * np.random.default_rng(3).normal(size=(N_SMALL, 3))
    start = place.positions + noise
    shift = np.array([0.3, 17.7, -2.1])
    ends = [
        minimize(MODEL, place.moved_to(p))
        for p in (start, start + shift, wrap(start + shift, place.box))
    ]
    for end in ends[1:]:
        assert end.energy == pytest.approx(ends[0].energy, abs=ENERGY_TOLERANCE)
        moved = displacement(
            ends[0].configuration.positions, end.configuration.positions, place.box
        )
        assert np.abs(moved).max() < 1e-8
    # and positions are not wrapped on the way
    assert np.abs(ends[1].configuration.positions - start - shift).max() < 1.0


@pytest.mark.parametrize("method", ["lbfgs", "fire"])
def test_terrible_start_is_survived_without_flinging(method: str) -> None:
    generator = np.random.default_rng(6)
    start = noisy_lattice(5)
    overlapping = start.positions.copy()
    overlapping[:20] = overlapping[20:40] + 0.2 * generator.uniform(-1, 1, size=(20, 3))
    start = start.moved_to(overlapping)
    assert functions.energy(MODEL, start) > 1e4 * N_SMALL
    end = minimize(MODEL, start, method=method)
    assert end.outcome is Outcome.CONVERGED
    assert np.abs(end.configuration.positions - start.positions).max() < 3.0


def test_no_step_is_longer_than_allowed() -> None:
    start = noisy_lattice(7, 0.3)
    places = [start.positions]

    class Watched(Chain):
        def energy_and_forces(self, positions: np.ndarray) -> tuple[float, np.ndarray]:
            places.append(positions.copy())
            return MODEL.interactions(start).energy_and_forces(positions)

    for method in ("lbfgs", "fire"):
        settings = MinimizerSettings(method=method, largest_step=0.05, max_evaluations=60)
        minimize_positions(Watched(N_SMALL), start.positions, settings)
    accepted = np.array(places[:61])
    lengths = np.linalg.norm(np.diff(accepted, axis=0), axis=-1).max(axis=1)
    assert lengths.max() <= 0.05 * (1 + 1e-9)
    assert lengths.max() > 0.049


def test_kob_andersen_mixture() -> None:
    model = KobAndersen()
    end = minimize(model, mixture(1))
    assert end.outcome is Outcome.CONVERGED
    assert -7.5 < end.energy / N_SMALL < -6.0
    assert np.abs(functions.forces(model, end.configuration)).max() < 1.1e-10
    matrix = functions.hessian(model, end.configuration).toarray()
    assert np.linalg.eigvalsh(matrix)[0] > -1e-9


@pytest.mark.parametrize("method", ["lbfgs", "fire"])
@pytest.mark.parametrize("floor", [0.0, -1e4, 1e4])
def test_other_interactions(method: str, floor: float) -> None:
    chain = Chain(40, floor)
    settings = MinimizerSettings(method=method, largest_step=0.5)
    end = minimize_positions(chain, np.zeros((40, 3)), settings)
    assert end.outcome is Outcome.CONVERGED
    assert end.evaluations == chain.evaluations
    assert end.hessian_products == 0
    np.testing.assert_allclose(end.positions, chain.minimum(), rtol=0, atol=1e-8)
    np.testing.assert_array_equal(end.forces, chain.energy_and_forces(end.positions)[1])


def test_start_at_a_minimum_takes_one_evaluation(minimum: Minimization) -> None:
    end = minimize(MODEL, minimum.configuration, 1e-9)
    assert (end.outcome, end.evaluations) == (Outcome.CONVERGED, 1)
    np.testing.assert_array_equal(end.configuration.positions, minimum.configuration.positions)


@pytest.mark.parametrize("method", ["lbfgs", "fire"])
@pytest.mark.parametrize("limit", [1, 7, 30])
def test_step_limit(method: str, limit: int) -> None:
    start = noisy_lattice(8)
    end = minimize(MODEL, start, method=method, max_evaluations=limit)
    assert (end.outcome, end.evaluations) == (Outcome.STEP_LIMIT, limit)
    assert end.energy <= functions.energy(MODEL, start)


@pytest.mark.parametrize(("method", "most"), [("lbfgs", 1000), ("fire", 5000)])
def test_tolerance_below_rounding_ends_honestly(
    minimum: Minimization, method: str, most: int
) -> None:
    place = minimum.configuration
    noise = 1e-3 * np.random.default_rng(4).normal(size=(N_SMALL, 3))
    end = minimize(MODEL, place.moved_to(place.positions + noise), 1e-16, method=method)
    assert end.outcome is Outcome.LINE_SEARCH_FAILED
    assert end.evaluations < most
    assert 1e-16 < end.max_force < 1e-12
    assert end.energy == pytest.approx(minimum.energy, abs=ENERGY_TOLERANCE)


@pytest.mark.parametrize("method", ["lbfgs", "fire"])
@pytest.mark.parametrize("how", ["nan energy", "infinite force"])
@pytest.mark.parametrize("after", [0, 10])
def test_not_finite(method: str, how: str, after: int) -> None:
    settings = MinimizerSettings(method=method)
    broken = Broken(40, how, after)
    end = minimize_positions(broken, np.zeros((40, 3)), settings)
    assert end.outcome is Outcome.NOT_FINITE
    assert end.evaluations < 200
    assert np.isfinite(end.positions).all()
    if after:  # what is handed back is the last good point
        energy, forces = Chain(40).energy_and_forces(end.positions)
        assert end.energy == energy
        np.testing.assert_array_equal(end.forces, forces)


def test_forces_that_disagree_with_the_energy_end_in_a_stall() -> None:
    broken = Broken(40, "wrong sign", 0)
    end = minimize_positions(broken, np.zeros((40, 3)), MinimizerSettings())
    assert end.outcome is Outcome.LINE_SEARCH_FAILED
    assert end.evaluations < 200


@pytest.mark.parametrize("method", ["lbfgs", "fire"])
def test_stop_condition(method: str) -> None:
    start = noisy_lattice(9)
    interactions = MODEL.interactions(start)
    settings = MinimizerSettings(method=method, stop_interval=4)
    seen: list[tuple[float, float, int]] = []

    def stop(positions: np.ndarray, energy: float, force: np.ndarray, evaluations: int) -> bool:
        max_force = float(np.abs(force).max())
        here, forces = MODEL.interactions(start).energy_and_forces(positions)
        assert energy == pytest.approx(here, rel=1e-13)
        assert max_force == pytest.approx(np.abs(forces).max(), rel=1e-9)
        seen.append((energy, max_force, evaluations))
        return max_force < 0.5

    end = minimize_positions(interactions, start.positions, settings, stop)
    assert end.outcome is Outcome.KNOWN_MINIMUM
    assert (end.energy, end.max_force, end.evaluations) == seen[-1]
    assert np.diff([s[2] for s in seen]).min() >= 4
    assert [s[1] < 0.5 for s in seen] == [False] * (len(seen) - 1) + [True]


def test_stop_condition_sees_every_newton_step(minimum: Minimization) -> None:
    place = minimum.configuration
    start = place.positions + 1e-5 * np.random.default_rng(5).normal(size=(N_SMALL, 3))
    seen: list[int] = []

    def stop(positions: np.ndarray, energy: float, forces: np.ndarray, evaluations: int) -> bool:
        seen.append(evaluations)
        return False

    settings = MinimizerSettings(stop_interval=100)
    end = minimize_positions(MODEL.interactions(place), start, settings, stop)
    assert end.outcome is Outcome.CONVERGED
    assert seen == list(range(2, end.evaluations))


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"max_force": 0.0}, "max_force is 0"),
        ({"max_force": -1e-10}, "max_force is -1e-10"),
        ({"max_force": np.nan}, "max_force is nan"),
        ({"method": "cg"}, "method is 'cg', expected one of lbfgs, fire"),
        ({"max_evaluations": 0}, "max_evaluations is 0"),
        ({"max_evaluations": 1.5}, "max_evaluations is 1.5"),
        ({"largest_step": np.inf}, "largest_step is inf"),
        ({"history": 0}, "history is 0"),
        ({"newton_tolerance": 1.0}, "newton_tolerance is 1.0"),
        ({"newton_below": -1.0}, "newton_below is -1"),
    ],
)
def test_bad_settings(settings: dict[str, object], text: str) -> None:
    with pytest.raises(InputError, match=text):
        minimize(MODEL, noisy_lattice(1), **settings)


@pytest.mark.parametrize("method", ["lbfgs", "fire"])
def test_particles_on_one_another(method: str) -> None:
    start = noisy_lattice(1)
    positions = start.positions.copy()
    positions[7] = positions[30]
    with pytest.raises(InputError, match="particles 7 and 30 are at distance 0"):
        minimize(MODEL, start.moved_to(positions), method=method)


def test_model_that_cannot_describe_the_start() -> None:
    small = Configuration(positions=[[0, 0, 0], [1, 0, 0]], diameters=[1, 1], box=[2, 2, 2])
    with pytest.raises(InputError, match="shortest box edge"):
        minimize(MODEL, small)
