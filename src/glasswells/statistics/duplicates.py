"""One core in different backgrounds: the same double well, found several times."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from glasswells.core.checks import count, not_negative
from glasswells.statistics.well_summary import WellSummary


@dataclass(frozen=True, kw_only=True, slots=True)
class DuplicateRule:
    """When two double wells of a glass are one.

    A glass is a set of nearly independent spots: with n other spots in either of two states,
    one double well is met in up to 2^n backgrounds, each a pair of inherent structures of its own.
    Neither the fields nor the energies are then equal to many digits: the background pulls.
    """

    core_size: int = 10
    """Particles of each field that are compared: those that move most. Beyond them the field is
    the elastic response, which follows from the core."""
    displacement_tolerance: float = 0.15
    """Largest |r - r'| / max(|r|, |r'|) over the particles of both cores, after one field was
    reversed if need be: A and B may have been met in the other order."""
    energy_tolerance: float = 0.1
    """Largest difference of the two barriers, and of the two asymmetries, as a fraction of the
    larger barrier; barriers are taken from the lower minimum. It is the weakest condition: the
    elastic background shifts asymmetries most."""

    def __post_init__(self) -> None:
        count("core_size", self.core_size, minimum=1)
        not_negative("displacement_tolerance", self.displacement_tolerance)
        not_negative("energy_tolerance", self.energy_tolerance)

    def same(self, a: WellSummary, b: WellSummary) -> bool:
        """Whether two double wells of one glass are one."""
        heights = a.barrier_from_lower, b.barrier_from_lower
        scale = max(heights) * self.energy_tolerance
        if abs(heights[0] - heights[1]) > scale:
            return False
        change, reversed_change, norm = self._field_changes(a, b)
        limit = self.displacement_tolerance * norm
        return (change <= limit and abs(a.asymmetry - b.asymmetry) <= scale) or (
            reversed_change <= limit and abs(a.asymmetry + b.asymmetry) <= scale
        )

    def _field_changes(self, a: WellSummary, b: WellSummary) -> tuple[float, float, float]:
        """|r - r'| and |r + r'| over both cores, and the larger of |r| and |r'|.

        A particle that is not among those that were kept of a field moves less than all of those:
        it counts as at rest.
        """
        fields = [dict(zip(w.core_particles, w.core_displacements, strict=True)) for w in (a, b)]
        core = {*a.core_particles[: self.core_size], *b.core_particles[: self.core_size]}
        rest = np.zeros(3)
        first, second = (np.array([f.get(p, rest) for p in sorted(core)]) for f in fields)
        norm = max(np.linalg.norm(first), np.linalg.norm(second))
        return (
            float(np.linalg.norm(first - second)),
            float(np.linalg.norm(first + second)),
            float(norm),
        )


def duplicates(wells: Sequence[WellSummary], rule: DuplicateRule | None = None) -> tuple[int, ...]:
    """For each double well the place in `wells` of the first one that it repeats, or its own.

    Each is compared with the distinct ones before it, and never through a third: chains of
    small changes do not join what differs. Wells of different glasses are never one.

    Parameters
    ----------
    wells
        Of any number of glasses, in order: the first with a core stands for all of them.
    rule
        When two are one.
    """
    rule = rule or DuplicateRule()
    leaders: defaultdict[tuple[str, float], list[int]] = defaultdict(list)
    found = []
    for place, well in enumerate(wells):
        # Two fields that differ by less than 30 % of their norm share the particle that moves
        # most as one of their cores: looking among those wells only keeps the search linear.
        candidates = leaders[well.glass, well.core_particles[0]]
        match = next((k for k in candidates if rule.same(wells[k], well)), place)
        found.append(match)
        if match == place:
            for particle in well.core_particles[: rule.core_size]:
                leaders[well.glass, particle].append(place)
    return tuple(found)
