"""The plan's table of glasses, and glasses from files as the store keeps them: by value."""

from __future__ import annotations

import base64
import binascii
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from glasswells.campaign.codec import sha256
from glasswells.campaign.plan_base import Count, PositiveCount, PositiveFloat, Section
from glasswells.core.errors import InputError
from glasswells.core.records import Configuration


class GlassesSection(Section):
    """Which glasses are studied."""

    source: Literal["prepare", "shipped", "files"] = Field(
        default="prepare",
        description="Where the equilibrated configurations come from: `prepare` makes them from "
        "scratch by swap Monte Carlo as [prepare] says; `shipped` takes those that come with "
        "glasswells (preparation temperatures 0.062, 0.07 and 0.092, ten each); `files` reads your "
        "own.",
    )
    preparation_temperatures: tuple[PositiveFloat, ...] = Field(
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
        "data or dump, GSD or npz, by their extension; paths from the folder of this file. Of a "
        "trajectory the last frame is taken. They "
        "are shared out in order to the temperatures, as counts says. Their contents are copied "
        "into the campaign when it begins: what happens to the files later does not matter.",
    )
    diameters: dict[str, PositiveFloat] = Field(
        default={},
        description="Diameters by type or species, such as { 1 = 1.0, 2 = 0.88 }, for files that "
        "have no sizes; they replace those of files that do.",
    )

    @model_validator(mode="after")
    def _check(self) -> GlassesSection:
        n, m = len(self.preparation_temperatures), len(self.counts)
        if n != m:
            raise ValueError(f"counts has {m} entries, expected {n}, one for each temperature")
        if len(set(self.preparation_temperatures)) < n:
            raise ValueError("preparation_temperatures holds a value twice: add up their counts")
        if self.source == "files" and len(self.files) != sum(self.counts):
            raise ValueError(
                f"files has {len(self.files)} entries, but counts adds up to {sum(self.counts)}: "
                f"expected one file for each glass"
            )
        if self.source != "files" and (self.files or self.diameters):
            raise ValueError(
                f"files or diameters are given, but source is {self.source!r}: expected "
                f'source = "files"'
            )
        if self.first and (self.source != "shipped" or len(self.first) != n):
            raise ValueError(
                f"first has {len(self.first)} entries and source is {self.source!r}, expected {n} "
                f'entries, one for each temperature, and source = "shipped"'
            )
        return self

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
    sha256: str = Field(description="Of the bytes behind `data`.")
    data: str = Field(
        description="Base64 of float64, little-endian: box (3,), positions (N, 3), diameters (N,)."
    )

    @classmethod
    def of(cls, file: str, configuration: Configuration) -> StoredGlass:
        """A configuration as stored; every bit is kept."""
        c = configuration
        numbers = np.concatenate([c.box, c.positions.ravel(), c.diameters]).astype("<f8")
        data = numbers.tobytes()
        return cls(file=file, sha256=sha256(data), data=base64.b64encode(data).decode())

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
            data = base64.b64decode(self.data, validate=True)
        except binascii.Error:
            data = b""
        if sha256(data) != self.sha256 or len(data) % 32 != 24:
            raise InputError(
                f"the stored glass {self.file!r} is not what was stored: do not edit its data, "
                f"name the file in glasses.files instead"
            )
        numbers = np.frombuffer(data, dtype="<f8").astype(np.float64)
        n = (len(numbers) - 3) // 4
        return Configuration(
            positions=numbers[3 : 3 + 3 * n].reshape(n, 3),
            diameters=numbers[3 + 3 * n :],
            box=numbers[:3],
        )
