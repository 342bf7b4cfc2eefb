"""The record codec: bit-exact round trips, and refusal of everything else."""

from __future__ import annotations

import json
import math
import pickle
import sqlite3
from contextlib import closing
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from glasswells.core.records import Configuration, EnergyProfile
from glasswells.core.splittings import TunnelSplitting
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.sampling.molecular_dynamics import molecular_dynamics
from glasswells.sampling.swap_monte_carlo import swap_monte_carlo
from glasswells.stages.pipeline import PIPELINE
from glasswells.stages.splittings import WellSplitting
from glasswells.store.codec import (
    ARRAY_TYPES,
    LARGEST_VALUE,
    Codec,
    Encoded,
    RecordType,
    sha256,
)
from glasswells.store.errors import CodecError
from glasswells.tunneling import ARGON_PUBLISHED, solve_splitting


class Kind(Enum):
    FIRST = 1
    SECOND = "two"


class Row(NamedTuple):
    name: str
    values: Any


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Box:
    """Holds anything."""

    content: Any
    kind: Kind = Kind.FIRST


CODEC = Codec((Kind, Row, Box, Configuration, EnergyProfile, TunnelSplitting))


def read_back(record: Any, codec: Codec = CODEC) -> Any:
    encoded = codec.encode(record)
    return codec.decode(encoded.body, encoded.arrays.__getitem__)


