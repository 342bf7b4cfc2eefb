"""How a double well relates to the linear and the cubic modes of its minimum A."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.checks import count as checked_count
from glasswells.core.errors import InputError
from glasswells.core.fields import participation_ratio
from glasswells.core.records import Array, DoubleWell, MaxOverlap, NormalModes
from glasswells.model.pair_model import Model
from glasswells.modes import (
    Stiffness,
    known_modes,
    max_overlap,
    mobility_overlap,
    mobility_overlaps,
    normal_modes,
    overlap,
)
from glasswells.modes.known_modes import no_modes
from glasswells.modes.stiffness import as_stiffness
from glasswells.vibrations.attempts import attempt
from glasswells.vibrations.minimum import MODES, SOFTEST, profiled_mode
from glasswells.vibrations.records import (
    DIRECTIONS,
    SEEDS,
    DirectionOverlap,
    MinimumVibrations,
    ProfiledMode,
    SeededMode,
    TangentStudy,
    WellVibrations,
)

NO_FIELD: Array = np.empty((0, 3))
"""Stands for a field that was not found."""


@expects(model=Model, double_well=DoubleWell)
def well_vibrations(
    model: Model,
    double_well: DoubleWell,
    minimum: MinimumVibrations,
    *,
    number: int = 0,
    count: int = MODES,
    modes: NormalModes | None = None,
    stiffness: Stiffness | None = None,
    tangents: TangentStudy | None = None,
) -> WellVibrations:
    """Overlaps of the directions of a double well with the normal and cubic modes of minimum A.

    All fields are mass-weighted before they are compared, see `mass_weighted`.

    For r_12, r_AS and r_AB the largest c over all normal modes (paper, Fig. 5); for r_AB also the
    largest a over the softest modes, and over all where the full spectrum is known, and the cubic
    mode that it leads to beside those from the softest modes (Figs. 7 and 8). What cannot be had is
    named in `failures`.

    Parameters
    ----------
    model, double_well
        Result of `find_double_well`.
    minimum
        `minimum_vibrations` of its minimum A.
    number
        Of the double well among those of its pair.
    count
        Of the softest modes, translations included, over which the largest a is taken, however
        many are known: a maximum over more modes is larger, so that only maxima over equally many
        compare.
    modes
        The normal modes of minimum A, if at hand; by default as many as `minimum` has, computed
        again. Fewer than `count` are all taken.
    stiffness
        The `Stiffness` of minimum A, if at hand.
    tangents
        `tangent_study` of this double well, to go into the record.

    Raises
    ------
    InputError
        If `minimum` or `modes` hold other numbers of particles; for a count below 4; if the model
        cannot describe the double well.
    """
    checked_count("count", count, minimum=SOFTEST + 1)
    a = double_well.minimum_a
    fields = [minimum.softest, *([] if modes is None else [modes.fields[0]])]
    if any(len(field) != a.n_particles for field in fields):
        raise InputError(
            f"the modes move {[len(field) for field in fields]} particles, expected those of "
            f"minimum A, which has {a.n_particles}"
        )
    stiffness = as_stiffness(model, a, stiffness)
    failures: list[str] = []
    directions = {
        "tangent_a": double_well.tangent_a,
        "displacement_as": stiffness.weighted(double_well.displacement_as),
        "displacement_ab": stiffness.weighted(double_well.displacement_ab),
    }
    if modes is None:
        n_modes = None if minimum.complete else len(minimum.frequencies)
        compute = partial(normal_modes, model, a, n_modes, stiffness=stiffness)
        modes = attempt("normal modes", compute, failures)
    known = no_modes(stiffness) if modes is None else known_modes(stiffness, modes)
    largest: list[MaxOverlap | None] = []
    for name, field in directions.items():
        search = partial(max_overlap, model, a, field, stiffness=stiffness, known=known)
        largest.append(attempt(f"largest overlap of {name}", search, failures))
        known = known.joined(largest[-1])
    n_soft = 0 if modes is None else min(count, len(modes.frequencies))
    n_all = len(modes.frequencies) if modes is not None and modes.complete else 0
    r_ab = directions["displacement_ab"]
    (soft, soft_mode), (largest_of_all, mode_of_all) = _largest_mobilities(
        r_ab, modes, (n_soft, n_all)
    )
    grown = profiled_mode("displacement_ab", double_well.displacement_ab, stiffness, failures)
    linear = largest[DIRECTIONS.index("displacement_ab")]
    return WellVibrations(
        double_well=number,
        directions=tuple(
            _direction(name, field, found)
            for (name, field), found in zip(directions.items(), largest, strict=True)
        ),
        largest_mobility=soft,
        largest_mobility_mode=soft_mode,
        mobility_modes=n_soft,
        largest_mobility_all=largest_of_all,
        largest_mobility_all_mode=mode_of_all,
        seeds=tuple(_seeded_modes(stiffness, r_ab, minimum, grown)),
        linear_field=linear.field if linear and linear.mode else NO_FIELD,
        cubic_field=grown.mode.field if grown and grown.mode.outcome.converged else NO_FIELD,
        tangents=tangents,
        failures=(*minimum.failures, *failures),
    )


def unrelated_well(number: int, failures: Sequence[str]) -> WellVibrations:
    """The record of a double well of which nothing could be had, and why."""
    return WellVibrations(
        double_well=number,
        directions=tuple(_direction(name, NO_FIELD, None) for name in DIRECTIONS),
        largest_mobility=np.nan,
        largest_mobility_mode=0,
        mobility_modes=0,
        seeds=(),
        linear_field=NO_FIELD,
        cubic_field=NO_FIELD,
        failures=tuple(failures),
    )


def _direction(name: str, field: Array, found: MaxOverlap | None) -> DirectionOverlap:
    """The record of one direction; of a mode that is not known only the bounds."""
    if found is None or not found.mode:
        return DirectionOverlap(
            direction=name,
            overlap=np.nan if found is None else found.overlap,
            mode=0,
            frequency=np.nan,
            participation_ratio=np.nan,
            certified=False,
            bound=1.0 if found is None else found.bound,
            mobility=np.nan,
        )
    return DirectionOverlap(
        direction=name,
        overlap=found.overlap,
        mode=found.mode,
        frequency=found.frequency,
        participation_ratio=participation_ratio(found.field),
        certified=bool(found.certified),
        bound=found.bound,
        mobility=mobility_overlap(field, found.field),
    )


def _largest_mobilities(
    r_ab: Array, modes: NormalModes | None, counts: Sequence[int]
) -> list[tuple[float, int]]:
    """For each count the largest a of r_AB with so many modes but the translations, and which."""
    if modes is None:
        return [(np.nan, 0) for _ in counts]
    a = mobility_overlaps(r_ab, modes.fields)
    a[: modes.n_translations] = -1.0
    best = [int(np.argmax(a[:n])) if n > modes.n_translations else None for n in counts]
    return [(np.nan, 0) if k is None else (float(a[k]), k + 1) for k in best]


def _seeded_modes(
    stiffness: Stiffness, r_ab: Array, minimum: MinimumVibrations, grown: ProfiledMode | None
) -> Iterator[SeededMode]:
    """The cubic modes of all seeds compared with r_AB, all mass-weighted, in `SEEDS`' order."""
    found = {item.seed: item for item in (*minimum.cubic_modes, grown) if item is not None}
    starts = {
        "displacement_ab": r_ab,
        "softest_localized": minimum.softest_localized,
        "softest": minimum.softest,
    }
    for seed in SEEDS:
        if seed not in found:
            continue
        item = found[seed]
        mode = item.mode
        field = stiffness.weighted(mode.field)
        yield SeededMode(
            seed=seed,
            seed_overlap=overlap(starts[seed], r_ab),
            seed_mobility=mobility_overlap(starts[seed], r_ab),
            overlap=overlap(field, r_ab),
            mobility=mobility_overlap(field, r_ab),
            stiffness=mode.stiffness,
            cubic=mode.cubic,
            barrier=mode.barrier,
            overlap_with_start=mode.overlap_with_start,
            iterations=mode.iterations,
            method=mode.method,
            outcome=mode.outcome,
            profile=item.profile,
            is_double_well=item.is_double_well,
        )
