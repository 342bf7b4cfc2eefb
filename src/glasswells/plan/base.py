"""What the tables of a plan are made of, and how strict a table is."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any, TypeVar

from annotated_types import Interval
from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationInfo

from glasswells.core.described import field_text
from glasswells.core.limits import PositiveCount, limits_of

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"
"""Names become parts of file names: nothing that could leave the folder or pass for an option."""
MAX_TASKS = 200_000
"""That a plan may ask for from the start: all are in memory for a moment, a kilobyte each."""

STORED = "stored"
"""Under which validators learn that a plan was stored, see `is_stored`."""
SETTING = "setting"
"""Under which a field of a table knows the record that it is made from."""

R = TypeVar("R")

ONE, SEVERAL = "<one number>", "<several numbers>"
"""Which of two forms a setting has; no step of a place in the file."""


def _form(given: Any) -> str:
    return SEVERAL if isinstance(given, list | tuple) else ONE


MOST = 10**15
"""Of anything that a plan counts: a store keeps numbers of 64 bits, and sums of them."""
_Count = Annotated[PositiveCount, Field(le=MOST)]
Counts = Annotated[
    Annotated[_Count, Tag(ONE)] | Annotated[tuple[_Count, ...], Field(strict=False), Tag(SEVERAL)],
    Discriminator(_form),
]
"""One for all preparation temperatures, or a list with one for each. The form decides what was
meant, so that a wrong value is one problem and not one for each form."""


def of_preparation(given: int | tuple[int, ...], preparation: int) -> int:
    """What a plan says of the k-th preparation temperature; a single number holds for all."""
    return given[preparation] if isinstance(given, tuple) else given


def setting(record: type[Any], name: str, **further: Any) -> Any:
    """A setting that is a field of a record in Python: its default, its limits and its text.

    Parameters
    ----------
    record, name
        The record, a dataclass, and its field.
    further
        What plans say otherwise, as for `pydantic.Field`.
    """
    (item,) = (item for item in dataclasses.fields(record) if item.name == name)
    _, limits = limits_of(record).get(name, (None, Interval()))
    stated: dict[str, Any] = {
        "default": item.default,
        "gt": limits.gt,
        "ge": limits.ge,
        "lt": limits.lt,
        "le": limits.le,
        "description": " ".join(field_text(record, name).split()),
        "json_schema_extra": {SETTING: (record, name)},
    }
    return Field(**{**stated, **further})


def is_stored(info: ValidationInfo) -> bool:
    """Whether a validator sees a plan whose campaign exists, to show what it has found.

    What a later version came to refuse does not make that unreadable: such checks are for plans
    that have yet to run.
    """
    return bool(info.context and info.context.get(STORED))


class Section(BaseModel):
    """A table of the plan file: frozen, and strict about types and unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True
    )

    @classmethod
    def settings_in(cls) -> dict[str, tuple[type[Any], str]]:
        """Of each field that is a `setting` its record and what it is called there."""
        extras: dict[str, Any] = {k: f.json_schema_extra for k, f in cls.model_fields.items()}
        return {k: extra[SETTING] for k, extra in extras.items() if extra and SETTING in extra}

    def record(self, kind: type[R], **further: Any) -> R:
        """The settings record of this class, from the fields that are settings of it."""
        own = {
            name: getattr(self, key)
            for key, (record, name) in self.settings_in().items()
            if record is kind
        }
        return kind(**{**own, **further})
