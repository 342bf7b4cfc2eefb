"""Records to text and arrays and back, bit for bit; only registered types, nothing is executed.

A record becomes one JSON text. Arrays are named in it by the SHA-256 of their bytes and travel
beside it, so that equal arrays are saved once and the digest of the text covers everything.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple, Protocol

import numpy as np

from glasswells.store.coded_arrays import ARRAY_TYPES as ARRAY_TYPES
from glasswells.store.coded_arrays import (
    TEXT,
    ArraysAtHand,
    ArraysMet,
    encode_array,
    shapes_in,
    text_of_scalar,
)
from glasswells.store.coded_arrays import SharedArrays as SharedArrays
from glasswells.store.coded_arrays import array_digests as array_digests
from glasswells.store.coded_arrays import sha256 as sha256
from glasswells.store.errors import CodecError, DamagedStoreError
from glasswells.store.packing import Packed

PLAIN = frozenset({float, int, str, bool, type(None)})
"""What stands for itself in a text; records may hold long lists of it."""
LARGEST_VALUE = 999_000_000
"""Bytes of one array or text. SQLite takes a row of at most 10^9; a larger one would end the whole
campaign, again at each `resume`, where it is the task that asks for too much."""
MAX_DEPTH = 32
"""Nesting of a record; deeper texts were not written by this codec."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Encoded:
    """A record as saved."""

    body: str
    """JSON text."""
    arrays: Mapping[str, bytes]
    """Bytes of each array by the hexadecimal SHA-256 that stands for it in `body`."""
    known: frozenset[str] = frozenset()
    """Digests of more arrays, which the store has already."""
    packed: Mapping[str, Packed] = field(default_factory=dict)
    """Arrays as they are kept; of some the bytes may be in `arrays` too."""

    @property
    def digest(self) -> str:
        """SHA-256 of `body`, which covers the arrays through their digests."""
        return sha256(self.body.encode())

    @property
    def digests(self) -> frozenset[str]:
        """Of all arrays."""
        return frozenset((*self.arrays, *self.packed, *self.known))


class AddedField(NamedTuple):
    """A field that older versions of a record do not have."""

    version: int
    """The first version of the record with this field."""
    is_implied: Callable[[Any], bool]
    """Whether a value is what a record without the field means. Then the field is left out, so
    that records that need nothing new are saved as they always were, to the byte."""


class LateRecord(Protocol):
    """A record that is read when somebody looks at it, and saved without being read."""

    @property
    def source(self) -> str:
        """The JSON text that it is made from."""

    def __init__(
        self, source: str, shapes: Mapping[str, tuple[int, ...]], read: Callable[[str], Any]
    ) -> None:
        """From that text, the shapes of the arrays in its fields, and what reads it."""

    def at_hand(self) -> Any:
        """The record, read."""


class DerivedField(NamedTuple):
    """A field that follows from the others of its record, and need not be saved with them."""

    version: int
    """The first version of the record that may lack it."""
    of: Callable[[Mapping[str, Any]], Any]
    """From the other fields to this one. It is left out only where this gives it to the bit; read
    on another machine it may differ by the rounding of its arithmetic."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordType:
    """One registered type: its name in the store, its version, how to read older ones."""

    cls: type[Any]
    name: str
    version: int = 1
    upgrade: Callable[[dict[str, Any], int], dict[str, Any]] | None = None
    """From the decoded fields and their version to the fields of today."""
    added: Mapping[str, AddedField] = field(default_factory=dict)
    """Fields by name that older versions lack and that have a default."""
    derived: Mapping[str, DerivedField] = field(default_factory=dict)
    """Fields by name that follow from others."""
    late: type[LateRecord] | None = None
    """What may stand for the record until somebody looks at it; a subclass of `cls`."""

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of what is saved."""
        if dataclasses.is_dataclass(self.cls):
            return tuple(f.name for f in dataclasses.fields(self.cls))
        return tuple(self.cls._fields)

    def needed(self, value: Any) -> tuple[tuple[str, ...], int]:
        """The fields that have to be saved of a record, and the oldest version that has them."""
        implied = [k for k, item in self.added.items() if item.is_implied(getattr(value, k))]
        version = min([self.version, *(self.added[k].version - 1 for k in implied)])
        if self.derived:
            known = {name: getattr(value, name) for name in self.fields}
            follow = [k for k, item in self.derived.items() if _follows(item, known, known[k])]
            version = min([version, *(item.version - 1 for item in self.derived.values())])
            version = max([version, *(self.derived[k].version for k in follow)])
            implied += follow
        return tuple(name for name in self.fields if name not in implied), version


