"""Arrays and texts in less room, to the last bit.

Numbers of one place and time share their leading digits with numbers stored before: positions of
two minima of a glass differ little. So what is kept of an array is its difference from a *base*,
another array of the store, byte by byte: all first bytes, then all second ones. Bytes that are
noise, the last ones of most real numbers, are kept as they are; the others are compressed.

Reals that are whole multiples of some power of two are kept as these multiples, which are shorter
than what floating point makes of them.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.store.errors import CodecError

PLAIN, BITS, MULTIPLES, SCALED = 0, 1, 2, 3
"""How an array is kept: as it is; by the bits of its 8-byte numbers; as multiples of a power of
two; as these with a base that is scaled, as modes have either sign. Part of the store's format."""
LEAST_BYTES = 512
"""Shorter arrays are kept as they are."""
WORTH = 0.9
"""Part of its size that a packed array has at most; others are kept as they are."""
NEAR, ALIKE = 0.25, 0.6
"""How far from an array its base is at most, and a scaled base, as part of the array itself:
medians of 64 values. Each half of it spares a bit of each number."""
FACTORS = 2.0**10
"""Factors of bases are multiples of one over this; that of one place to another is 1."""
MOST_RATIO = 100
"""Bytes that may come out of one: a damaged or hostile store must not take all memory."""
MOST_BASES = 6
"""How many arrays are read for one at most, itself not counted."""
LEAST_TEXT = 64
"""Bytes; shorter texts are kept as they are."""
WORDS = (
    b'{"record":"WellVibrations","version":1,"fields":{"double_well":,"directions":{"tuple":['
    b'{"record":"DirectionOverlap","version":1,"fields":{"direction":"displacement_as","overlap":,'
    b'"mode":,"participation_ratio":,"certified":true,"bound":,"mobility":"largest_mobility":,'
    b'"largest_mobility_mode":,"mobility_modes":,"seeds":"SeededMode""seed":"displacement_ab",'
    b'"seed_overlap":,"seed_mobility":"linear_field":"cubic_field""tangents":null,'
    b'"largest_mobility_all":"tangent_a""tangent_b""MinimumVibrations""frequencies":'
    b'"participation_ratios":"complete":false,"quasilocalized":"softest":"softest_localized"'
    b'"cubic_modes":"ProfiledMode""mode":{"record":"CubicMode","version":1,"fields":{"field":'
    b'"stiffness":,"cubic":,"residual":,"iterations":,"method":"iteration","overlap_with_start":'
    b'"outcome":{"enum":"Outcome","member":"CONVERGED"}"profile":{"record":"FieldProfile"'
    b'"distance":"maxima":"reached":{"tuple":["ceiling","ceiling"]}"is_double_well":false}'
    b'{"record":"DoubleWell","version":2,"fields":{"minimum_a":"minimum_b":"saddle":"barrier":,'
    b'"asymmetry":,"profile":{"record":"EnergyProfile""arc_length":"curvature_a":,"curvature_b":,'
    b'"beyond_a":"beyond_b":"rho":,"negative_eigenvalue":,"route":"fast"'
    b'{"record":"WellSplitting","version":1,"fields":{"splitting":{"record":"TunnelSplitting",'
    b'"version":2,"fields":{"levels":"error":,"spread":,"by_continuation":{"straight":,"harmonic":,'
    b'"walls":"tunneling_amplitude":,"continuation":"straight","units":"reduced_hbar":,'
    b'"is_two_level":false,"flags":"single_well""continuations":{"dict":{"record":'
    b'"ContinuedSplitting""zero_point_a":{"float":"nan"},"zero_point_b":"is_single_well":true'
    b'"at_hbar_limits":{"tuple":[]}{"record":"WellSummary""path_length":,"frequency_a":,'
    b'"frequency_b":,"core_particles":"core_displacements":"splittings":"numbers":"mechanism":'
    b'"bonds_made":,"bonds_broken":{"record":"ChosenPair","version":1,"fields":{"pair":{"record":'
    b'"Pair","version":1,"fields":{"i":,"j":,"energy_difference":,"distance":,'
    b'"participation_number":,"largest_displacements":{"tuple":["largest_distances":{"tuple":['
    b'"forward_count":,"backward_count":,"search":,"part_of":{"record":"SearchResult""FollowedPair"'
    b'"searches":"outcomes":{"tuple":["double_well","intermediate_minimum"]'
    b'{"record":"InherentStructure","version":1,"fields":{"index":0,"configuration":{"record":'
    b'"Configuration","version":1,"fields":{"positions":{"array":"","type":"<f8","shape":[1500,3]},'
    b'"diameters":{"array":"","type":"<f8","shape":[1500]},"box":{"array":"","type":"<f8","shape":'
    b'[3]}}},"energy":,"visits":1}}'
)
"""What texts of records have in common, the most frequent last: each is compressed as what follows
it. Any text can be; those that have none of it gain nothing. Part of the store's format."""
EXPONENTS = range(4, 45, 4)
"""Of the powers of two that are tried: 2^-4, 2^-8, ..."""
EXACT = 2.0**52
"""Whole numbers below this are exact, and so is what is done with them here."""
NOISE = 7.7
"""Bits per byte from which on bytes are noise."""
FILTERS = [{"id": lzma.FILTER_LZMA2, "preset": 6, "dict_size": 1 << 18, "lc": 0, "lp": 0, "pb": 0}]
"""Of the compression of bytes; part of the store's format."""
FACTOR = struct.Struct("<d")
HEAD = struct.Struct("<IB")
"""Number of 8-byte words; which of their eight bytes are noise, as bits of a number."""

