"""The vibrations of an inherent structure: soft modes, localized ones, and what grows from them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.checks import count as checked_count
from glasswells.core.records import Array, Configuration, NormalModes
from glasswells.model.pair_model import Model
from glasswells.modes import (
    Stiffness,
    cubic_mode,
    energy_along,
    is_double_well,
    normal_modes,
    quasilocalized,
)
from glasswells.modes.spectrum import QUASILOCALIZED
from glasswells.modes.stiffness import as_stiffness
from glasswells.vibrations.attempts import attempt
from glasswells.vibrations.records import MinimumVibrations, ProfiledMode

MODES = 60
"""[default] Reaches frequency 1.4 in a glass of 1500 particles, well above its softest localized
modes."""
SOFTEST = 3
"""Index of mode 4, behind the translations."""


@expects(model=Model, configuration=Configuration)
def minimum_vibrations(
    model: Model,
    configuration: Configuration,
    count: int | None = MODES,
    *,
    participation_limit: float = QUASILOCALIZED.participation,
    frequency_limit: float = QUASILOCALIZED.frequency,
    modes: NormalModes | None = None,
    stiffness: Stiffness | None = None,
) -> MinimumVibrations:
    """The normal modes of a minimum as numbers, and the cubic modes that its softest ones lead to.

    Parameters
    ----------
    model, configuration
        At a minimum of the energy.
    count
        How many of the softest modes, translations included, at least 4; None: all 3N by the
        dense solver.
    participation_limit, frequency_limit
        Quasilocalized are the modes with PR and frequency below these (paper, section III).
    modes
        Its normal modes, if at hand, at least the `count` softest; the cubic modes start from
        these alone.
    stiffness
        The `Stiffness` of this configuration, if at hand.

    Raises
    ------
    InputError
        For a count outside [4, 3N] and limits out of range; if the model cannot describe the
        configuration.
    """
    if count is not None:
        checked_count("count", count, minimum=SOFTEST + 1)
    stiffness = as_stiffness(model, configuration, stiffness)
    if modes is None:
        modes = normal_modes(model, configuration, count, stiffness=stiffness)
    localized = quasilocalized(modes, participation_limit, frequency_limit)
    # However many modes are at hand: minima compare only if their seeds come from equally many.
    candidates = localized if count is None else localized[localized < count]
    seeds = {"softest": SOFTEST}
    if len(candidates):
        seeds = {"softest_localized": int(candidates[0]), **seeds}
    failures: list[str] = []
    grown: dict[int, ProfiledMode | None] = {}
    for seed, index in seeds.items():
        if index not in grown:
            start = stiffness.displacement(modes.fields[index])
            grown[index] = profiled_mode(seed, start, stiffness, failures)
    cubic_modes = [
        replace(found, seed=seed)
        for seed, index in seeds.items()
        if (found := grown[index]) is not None
    ]
    no_field: Array = np.empty((0, 3))
    return MinimumVibrations(
        frequencies=modes.frequencies,
        participation_ratios=modes.participation_ratios,
        complete=modes.complete,
        quasilocalized=tuple(int(k) + 1 for k in localized),
        softest=modes.fields[SOFTEST].copy(),
        softest_localized=modes.fields[candidates[0]].copy() if len(candidates) else no_field,
        cubic_modes=tuple(cubic_modes),
        failures=tuple(failures),
    )


def profiled_mode(
    seed: str, start: Array, stiffness: Stiffness, failures: list[str]
) -> ProfiledMode | None:
    """The cubic mode from a displacement (N, 3) and the energy along it; None if undefined."""
    model, configuration = stiffness.model, stiffness.configuration
    found = attempt(
        f"cubic mode from {seed}",
        partial(cubic_mode, model, configuration, start, stiffness=stiffness),
        failures,
    )
    if found is None:
        return None
    profile = None
    if found.outcome.converged:
        profile = attempt(
            f"energy along the cubic mode from {seed}",
            partial(energy_along, model, configuration, found.field),
            failures,
        )
    return ProfiledMode(
        seed=seed,
        mode=found,
        profile=profile,
        is_double_well=profile is not None and is_double_well(profile),
    )
