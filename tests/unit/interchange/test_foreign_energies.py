"""Energies of other materials: stiff, cut off with a jump, rounded to single precision."""

from __future__ import annotations

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk
from ase.calculators.calculator import Calculator, all_changes
from ase.calculators.emt import EMT

import glasswells as gw
from glasswells.landscape.library import MOVED


class Springs(Calculator):
    """A convex quadratic energy whose stiffness spans five decades."""

    implemented_properties = ("energy", "forces")

    def __init__(self, n: int) -> None:
        super().__init__()
        rng = np.random.default_rng(1)
        turn, _ = np.linalg.qr(rng.normal(size=(3 * n, 3 * n)))
        drift = np.repeat(np.eye(3)[None], n, axis=0).reshape(3 * n, 3) / np.sqrt(n)
        turn -= drift @ (drift.T @ turn)
        self.stiffness = (turn * np.geomspace(1e-3, 100, 3 * n)) @ turn.T
        self.place = rng.random((n, 3)) * 15

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        u = (atoms.positions - self.place).ravel()
        force = -self.stiffness @ u
        self.results = {"energy": -0.5 * u @ force - 1000.0, "forces": force.reshape(-1, 3)}


@pytest.mark.parametrize("method", ["lbfgs", "fire"])
def test_stiff_and_soft_directions_together(method) -> None:
    springs = Springs(216)
    start = springs.place + np.random.default_rng(2).normal(0, 0.1, springs.place.shape)
    atoms = Atoms("Si216", positions=start, cell=[15.0] * 3, pbc=True)
    model = gw.AseModel(atoms, springs)
    end = gw.minimize(model, model.configuration(), method=method)
    assert end.outcome.converged
    assert end.max_force <= 1e-10
    assert end.energy == pytest.approx(-1000.0, abs=1e-10)


class Cut(Calculator):
    """Lennard-Jones without a shift: the energy jumps at the cutoff, as `lj/cut` has it."""

    implemented_properties = ("energy", "forces")
    cutoff, edge = 2.3, 108 ** (1 / 3)

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        d = atoms.positions[:, None] - atoms.positions[None]
        d -= self.edge * np.rint(d / self.edge)
        r2 = (d**2).sum(-1)
        np.fill_diagonal(r2, np.inf)
        i6 = np.where(r2 < self.cutoff**2, r2**-3.0, 0.0)
        pull = (48 * i6**2 - 24 * i6) / r2
        self.results = {
            "energy": 2 * float((i6**2 - i6).sum()),
            "forces": (pull[..., None] * np.where(np.isfinite(d), d, 0)).sum(1),
        }


JUMP = 4 * (2.3**-6 - 2.3**-12)
"""Of the energy of one pair."""


def jumping(seed: int) -> gw.AseModel:
    sites = (np.indices((5, 5, 5)).reshape(3, -1).T + 0.5)[:108] * Cut.edge / 5
    sites = sites + np.random.default_rng(seed).normal(0, 0.15, (108, 3))
    return gw.AseModel(Atoms("Ar108", positions=sites, cell=[Cut.edge] * 3, pbc=True), Cut)


@pytest.mark.parametrize("seed", range(3))
def test_a_jump_of_the_energy_does_not_stop_a_quench(seed) -> None:
    model = jumping(seed)
    end = gw.minimize(model, model.configuration(), max_force=1e-8)
    assert end.outcome.converged


@pytest.mark.parametrize("method", ["lbfgs", "fire"])
def test_one_minimum_of_an_energy_that_jumps_counts_once(method) -> None:
    model = jumping(0)
    minimizer = gw.MinimizerSettings(max_force=1e-8, method=method)
    start = gw.minimize(model, model.configuration(), max_force=1e-8, method=method).configuration
    settings = gw.ExplorationSettings(minimizer=minimizer)
    found = gw.explore(model, start, 0.05, 12, 30, seed=1, settings=settings)
    assert found.failures == 0
    pairs = found.energy_resolution / JUMP  # that crossed the cutoff in one step
    assert 1 <= round(pairs) <= 3
    # what the work of the forces at both ends leaves out is of third order in the step
    assert pairs == pytest.approx(round(pairs), rel=0.02)
    for a in found.structures:
        for b in found.structures[a.index + 1 :]:
            moved = b.configuration.positions - a.configuration.positions
            moved -= Cut.edge * np.rint(moved / Cut.edge)
            moved -= moved.mean(axis=0)
            near = np.linalg.norm(moved, axis=1).max() < MOVED
            assert not (near and abs(a.energy - b.energy) < 5 * JUMP)


def test_an_exploration_of_which_nothing_came_says_why() -> None:
    model = jumping(0)
    settings = gw.ExplorationSettings(minimizer=gw.MinimizerSettings(max_evaluations=20))
    start = gw.minimize(model, model.configuration(), 0.1).configuration
    with pytest.raises(gw.ConvergenceError) as error:
        gw.explore(model, start, 0.05, 2, 5, seed=1, settings=settings)
    said = str(error.value)
    assert said.startswith("none of 2 quenches converged; one more ended with the largest force")
    assert "after 20 evaluations: the step limit was reached" in said


def test_a_trajectory_that_blows_up_at_once_says_so() -> None:
    model = jumping(0)
    settings = gw.ExplorationSettings(time_step=1e9)
    with pytest.raises(gw.ConvergenceError, match="use a time_step below 1e"):
        gw.explore(model, model.configuration(), 0.05, 2, 5, seed=1, settings=settings)


class Single(Calculator):
    """EMT rounded to single precision, as machine-learned potentials often are."""

    implemented_properties = ("energy", "forces")

    def calculate(self, atoms=None, properties=("energy",), system_changes=all_changes) -> None:
        super().calculate(atoms, properties, system_changes)
        copy = atoms.copy()
        copy.positions = copy.positions.astype(np.float32).astype(float)
        copy.calc = EMT()
        self.results = {
            "energy": float(np.float32(copy.get_potential_energy())),
            "forces": copy.get_forces().astype(np.float32),
        }


@pytest.fixture(scope="module")
def rounded() -> tuple[gw.AseModel, gw.Minimization]:
    """Copper with a vacancy."""
    atoms = bulk("Cu", cubic=True) * (2, 2, 2)
    del atoms[0]
    atoms.rattle(0.1, seed=1)
    model = gw.AseModel(atoms, Single, force_noise=1e-6)
    return model, gw.minimize(model, model.configuration())


def test_single_precision_quenches_to_its_own_noise(rounded) -> None:
    model, end = rounded
    assert end.outcome.converged
    assert end.max_force < 1e-4
    found = gw.explore(model, end.configuration, model.temperature(300), 3, 10, seed=1)
    assert found.failures == 0
    assert len(found.structures) == 1  # a vacancy does not hop in 30 steps


def test_double_precision_asks_for_no_further_evaluations() -> None:
    atoms = bulk("Cu", cubic=True)
    calls = []

    class Counted(EMT):
        def calculate(self, *args, **kwargs) -> None:
            calls.append(1)
            super().calculate(*args, **kwargs)

    model = gw.AseModel(atoms, Counted)
    end = gw.minimize(model, model.configuration())
    assert end.evaluations == len(calls) == 1
