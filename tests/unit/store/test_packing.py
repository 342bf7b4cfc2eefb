"""Arrays and texts in less room: the same bytes come back, whatever they are."""

from __future__ import annotations

import json
import lzma
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from glasswells.store.errors import CodecError
from glasswells.store.packing import (
    BITS,
    MOST_RATIO,
    MULTIPLES,
    PLAIN,
    SCALED,
    Packed,
    pack,
    pack_text,
    unpack,
    unpack_text,
)

ANY = npst.arrays(np.float64, st.integers(64, 200), elements=st.floats(width=64))
"""With NaN of every kind, infinities, zeros of both signs and subnormal numbers."""


def there_and_back(data: bytes, bases: dict[str, bytes]) -> Packed:
    packed = pack(data, bases)
    assert unpack(packed, bases.get(packed.base or "", b"")) == data
    return packed


@given(values=ANY, other=ANY, exponent=st.sampled_from([0, 7, 16, 24]))
@settings(max_examples=200, deadline=None)
def test_every_array_comes_back_to_the_bit(
    values: np.ndarray, other: np.ndarray, exponent: int
) -> None:
    there_and_back(values.tobytes(), {})
    with np.errstate(all="ignore"):
        there_and_back(
            (values + 1e-3 * np.resize(other, values.shape)).tobytes(),
            {"a": values.tobytes(), "b": other.tobytes()},
        )
        there_and_back(
            (np.rint(values * 2**exponent) / 2**exponent).tobytes(), {"a": values.tobytes()}
        )
        there_and_back(
            (np.rint(-0.3 * values * 2**exponent) / 2**exponent).tobytes(), {"a": values.tobytes()}
        )


@given(data=st.binary(min_size=0, max_size=3000))
def test_every_string_of_bytes_comes_back(data: bytes) -> None:
    there_and_back(data, {"a": data[::-1], "b": data})


def glass(seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 11.4, size=(1500, 3))


def test_a_minimum_is_kept_as_its_difference_from_a_similar_one() -> None:
    known, others = glass(), glass(2)
    moved = known + np.random.default_rng(3).normal(scale=1e-3, size=known.shape)
    bases = {"known": known.tobytes(), "others": others.tobytes(), "short": b"0" * 800}
    exact = there_and_back(moved.tobytes(), bases)
    assert (exact.coding, exact.base) == (BITS, "known")
    assert len(exact.data) < 0.75 * moved.nbytes
    coarse = there_and_back((np.rint(moved * 2**16) / 2**16).tobytes(), bases)
    assert (coarse.coding, coarse.base) == (MULTIPLES, "known")
    assert len(coarse.data) < 0.2 * moved.nbytes


def test_an_array_without_a_similar_one_has_no_base() -> None:
    unit = np.random.default_rng(4).normal(scale=0.01, size=4500)
    packed = there_and_back((np.rint(unit * 2**24) / 2**24).tobytes(), {"g": glass().tobytes()})
    assert (packed.coding, packed.base) == (MULTIPLES, None)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -0.0, 2.0**60, 5e-324])
def test_what_is_no_multiple_is_kept_by_its_bits(bad: float) -> None:
    values = np.arange(600) / 4.0
    values[17] = bad
    packed = there_and_back(values.tobytes(), {"same": (np.arange(600) / 4.0).tobytes()})
    assert packed.coding == BITS


def test_noise_is_kept_as_it_is() -> None:
    noise = np.random.default_rng(5).bytes(36000)
    assert pack(noise, {"g": glass().tobytes()}) == Packed(noise, PLAIN, None)


@pytest.mark.parametrize("factor", [-1.0, -0.7, 0.6])
def test_a_field_is_kept_as_the_difference_from_a_scaled_one(factor: float) -> None:
    """Modes have either sign, and what is nearly one another of them has some overlap with it."""
    rng = np.random.default_rng(2)
    known = np.rint(rng.normal(size=(400, 3)) * 2.0**18) / 2.0**24
    field = np.rint((factor * known + 1e-3 * known.std() * rng.normal(size=(400, 3))) * 2.0**24)
    data = (field / 2.0**24).tobytes()
    packed = there_and_back(
        data, {"base": known.tobytes(), "other": rng.normal(size=1200).tobytes()}
    )
    assert (packed.coding, packed.base) == (SCALED, "base")
    assert len(packed.data) < 0.6 * len(there_and_back(data, {}).data)
    with pytest.raises(CodecError, match="cannot be unpacked"):
        unpack(packed, known.tobytes()[:-8])
    damaged = packed._replace(data=packed.data[:1] + b"\xff" * 8 + packed.data[9:])
    assert unpack(damaged, known.tobytes()) != data, "told by its digest"


@pytest.mark.parametrize("size", [64, 4500, 100_000])
def test_a_field_and_its_negative_are_kept_once(size: int) -> None:
    field = np.rint(np.random.default_rng(8).normal(size=size) * 2.0**20) / 2.0**24
    packed = there_and_back((-field).tobytes(), {"base": field.tobytes()})
    assert (packed.coding, packed.base) == (SCALED, "base")
    assert len(packed.data) < 60 + 8 * size / (MOST_RATIO - 1)


