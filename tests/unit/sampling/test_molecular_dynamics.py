"""Molecular dynamics: conservation laws, order of the integrator, thermostat, going on exactly."""

import dataclasses
import io
import pickle

import numpy as np
import pytest
from scipy import stats
from stepwise import Stepwise

from glasswells.core.errors import InputError
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Configuration
from glasswells.model.diameters import draw_diameters
from glasswells.model.functions import energy, forces
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.molecular_dynamics import (
    POSITION,
    VELOCITY,
    DynamicsCheckpoint,
    Integrator,
    molecular_dynamics,
)

SOFT = SoftSpheres()
KA = KobAndersen(cutoff=1.6)
ARRAYS = ("positions", "velocities", "forces", "list_reference", "random", "diameters", "box")


def lattice(edge, diameters, spacing=1.0):
    sites = np.stack(np.meshgrid(*[np.arange(edge)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    rng = np.random.default_rng(1)
    positions = spacing * (sites + rng.uniform(-0.02, 0.02, sites.shape))
    return Configuration(positions=positions, diameters=diameters, box=np.full(3, edge * spacing))


@pytest.fixture(scope="module")
def liquid():
    start = lattice(6, draw_diameters(216, seed=1))
    run = molecular_dynamics(SOFT, start, 0.25, 1500, 2, thermostat="langevin", friction=5.0)
    return run.configuration


@pytest.fixture(scope="module")
def solid(liquid):
    cooled = molecular_dynamics(SOFT, liquid, 0.0, 3000, 3, thermostat="langevin", friction=1.0)
    return cooled.configuration


@pytest.fixture(scope="module")
def mixture():
    diameters = np.where(np.arange(216) % 5 == 0, 0.88, 1.0)
    start = lattice(6, diameters, spacing=1.2 ** (-1 / 3))
    return molecular_dynamics(
        KA, start, 0.8, 500, 4, thermostat="langevin", friction=5.0
    ).configuration


class Springs:
    """Every particle on a spring of unit stiffness to the origin."""

    def interactions(self, configuration):
        return self

    def energy_and_forces(self, positions):
        return 0.5 * float((positions**2).sum()), -positions


def total_energies(run):
    return run.kinetic_energies + run.potential_energies


def assert_same_state(a, b):
    for name in ARRAYS:
        assert getattr(a, name).tobytes() == getattr(b, name).tobytes(), name
    assert a.potential_energy == b.potential_energy
    assert a.steps == b.steps


@pytest.mark.parametrize(("model", "name"), [(SOFT, "liquid"), (KA, "mixture")])
@pytest.mark.parametrize("thermostat", [None, "langevin"])
def test_forces_are_those_of_the_model_after_many_lists(model, name, thermostat, request):
    configuration = request.getfixturevalue(name)
    run = molecular_dynamics(model, configuration, 0.5, 600, 5, thermostat=thermostat)
    moved = np.abs(run.configuration.positions - configuration.positions).max()
    assert moved > 1  # both lists were made anew several times
    assert run.outcome is Outcome.COMPLETED
    # forces of some 10 partners of up to 100 each, in another order of summation
    np.testing.assert_allclose(run.state.forces, forces(model, run.configuration), atol=1e-11)
    expected = energy(model, run.configuration)
    assert run.state.potential_energy == pytest.approx(expected, rel=1e-13)
    assert run.potential_energies[-1] == run.state.potential_energy
    assert run.kinetic_energies[-1] == pytest.approx(0.5 * (run.velocities**2).sum(), rel=1e-13)


def test_energy_is_conserved_to_second_order(liquid):
    # The energy of velocity Verlet oscillates about a constant with an amplitude of order h^2.
    fluctuations = []
    for refinement in (1, 2):
        h = 0.008 / refinement
        run = molecular_dynamics(
            SOFT, liquid, 0.05, 500 * refinement, 6, h, sample_interval=refinement
        )
        total = total_energies(run)
        half = len(total) // 2
        assert abs(total[half:].mean() - total[:half].mean()) < total.std()
        assert total.std() < 1e-4 * total.mean()
        fluctuations.append(total.std())
    assert fluctuations[0] / fluctuations[1] == pytest.approx(4, rel=0.05)


def test_no_drift(solid):
    run = molecular_dynamics(SOFT, solid, 0.03, 20_000, 7)
    total = total_energies(run)
    slope = np.polyfit(run.sample_steps, total, 1)[0]
    assert abs(slope) * 20_000 < total.std()


def test_time_reversal(solid):
    there = molecular_dynamics(SOFT, solid, 0.02, 1000, 8)
    assert np.abs(there.configuration.positions - solid.positions).max() > 0.1
    back = molecular_dynamics(
        SOFT, there.configuration, 0.02, 1000, 9, velocities=-there.velocities
    )
    np.testing.assert_allclose(back.configuration.positions, solid.positions, atol=1e-8)


def test_momentum_is_conserved(liquid):
    run = molecular_dynamics(SOFT, liquid, 0.1, 1000, 10)
    # 1000 additions of 216 forces, each rounded to 1e-16 of its size of up to 100
    assert np.abs(run.velocities.sum(axis=0)).max() < 1e-11
    boosted = molecular_dynamics(
        SOFT, liquid, 0.1, 1000, 10, velocities=run.velocities + np.array([0.1, 0.2, -0.3])
    )
    np.testing.assert_allclose(boosted.velocities.mean(axis=0), [0.1, 0.2, -0.3], atol=1e-12)


def test_initial_velocities():
    configuration = lattice(16, np.ones(4096))
    integrator = Integrator(SOFT.interactions(configuration), configuration, 0.3)
    v = integrator.start(configuration.positions, 11).velocities
    assert np.abs(v.mean(axis=0)).max() < 1e-16
    n = v.size - 3
    # mean (3N - 3) T/2, relative standard deviation sqrt(2/(3N - 3)): four of them
    assert (v**2).sum() / (n * 0.3) == pytest.approx(1, abs=4 * np.sqrt(2 / n))
    assert stats.kstest(v.ravel() / np.sqrt(0.3), "norm").pvalue > 1e-3
    again = integrator.start(configuration.positions, np.random.SeedSequence(11)).velocities
    assert again.tobytes() == v.tobytes()
    other = integrator.start(configuration.positions, 12).velocities
    assert not np.array_equal(other, v)


def test_thermostat_temperature_and_distribution(solid):
    temperature, friction, h = 0.05, 4.0, 0.01
    run = molecular_dynamics(
        SOFT, solid, temperature, 12_000, 13, h,
        thermostat="langevin", friction=friction, sample_interval=100,
    )  # fmt: skip
    measured = run.kinetic_energies[20:] / (1.5 * 216 * temperature)
    # Samples are one time unit, four relaxation times, apart. The kinetic temperature of BAOAB is
    # low by h^2 omega^2 / 4 averaged over modes: 3e-3 for omega^2 of about 100.
    error = np.sqrt(2 / (3 * 216) / len(measured))
    assert measured.mean() == pytest.approx(1, abs=4 * error + 3e-3)
    assert measured.std() == pytest.approx(np.sqrt(2 / (3 * 216)), rel=0.3)
    velocities, state = [], run.state
    integrator = Integrator(
        SOFT.interactions(solid), solid, temperature, h, thermostat="langevin", friction=friction
    )
    for _ in range(20):
        state = integrator.advance(state, 100).state
        velocities.append(state.velocities)
    pooled = np.ravel(velocities) / np.sqrt(temperature)
    assert stats.kstest(pooled, "norm").pvalue > 1e-3


def test_langevin_of_oscillators_is_exact_in_positions():
    # BAOAB samples positions of harmonic oscillators exactly at any step; velocities have the
    # variance T (1 - h^2 omega^2 / 4).
    n, h, temperature = 4000, 1.0, 0.3
    configuration = Configuration(
        positions=np.zeros((n, 3)), diameters=np.ones(n), box=np.full(3, 1e3)
    )
    run = molecular_dynamics(
        Springs(), configuration, temperature, 100, 14, h, thermostat="langevin", friction=1.0
    )
    error = 4 * np.sqrt(2 / (3 * n))
    assert run.configuration.positions.var() / temperature == pytest.approx(1, abs=error)
    assert run.velocities.var() / temperature == pytest.approx(0.75, abs=error)


@pytest.mark.parametrize("thermostat", [None, "langevin"])
@pytest.mark.parametrize(("model", "name"), [(SOFT, "liquid"), (KA, "mixture")])
def test_goes_on_to_the_bit_at_any_cut(model, name, thermostat, request):
    configuration = request.getfixturevalue(name)
    steps = 300
    arguments = {"thermostat": thermostat, "sample_interval": 7}
    whole = molecular_dynamics(model, configuration, 0.3, steps, 15, **arguments)
    cuts = np.random.default_rng(16).choice(steps, 8, replace=False)
    inside_list_life = 0
    for cut in [0, 1, steps - 1, steps, *cuts]:
        first = molecular_dynamics(model, configuration, 0.3, int(cut), 15, **arguments)
        inside_list_life += not np.array_equal(first.state.list_reference, first.state.positions)
        stored = pickle.loads(pickle.dumps(first.state))  # noqa: S301
        second = molecular_dynamics(
            model, configuration, 0.3, steps - int(cut), 99, state=stored, **arguments
        )
        assert_same_state(second.state, whole.state)
        for field in ("kinetic_energies", "potential_energies", "sample_steps"):
            joined = np.concatenate([getattr(first, field), getattr(second, field)])
            assert joined.tobytes() == getattr(whole, field).tobytes()
    assert inside_list_life > 6
    assert whole.sample_steps.tolist() == list(range(7, steps + 1, 7))


@pytest.mark.parametrize("thermostat", [None, "langevin"])
def test_a_rounded_state_is_as_good(liquid, thermostat):
    integrator = Integrator(SOFT.interactions(liquid), liquid, 0.05, thermostat=thermostat)
    state = integrator.advance(integrator.start(liquid.positions, 18), 100).state
    rounded = integrator.rounded(state)
    assert rounded.forces is None
    assert 0 < np.abs(rounded.positions - state.positions).max() <= POSITION / 2
    assert 0 < np.abs(rounded.velocities - state.velocities).max() <= VELOCITY / 2
    assert integrator.rounded(rounded).positions.tobytes() == rounded.positions.tobytes()
    kinetic = [0.5 * (x.velocities**2).sum() for x in (state, rounded)]
    potential = [energy(SOFT, x.configuration()) for x in (state, rounded)]
    assert abs(kinetic[1] - kinetic[0]) < 1e-7
    assert abs(potential[1] - potential[0]) < 1e-7
    there, here = (integrator.advance(x, 50).state for x in (state, rounded))
    assert np.abs(here.positions - there.positions).max() < 1e-5


def test_forces_that_a_state_lacks_are_computed_where_it_is(liquid):
    """With a list made there, as at the start: to the bit, whatever ran before."""
    integrator = Integrator(SOFT.interactions(liquid), liquid, 0.05)
    start = integrator.start(liquid.positions, 18)
    lacks = dataclasses.replace(start, forces=None)
    assert_same_state(integrator.advance(lacks, 50).state, integrator.advance(start, 50).state)
    other = Integrator(Stepwise(SOFT).interactions(liquid), liquid, 0.05)
    assert other.rounded(start) is start
    found = other.advance(dataclasses.replace(other.start(liquid.positions, 18), forces=None), 50)
    there = integrator.advance(start, 50).state.positions
    np.testing.assert_allclose(found.state.positions, there, atol=1e-9)


def test_state_survives_plain_arrays(liquid):
    state = molecular_dynamics(SOFT, liquid, 0.2, 43, 17, thermostat="langevin").state
    file = io.BytesIO()
    np.savez(file, **{name: getattr(state, name) for name in DynamicsCheckpoint.__slots__})
    file.seek(0)
    with np.load(file, allow_pickle=False) as stored:
        fields = {name: stored[name] for name in ARRAYS}
        fields["potential_energy"] = float(stored["potential_energy"])
        fields["steps"] = int(stored["steps"])
    restored = DynamicsCheckpoint(**fields)
    assert_same_state(restored, state)
    runs = [
        molecular_dynamics(SOFT, liquid, 0.2, 50, 0, thermostat="langevin", state=s)
        for s in (state, restored)
    ]
    assert_same_state(runs[0].state, runs[1].state)


def test_integrator_has_no_memory(liquid):
    # chunks of several trajectories through one object equal each trajectory on its own
    shared = Integrator(SOFT.interactions(liquid), liquid, 0.3)
    states = [shared.start(liquid.positions, seed) for seed in (18, 19)]
    for _ in range(6):
        states = [shared.advance(state, 35).state for state in states]
    for seed, state in zip((18, 19), states, strict=True):
        alone = molecular_dynamics(SOFT, liquid, 0.3, 210, seed)
        assert_same_state(state, alone.state)


@pytest.mark.parametrize("thermostat", [None, "langevin"])
def test_any_interactions_equal_the_compiled_route(liquid, thermostat):
    runs = [
        molecular_dynamics(model, liquid, 0.1, 100, 20, thermostat=thermostat, sample_interval=10)
        for model in (SOFT, Stepwise(SOFT))
    ]
    # rounding grows by e per time unit or so
    for pair in zip(*((r.configuration.positions, r.velocities) for r in runs), strict=True):
        np.testing.assert_allclose(*pair, atol=1e-11)
    for field in ("kinetic_energies", "potential_energies"):
        np.testing.assert_allclose(*(getattr(r, field) for r in runs), rtol=1e-11)
    assert runs[0].sample_steps.tolist() == runs[1].sample_steps.tolist()
    assert runs[0].state.random.tolist() == runs[1].state.random.tolist()


@pytest.mark.parametrize("model", [SOFT, Stepwise(SOFT)])
@pytest.mark.parametrize("distance", [0.0, 1e-4, 0.05])
def test_overlap_is_reported(liquid, model, distance):
    positions = liquid.positions.copy()
    positions[5] = positions[9] + [distance, 0, 0]
    run = molecular_dynamics(model, liquid.moved_to(positions), 0.1, 50, 21, sample_interval=1)
    assert run.outcome is Outcome.NOT_FINITE
    assert run.state.steps == len(run.sample_steps) < 50
    assert np.isfinite(run.configuration.positions).all()
    assert np.isfinite(total_energies(run)).all()


def test_a_step_that_blows_up_is_reported(liquid):
    # above the stability limit 2/omega of the integrator
    run = molecular_dynamics(SOFT, liquid, 0.1, 2000, 22, 0.2, sample_interval=1)
    assert run.outcome is Outcome.NOT_FINITE
    assert 0 < run.state.steps < 2000
    again = molecular_dynamics(SOFT, liquid, 0.1, run.state.steps, 22, 0.2)
    assert again.outcome is Outcome.COMPLETED
    assert_same_state(again.state, run.state)


def test_records_cannot_be_changed(liquid):
    run = molecular_dynamics(SOFT, liquid, 0.1, 10, 23, sample_interval=1)
    for array in (run.velocities, run.kinetic_energies, run.state.positions, run.state.random):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"temperature": -0.1}, "temperature is -0.1"),
        ({"temperature": np.nan}, "temperature is nan"),
        ({"steps": -1}, "steps is -1"),
        ({"steps": 1.5}, "steps is 1.5"),
        ({"time_step": 0.0}, "time_step is 0.0"),
        ({"time_step": -0.01}, "time_step is -0.01"),
        ({"seed": -3}, "seed is -3"),
        ({"thermostat": "nose"}, "thermostat is 'nose'"),
        ({"thermostat": "langevin", "friction": -1.0}, "friction is -1.0"),
        ({"sample_interval": 0}, "sample_interval is 0"),
        ({"velocities": np.zeros((5, 3))}, r"velocities has shape \(5, 3\)"),
        ({"velocities": np.full((216, 3), np.nan)}, "velocities.* is nan"),
    ],
)
def test_bad_input(liquid, change, message):
    arguments = {"temperature": 0.1, "steps": 10, "seed": 1}
    with pytest.raises(InputError, match=message):
        molecular_dynamics(SOFT, liquid, **{**arguments, **change})


def test_state_of_another_system(liquid, mixture):
    state = molecular_dynamics(KA, mixture, 0.1, 5, 24).state
    with pytest.raises(InputError, match="state is of 216 particles"):
        molecular_dynamics(SOFT, liquid, 0.1, 5, 24, state=state)
    own = molecular_dynamics(SOFT, liquid, 0.1, 5, 24).state
    with pytest.raises(InputError, match="pass only one"):
        molecular_dynamics(SOFT, liquid, 0.1, 5, 24, state=own, velocities=own.velocities)
