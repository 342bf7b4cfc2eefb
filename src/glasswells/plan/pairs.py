"""The plan's table `pairs`."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from glasswells.core.limits import NotNegative, Positive, PositiveCount
from glasswells.landscape.close import Close
from glasswells.landscape.detours import DetourLimits
from glasswells.landscape.linked import Linked
from glasswells.plan.base import Counts, Section, setting
from glasswells.screening.rounds import ScreeningSettings

OLD_KEYS = ("max_energy_difference", "max_distance", "min_distance")
"""Where the limits of `close` stood before rules had names."""


def require_order(least: float, largest: float) -> None:
    """Check limits of distance.

    Raises
    ------
    ValueError
        If the least is not below the largest.
    """
    if least >= largest:
        raise ValueError(f"min_distance is {least:g}, expected less than max_distance, {largest:g}")


class CloseSection(Section):
    """Limits of the rule `close`."""

    max_energy_difference: float = setting(Close, "max_energy_difference")
    min_distance: float = setting(Close, "min_distance")
    max_distance: float = setting(Close, "max_distance")
    max_participation_number: NotNegative = Field(
        default=0.0,
        description="Largest participation number; 0: no limit. That of the published two-level "
        "systems at 0.07 is between 1.1 and 8.4.",
    )
    min_transitions: int = setting(Close, "min_transitions")

    @model_validator(mode="after")
    def _check_distances(self) -> Self:
        require_order(self.min_distance, self.max_distance)
        return self


class ScreenedSection(Section):
    """Limits of the rule `screened`, and when its search ends."""

    max_energy_difference: Positive = Field(
        default=0.01,
        description="Largest |Delta_E|. The limits are wide, because trees choose among the pairs "
        "within; they learn from the searched pairs within, of whatever rule.",
    )
    min_distance: NotNegative = Field(default=0.2, description="Least distance d.")
    max_distance: Positive = Field(default=1.0, description="Largest distance d.")
    max_candidates: PositiveCount = Field(
        default=5000,
        description="Most pairs of a glass among which the trees choose, those that `close` would "
        "take first. How many of them are followed is said by `max_pairs`.",
    )
    units: str = Field(
        default="",
        description="Unit set whose two-level systems are looked for, one of splittings.units; "
        "empty: the first of them.",
    )
    exploration: float = setting(ScreeningSettings, "exploration")
    least_yield: float = setting(ScreeningSettings, "least_yield")
    window: int = setting(ScreeningSettings, "window")

    @model_validator(mode="after")
    def _check_distances(self) -> Self:
        require_order(self.min_distance, self.max_distance)
        return self


class DetoursSection(Section):
    """When a pair is only a detour over a third minimum."""

    mobility_overlap: float = setting(
        DetourLimits,
        "mobility_overlap",
        le=1,
        description="A pair A-B is a detour over a known minimum C if the changes from A to C and "
        "from C to B are in different places: their overlap of mobilities (the paper's eq. 8) is "
        "at most this; 0: no pair is taken for a detour. Of 78 detours none was a double well.",
    )
    smaller_part: float = setting(
        DetourLimits,
        "smaller_part",
        le=1,
        description="Both changes must be longer than this part of the whole distance: a particle "
        "that moves a little may be dragged along by a change elsewhere.",
    )


class PairsSection(Section):
    """Which pairs of inherent structures are sent on the search for a path."""

    rules: tuple[Literal["linked", "close", "pushed", "screened"], ...] = Field(
        default=("linked",),
        strict=False,
        description="Names of the rules that choose pairs, each by itself: `linked`, the paper's, "
        "takes those that the dynamics crosses often; `close` takes those that promise a small "
        "splitting, linked or not; `pushed` takes those that a saddle joins which [push] met; "
        "`screened` takes those to which trees, learned from what was "
        "found before in all glasses of the same preparation temperature, give the largest "
        "probability of a two-level system. Those of the first rule come first, those of "
        "`screened` last. A pair keeps the names of the rules that chose it, so that counts beside "
        "the paper's use `linked` only.",
    )
    min_transitions: int = setting(
        Linked,
        "min_transitions",
        description="Of the rule `linked`: least number of transitions in both directions "
        "together, T_ij + T_ji. 5 follows the published pair tables; 0: none.",
    )
    max_pairs: Counts = Field(
        default=100_000,
        description="Most pairs of each rule in a glass: of `linked` those with the most "
        "transitions, of `close` and `screened` those that promise most. A list has one number for "
        "each preparation temperature.",
    )
    batch: PositiveCount = Field(
        default=40,
        description="Path searches of a round, at least; a round is no smaller than a quarter of "
        "what is known of a glass. Between two rounds minima met on paths enter the library, so "
        "that no two minima are joined twice; smaller rounds save more searches.",
    )
    close: CloseSection = CloseSection()
    screened: ScreenedSection = ScreenedSection()
    detours: DetoursSection = DetoursSection()

    @model_validator(mode="before")
    @classmethod
    def _take_old_keys(cls, given: Any) -> Any:
        """Read plans of campaigns that were begun when pairs had one flat table."""
        if not isinstance(given, dict) or not any(key in given for key in OLD_KEYS):
            return given
        table = {key: value for key, value in given.items() if key not in OLD_KEYS}
        if "rules" in table or "close" in table:
            return given  # the keys are reported as unknown
        limits = {key: given[key] for key in OLD_KEYS if key in given and given[key] != 0}
        used = "max_energy_difference" in limits and "max_distance" in limits
        table["rules"] = ["linked", "close"] if used else ["linked"]
        if used:
            table["close"] = {"min_distance": 0.0, **limits}
        return table

    @model_validator(mode="after")
    def _check_rules(self) -> Self:
        if len(set(self.rules)) < len(self.rules):
            raise ValueError(f"rules is {list(self.rules)}, expected each name once")
        return self