def test_a_base_of_the_same_size_comes_before_a_scaled_one() -> None:
    """Places differ by displacements from each other, however they lie to the origin."""
    known = np.rint(glass() * 2.0**12) / 2.0**12
    moved = known + np.rint(np.random.default_rng(6).normal(scale=30, size=known.shape)) / 2.0**12
    packed = there_and_back(moved.tobytes(), {"base": known.tobytes(), "far": (-known).tobytes()})
    assert (packed.coding, packed.base) == (MULTIPLES, "base")


def test_numbers_that_are_no_multiples_have_no_scaled_base() -> None:
    known = np.random.default_rng(7).normal(size=300)
    near = known * (1 + 1e-9)
    bases = {"minus": (-near).tobytes(), "base": known.tobytes()}
    assert there_and_back(near.tobytes(), bases)[1:] == (BITS, "base")
    packed = there_and_back(near.tobytes(), {"minus": (-near).tobytes()})
    assert packed.base is None


def test_nothing_takes_too_little_room() -> None:
    """So that nothing that is unpacked may be much larger than the store."""
    zeros = bytes(10**6)
    packed = there_and_back(zeros, {})
    assert len(packed.data) == 2 + 10**6 // MOST_RATIO
    with pytest.raises(CodecError, match="larger than what is ever packed"):
        unpack(packed._replace(data=packed.data[:-2]), b"")
    text = json.dumps([0] * 10**5)
    assert pack_text(text) == text


@pytest.mark.parametrize("length", [10, 1000, 50_000])
def test_texts_come_back(length: int) -> None:
    text = json.dumps({f"gläs {k}": k**0.5 for k in range(length // 10)})
    kept = pack_text(text)
    assert unpack_text(kept) == text
    assert isinstance(kept, bytes) == (length > 100)


def test_texts_of_format_3_are_read() -> None:
    text = json.dumps({f"key {k}": k for k in range(99)})
    assert unpack_text(zlib.compress(text.encode(), 9)) == text


def test_texts_of_minima_take_half_of_what_they_took() -> None:
    """Alone they have little that repeats itself."""
    rng = np.random.default_rng(1)

    def array(*shape: int) -> dict[str, Any]:
        return {"array": rng.bytes(32).hex(), "type": "<f8", "shape": list(shape)}

    place = {"positions": array(1500, 3), "diameters": array(1500), "box": array(3)}
    configuration = {"record": "Configuration", "version": 1, "fields": place}
    fields = {"index": 7, "configuration": configuration, "energy": rng.random(), "visits": 3}
    minimum = {"record": "InherentStructure", "version": 1, "fields": fields}
    text = json.dumps(minimum, separators=(",", ":"))
    kept = pack_text(text)
    assert isinstance(kept, bytes)
    assert unpack_text(kept) == text
    assert len(kept) < 0.6 * len(zlib.compress(text.encode(), 9))


def bomb() -> bytes:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 18,
                "lc": 0, "lp": 0, "pb": 0}]  # fmt: skip
    return struct.pack("<IB", 10**6, 0) + lzma.compress(bytes(8 * 10**6), lzma.FORMAT_RAW,
                                                        filters=filters)  # fmt: skip


@pytest.mark.parametrize(
    "packed",
    [
        Packed(b"", BITS),
        Packed(b"\x10", MULTIPLES),
        Packed(bytes(100), BITS),
        Packed(b"\xff" * 100, MULTIPLES),
        Packed(bomb(), BITS),
        Packed(b"abc", 7),
    ],
)
def test_what_was_not_packed_is_refused(packed: Packed) -> None:
    with pytest.raises(CodecError):
        unpack(packed, b"")


def test_a_base_of_another_length_is_refused() -> None:
    known, moved = glass(), glass() + 1e-3
    packed = pack(moved.tobytes(), {"known": known.tobytes()})
    with pytest.raises(CodecError, match="cannot be unpacked"):
        unpack(packed, known.tobytes()[:-8])


@pytest.mark.parametrize(
    "kept",
    [b"", b"no zlib", zlib.compress(b"\xff" * 300), zlib.compress(bytes(10**6)), None, 3,
     zlib.compress(b"x" * 300)[:-1], zlib.compress(b"x" * 300) + b"y"],
)  # fmt: skip
def test_texts_that_were_not_packed_are_refused(kept: object) -> None:
    with pytest.raises(CodecError):
        unpack_text(kept)


def test_what_differs_in_a_few_bits_takes_a_hundredth_of_its_bytes() -> None:
    """No less: what comes out of the bytes of a store is limited by their number."""
    base = glass()
    again = base.copy()
    again[3, 1] = np.nextafter(again[3, 1], 9.0)
    packed = there_and_back(again.tobytes(), {"base": base.tobytes()})
    assert packed.base == "base"
    assert len(packed.data) == 2 + again.nbytes // MOST_RATIO


def test_a_packed_text_may_be_no_larger_than_its_limit() -> None:
    assert MOST_RATIO < 1000, "zlib makes a thousand bytes of one"
