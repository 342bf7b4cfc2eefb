"""What the tables of a plan are made of: kinds of numbers, and how strict a table is."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

NAME_PATTERN = r"^[a-z0-9][a-z0-9_-]{0,63}$"
"""Names become parts of file names: nothing that could leave the folder or pass for an option."""
MAX_TASKS = 200_000
"""That a plan may ask for from the start: all are in memory for a moment, a kilobyte each."""

PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegativeFloat = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
PositiveCount = Annotated[int, Field(ge=1)]
Counts = Annotated[tuple[PositiveCount, ...], Field(strict=False)]
"""One for each preparation temperature."""


def of_preparation(given: int | tuple[int, ...], preparation: int) -> int:
    """What a plan says of the k-th preparation temperature; a single number holds for all."""
    return given[preparation] if isinstance(given, tuple) else given


class Section(BaseModel):
    """A table of the plan file: frozen, and strict about types and unknown keys."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True
    )