Words = NDArray[np.uint64]


class Packed(NamedTuple):
    """An array as it is kept."""

    data: bytes
    coding: int = PLAIN
    base: str | None = None
    """Digest of the array that it is a difference from."""


def pack(data: bytes, bases: Mapping[str, bytes]) -> Packed:
    """The bytes of an array in less room, if there is some to gain.

    Parameters
    ----------
    data
        Of an array of any type.
    bases
        Arrays by their digests that it may be similar to.
    """
    if len(data) < LEAST_BYTES or len(data) % 8:
        return Packed(data)
    for coding, base, factor in _ways(data, bases):
        known = b"" if base is None else bases[base]
        content = _bits(data, known) if coding == BITS else _multiples(data, known, factor)
        # Bytes behind the end of what is compressed are not looked at.
        least = 2 + len(data) // MOST_RATIO + (FACTOR.size if coding == SCALED else 0)
        content = content and content.ljust(least, b"\0")
        if (
            content
            and len(content) < WORTH * len(data)
            and unpack(Packed(content, coding, base), known) == data
        ):
            return Packed(content, coding, base)
    return Packed(data)


def unpack(packed: Packed, base: bytes) -> bytes:
    """The bytes of an array again; `base` are those of its base, if it has one.

    Raises
    ------
    CodecError
        For what `pack` did not make.
    """
    data, coding, _ = packed
    if coding == PLAIN:
        return data
    try:
        if coding == BITS:
            difference = _inflated(data)
            if not base:
                return bytes(difference.tobytes())
            return (np.frombuffer(base, "<u8") + _unfolded(difference)).astype("<u8").tobytes()
        if coding in (MULTIPLES, SCALED):
            start = 1 if coding == MULTIPLES else 1 + FACTOR.size
            (factor,) = (1.0,) if coding == MULTIPLES else FACTOR.unpack_from(data, 1)
            whole = _unfolded(_inflated(data[start:])).view(np.int64)
            if base:
                with np.errstate(all="ignore"):  # whatever a damaged factor is
                    whole = whole + _whole(base, factor, data[0]).astype(np.int64)
            return (whole * 0.5 ** data[0]).astype("<f8").tobytes()
    except (ValueError, IndexError, struct.error, lzma.LZMAError) as error:
        raise CodecError(f"a packed array cannot be unpacked: {error}") from None
    raise CodecError(f"an array is kept in the way {coding}, which this version does not know")


def pack_text(text: str) -> str | bytes:
    """A text, compressed if there is room to gain."""
    plain = text.encode()
    if len(plain) < LEAST_TEXT:
        return text
    deflater = zlib.compressobj(9, zdict=WORDS)
    packed = deflater.compress(plain) + deflater.flush()
    return packed if len(packed) < WORTH * len(plain) < MOST_RATIO * len(packed) else text


def unpack_text(kept: object) -> str:
    """The text again.

    Raises
    ------
    CodecError
        For what `pack_text` did not make.
    """
    if isinstance(kept, str):
        return kept
    if not isinstance(kept, bytes):
        raise CodecError("a text is not what was written")
    inflater = zlib.decompressobj(zdict=WORDS)  # texts of format 3 ask for none
    try:
        plain = inflater.decompress(kept, MOST_RATIO * len(kept) + 1)
        text = plain.decode()
    except (zlib.error, UnicodeDecodeError) as error:
        raise CodecError(f"a text cannot be unpacked: {error}") from None
    if not inflater.eof or inflater.unused_data:
        raise CodecError("a packed text has another length than was written")
    return text


class _Way(NamedTuple):
    """How an array may be kept."""

    coding: int
    base: str | None
    factor: float = 1.0


