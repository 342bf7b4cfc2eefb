"""The frozen nouns."""

from __future__ import annotations

import dataclasses
import inspect

import numpy as np
import pytest

from glasswells.core import records
from glasswells.core.errors import InputError
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Configuration, CubicMode, EnergyProfile, NormalModes

POSITIONS = [[0.0, 0.0, 0.0], [1.0, 1.0, -7.0]]
GOOD = {"positions": POSITIONS, "diameters": [1.0, 1.2], "box": [3.0, 4.0, 5.0]}

ALL_RECORDS = [
    value
    for _, value in inspect.getmembers(records, dataclasses.is_dataclass)
    if value.__module__ == records.__name__
]


@pytest.mark.parametrize("record", ALL_RECORDS, ids=lambda r: r.__name__)
def test_records_are_frozen_keyword_only_and_slotted(record):
    assert record.__dataclass_params__.frozen
    assert all(f.kw_only for f in dataclasses.fields(record))
    assert "__slots__" in vars(record)


def test_configuration_holds_read_only_copies():
    own = np.array(POSITIONS)
    configuration = Configuration(**{**GOOD, "positions": own})
    own[0, 0] = 9.0
    assert configuration.positions[0, 0] == 0.0
    for name in GOOD:
        array = getattr(configuration, name)
        assert array.dtype == np.float64
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        configuration.box = np.ones(3)


def test_configuration_accepts_positions_outside_the_box_and_counts():
    configuration = Configuration(**GOOD)
    assert configuration.positions[1, 2] == -7.0
    assert configuration.n_particles == 2
    assert configuration.density == pytest.approx(2 / 60)


def test_moved_to_keeps_particles_and_box():
    configuration = Configuration(**GOOD)
    moved = configuration.moved_to(configuration.positions + 1)
    assert np.array_equal(moved.positions, configuration.positions + 1)
    assert np.array_equal(moved.diameters, configuration.diameters)
    assert np.array_equal(moved.box, configuration.box)
    with pytest.raises(InputError, match="diameters has shape"):
        configuration.moved_to(np.zeros((3, 3)))


def test_moved_configurations_share_what_nobody_can_change():
    """Diameters and masses would take two thirds of the room of positions again, each time."""
    first = Configuration(positions=np.eye(3), diameters=np.ones(3), box=np.full(3, 9.0))
    moved = first.moved_to(2 * np.eye(3))
    assert moved.diameters is first.diameters
    assert moved.masses is first.masses
    kept = np.frombuffer(np.arange(9.0).tobytes()).reshape(3, 3)
    at_kept = first.moved_to(kept)
    assert at_kept.positions is kept
    mine = np.eye(3)
    mine.setflags(write=False)  # which I may undo
    assert first.moved_to(mine).positions is not mine


