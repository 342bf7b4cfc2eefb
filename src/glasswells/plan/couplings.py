"""The plan's table `couplings`."""

from __future__ import annotations

from pydantic import Field

from glasswells.plan.base import Section


class CouplingsSection(Section):
    """How double wells couple to strain, and how often they try to cross."""

    enabled: bool = Field(
        default=False,
        description="Whether both are stored with each double well. Without it couplings follow "
        "from the stresses of the minima when a campaign is read, except with a calculator, which "
        "reading does not run.",
    )
    vineyard: bool = Field(
        default=True,
        description="Whether attempt frequencies from all modes are stored as well, by the "
        "determinants of three Hessians: about a second for 1500 particles. A calculator without "
        "second derivatives takes 3N differences for each of the three.",
    )
