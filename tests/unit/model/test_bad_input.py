"""Bad input: one clear `InputError` that names the value, what was expected and what to do."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.core.errors import InputError
from glasswells.core.records import Configuration
from glasswells.model.functions import (
    energy,
    forces,
    fourth_order,
    hessian,
    hessian_product,
    third_order,
)
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.soft_spheres import SoftSpheres

OF_A_CONFIGURATION = (energy, forces, hessian)
OF_A_FIELD = (hessian_product, third_order, fourth_order)
EVERY = [
    *((f.__name__, f) for f in OF_A_CONFIGURATION),
    *((f.__name__, lambda m, c, f=f: f(m, c, np.ones((c.n_particles, 3)))) for f in OF_A_FIELD),
]


@pytest.fixture(params=[f for _, f in EVERY], ids=[name for name, _ in EVERY])
def function(request):
    return request.param


def message_of(function, *arguments, **keywords):
    with pytest.raises(InputError) as error:
        function(*arguments, **keywords)
    return str(error.value)


def test_particles_at_one_point(function, soft_liquid):
    positions = soft_liquid.positions.copy()
    positions[17] = positions[3]
    text = message_of(function, SoftSpheres(), soft_liquid.moved_to(positions))
    assert "particles 3 and 17 are at distance 0, expected particles apart" in text
    assert "start from a lattice" in text


def test_particles_at_one_point_through_the_periodic_boundary(soft_liquid):
    positions = soft_liquid.positions.copy()
    positions[17] = positions[3] + soft_liquid.box * [1, -2, 0]
    text = message_of(energy, SoftSpheres(), soft_liquid.moved_to(positions))
    assert "particles 3 and 17 are at distance" in text


def test_particles_at_one_point_of_a_mixture(mixture):
    positions = mixture.positions.copy()
    positions[1] = positions[0]
    assert "particles 0 and 1" in message_of(energy, KobAndersen(), mixture.moved_to(positions))


def test_particles_so_close_that_the_energy_overflows():
    close = Configuration(positions=[[0, 0, 0], [1e-40, 0, 0]], diameters=[1, 1], box=[4, 4, 4])
    assert "particles 0 and 1 are at distance 1e-40" in message_of(energy, SoftSpheres(), close)


def test_box_below_twice_the_largest_cutoff(function, soft_liquid):
    small = Configuration(
        positions=soft_liquid.positions, diameters=soft_liquid.diameters, box=[9.0, 4.0, 9.0]
    )
    text = message_of(function, SoftSpheres(), small)
    least_edge = 2 * 1.25 * soft_liquid.diameters.max()
    assert "the shortest box edge is 4, expected at least twice the largest cutoff" in text
    assert f"{least_edge:g}: use more particles" in text


def test_box_of_exactly_twice_the_largest_cutoff_is_accepted():
    edge = 2 * 1.25
    smallest = Configuration(
        positions=[[0, 0, 0], [1, 0, 0]], diameters=[1, 1], box=[edge, edge, edge]
    )
    assert energy(SoftSpheres(), smallest) == pytest.approx(0.5958, abs=5e-5)


def test_mixing_rule_that_would_give_a_negative_range():
    mixed = Configuration(positions=[[0, 0, 0], [1, 0, 0]], diameters=[0.5, 3.0], box=[9, 9, 9])
    text = message_of(energy, SoftSpheres(nonadditivity=0.5), mixed)
    assert "diameters differ by up to 2.5, expected less than 1/nonadditivity = 2" in text


def test_species_unknown_to_the_mixture():
    strange = Configuration(positions=[[0, 0, 0], [1, 0, 0]], diameters=[1, 0.9], box=[9, 9, 9])
    text = message_of(energy, KobAndersen(), strange)
    assert "diameters[1] is 0.9, expected 1.0 (species A) or 0.88 (species B)" in text


@pytest.mark.parametrize(
    ("field", "message"),
    [
        (np.zeros((149, 3)), "field has shape (149, 3), expected (150, 3)"),
        (np.zeros(450), "field has shape (450,), expected (150, 3)"),
        (np.zeros((150, 3), dtype=np.float32), "field has dtype float32, expected float64"),
        (np.full((150, 3), np.inf), "field[0, 0] is inf, expected finite numbers"),
    ],
    ids=["particles", "flat", "float32", "inf"],
)
@pytest.mark.parametrize("of_a_field", OF_A_FIELD)
def test_bad_fields(of_a_field, field, message, soft_liquid):
    assert message in message_of(of_a_field, SoftSpheres(), soft_liquid, field)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"exponent": 11}, "exponent is 11, expected an even integer"),
        ({"exponent": 0}, "exponent is 0, expected an integer of at least 2"),
        ({"exponent": -12}, "exponent is -12, expected an integer of at least 2"),
        ({"exponent": 12.0}, "exponent is 12.0, expected an integer"),
        ({"exponent": True}, "exponent is True, expected an integer"),
        ({"nonadditivity": -0.1}, "nonadditivity is -0.1, expected a number of at least 0"),
        ({"nonadditivity": "0.2"}, "nonadditivity is '0.2', expected a number"),
        ({"cutoff": 0.0}, "cutoff is 0.0, expected a number above 0"),
        ({"cutoff": np.nan}, "cutoff is nan, expected a finite number"),
        ({"cutoff": None}, "cutoff is None, expected a number"),
    ],
    ids=str,
)
def test_bad_soft_spheres(parameters, message):
    assert message in message_of(SoftSpheres, **parameters)


def test_bad_mixture_cutoff():
    assert "cutoff is -1.0, expected a number above 0" in message_of(KobAndersen, cutoff=-1.0)


def test_single_precision_parameters_do_not_make_single_precision_kernels():
    model = SoftSpheres(exponent=np.int64(12), cutoff=np.float32(1.25))
    assert model == SoftSpheres()
    assert all(type(constant) is float for constant in model.constants)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("when", ["first", "later"])
def test_positions_that_go_bad_do_not_drop_out_of_the_list(soft_liquid, bad, when):
    interactions = SoftSpheres().interactions(soft_liquid)
    if when == "later":
        interactions.energy_and_forces(soft_liquid.positions)
    positions = soft_liquid.positions.copy()
    positions[7, 1] = bad
    with pytest.raises(InputError, match="NaN"):
        interactions.energy_and_forces(positions)