def test_masses_are_one_unless_given_and_are_kept():
    plain = Configuration(**GOOD)
    assert np.array_equal(plain.masses, [1.0, 1.0])
    heavy = Configuration(**GOOD, masses=[2, 0.5])
    assert np.array_equal(heavy.masses, [2.0, 0.5])
    for configuration in (plain, heavy):
        moved = configuration.moved_to(configuration.positions + 1)
        assert np.array_equal(moved.masses, configuration.masses)
        assert moved.masses.dtype == np.float64
        assert not moved.masses.flags.writeable


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"positions": [[0, 0, np.nan], [1, 1, 1]]}, "positions[0, 2] is nan, expected finite"),
        ({"positions": [[0, 0, 0], [1, np.inf, 1]]}, "positions[1, 1] is inf, expected finite"),
        ({"positions": [[0, 0], [1, 1]]}, "positions has shape (2, 2), expected (N, 3)"),
        ({"positions": np.zeros(6)}, "positions has shape (6,), expected (N, 3)"),
        ({"positions": np.zeros((0, 3))}, "positions hold 0 particle(s), expected at least 2"),
        ({"positions": [[0, 0, 0]]}, "positions hold 1 particle(s), expected at least 2"),
        ({"positions": np.zeros((2, 3), np.float32)}, "positions has dtype float32, expected flo"),
        ({"positions": np.zeros((2, 3), object)}, "positions has dtype object, expected float64"),
        ({"positions": np.zeros((2, 3), bool)}, "positions has dtype bool, expected float64"),
        ({"positions": "abc"}, "positions has dtype <U3, expected float64"),
        ({"diameters": [1.0]}, "diameters has shape (1,), expected (2)"),
        ({"diameters": 1.0}, "diameters has shape (), expected (2)"),
        ({"diameters": [1.0, 0.0]}, "diameters[1] is 0.0, expected lengths above 0"),
        ({"diameters": [-1.0, 1.0]}, "diameters[0] is -1.0, expected lengths above 0"),
        ({"diameters": [np.nan, 1.0]}, "diameters[0] is nan, expected finite numbers"),
        ({"box": 5.0}, "box has shape (), expected (3)"),
        ({"box": np.eye(3)}, "box has shape (3, 3), expected (3)"),
        ({"box": [3.0, 0.0, 5.0]}, "box[1] is 0.0, expected lengths above 0"),
        ({"box": [3.0, 4.0, -5.0]}, "box[2] is -5.0, expected lengths above 0"),
        ({"masses": [1.0]}, "masses has shape (1,), expected (2)"),
        ({"masses": [0.5, 0.0]}, "masses[1] is 0.0, expected masses above 0"),
        ({"masses": [np.nan, 1.0]}, "masses[0] is nan, expected finite numbers"),
        ({"box": [np.inf, 4.0, 5.0]}, "box[0] is inf, expected finite numbers"),
    ],
)
def test_bad_configurations(changes, message):
    with pytest.raises(InputError) as error:
        Configuration(**{**GOOD, **changes})
    assert message in str(error.value)


def test_configuration_accepts_read_only_byte_swapped_and_strided_arrays():
    source = np.array(POSITIONS).astype(">f8")
    source.setflags(write=False)
    strided = np.repeat(np.array(GOOD["diameters"]), 2)[::2]
    configuration = Configuration(positions=source, diameters=strided, box=(3, 4, 5))
    assert configuration.positions.dtype.isnative
    assert configuration.positions.tolist() == POSITIONS
    assert configuration.diameters.tolist() == GOOD["diameters"]


def test_profile_needs_five_increasing_points():
    s = np.linspace(0, 1, 5)
    profile = EnergyProfile(
        arc_length=s,
        energy=s * (1 - s),
        curvature_a=1.0,
        curvature_b=1.0,
        beyond_a=([0.0, 0.1], [0.0, 0.5]),
    )
    for array in (profile.arc_length, profile.energy, *profile.beyond_a):
        assert not array.flags.writeable
    for bad in (s[:4], s[::-1], s * 0):
        with pytest.raises(InputError, match=r"expected at least 5 that strictly\s+increase"):
            EnergyProfile(arc_length=bad, energy=bad, curvature_a=1.0, curvature_b=1.0)
    with pytest.raises(InputError, match="beyond_b energies has shape"):
        EnergyProfile(
            arc_length=s, energy=s, curvature_a=1.0, curvature_b=1.0, beyond_b=([0.0, 1.0], [0.0])
        )


def test_result_records_hold_read_only_arrays():
    modes = NormalModes(
        frequencies=np.zeros(1),
        fields=np.zeros((1, 2, 3)),
        participation_ratios=np.ones(1),
        n_translations=1,
        complete=False,
    )
    mode = CubicMode(
        field=np.zeros((2, 3)),
        stiffness=1.0,
        cubic=-1.0,
        barrier=1.0,
        residual=0.0,
        iterations=1,
        method="iteration",
        overlap_with_start=1.0,
        outcome=Outcome.CONVERGED,
    )
    for array in (modes.frequencies, modes.fields, modes.participation_ratios, mode.field):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0