def identical(a: Any, b: Any) -> bool:
    """Equal to the bit, types included; one NaN is as good as another."""
    if type(a) is not type(b):
        return False
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (
            a == b and math.copysign(1, a) == math.copysign(1, b)
        )
    if is_dataclass(a):
        return all(identical(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(map(identical, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(identical(a[k], b[k]) for k in a)
    return bool(a == b)


arrays = st.sampled_from(sorted(ARRAY_TYPES)).flatmap(
    lambda kind: npst.arrays(np.dtype(kind), npst.array_shapes(min_dims=0, max_dims=3, min_side=0))
)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    texts,
    st.sampled_from(Kind),
    arrays,
)
values = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(texts, inner, max_size=3),
        st.builds(Row, texts, inner),
        st.builds(Box, content=inner, kind=st.sampled_from(Kind)),
    ),
    max_leaves=8,
)


@given(values)
@settings(max_examples=300, deadline=None)
def test_whatever_is_saved_is_read_back_to_the_bit(content: Any) -> None:
    record = Box(content=content)
    assert identical(read_back(record), record)


@given(values)
@settings(max_examples=50, deadline=None)
def test_equal_records_have_equal_digests_and_texts_are_plain_json(content: Any) -> None:
    first, again = CODEC.encode(Box(content=content)), CODEC.encode(Box(content=content))
    assert first.digest == again.digest == sha256(first.body.encode())
    tree = json.loads(first.body, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert json.dumps(tree, separators=(",", ":")) == first.body


def test_records_of_the_core_pass_their_own_checks_again() -> None:
    rng = np.random.default_rng(1)
    configuration = Configuration(
        positions=rng.normal(size=(7, 3)), diameters=np.full(7, 1.0), box=np.full(3, 9.0)
    )
    profile = EnergyProfile(
        arc_length=np.linspace(0, 1, 9),
        energy=rng.normal(size=9),
        curvature_a=1.0,
        curvature_b=2.0,
        beyond_a=(np.linspace(0, 1, 4), rng.normal(size=4)),
    )
    for record in (configuration, profile):
        assert identical(read_back(record), record)
    assert not read_back(configuration).positions.flags.writeable
    damaged = CODEC.encode(configuration).body.replace('"shape":[7,3]', '"shape":[21]')
    with pytest.raises(CodecError, match="make no Configuration"):
        CODEC.decode(damaged, CODEC.encode(configuration).arrays.__getitem__)


def test_equal_arrays_are_saved_once_and_others_are_not_mixed_up() -> None:
    a = np.arange(4.0)
    encoded = CODEC.encode(Box(content=[a, a.copy(), a.reshape(2, 2), a + 1]))
    assert len(encoded.arrays) == 2
    again = read_back(Box(content=[a, a.reshape(2, 2)])).content
    assert again[0].shape == (4,)
    assert again[1].shape == (2, 2)


def test_byte_order_and_layout_of_arrays_do_not_matter() -> None:
    a = np.arange(6.0).reshape(2, 3)
    variants = [a, a.astype(">f8"), np.asfortranarray(a), a[:, ::-1][:, ::-1]]
    assert len({CODEC.encode(Box(content=v)).digest for v in variants}) == 1


class Marker:
    """Unpickling it would raise."""

    def __reduce__(self) -> Any:
        return pytest.fail, ("something was unpickled",)


@pytest.mark.parametrize(
    "content",
    [
        np.array([Marker(), None]),
        np.array([1j]),
        np.array(["text"]),
        np.zeros(2, dtype=[("x", "f8")]),
        np.array(["2020"], dtype="datetime64[D]"),
        np.float32(1.5),
        1j,
        {1: 2},
        {1, 2},
        b"bytes",
        object(),
        pytest.fail,
        Marker(),
    ],
)
def test_what_has_no_plain_form_is_refused_by_name(content: Any) -> None:
    with pytest.raises(CodecError, match=r"Box\.content"):
        CODEC.encode(Box(content=content))


@dataclass(frozen=True)
class Stranger:
    x: float = 0.0


@pytest.mark.parametrize("content", [np.zeros(126), [1.0] * 300, "a" * 1001])
def test_what_is_too_large_for_a_row_of_the_store_is_refused(content: Any) -> None:
    codec = Codec([Box, Row, Kind], largest=1000)
    assert codec.encode(Box(content=np.zeros(125))).arrays
    with pytest.raises(CodecError, match=r"has \d+ bytes, expected at most 1000"):
        codec.encode(Box(content=content))


def test_the_largest_value_leaves_room_for_the_rest_of_its_row() -> None:
    """With SQLite's own limit, and the largest of the other columns of a record in full."""
    with closing(sqlite3.connect(":memory:")) as connection:
        limit = connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH)
    assert limit > LARGEST_VALUE + 1000


def test_unregistered_types_are_refused() -> None:
    with pytest.raises(CodecError, match=r"Stranger.*register"):
        CODEC.encode(Stranger())
    with pytest.raises(CodecError, match="a float cannot be saved"):
        CODEC.encode(1.0)
    with pytest.raises(CodecError, match=r"Box\.content is a Stranger"):
        CODEC.encode(Box(content=Stranger()))

    @dataclass
    class Mutable:
        x: float

    with pytest.raises(CodecError, match="no frozen dataclass"):
        Codec((Mutable,))
    with pytest.raises(CodecError, match="registered twice"):
        Codec((Box, Box))


DIGEST = sha256(b"12345678")


@pytest.mark.parametrize(
    "tree",
    [
        [1, 2],
        {},
        {"unknown": 1},
        {"record": "Stranger", "version": 1, "fields": {}},
        {"record": "Box", "version": 1, "fields": {"content": 1, "more": 2}},
        {"record": "Box", "version": 1, "fields": {}},
        {"record": "Box", "version": "1", "fields": {"content": 1}},
        {"record": "os.system", "version": 1, "fields": {"content": "true"}},
        {"enum": "Kind", "member": "THIRD"},
        {"enum": "Box", "member": "content"},
        {"float": "1.0"},
        {"array": DIGEST, "type": "|O", "shape": [1]},
        {"array": DIGEST, "type": "O", "shape": [1]},
        {"array": DIGEST, "type": "<f8", "shape": [2]},
        {"array": DIGEST, "type": "<f8", "shape": [-1]},
        {"array": DIGEST, "type": "<f8", "shape": [1.0]},
        {"array": DIGEST, "type": "<f8", "shape": [10**12, 10**12]},
        {"tuple": {"a": 1}},
    ],
)
def test_texts_that_were_never_written_are_refused(tree: Any) -> None:
    with pytest.raises(CodecError):
        CODEC.decode(json.dumps(tree), lambda digest: b"12345678")


def test_deep_texts_are_refused() -> None:
    for depth in (40, 100_000):
        with pytest.raises(CodecError):
            CODEC.decode('{"list":[' * depth + "]}" * depth, lambda digest: b"")
    with pytest.raises(CodecError, match="no JSON"):
        CODEC.decode("", lambda digest: b"")


def test_nothing_is_unpickled() -> None:
    body = json.dumps({"array": DIGEST, "type": "|O", "shape": [1]})
    with pytest.raises(CodecError):
        CODEC.decode(body, lambda digest: pickle.dumps(Marker()))


@dataclass(frozen=True)
class Old:
    width: float


@dataclass(frozen=True)
class New:
    edges: tuple[float, float]


def test_older_versions_are_upgraded_and_newer_ones_refused() -> None:
    old = Codec((RecordType(cls=Old, name="thing"),)).encode(Old(width=2.0))

    def upgrade(fields: dict[str, Any], version: int) -> dict[str, Any]:
        assert version == 1
        return {"edges": (0.0, fields["width"])}

    new = Codec((RecordType(cls=New, name="thing", version=2, upgrade=upgrade),))
    assert new.decode(old.body, {}.__getitem__) == New(edges=(0.0, 2.0))
    with pytest.raises(CodecError, match="install a newer one"):
        Codec((RecordType(cls=Old, name="thing"),)).decode(
            new.encode(New(edges=(0.0, 1.0))).body, {}.__getitem__
        )
    with pytest.raises(CodecError, match="version 1, which is not read"):
        Codec((RecordType(cls=New, name="thing", version=2),)).decode(old.body, {}.__getitem__)


def test_configurations_are_saved_with_masses_only_where_these_are_not_all_one() -> None:
    codec = PIPELINE.codec
    plain = {"positions": [[0, 0, 0], [1, 1, 1]], "diameters": [1, 1], "box": [3, 3, 3]}
    light = Configuration(**plain, masses=[1.0, 0.53])
    assert identical(read_back(light, codec), light)
    assert json.loads(codec.encode(light).body)["version"] == 2
    encoded = codec.encode(Configuration(**plain))
    text = json.loads(encoded.body)
    assert text["version"] == 1
    assert list(text["fields"]) == ["positions", "diameters", "box"]
    old = Codec((RecordType(cls=Configuration, name="Configuration", version=1),))
    with pytest.raises(CodecError, match="install a newer one"):
        old.decode(codec.encode(light).body, codec.encode(light).arrays.__getitem__)
    read = codec.decode(encoded.body, encoded.arrays.__getitem__)
    assert np.array_equal(read.masses, [1.0, 1.0])


def test_checkpoints_of_particles_of_mass_one_are_saved_as_before_there_were_masses() -> None:
    """So that chunks of a campaign of an older version go on, and are found again by digest."""
    start = Configuration(positions=[[0, 0, 0], [1, 1, 1]], diameters=[1, 1], box=[3, 3, 3])
    model = SoftSpheres()
    dynamics = molecular_dynamics(model, start, 0.1, 0, 1).state
    swaps = swap_monte_carlo(model, start, 0.1, 0, 1).state
    for state in (dynamics, swaps):
        text = json.loads(PIPELINE.codec.encode(state).body)
        assert text["version"] == 1
        assert "masses" not in text["fields"]
        read = read_back(state, PIPELINE.codec)
        assert identical(read, state)
        assert np.array_equal(read.configuration().masses, [1.0, 1.0])
        light = replace(start, masses=[1.0, 0.53])
        run = molecular_dynamics if state is dynamics else swap_monte_carlo
        weighed = run(model, light, 0.1, 0, 1).state
        assert identical(read_back(weighed, PIPELINE.codec), weighed)


def test_the_format_is_pinned() -> None:
    """A change here makes old stores unreadable: raise the record's version instead."""
    record = Box(content=(1, 2.5, -0.0, math.inf, np.arange(2.0), Row(name="ä", values=[None])))
    array = sha256(np.arange(2.0).tobytes())
    assert CODEC.encode(record) == Encoded(
        body='{"record":"Box","version":1,"fields":{"content":{"tuple":[1,2.5,-0.0,'
        f'{{"float":"inf"}},{{"array":"{array}","type":"<f8","shape":[2]}},'
        '{"record":"Row","version":1,"fields":{"name":"\\u00e4","values":{"list":[null]}}}]},'
        '"kind":{"enum":"Kind","member":"FIRST"}}}',
        arrays={array: np.arange(2.0).tobytes()},
    )


def test_splittings_of_older_stores_are_read():
    """Version 1 did not say what a splitting is made of under each continuation."""
    s = np.linspace(0.0, 0.5, 40)
    profile = EnergyProfile(
        arc_length=s, energy=0.05 * np.sin(2 * np.pi * s) ** 2, curvature_a=4.0, curvature_b=4.0
    )
    splitting = solve_splitting(profile, ARGON_PUBLISHED)
    encoded = PIPELINE.codec.encode(WellSplitting(double_well=1, splitting=splitting))
    now = PIPELINE.codec.decode(encoded.body, encoded.arrays.__getitem__)
    assert identical(now.splitting, splitting)
    tree = json.loads(encoded.body)
    inner = tree["fields"]["splitting"]
    inner["version"] = 1
    for name in ("continuations", "at_hbar_limits"):
        del inner["fields"][name]
    old = PIPELINE.codec.decode(json.dumps(tree), encoded.arrays.__getitem__).splitting
    assert identical(old, replace(splitting, continuations={}, at_hbar_limits=()))
