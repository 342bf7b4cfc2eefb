"""Numbers of a double well that tables, figures and `gw.open_campaign` show besides its own fields.

One entry more in `NUMBERS` is one column more in every table of double wells, and, as it says, a
distribution on the page of a report and a column of the rank correlations with E.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from glasswells.core.records import DoubleWell


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """How figures and tables show a number; by default not at all."""

    title: str = ""
    """Of the figure of its distribution; empty: there is none."""
    axis: str = ""
    """Label of its axis there."""
    correlated_as: str = ""
    """Heading in the table of rank correlations with the splitting; empty: it is not there."""
    is_logarithmic: bool = False
    """Whether it is spread over decades: then its decimal logarithm is binned."""
    is_magnitude: bool = False
    """Whether its sign says nothing, as where A and B could be exchanged: its size is shown."""


NOT_SHOWN = Shown()


@dataclass(frozen=True, kw_only=True, slots=True)
class WellNumber:
    """A number that follows from a double well alone."""

    name: str
    """Heading of its column, snake_case."""
    unit: str
    """Such as `epsilon`; empty for plain numbers."""
    meaning: str
    value: Callable[[DoubleWell], float]
    shown: Shown = field(default=NOT_SHOWN)


NUMBERS: tuple[WellNumber, ...] = (
    WellNumber(
        name="largest_displacement",
        unit="sigma",
        meaning="of one particle between A and B",
        value=lambda well: float(np.linalg.norm(well.displacement_ab, axis=1).max()),
    ),
)
"""In the order of every table, after the fields of the double well."""
