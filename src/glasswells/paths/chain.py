"""The whole way between two minima: double wells joined at the minima that the path passes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from glasswells.core.arguments import expects
from glasswells.core.checks import count
from glasswells.core.progress import Progress, Report, reporting
from glasswells.core.records import Configuration, DoubleWell, PathChain, PathFailure
from glasswells.model.pair_model import Model
from glasswells.paths.double_well import find_double_well, surface_of
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface


@expects(model=Model, a=Configuration, b=Configuration)
def find_double_wells(
    model: Model,
    a: Configuration,
    b: Configuration,
    *,
    max_minima: int = 8,
    progress: Progress = False,
    **settings: Any,
) -> PathChain:
    """Follow a pair to its end: a path with minima in between is split into several double wells.

    The chain has each minimum once: one that a path comes back to is left out, so that no two
    minima are joined twice.

    Parameters
    ----------
    model, a, b
        As for `find_double_well`.
    max_minima
        Most minima between a and b; a pair whose path passes more keeps its failure as one link.
    progress
        As for `find_double_well`.
    settings
        The other arguments of `find_double_well`.

    Raises
    ------
    InputError
        As `find_double_well`.
    """
    budget = count("max_minima", max_minima)
    with reporting(progress, "double wells", None) as report:
        return _follow(model, a, b, budget, settings, report)


def _follow(
    model: Model,
    a: Configuration,
    b: Configuration,
    budget: int,
    settings: dict[str, Any],
    report: Report,
) -> PathChain:
    same = settings.get("same_displacement", PathSettings().same_displacement)
    minima: list[Configuration] = [a]
    links: list[DoubleWell | PathFailure] = []
    pending = [b]

    def watch(_done: int, _total: int | None, text: str) -> None:
        report(1, f"link {len(links) + 1}: {text}")

    while pending:
        link = find_double_well(model, minima[-1], pending[-1], progress=watch, **settings)
        between = link.intermediates if isinstance(link, PathFailure) else ()
        if between:
            surface = surface_of(model, a)
            known = (*minima, *pending)
            between = tuple(x for x in between if not _is_among(x, known, surface, same))
        if between and len(between) <= budget:
            budget -= len(between)
            pending += reversed(between)
            continue
        links.append(link)
        minima.append(pending.pop())
    return PathChain(minima=tuple(minima), links=tuple(links))


def _is_among(
    found: Configuration, known: Sequence[Configuration], surface: Surface, same: float
) -> bool:
    """Whether a minimum is one of several: minima that differ are much farther apart."""
    place = surface.weighted(found.positions)
    moves = (surface.displacement(surface.weighted(c.positions), place) for c in known)
    return any(float(np.linalg.norm(move, axis=1).max()) < same for move in moves)
