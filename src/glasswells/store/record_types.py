"""Which types a record is made of, from the annotations of its fields.

So a stage names the records that it saves, and what these hold follows.
"""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Iterable
from enum import Enum
from typing import Any

from glasswells.store.codec import Codec, RecordType


def types_within(records: Iterable[type[Any]]) -> list[type[Any]]:
    """These records and all dataclasses, NamedTuples and enums in their fields, each once."""
    found: list[type[Any]] = []
    waiting: list[Any] = list(records)
    for hint in waiting:  # which grows meanwhile
        parts = typing.get_args(hint)
        if parts:  # of a tuple, a mapping or a union
            waiting += parts
        elif isinstance(hint, type) and hint not in found:
            if dataclasses.is_dataclass(hint) or hasattr(hint, "_fields"):
                found.append(hint)
                waiting += typing.get_type_hints(hint).values()
            elif issubclass(hint, Enum):
                found.append(hint)
    return found


def codec_of(records: Iterable[type[Any]], histories: Iterable[RecordType] = ()) -> Codec:
    """A codec for these records and all that they hold.

    Parameters
    ----------
    records
        Frozen dataclasses or NamedTuples whose annotations say what is in them.
    histories
        Those among them, or inside them, that older stores hold in another form.

    Raises
    ------
    CodecError
        For a dataclass that is not frozen, and for two types of one name.
    """
    known = {item.cls: item for item in histories}
    return Codec(known.get(cls, cls) for cls in types_within(records))
