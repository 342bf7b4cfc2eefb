"""Fields that follow from others: left out where they do, to the bit, and made again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest

from glasswells.core.geometry import displacement
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Configuration, DoubleWell, EnergyProfile
from glasswells.sampling.molecular_dynamics import DynamicsCheckpoint
from glasswells.stages.pipeline import PIPELINE
from glasswells.store.codec import Codec, DerivedField, RecordType
from glasswells.store.errors import CodecError


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Sum:
    a: np.ndarray
    b: np.ndarray
    both: np.ndarray


def both(known: Mapping[str, Any]) -> np.ndarray:
    return known["a"] + known["b"]


CODEC = Codec(
    [RecordType(cls=Sum, name="Sum", version=2,
                derived={"both": DerivedField(version=2, of=both)})]
)  # fmt: skip
OLD = Codec([RecordType(cls=Sum, name="Sum")])


def made(shift: float = 0.0, shape: tuple[int, ...] = (3,)) -> Sum:
    a, b = np.arange(3.0), np.full(3, 0.1)
    return Sum(a=a, b=b, both=np.resize(a + b + shift, shape))


def tree_of(record: Any, codec: Codec = CODEC) -> dict[str, Any]:
    return json.loads(codec.encode(record).body)


def read_back(record: Any, codec: Codec = CODEC, reader: Codec | None = None) -> Any:
    encoded = codec.encode(record)
    return (reader or codec).decode(encoded.body, encoded.arrays.__getitem__)


def test_what_follows_is_left_out_and_made_again() -> None:
    tree = tree_of(made())
    assert (tree["version"], "both" in tree["fields"]) == (2, False)
    assert read_back(made()).both.tobytes() == made().both.tobytes()


@pytest.mark.parametrize(
    "record",
    [
        made(shift=1e-15),
        made(shape=(1, 3)),
        made(shape=(2,)),
        replace(made(), both=made().both.astype(np.float32)),
        replace(made(), b=np.ones(2)),
    ],
)
def test_what_does_not_follow_is_saved_as_before(record: Sum) -> None:
    assert tree_of(record) == tree_of(record, OLD)
    assert read_back(record).both.tobytes() == record.both.tobytes()


def test_older_records_are_read_and_older_versions_refuse_newer_ones() -> None:
    assert read_back(made(), OLD, CODEC).both.tobytes() == made().both.tobytes()
    with pytest.raises(CodecError, match="up to 1"):
        read_back(made(), CODEC, OLD)


def test_a_record_without_what_its_field_follows_from_is_refused() -> None:
    body = '{"record":"Sum","version":2,"fields":{"a":1}}'
    with pytest.raises(CodecError, match="make no Sum"):
        CODEC.decode(body, {}.__getitem__)


def test_equal_arrays_of_several_records_are_one_object() -> None:
    encoded = CODEC.encode(made())
    shared: dict = {}
    one, two = (CODEC.decode(encoded.body, encoded.arrays.__getitem__, shared) for _ in range(2))
    assert one.a is two.a
    assert one.a is not CODEC.decode(encoded.body, encoded.arrays.__getitem__).a


def double_well(masses: np.ndarray | None = None) -> DoubleWell:
    rng = np.random.default_rng(3)
    box = np.full(3, 5.0)
    places = rng.uniform(0, 5, size=(20, 3))
    a, b, saddle = (
        Configuration(positions=places + k * rng.normal(scale=0.05, size=places.shape),
                      diameters=np.ones(20), box=box)
        for k in (0, 2, 1)
    )  # fmt: skip
    moved = [displacement(places, c.positions, box, masses) for c in (b, saddle)]
    unit = moved[0] / np.linalg.norm(moved[0])
    profile = EnergyProfile(arc_length=np.linspace(0, 1, 5), energy=np.zeros(5),
                            curvature_a=1.0, curvature_b=1.0)  # fmt: skip
    return DoubleWell(
        minimum_a=a, minimum_b=b, saddle=saddle, barrier=0.1, asymmetry=0.0, profile=profile,
        displacement_ab=moved[0], displacement_as=moved[1], tangent_a=unit, frequency_a=1.0,
        tangent_b=-unit, frequency_b=1.0, rho=0.01, path_length=1.0, participation_number=2.0,
        negative_eigenvalue=-1.0, route="fast", outcome=Outcome.CONVERGED,
    )  # fmt: skip


def test_displacements_of_a_double_well_follow_from_its_places() -> None:
    tree = tree_of(double_well(), PIPELINE.codec)
    assert not {"displacement_ab", "displacement_as"} & tree["fields"].keys()
    again = read_back(double_well(), PIPELINE.codec)
    for name in ("displacement_ab", "displacement_as"):
        assert getattr(again, name).tobytes() == getattr(double_well(), name).tobytes()
    heavy = double_well(masses=np.linspace(1, 2, 20))
    assert {"displacement_ab", "displacement_as"} <= tree_of(heavy, PIPELINE.codec)["fields"].keys()


def checkpoint(forces: np.ndarray | None, mass: float = 1.0) -> DynamicsCheckpoint:
    places = np.arange(6.0).reshape(2, 3)
    return DynamicsCheckpoint(
        positions=places,
        velocities=places + 1,
        forces=forces,
        potential_energy=0.5,
        list_reference=places,
        random=np.zeros(4, np.uint64),
        steps=3,
        diameters=np.ones(2),
        box=np.full(3, 9.0),
        masses=np.full(2, mass),
    )


@pytest.mark.parametrize(
    ("forces", "mass", "version"),
    [(np.ones((2, 3)), 1.0, 1), (np.ones((2, 3)), 2.0, 2), (None, 1.0, 3), (None, 2.0, 3)],
)
def test_forces_of_dynamics_may_be_missing(
    forces: np.ndarray | None, mass: float, version: int
) -> None:
    """A record with them is saved as it always was; older versions refuse one without."""
    record = checkpoint(forces, mass)
    tree = tree_of(record, PIPELINE.codec)
    assert tree["version"] == version
    assert ("forces" in tree["fields"], "masses" in tree["fields"]) == (version < 3, mass != 1)
    again = read_back(record, PIPELINE.codec)
    assert (again.forces is None) == (forces is None)
    assert again.masses.tolist() == record.masses.tolist()
    assert again.velocities.tobytes() == record.velocities.tobytes()
