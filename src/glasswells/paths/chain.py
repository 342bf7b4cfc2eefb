"""The whole way between two minima: double wells joined at the minima that the path passes."""

from __future__ import annotations

from typing import Any

from glasswells.core.checks import count
from glasswells.core.records import Configuration, PathChain, PathFailure
from glasswells.model.pair_model import Model
from glasswells.paths.double_well import find_double_well


def find_double_wells(
    model: Model, a: Configuration, b: Configuration, *, max_minima: int = 8, **settings: Any
) -> PathChain:
    """Follow a pair to its end: a path with minima in between is split into several double wells.

    Parameters
    ----------
    model, a, b
        As for `find_double_well`.
    max_minima
        Most minima between a and b; a pair whose path passes more keeps its failure as one link.
    settings
        The other arguments of `find_double_well`.

    Raises
    ------
    InputError
        As `find_double_well`.
    """
    budget = count("max_minima", max_minima)
    minima, links = [a], []
    pending = [b]
    while pending:
        link = find_double_well(model, minima[-1], pending[-1], **settings)
        between = link.intermediates if isinstance(link, PathFailure) else ()
        if between and len(between) <= budget:
            budget -= len(between)
            pending += reversed(between)
            continue
        links.append(link)
        minima.append(pending.pop())
    return PathChain(minima=tuple(minima), links=tuple(links))
