"""The plan's table `modes`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from glasswells.core.limits import Count, Positive, PositiveCount
from glasswells.modes.spectrum import QuasilocalizedLimits
from glasswells.plan.base import Section, setting
from glasswells.vibrations.minimum import MODES
from glasswells.vibrations.tangents import BAND_FORCE, BAND_ITERATIONS, IMAGES, RHOS


class ModesSection(Section):
    """Normal and cubic modes of the minima, and how double wells relate to them."""

    enabled: bool = Field(
        default=True,
        description="Whether the vibrations are studied at all. Half a second for each minimum and "
        "one to two for each double well of 1500 particles.",
    )
    count: int = Field(
        default=MODES,
        ge=4,
        description="Soft modes of each minimum, the three translations included. 60 reach "
        "frequencies of 1.4 to 1.6 in 1500 particles. The largest overlaps are over all modes in "
        "any case.",
    )
    participation_limit: float = setting(
        QuasilocalizedLimits,
        "participation",
        gt=0,
        ge=None,
        description="Quasilocalized are the modes whose participation ratio is below this, 0.1 in "
        "the paper, ...",
    )
    frequency_limit: float = setting(
        QuasilocalizedLimits,
        "frequency",
        description="... and whose frequency is below this: modes localized at frequencies far "
        "above are of another kind.",
    )
    max_pairs: Count = Field(
        default=0,
        description="How many double wells of each glass are studied, in the order in which they "
        "were found, that of their pairs; 0: all.",
    )
    full_spectra: Count = Field(
        default=1,
        description="For how many of them, from the first, all 3N modes of minimum A are computed "
        "(Fig. 2 of the paper; the overlap of mobilities over all modes). Each takes 15 s and 0.8 "
        "GB for 1500 particles.",
    )
    tangent_studies: Count = Field(
        default=1,
        description="For how many of them, from the first, the direction in which the path leaves "
        "A is followed over the distance and in bands (Fig. 4). Each takes half a minute to two.",
    )
    rhos: tuple[Positive, ...] = Field(
        default=RHOS,
        strict=False,
        min_length=1,
        description="Distances from A at which those take the exact path; the ones beyond the "
        "saddle are left out. In a glass the path turns into a mode between 1e-3 and 1e-6.",
    )
    images: tuple[Annotated[int, Field(ge=5, le=1000)], ...] = Field(
        default=IMAGES,
        strict=False,
        description="Images of their bands, both ends included; 40 to 600 in the paper.",
    )
    band_force: Positive = Field(
        default=BAND_FORCE,
        description="Largest perpendicular force component of their relaxed bands. Each band "
        "starts on the exact path.",
    )
    band_iterations: PositiveCount = Field(
        default=BAND_ITERATIONS,
        description="Most iterations of such a band; most that converge take 90 to 420, and the "
        "force of one that does not is saved with it.",
    )
