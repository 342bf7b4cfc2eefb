"""The rule `screened` of a plan: its limits, its units, and what it learns from a splitting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from glasswells.landscape.close import Close
from glasswells.plan.pairs import PairsSection, ScreenedSection
from glasswells.plan.plan import Plan
from glasswells.screening.rounds import ScreeningSettings
from glasswells.stages.splittings import WellSplitting, unit_system

SCREENED = "screened"
"""Name of the rule."""


def screens(section: PairsSection) -> bool:
    """Whether a plan has the rule."""
    return SCREENED in section.rules


def wide_rule(section: ScreenedSection) -> Close:
    """The pairs among which the trees choose, in the order of `close`."""
    return Close(
        max_energy_difference=section.max_energy_difference,
        min_distance=section.min_distance,
        max_distance=section.max_distance,
        name=SCREENED,
    )


def screened_units(plan: Plan) -> str:
    """Name of the unit set whose two-level systems are looked for."""
    return plan.pairs.screened.units or plan.splittings.units[0]


def screening_settings(parameters: Mapping[str, Any]) -> ScreeningSettings:
    """How the rounds choose, from the parameters of a task."""
    section = PairsSection(**parameters["pairs"]).screened
    own = parameters["splittings"]["units"][section.units]
    threshold = unit_system(section.units, own).tls_threshold
    return section.record(ScreeningSettings, threshold=threshold)


def usable_splitting(found: Sequence[WellSplitting], units: str, threshold: float) -> float | None:
    """E of the double well; None if E alone would make it a two-level system, which it is not."""
    for well in found:
        solved = well.splitting
        if solved.units == units:
            is_usable = solved.is_two_level or solved.splitting >= threshold
            return solved.splitting if is_usable else None
    return None