def _ways(data: bytes, bases: Mapping[str, bytes]) -> list[_Way]:
    """How an array may be kept, the best first: with the most similar base if one is similar."""
    values = np.frombuffer(data, "<f8")
    some = np.linspace(0, len(values) - 1, 64).astype(int)
    nearest, scaled = _Way(MULTIPLES, None), _Way(SCALED, None)
    with np.errstate(all="ignore"):
        size = float(np.median(np.abs(values[some])))
        least, alike = NEAR * size, ALIKE * size
        for digest, other in bases.items():
            if len(other) != len(data):
                continue
            known = np.frombuffer(other, "<f8")
            apart = float(np.median(np.abs(values[some] - known[some])))
            if apart < least:
                nearest, least = _Way(MULTIPLES, digest), apart
            factor = float(np.rint(FACTORS * (values @ known) / (known @ known)) / FACTORS)
            apart = float(np.median(np.abs(values[some] - factor * known[some])))
            if factor != 1 and apart < alike:
                scaled, alike = _Way(SCALED, digest, factor), apart
    ways = [nearest, _Way(BITS, nearest.base)]
    return [scaled, *ways] if scaled.base and (nearest.base is None or alike < least) else ways


def _bits(data: bytes, base: bytes) -> bytes:
    words = np.frombuffer(data, "<u8")
    return _deflated(_folded(words - np.frombuffer(base, "<u8")) if base else words)


def _multiples(data: bytes, base: bytes, factor: float) -> bytes:
    """As multiples of the largest power of two that all values are multiples of; empty: none."""
    for exponent in EXPONENTS:
        with np.errstate(all="ignore"):
            scaled = np.frombuffer(data, "<f8") * 2.0**exponent
            if not np.max(np.abs(scaled)) < EXACT:  # also for NaN
                return b""
            whole = np.rint(scaled)
            if np.array_equal(whole, scaled):
                break
    else:
        return b""
    steps = whole.astype(np.int64)
    if base:
        with np.errstate(all="ignore"):
            other = _whole(base, factor, exponent)
            if not np.max(np.abs(other)) < EXACT:
                return b""
        steps = steps - other.astype(np.int64)
    head = bytes([exponent]) + (b"" if factor == 1 or not base else FACTOR.pack(factor))
    return head + _deflated(_folded(steps.view(np.uint64)))


def _whole(base: bytes, factor: float, exponent: int) -> NDArray[np.float64]:
    """The nearest whole multiples of 2^-exponent to a scaled base."""
    nearest: NDArray[np.float64] = np.rint(np.frombuffer(base, "<f8") * factor * 2.0**exponent)
    return nearest


def _folded(words: Words) -> Words:
    """0, -1, 1, -2, ... as 0, 1, 2, 3, ...: small numbers of both signs have leading zeros."""
    sign = (words.view(np.int64) >> np.int64(63)).view(np.uint64)
    return (words << np.uint64(1)) ^ sign


def _unfolded(words: Words) -> Words:
    return (words >> np.uint64(1)) ^ (~(words & np.uint64(1)) + np.uint64(1))


def _deflated(words: Words) -> bytes:
    planes = words.astype("<u8").view(np.uint8).reshape(-1, 8).T
    noisy = np.array([_is_noise(plane) for plane in planes])
    head = HEAD.pack(len(words), sum(1 << k for k in range(8) if noisy[k]))
    rest = lzma.compress(planes[~noisy].tobytes(), lzma.FORMAT_RAW, filters=FILTERS)
    return bytes(head + planes[noisy].tobytes() + rest)


def _inflated(data: bytes) -> Words:
    count, mask = HEAD.unpack_from(data)
    if 8 * count > MOST_RATIO * len(data):
        raise ValueError("it is larger than what is ever packed")
    noisy = np.array([bool(mask >> k & 1) for k in range(8)])
    start = HEAD.size + count * int(noisy.sum())
    size = count * int((~noisy).sum())
    inflater = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=FILTERS)
    rest = inflater.decompress(data[start:], size + 1)
    if len(rest) != size:
        raise ValueError("its length is not what was written")
    planes = np.empty((8, count), np.uint8)
    planes[noisy] = np.frombuffer(data[HEAD.size : start], np.uint8).reshape(-1, count)
    planes[~noisy] = np.frombuffer(rest, np.uint8).reshape(-1, count)
    words: Words = np.ascontiguousarray(planes.T).view("<u8").reshape(-1)
    return words


def _is_noise(plane: NDArray[np.uint8]) -> bool:
    counts = np.bincount(plane, minlength=256)
    parts = counts[counts > 0] / len(plane)
    return bool(-np.sum(parts * np.log2(parts)) > NOISE)
