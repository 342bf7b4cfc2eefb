"""Where known minima are, most of which nobody looks at: the latest places stay in memory."""

from __future__ import annotations

from functools import lru_cache
from operator import methodcaller

import numpy as np
from numpy.typing import NDArray

from glasswells.core.configuration import LateConfiguration
from glasswells.core.records import Array, Configuration
from glasswells.landscape.moves import moves_between

KEPT_AT_HAND = 1024
"""Configurations that are in memory at once, where each is looked at many times: 36 MB of 1500
particles."""
MARKS = 16
"""Particles of each place that was looked at whose positions stay in memory. Two minima differ in
many particles a little, where some have moved far."""


class KnownPlaces:
    """Where the particles of configurations are that are read when somebody looks at them.

    Trajectories that go on together share one, and so the room that it takes.
    """

    def __init__(self) -> None:
        self._read = lru_cache(KEPT_AT_HAND)(methodcaller("at_hand"))
        self._marks: dict[Configuration, Array] = {}

    def positions(self, configuration: Configuration) -> Array:
        """All of them, (N, 3)."""
        if not isinstance(configuration, LateConfiguration):
            return configuration.positions
        found: Array = self._read(configuration).positions
        return found

    def is_far(
        self, configuration: Configuration, positions: Array, box: Array, farthest: float
    ) -> bool:
        """Whether some particles alone tell that `moves_between` would stop with infinity.

        So each place is read once at most where many are near in energy and none is near.
        """
        if not isinstance(configuration, LateConfiguration):
            return False
        some = _some(len(positions))
        known = self._marks.get(configuration)
        if known is None:
            known = self._marks[configuration] = self.positions(configuration)[some]
        moved = np.empty_like(known)
        return bool(np.isinf(moves_between(known, positions[some], box, farthest, moved)))


@lru_cache(maxsize=8)
def _some(n_particles: int) -> NDArray[np.int64]:
    """The first particle, to which `moves_between` compares all others, and some of these."""
    return np.unique(np.linspace(0, n_particles - 1, MARKS).astype(np.int64))
