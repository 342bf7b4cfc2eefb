"""The plan's table of glasses, and glasses from files as the store keeps them: by value."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Field, model_validator

from glasswells.core.errors import InputError
from glasswells.core.limits import Count, Positive, PositiveCount
from glasswells.core.records import Configuration
from glasswells.interchange.lammps_styles import style_columns
from glasswells.interchange.shipped import SHIPPED
from glasswells.plan.base import Section
from glasswells.store.codec import sha256

BY_NAME = "by_extension"
ALL = "*"
"""The key of a number that holds for all particles."""


def _as_table(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {ALL: value} if is_number else value


PerType = Annotated[dict[str, Positive], BeforeValidator(_as_table)]
"""A number for each type or species, or one for all."""


def of_particles(table: dict[str, float]) -> dict[str, float] | float | None:
    """As `read_configuration` takes it; an empty table says nothing."""
    return table.get(ALL, table or None)


class GlassesSection(Section):
    """Which glasses are studied."""

    source: Literal["prepare", "melt_quench", "shipped", "files"] = Field(
        default="prepare",
        description="Where the equilibrated configurations come from: `prepare` makes them from "
        "scratch by swap Monte Carlo as [prepare] says; `melt_quench` melts and cools a material "
        "as [melt_quench] says; `shipped` takes those that come with "
        "glasswells (20 of preparation temperature 0.062, 30 of 0.07, 10 of 0.092); `files` reads "
        "your own.",
    )
    preparation_temperatures: tuple[Positive, ...] = Field(
        default=(0.092,),
        strict=False,
        min_length=1,
        description="Temperatures T_f at which the liquid is equilibrated. The paper's are 0.062 "
        "(ultrastable), 0.07 (liquid cooled) and 0.092 (poorly annealed); the mode-coupling "
        "temperature is 0.104.",
    )
    counts: tuple[PositiveCount, ...] = Field(
        default=(1,),
        strict=False,
        description="How many glasses of each temperature; may be raised later. Glasses differ "
        "wildly (4 to 240 inherent structures in as many quenches): several glasses tell more than "
        "one long exploration. The paper has 200, 50 and 10.",
    )
    first: tuple[Count, ...] = Field(
        default=(),
        strict=False,
        description="Number of the first glass of each temperature, only if source is `shipped`; "
        "empty: 0. With counts = [1] and first = [3] glass 3 is studied alone.",
    )
    files: tuple[str, ...] = Field(
        default=(),
        strict=False,
        description="Files of your own glasses, only if source is `files`: extended XYZ, LAMMPS "
        "data or dump, GSD or npz; paths from the folder of this file. Of a "
        "trajectory the last frame is taken. They "
        "are shared out in order to the temperatures, as counts says. Their contents are copied "
        "into the campaign when it begins: what happens to the files later does not matter.",
    )
    format: Literal["by_extension", "extended_xyz", "lammps_data", "lammps_dump", "gsd", "npz"] = (
        Field(
            default="by_extension",
            description="Of the files: `by_extension`, or one of `extended_xyz`, `lammps_data`, "
            "`lammps_dump`, `gsd`, `npz` if their names do not tell.",
        )
    )
    atom_style: str = Field(
        default="",
        description="Of LAMMPS data files whose section Atoms does not name it, or names no more "
        "than `hybrid`: as in LAMMPS, such as `full` or `hybrid sphere charge`.",
    )
    diameters: PerType = Field(
        default={},
        description="Diameters by type or species, such as { 1 = 1.0, 2 = 0.88 }, or one number "
        "for all, for files that have no sizes; they replace those of files that do.",
    )
    masses: PerType = Field(
        default={},
        description="Masses in the same way, for files that have none or others; without any they "
        "are 1. Of a material they must be those of its elements.",
    )

    @model_validator(mode="after")
    def _check(self) -> GlassesSection:
        n, m = len(self.preparation_temperatures), len(self.counts)
        if n != m and self.source != "melt_quench":
            raise ValueError(f"counts has {m} entries, expected {n}, one for each temperature")
        if len(set(self.preparation_temperatures)) < n:
            raise ValueError("preparation_temperatures holds a value twice: add up their counts")
        if self.source == "files" and len(self.files) != sum(self.counts):
            raise ValueError(
                f"files has {len(self.files)} entries, but counts adds up to {sum(self.counts)}: "
                f"expected one file for each glass"
            )
        self._check_files()
        if self.first and (self.source != "shipped" or len(self.first) != n):
            raise ValueError(
                f"first has {len(self.first)} entries and source is {self.source!r}, expected {n} "
                f'entries, one for each temperature, and source = "shipped"'
            )
        if self.source == "shipped":
            self._check_shipped()
        given = (
            self.preparation_temperatures
            != type(self).model_fields["preparation_temperatures"].default
        )
        if self.source == "melt_quench" and given:
            raise ValueError(
                'preparation_temperatures is given, but glasses by source = "melt_quench" have '
                "none: expected melt_quench.rates"
            )
        return self

    def _check_files(self) -> None:
        of_files = ("files", "format", "atom_style", "diameters", "masses")
        told = [name for name in of_files if getattr(self, name) not in ((), {}, "", BY_NAME)]
        if self.source != "files" and told:
            raise ValueError(
                f'{told[0]} is given, but source is {self.source!r}: expected source = "files"'
            )
        for name in ("diameters", "masses"):
            table = getattr(self, name)
            if ALL in table and len(table) > 1:
                raise ValueError(f"{name} has {ALL!r}, which is all, and others: expected one way")
        if self.atom_style:
            style_columns(self.atom_style)

    def _check_shipped(self) -> None:
        for k, temperature in enumerate(self.preparation_temperatures):
            if self.indices(k).stop > SHIPPED.get(temperature, 0):
                there = ", ".join(f"0 to {n - 1} of {t:g}" for t, n in SHIPPED.items())
                raise ValueError(
                    f"glasses {self.indices(k).start} to {self.indices(k).stop - 1} of preparation "
                    f"temperature {temperature:g} do not come with glasswells, expected "
                    f'{there}: source = "prepare" makes others'
                )

    def indices(self, preparation: int) -> range:
        """Numbers of the glasses of the k-th preparation temperature."""
        start = self.first[preparation] if self.first else 0
        return range(start, start + self.counts[preparation])

    def place(self, temperature: float, index: int) -> int:
        """Place of a glass among all, in the order of temperatures and then of numbers."""
        k = self.preparation_temperatures.index(temperature)
        return sum(self.counts[:k]) + index


class StoredGlass(Section):
    """A configuration inside a plan: what a file held when the campaign began."""

    file: str = Field(description="Where it came from, to read.")
    sha256: str = Field(description="Of the bytes behind `data`, and then `masses`.")
    data: str = Field(
        description="Base64 of float64, little-endian: box (3,), positions (N, 3), diameters (N,)."
    )
    masses: str = Field(
        default="", description="Base64 of float64, little-endian, (N,); empty if all are 1."
    )

    @classmethod
    def of(cls, file: str, configuration: Configuration) -> StoredGlass:
        """A configuration as stored; every bit is kept."""
        c = configuration
        numbers = np.concatenate([c.box, c.positions.ravel(), c.diameters])
        data = numbers.astype("<f8").tobytes()
        masses = c.masses.astype("<f8").tobytes() if (c.masses != 1).any() else b""
        return cls(
            file=file,
            sha256=sha256(data + masses),
            data=base64.b64encode(data).decode(),
            masses=base64.b64encode(masses).decode(),
        )

    @model_validator(mode="after")
    def _check(self) -> StoredGlass:
        self.configuration()
        return self

    def configuration(self) -> Configuration:
        """The configuration.

        Raises
        ------
        InputError
            If the data are not what was stored.
        """
        try:
            data, masses = (base64.b64decode(b, validate=True) for b in (self.data, self.masses))
        except binascii.Error:
            data = masses = b""
        n, rest = divmod(len(data) - 24, 32)
        if sha256(data + masses) != self.sha256 or rest or len(masses) not in (0, 8 * n):
            raise InputError(
                f"the stored glass {self.file!r} is not what was stored: do not edit its data, "
                f"name the file in glasses.files instead"
            )
        numbers, weights = (np.frombuffer(b, dtype="<f8").astype(float) for b in (data, masses))
        return Configuration(
            positions=numbers[3 : 3 + 3 * n].reshape(n, 3),
            diameters=numbers[3 + 3 * n :],
            box=numbers[:3],
            masses=weights if masses else None,  # type: ignore[arg-type]
        )
