"""Stillinger-Weber silicon: against sums over triples, matscipy, and finite differences."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import silicon_twin
from ase import Atoms
from matscipy.calculators.manybody import Manybody
from matscipy.calculators.manybody.explicit_forms import stillinger_weber as published
from matscipy.elasticity import nonaffine_elastic_contribution

import glasswells as gw
from glasswells.core.errors import InputError
from glasswells.core.records import Configuration
from glasswells.mechanics.moduli import birch_coefficients
from glasswells.model.pair_model import Interactions
from glasswells.model.strain import UNIT_STRAINS

PRECISE = {"rtol": 1e-13, "atol": 1e-13, "x0": None, "M": None, "maxiter": None, "callback": None}
VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
NAMES = tuple(silicon_twin.SETS)
PUBLISHED = {
    "stillinger-weber-1985": published.Stillinger_Weber_PRB_31_5262_Si,
    "vink-2001": published.RLC_Vink_JNCS_282_746_Si,
}
STATES = (
    "crystal",
    *(pytest.param(state, marks=pytest.mark.compiled) for state in ("melt", "glass")),
)
STEP = 1e-3
STENCIL = ((1, 45 / 60), (2, -9 / 60), (3, 1 / 60))


def model(name: str) -> gw.StillingerWeber:
    return gw.StillingerWeber(name)


@cache
def configuration(state: str) -> Configuration:
    """A crystal at some temperature, a melt, and what it is quenched to."""
    if state == "crystal":
        return silicon_twin.crystal(noise=0.15)
    vink = model("vink-2001")
    if state == "melt":
        return gw.molecular_dynamics(
            vink, silicon_twin.crystal(), 0.35, 2000, seed=1, time_step=0.1, thermostat="langevin"
        ).configuration
    quench = gw.minimize(vink, configuration("melt"))
    assert quench.outcome is gw.Outcome.CONVERGED
    return quench.configuration


@cache
def by_matscipy(name: str, state: str) -> Atoms:
    """Its calculator keeps what it has computed, the slow Hessian among it."""
    c = configuration(state)
    atoms = Atoms(f"Si{c.n_particles}", positions=c.positions, cell=c.box, pbc=True)
    parameters = {**PUBLISHED[name], "costheta0": 1 / 3}  # printed there to twelve digits
    atoms.calc = Manybody(**published.StillingerWeber(parameters))
    return atoms


def relative(found, expected) -> float:
    return float(np.abs(np.asarray(found) - expected).max() / np.abs(expected).max())


def random_field(c: Configuration, seed: int = 9) -> np.ndarray:
    field = np.random.default_rng(seed).normal(size=c.positions.shape)
    return field / np.linalg.norm(field)


def along(c: Configuration, field: np.ndarray, function):
    """Seven-point derivative of function(positions + s field) at s = 0."""
    x, total = c.positions, 0.0
    for k, weight in STENCIL:
        step = k * STEP * field
        total = total + weight * (function(x + step) - function(x - step)) / STEP
    return total


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("state", STATES)
def test_energy_and_forces_are_those_of_the_sum_over_triples(name, state) -> None:
    c = configuration(state)
    twin = silicon_twin.SETS[name]
    expected = silicon_twin.energy(twin, c.positions, c.box).real
    assert gw.energy(model(name), c) == pytest.approx(expected, rel=1e-12)
    forces = gw.forces(model(name), c)
    for seed in range(3):
        field = random_field(c, seed)
        slope = silicon_twin.slope(twin, c, field)
        # a sum of terms of both signs rounds with its terms, which are of order one
        assert -float((forces * field).sum()) == pytest.approx(slope, abs=1e-12)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("state", STATES)
def test_it_equals_matscipy(name, state) -> None:
    c = configuration(state)
    atoms = by_matscipy(name, state)
    assert gw.energy(model(name), c) == pytest.approx(atoms.get_potential_energy(), rel=1e-12)
    stress = gw.stress(model(name), c)
    assert relative(stress, atoms.get_stress(voigt=False)) < 1e-10
    expected = atoms.get_forces()
    assert np.abs(gw.forces(model(name), c) - expected).max() < 1e-10 * max(
        1.0, np.abs(expected).max()
    )


@pytest.mark.parametrize(
    ("state", "name"),
    [
        pytest.param("glass", "vink-2001", marks=pytest.mark.compiled),
        *(
            pytest.param(state, name, marks=pytest.mark.physics)  # matscipy takes 10 s for each
            for state in ("crystal", "melt", "glass")
            for name in NAMES
            if (state, name) != ("glass", "vink-2001")
        ),
    ],
)
def test_hessian_equals_that_of_matscipy(name, state) -> None:
    atoms = by_matscipy(name, state)
    expected = atoms.calc.get_property("hessian", atoms).toarray()
    assert relative(gw.hessian(model(name), configuration(state)).toarray(), expected) < 1e-10


@pytest.mark.parametrize("state", STATES)
def test_hessian_is_symmetric_and_blind_to_translations(state) -> None:
    c = configuration(state)
    matrix = gw.hessian(model("vink-2001"), c).toarray()
    largest = np.abs(matrix).max()
    assert np.abs(matrix - matrix.T).max() < 1e-13 * largest
    for axis in range(3):
        uniform = np.zeros((c.n_particles, 3))
        uniform[:, axis] = 1.0
        assert np.abs(matrix @ uniform.ravel()).max() < 1e-12 * largest
        assert np.abs(gw.hessian_product(model("vink-2001"), c, uniform)).max() < 1e-12 * largest


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("state", STATES)
def test_each_order_is_the_slope_of_the_one_below(name, state) -> None:
    c = configuration(state)
    field = random_field(c)
    interactions = model(name).interactions(c)
    assert isinstance(interactions, Interactions)
    here = interactions.derivatives(c.positions)
    product = here.product(field)
    assert relative((here.matrix() @ field.ravel()).reshape(-1, 3), product) < 1e-12
    slope = along(c, field, lambda moved: -interactions.energy_and_forces(moved)[1])
    assert relative(product, slope) < 1e-9
    vector, scalar = here.third(field)
    slope = along(c, field, lambda moved: interactions.derivatives(moved).product(field))
    assert relative(vector, slope) < 1e-9
    assert scalar == pytest.approx(float((vector * field).sum()), rel=1e-12)
    slope = along(c, field, lambda moved: interactions.derivatives(moved).third(field)[0])
    vector, scalar = here.fourth(field)
    assert relative(vector, slope) < 1e-7
    assert scalar == pytest.approx(float((vector * field).sum()), rel=1e-12)


@pytest.mark.parametrize("state", STATES)
def test_orders_are_homogeneous_in_the_field(state) -> None:
    interactions = model("vink-2001").interactions(configuration(state))
    here = interactions.derivatives(configuration(state).positions)
    field = random_field(configuration(state))
    vector, scalar = here.third(field)
    doubled, doubled_scalar = here.third(-2 * field)
    np.testing.assert_allclose(doubled, 4 * vector, rtol=1e-11, atol=1e-12 * np.abs(vector).max())
    assert doubled_scalar == pytest.approx(-8 * scalar, rel=1e-11)
    assert here.fourth(-2 * field)[1] == pytest.approx(16 * here.fourth(field)[1], rel=1e-11)


@pytest.mark.parametrize("k", range(3))
@pytest.mark.parametrize("state", STATES)
def test_strain_derivatives_are_slopes(k, state) -> None:
    """Normal strains: the box stays orthorhombic, so that the model itself can be strained."""
    c = configuration(state)
    silicon = model("vink-2001")
    found = silicon.interactions(c).strain_derivatives(c.positions)

    def strained(s: float) -> Configuration:
        stretch = np.ones(3)
        stretch[k] += s
        return Configuration(
            positions=c.positions * stretch, diameters=c.diameters, box=c.box * stretch
        )

    def slope(function):
        return sum(
            weight * (function(strained(m * 1e-4)) - function(strained(-m * 1e-4))) / 1e-4
            for m, weight in STENCIL
        )

    energy_slope = slope(lambda moved: gw.energy(silicon, moved))
    assert found.gradient[k] == pytest.approx(
        energy_slope, abs=1e-8 * np.abs(found.curvature).max()
    )
    force_slope = slope(lambda moved: -gw.forces(silicon, moved))
    assert relative(found.mixed[k], force_slope) < 1e-8

    def virial(moved: Configuration) -> np.ndarray:
        """dV/de_k in the frame of the undeformed box: that of the deformed one over 1 + s."""
        gradient = silicon.interactions(moved).strain_gradient(moved.positions)
        return gradient[:3] / (moved.box / c.box)

    curvature = slope(virial)
    assert relative(found.curvature[k, :3], curvature) < 1e-8


@pytest.mark.parametrize("state", STATES)
def test_curvature_by_strain_is_symmetric(state) -> None:
    c = configuration(state)
    found = model("vink-2001").interactions(c).strain_derivatives(c.positions)
    largest = np.abs(found.curvature).max()
    assert np.abs(found.curvature - found.curvature.T).max() < 1e-12 * largest
    assert UNIT_STRAINS.shape == (6, 3, 3)


def test_moduli_of_the_crystal_are_those_of_the_literature() -> None:
    """C11, C12, C44 = 151.4, 76.4, 56.4 GPa: Cowley, PRL 60, 2379 (1988)."""
    c = silicon_twin.crystal()
    found = gw.elastic_moduli(model("stillinger-weber-1985"), c)
    in_gigapascal = gw.SILICON.pressure_gigapascal(found.stiffness)
    assert in_gigapascal[0, 0] == pytest.approx(151.4, abs=0.1)
    assert in_gigapascal[0, 1] == pytest.approx(76.4, abs=0.1)
    assert in_gigapascal[3, 3] == pytest.approx(56.4, abs=0.1)


@pytest.mark.compiled
def test_moduli_of_a_glass_are_those_of_matscipy() -> None:
    """The curvature by strain, affine and relaxed.

    The elastic constants that matscipy makes of them for many-body potentials add the stress terms
    that belong to derivatives by Green's strain: under stress they differ from the slope of the
    stress, which the next test measures.
    """
    c = configuration("glass")
    atoms = by_matscipy("vink-2001", "glass")
    found = gw.elastic_moduli(model("vink-2001"), c)
    affine = atoms.calc.get_born_elastic_constants(atoms)
    relaxed = affine + nonaffine_elastic_contribution(atoms, cg_parameters=PRECISE)
    for tensor, stiffness in ((affine, found.affine), (relaxed, found.stiffness)):
        curvature = np.array([[tensor[a, b, c, d] for c, d in VOIGT] for a, b in VOIGT])
        assert relative(stiffness, birch_coefficients(curvature, found.stress)) < 1e-8


@pytest.mark.compiled
@pytest.mark.parametrize("k", range(3))
def test_stiffness_is_the_slope_of_the_relaxed_stress(k) -> None:
    c, silicon = configuration("glass"), model("vink-2001")

    def stress(s: float) -> np.ndarray:
        stretch = np.ones(3)
        stretch[k] += s
        strained = Configuration(
            positions=c.positions * stretch, diameters=c.diameters, box=c.box * stretch
        )
        return gw.stress(silicon, gw.minimize(silicon, strained).configuration)

    slope = sum(w * (stress(m * 1e-5) - stress(-m * 1e-5)) / 1e-5 for m, w in STENCIL)
    found = gw.elastic_moduli(silicon, c).stiffness
    expected = np.array([slope[a, b] for a, b in VOIGT])
    assert np.abs(found[:, k] - expected).max() < 1e-5 * np.abs(found).max()


def test_energy_ends_smoothly_at_the_cutoff() -> None:
    """Two atoms a hair inside, at, and beyond a sigma: no jump, no NaN, at any order."""
    silicon = model("stillinger-weber-1985")
    numbers = silicon.numbers
    cutoff = numbers.cutoff * numbers.sigma
    for gap in (1e-1, 1e-2, 5e-3, 1e-6, 0.0, -1e-6, -0.5):
        c = Configuration(
            positions=np.array([[0.0, 0, 0], [cutoff - gap, 0, 0]]),
            diameters=np.ones(2),
            box=np.full(3, 2.5 * cutoff),
        )
        field = np.array([[0.0, 0, 0], [1.0, 0, 0]])
        values = [gw.energy(silicon, c), *gw.forces(silicon, c).ravel()]
        values += [*gw.hessian(silicon, c).toarray().ravel()]
        values += [gw.third_order(silicon, c, field)[1], gw.fourth_order(silicon, c, field)]
        assert np.isfinite(values).all()
        if gap < 1e-2:
            assert np.abs(values).max() < 1e-80


def test_pair_law_is_one_function_in_three_forms() -> None:
    """Energy alone, with the slope, and the derivatives, of which the slope is the first."""
    pairs = model("vink-2001").interactions(silicon_twin.crystal())._pair_part.model
    law, constants = pairs.law, pairs.constants
    for r in (1.8, 2.4, 3.0, 3.7):
        value, slope = law.slope(r * r, 1 / (r * r), constants)
        assert law.value(r * r, 1 / (r * r), constants) == pytest.approx(value, rel=1e-13)
        first = law.derivatives(r * r, 1 / (r * r), constants)[0]
        assert first == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize("state", STATES)
def test_results_do_not_depend_on_where_the_list_was_built(state) -> None:
    c = configuration(state)
    interactions = model("vink-2001").interactions(c)
    interactions.energy_and_forces(c.positions)
    moved = c.positions + np.random.default_rng(3).uniform(-1.0, 1.0, c.positions.shape) * 0.2
    energy, forces = interactions.energy_and_forces(moved)
    fresh = model("vink-2001").interactions(c).energy_and_forces(moved)
    assert energy == pytest.approx(fresh[0], rel=1e-13)
    assert relative(forces, fresh[1]) < 1e-12


def test_own_parameters_are_taken() -> None:
    """Russo's silicon, by the numbers alone."""
    numbers = gw.StillingerWeberParameters(epsilon=2.1683, sigma=2.0951, strength=18.75)
    c = silicon_twin.crystal(noise=0.1)
    expected = silicon_twin.energy(silicon_twin.Numbers(2.1683, 18.75), c.positions, c.box).real
    assert gw.energy(gw.StillingerWeber(numbers), c) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: gw.StillingerWeber("vink"), "expected one of stillinger-weber-1985, vink-2001"),
        (lambda: gw.StillingerWeber(5), "expected one of"),
        (
            lambda: gw.StillingerWeberParameters(epsilon=-1.0, sigma=2.0, strength=21.0),
            "epsilon is -1.0, expected a number above 0",
        ),
        (
            lambda: gw.StillingerWeberParameters(epsilon=1, sigma=2, strength=21, cosine=-2),
            "cosine is -2",
        ),
    ],
)
def test_bad_parameters_are_named(make, message) -> None:
    with pytest.raises(InputError, match=message):
        make()


