"""What statistics need of the normal modes of inherent structures: columns over a glass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from glasswells.core.records import Array, freeze
from glasswells.vibrations.records import MinimumVibrations

COMPARED_MODES = 20
"""Modes whose frequencies tell inherent structures apart."""
SAME_FREQUENCY = 1e-6
"""Largest relative difference of equal frequencies. Two solvers agree to 1e-9; the frequencies of
two inherent structures differ by far more, since all of the glass moves a little."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class MinimumVibrationColumns:
    """The inherent structures of a glass whose normal modes are known, as columns of m numbers."""

    modes: Array
    """(m,), how many modes were computed."""
    complete: Array
    """(m,), 1 for a full spectrum, else 0."""
    complete_below: Array
    """(m,), frequency below which every mode is known; infinite for a full spectrum."""
    softest: Array
    """(m,), frequency of mode 4; NaN if it is not known."""
    localized: tuple[Array, ...]
    """For each its quasilocalized modes' frequencies, ascending."""

    def __post_init__(self) -> None:
        for name in ("modes", "complete", "complete_below", "softest"):
            freeze(self, **{name: np.array(getattr(self, name), dtype=np.float64)})

    def __len__(self) -> int:
        return len(self.modes)

    @classmethod
    def joined(cls, parts: Sequence[MinimumVibrationColumns]) -> MinimumVibrationColumns:
        """All parts' inherent structures of one glass, one of equal mode 4 once."""
        softest = np.concatenate([p.softest for p in parts])
        modes = np.concatenate([p.modes for p in parts])
        kept = _distinct([softest[k : k + 1] for k in range(len(softest))], [*modes])
        localized = [each for p in parts for each in p.localized]
        return cls(
            modes=modes[kept],
            complete=np.concatenate([p.complete for p in parts])[kept],
            complete_below=np.concatenate([p.complete_below for p in parts])[kept],
            softest=softest[kept],
            localized=tuple(localized[k] for k in kept),
        )

    def quasilocalized_below(self, frequency: float) -> Array:
        """(m,), how many quasilocalized modes each has below a frequency."""
        return np.array([np.sum(omega < frequency) for omega in self.localized], dtype=np.float64)


def common_complete_below(glasses: Iterable[MinimumVibrationColumns]) -> float:
    """Frequency below which the modes of all these inherent structures are known.

    Numbers of modes of different inherent structures compare only below it.
    """
    return float(
        min(
            (complete_below for g in glasses for complete_below in g.complete_below), default=np.inf
        )
    )


def collect_minimum_vibrations(minima: Iterable[MinimumVibrations]) -> MinimumVibrationColumns:
    """Columns of the normal modes of a glass's inherent structures; read one by one.

    One of which two records exist, such as some modes and a full spectrum, is counted once, with
    more modes.
    """
    modes, complete, complete_below, softest, localized = [], [], [], [], []
    for one in minima:
        omega = one.frequencies
        modes.append(len(omega))
        complete.append(one.complete)
        complete_below.append(np.inf if one.complete or not len(omega) else omega[-1])
        softest.append(omega[3 : 3 + COMPARED_MODES].copy())
        localized.append(omega[np.array(one.quasilocalized, dtype=np.intp) - 1])
    kept = _distinct(softest, modes)
    return MinimumVibrationColumns(
        modes=np.array(modes)[kept],
        complete=np.array(complete)[kept],
        complete_below=np.array(complete_below)[kept],
        softest=np.array([omega[0] if len(omega) else np.nan for omega in softest])[kept],
        localized=tuple(localized[k] for k in kept),
    )


def _distinct(softest: Sequence[Array], modes: Sequence[int]) -> list[int]:
    """Places of the distinct inherent structures; of equal ones that with the most modes."""
    order = sorted(range(len(softest)), key=lambda k: softest[k][0] if len(softest[k]) else np.inf)
    groups: list[list[int]] = []
    for place in order:
        group = _equal(softest[place], groups, softest)
        if group is None:
            groups.append([place])
        else:
            group.append(place)
    return sorted(max(group, key=lambda k: modes[k]) for group in groups)


def _equal(own: Array, groups: Sequence[list[int]], softest: Sequence[Array]) -> list[int] | None:
    """The group of an inherent structure, the last of ascending mode 4; None if it is new."""
    for group in reversed(groups):
        other = softest[group[0]]
        if _same(other, own):
            return group
        if not _same(other[:1], own[:1]):
            break  # those before are softer still
    return None


def _same(a: Array, b: Array) -> bool:
    n = min(len(a), len(b))
    return n > 0 and np.allclose(a[:n], b[:n], rtol=SAME_FREQUENCY, atol=0)
