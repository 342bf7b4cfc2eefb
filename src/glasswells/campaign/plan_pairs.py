"""The plan's table `pairs`."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, model_validator

from glasswells.campaign.plan_base import (
    Count,
    Counts,
    Fraction,
    NotNegativeFloat,
    PositiveCount,
    PositiveFloat,
    Section,
)

OLD_KEYS = ("max_energy_difference", "max_distance", "min_distance")
"""Where the limits of `close` stood before rules had names."""


class CloseSection(Section):
    """Limits of the rule `close`."""

    max_energy_difference: PositiveFloat = Field(
        default=0.0046,
        description="Largest |Delta_E|. All published two-level systems (argon) at 0.07 lie below "
        "0.0046 and 92 % of them below 0.003, though their splittings are below 0.0015: in two "
        "thirds of them the splitting is smaller than |Delta_E|, because the zero-point energies "
        "of the two minima differ.",
    )
    min_distance: NotNegativeFloat = Field(
        default=0.3,
        description="Least distance d. Nearer minima share their lowest levels: all published "
        "two-level systems at 0.07 have more than 0.3, ...",
    )
    max_distance: PositiveFloat = Field(
        default=0.9,
        description="... and less than 0.9. Barriers grow with distance, and a far pair is mostly "
        "several changes, one after the other.",
    )
    max_participation_number: NotNegativeFloat = Field(
        default=0.0,
        description="Largest participation number; 0: no limit. That of the published two-level "
        "systems at 0.07 is between 1.1 and 8.4.",
    )
    min_transitions: Count = Field(
        default=0,
        description="Least number of transitions in both directions together; 0: a pair need not "
        "have been crossed in the exploration.",
    )

    @model_validator(mode="after")
    def _check_distances(self) -> Self:
        if self.min_distance >= self.max_distance:
            raise ValueError(
                f"min_distance is {self.min_distance:g}, expected less than max_distance, "
                f"{self.max_distance:g}"
            )
        return self


class DetoursSection(Section):
    """When a pair is only a detour over a third minimum."""

    mobility_overlap: Fraction = Field(
        default=0.5,
        description="A pair A-B is a detour over a known minimum C if the changes from A to C and "
        "from C to B are in different places: their overlap of mobilities (the paper's eq. 8) is "
        "at most this; 0: no pair is taken for a detour. Of 78 detours none was a double well.",
    )
    smaller_part: Fraction = Field(
        default=0.2,
        description="Both changes must be longer than this part of the whole distance: a particle "
        "that moves a little may be dragged along by a change elsewhere.",
    )


class PairsSection(Section):
    """Which pairs of inherent structures are sent on the search for a path."""

    rules: tuple[Literal["linked", "close"], ...] = Field(
        default=("linked",),
        strict=False,
        description="Names of the rules that choose pairs, each by itself: `linked`, the paper's, "
        "takes those that the dynamics crosses often; `close` takes those that promise a small "
        "splitting, linked or not. Those of the first rule come first. A pair keeps the names of "
        "the rules that chose it, so that counts beside the paper's use `linked` only.",
    )
    min_transitions: Count = Field(
        default=5,
        description="Of the rule `linked`: least number of transitions in both directions "
        "together, T_ij + T_ji. 5 follows the published pair tables; 0: none.",
    )
    max_pairs: PositiveCount | Counts = Field(
        default=100_000,
        description="Most pairs of each rule in a glass: of `linked` those with the most "
        "transitions, of `close` those that promise most. A list has one number for each "
        "preparation temperature.",
    )
    batch: PositiveCount = Field(
        default=40,
        description="Path searches of a round, at least; a round is no smaller than a quarter of "
        "what is known of a glass. Between two rounds minima met on paths enter the library, so "
        "that no two minima are joined twice; smaller rounds save more searches.",
    )
    close: CloseSection = CloseSection()
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