class Codec:
    """The types that a campaign may save, by name.

    Parameters
    ----------
    types
        Frozen dataclasses, NamedTuples and enums, or `RecordType` for those with a history.
    largest
        Bytes of the largest array or text that is taken.
    """

    def __init__(
        self, types: Iterable[type[Any] | RecordType], *, largest: int = LARGEST_VALUE
    ) -> None:
        self._largest = largest
        self._records: dict[str, RecordType] = {}
        self._enums: dict[str, type[Enum]] = {}
        self._names: dict[type[Any], str] = {}
        self._late: set[type[Any]] = set()
        for item in types:
            self._register(item)

    @property
    def record_names(self) -> tuple[str, ...]:
        """Names of the registered records."""
        return tuple(sorted(self._records))

    def encode(
        self, record: Any, keep: Callable[[str, bytes], Packed | None] | None = None
    ) -> Encoded:
        """The text and the arrays that stand for a registered record.

        `keep` packs each array by its digest and bytes, or gives None for one that the store has.

        Raises
        ------
        CodecError
            For a value of a type that is not registered, for arrays of objects, and for what is
            too large for a store.
        """
        met = ArraysMet(keep)
        body = self._text(record, met)
        return Encoded(body=body, arrays=met.arrays, known=frozenset(met.known), packed=met.packed)

    def arrays_of(self, record: Any, wanted: Collection[str]) -> dict[str, bytes]:
        """The bytes of those arrays of a record that are wanted, by digest; others are not read.

        Raises
        ------
        CodecError
            As `encode`.
        """
        met = ArraysMet(wanted=wanted)
        self._text(record, met)
        return met.arrays

    def decode(
        self,
        body: str,
        arrays: Callable[[str], bytes],
        shared: SharedArrays | None = None,
        *,
        late: bool = False,
    ) -> Any:
        """The record behind a text; `arrays` gives the checked bytes of a digest.

        Equal arrays are one object, also with those of records before that had the same `shared`:
        all minima of a glass have the same diameters. With `late` records that can wait ask for
        their arrays each time that somebody looks at them.

        Raises
        ------
        CodecError
            For a text that this codec did not write, and for record versions from the future.
        """
        # What waits takes its place as soon as its text is read: of the texts of many thousand
        # records in one that of a moment is in memory as a tree.
        hook = self._postponing(arrays) if late else None
        try:
            tree = json.loads(body, object_hook=hook)
        except (ValueError, RecursionError) as error:
            raise CodecError(f"the text of a record is no JSON: {error}") from None
        return self._decode(tree, ArraysAtHand(arrays, {} if shared is None else shared), 0)

    def _register(self, item: type[Any] | RecordType) -> None:
        if isinstance(item, type) and issubclass(item, Enum):
            name, cls = item.__name__, item
            self._enums[name] = item
        else:
            record = item if isinstance(item, RecordType) else _record_type(item)
            name, cls = record.name, record.cls
            self._records[name] = record
            self._late |= {record.late} if record.late is not None else set()
        if cls in self._names or name in self._names.values():
            raise CodecError(f"{name} is registered twice: give one of the two another name")
        self._names[cls] = name

    def _text(self, record: Any, met: ArraysMet) -> str:
        is_record = self._names.get(type(record)) in self._records
        if not is_record and type(record) not in self._late:
            raise CodecError(
                f"a {type(record).__name__} cannot be saved, expected one of "
                f"{', '.join(self.record_names)}: register it with the codec"
            )
        body = self._encode(record, met, type(record).__name__)
        self._check_size(len(body), f"the text of a {type(record).__name__}")
        return body

    def _encode(self, value: Any, met: ArraysMet, where: str) -> str:
        """The JSON text of a value; a tree of it would take five times the room."""
        text = text_of_scalar(value)
        if text is not None:
            return text
        name = self._names.get(type(value))
        if name is not None and isinstance(value, Enum):
            return TEXT.encode({"enum": name, "member": value.name})
        if name is not None:
            return self._encode_record(value, self._records[name], met, where)
        if type(value) in self._late:
            is_asked = met.asks_for(value.source)
            return self._encode(value.at_hand(), met, where) if is_asked else str(value.source)
        if type(value) is np.ndarray:
            self._check_size(value.nbytes, where)
            return TEXT.encode(encode_array(value, met, where))
        if type(value) in (tuple, list):
            items = (
                text_of_scalar(v) or self._encode(v, met, f"{where}[{k}]")
                for k, v in enumerate(value)
            )
            return f'{{"{type(value).__name__}":[{",".join(items)}]}}'
        if type(value) is dict and all(type(key) is str for key in value):
            return f'{{"dict":{self._encode_fields(value, met, where)}}}'
        raise CodecError(
            f"{where} is a {type(value).__name__}, expected numbers, texts, arrays, tuples, lists, "
            f"dictionaries with text keys or registered records"
        )

    def _encode_fields(self, values: Mapping[str, Any], met: ArraysMet, where: str) -> str:
        fields = (
            f"{TEXT.encode(key)}:{self._encode(value, met, f'{where}.{key}')}"
            for key, value in values.items()
        )
        return f"{{{','.join(fields)}}}"

    def _check_size(self, size: int, where: str) -> None:
        if size > self._largest:
            raise CodecError(
                f"{where} has {size} bytes, expected at most {self._largest}: ask for fewer or "
                f"smaller things in one task"
            )

    def _encode_record(self, value: Any, record: RecordType, met: ArraysMet, where: str) -> str:
        names, version = record.needed(value)
        fields = self._encode_fields({name: getattr(value, name) for name in names}, met, where)
        return f'{{"record":{TEXT.encode(record.name)},"version":{version},"fields":{fields}}}'

    def _decode(self, tree: Any, arrays: ArraysAtHand, depth: int) -> Any:
        if tree is None or isinstance(tree, bool | int | float | str) or type(tree) in self._late:
            return tree
        if depth > MAX_DEPTH or not isinstance(tree, dict) or not tree:
            raise CodecError("the text of a record has a shape that was never written")
        match tree:
            case {"record": str(name), "version": int(version), "fields": dict(fields)}:
                decoded = {k: self._decode(v, arrays, depth + 1) for k, v in fields.items()}
                return self._build(name, version, decoded)
            case {"enum": str(name), "member": str(member)}:
                return self._member(name, member)
            case {"array": str(digest), "type": str(kind), "shape": list(shape)}:
                return arrays.array(digest, kind, shape)
            case {"float": "nan" | "inf" | "-inf" as text}:
                return float(text)
            case {"tuple": list(items)}:
                return tuple(self._decode_items(items, arrays, depth + 1))
            case {"list": list(items)}:
                return self._decode_items(items, arrays, depth + 1)
            case {"dict": dict(items)}:
                return {k: self._decode(v, arrays, depth + 1) for k, v in items.items()}
        raise CodecError(f"the text of a record holds {sorted(tree)}, which was never written")

    def _decode_items(self, items: list[Any], arrays: ArraysAtHand, depth: int) -> list[Any]:
        return [i if type(i) in PLAIN else self._decode(i, arrays, depth) for i in items]

    def _postponing(self, bytes_of: Callable[[str], bytes]) -> Callable[[dict[str, Any]], Any]:
        """What puts records that can wait in the place of the trees that they are read from."""

        def read(source: str) -> Any:
            try:
                return self._decode(json.loads(source), ArraysAtHand(bytes_of, {}), 0)
            except CodecError as error:
                raise DamagedStoreError(f"a record is not what was written: {error}") from None

        def postponed(tree: dict[str, Any]) -> Any:
            record = self._records.get(str(tree.get("record")))
            if record is None or record.late is None:
                return tree
            try:
                return record.late(TEXT.encode(tree), shapes_in(tree["fields"]), read)
            except (TypeError, ValueError, LookupError, AttributeError) as error:
                raise CodecError(f"the saved fields make no {record.name}: {error}") from None

        return postponed

    def _build(self, name: str, version: int, fields: dict[str, Any]) -> Any:
        record = self._records.get(name)
        if record is None:
            raise CodecError(f"a record of type {name!r} is saved, which this version lacks")
        if version > record.version:
            raise CodecError(
                f"{name} is saved in version {version}, this version of glasswells reads up to "
                f"{record.version}: install a newer one"
            )
        if version < record.version and record.upgrade is not None:
            fields = record.upgrade(fields, version)
        elif version < record.version and not (record.added or record.derived):
            raise CodecError(f"{name} is saved in version {version}, which is not read")
        try:
            left_out = record.derived.keys() - fields.keys()
            made = {key: _derive(record.derived[key], fields) for key in sorted(left_out)}
            return record.cls(**fields, **made)
        except (TypeError, ValueError, LookupError, AttributeError) as error:
            raise CodecError(f"the saved fields make no {name}: {error}") from None

    def _member(self, name: str, member: str) -> Enum:
        try:
            return self._enums[name][member]
        except KeyError:
            raise CodecError(f"{name}.{member} is saved, which this version lacks") from None


def _record_type(cls: type[Any]) -> RecordType:
    frozen = dataclasses.is_dataclass(cls) and cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
    if not frozen and not (issubclass(cls, tuple) and hasattr(cls, "_fields")):
        raise CodecError(f"{cls.__name__} is no frozen dataclass, NamedTuple or enum")
    return RecordType(cls=cls, name=cls.__name__)


def _derive(item: DerivedField, known: Mapping[str, Any]) -> Any:
    with np.errstate(all="ignore"):  # whatever a damaged record holds
        return item.of(known)


def _follows(item: DerivedField, known: Mapping[str, Any], value: Any) -> bool:
    """Whether an array, or the lack of one, is what the others give, to the bit."""
    try:
        made = _derive(item, known)
    except (TypeError, ValueError, LookupError, AttributeError):
        return False
    if made is None or value is None:
        return made is value
    same_kind = made.shape == value.shape and made.dtype == value.dtype
    return bool(same_kind and made.tobytes() == value.tobytes())
