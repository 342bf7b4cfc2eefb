"""The plan's table `push`."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from glasswells.core.limits import PositiveCount
from glasswells.landscape.push import PushSettings
from glasswells.plan.base import Section, setting


class PushSection(Section):
    """Saddle searches along modes: a second way into the landscape, beside the dynamics."""

    enabled: bool = Field(
        default=False,
        description="Whether minima are pushed over their saddles. The minima behind join the "
        "library of the glass; the rule `pushed` follows the pairs that a saddle joins.",
    )
    minima: PositiveCount = Field(
        default=10,
        description="How many minima of a glass are pushed, each time the lowest that has not "
        "been, those that pushes found included.",
    )
    modes: int = setting(PushSettings, "modes")
    cubic: bool = setting(PushSettings, "cubic")
    step: float = setting(PushSettings, "step")
    steps: int = setting(PushSettings, "steps")

    def parameters(self) -> dict[str, Any]:
        """What the minima behind the saddles depend on."""
        return self.model_dump(mode="json", exclude={"enabled"})

    @property
    def settings(self) -> PushSettings:
        """The table as settings of the search."""
        return self.record(PushSettings)
