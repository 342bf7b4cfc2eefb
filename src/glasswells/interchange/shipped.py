"""The glasses that come with the package: equilibrated, each with its equilibration report."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from importlib import resources
from typing import Any

import numpy as np

from glasswells.core.checks import count, positive
from glasswells.core.described import described
from glasswells.core.errors import InputError
from glasswells.core.records import Configuration
from glasswells.sampling.equilibrium import EquilibrationReport, Measured

SHIPPED = {0.062: 20, 0.07: 30, 0.092: 10}
"""How many glasses of each preparation temperature."""
EDITIONS = {0.062: 2}
"""Raised where a glass of a temperature is another one than that of the same number before."""
DATA = "data/glasses.npz"
"""Temperatures (G,), positions (G, N, 3), diameters (G, N), box (3,), reports as JSON; glasses of
one temperature are numbered in the order of the file."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Glass(Configuration):
    """An equilibrated configuration and how one knows that it is."""

    preparation_temperature: float
    """T_f in epsilon/k_B, at which the liquid was equilibrated."""
    index: int
    """Number among the glasses of this temperature."""
    report: EquilibrationReport
    """How long it was equilibrated, and what was measured of it."""

    @property
    def configuration(self) -> Configuration:
        """The bare configuration."""
        return Configuration(positions=self.positions, diameters=self.diameters, box=self.box)


def glass(preparation_temperature: float, index: int) -> Glass:
    """A glass that ships with the package: 1500 soft spheres at density 1, equilibrated.

    Parameters
    ----------
    preparation_temperature
        0.092 (poorly annealed), 0.07 (liquid cooled) or 0.062 (ultrastable).
    index
        From 0: 20 glasses of 0.062, 30 of 0.07, 10 of 0.092.

    Returns
    -------
    Glass
        A `Configuration` with its `report`; `report.flags` names what speaks against equilibrium.

    Raises
    ------
    InputError
        For another temperature or index.
    """
    index = count("index", index)
    preparation_temperature = positive("preparation_temperature", preparation_temperature)
    if preparation_temperature not in SHIPPED:
        raise InputError(
            f"preparation_temperature is {preparation_temperature!r}, expected one of "
            f"{', '.join(f'{t:g}' for t in SHIPPED)}: prepare others by swap_monte_carlo"
        )
    shipped = SHIPPED[preparation_temperature]
    if index >= shipped:
        raise InputError(
            f"index is {index}, expected 0 to {shipped - 1}: {shipped} glasses of "
            f"{preparation_temperature:g} are shipped"
        )
    source = resources.files("glasswells.interchange") / DATA
    with source.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        row = int(np.flatnonzero(stored["temperatures"] == preparation_temperature)[index])
        return Glass(
            positions=stored["positions"][row],
            diameters=stored["diameters"][row],
            box=stored["box"],
            preparation_temperature=float(preparation_temperature),
            index=index,
            report=report_from_plain(json.loads(str(stored["reports"]))[row]),
        )


def report_to_plain(report: EquilibrationReport) -> dict[str, Any]:
    """A report as numbers and strings; infinities as the string `inf`."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        return "inf" if value == np.inf else value

    return {k: plain(v) for k, v in asdict(report).items()}


def report_from_plain(plain: dict[str, Any]) -> EquilibrationReport:
    """The inverse of `report_to_plain`."""

    def value(item: Any) -> Any:
        if isinstance(item, dict):
            return Measured(**{k: value(v) for k, v in item.items()})
        return np.inf if item == "inf" else item

    return EquilibrationReport(**{k: value(v) for k, v in plain.items()})