def test_small_boxes_and_other_diameters_are_refused() -> None:
    silicon = gw.StillingerWeber()
    with pytest.raises(InputError, match="twice the largest cutoff"):
        gw.energy(silicon, silicon_twin.crystal(cells=1))
    c = silicon_twin.crystal()
    sizes = np.ones(c.n_particles)
    sizes[3] = 1.1
    with pytest.raises(InputError, match=r"diameters\[3\] is 1.1, expected 1"):
        gw.energy(silicon, Configuration(positions=c.positions, diameters=sizes, box=c.box))


def test_overlap_is_one_clear_error() -> None:
    c = silicon_twin.crystal()
    positions = c.positions.copy()
    positions[1] = positions[0]
    with pytest.raises(InputError, match="expected particles apart"):
        gw.energy(gw.StillingerWeber(), c.moved_to(positions))


def test_planck_constant_of_silicon() -> None:
    assert gw.SILICON.reduced_hbar == pytest.approx(0.0122, abs=5e-5)
    assert gw.METAL.reduced_hbar == pytest.approx(0.0646544, abs=5e-7)
    root = np.sqrt(gw.SILICON.mass)
    assert gw.METAL.reduced_hbar == pytest.approx(root * gw.SILICON.reduced_hbar, rel=1e-12)
    assert gw.METAL.frequency_hertz(1 / root) == pytest.approx(
        gw.SILICON.frequency_hertz(1.0), rel=1e-12
    )
    assert gw.SILICON.energy_electronvolt(1.0) == pytest.approx(1.0, rel=1e-12)
    assert gw.SILICON.pressure_gigapascal(1.0) == pytest.approx(160.2177, rel=1e-6)
