"""What observables are computed from: elastic medium, two-level systems, double wells, networks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from glasswells.core.checks import float64_array, positive
from glasswells.core.described import described, explained
from glasswells.core.errors import InputError
from glasswells.core.records import Array, freeze
from glasswells.mechanics.records import ElasticModuli

STATE_COLUMNS = ("splitting", "amplitude", "longitudinal2", "transverse2")
WELL_COLUMNS = ("barrier", "asymmetry", "attempt_a", "attempt_b", "longitudinal2", "transverse2")
Columns = TypeVar("Columns", "TwoLevelStates", "ThermalWells")


@explained
@dataclass(frozen=True, kw_only=True, slots=True)
class Medium:
    """The elastic continuum that carries sound, in reduced units."""

    density: float
    """Mass per volume."""
    longitudinal: float
    """M = rho v_l^2, energy per volume."""
    transverse: float
    """G = rho v_t^2."""

    def __post_init__(self) -> None:
        for name in ("density", "longitudinal", "transverse"):
            object.__setattr__(self, name, positive(name, getattr(self, name)))

    @property
    def longitudinal_speed(self) -> float:
        """v_l = sqrt(M / rho)."""
        return math.sqrt(self.longitudinal / self.density)

    @property
    def transverse_speed(self) -> float:
        """v_t = sqrt(G / rho)."""
        return math.sqrt(self.transverse / self.density)

    @classmethod
    def of(cls, moduli: Sequence[ElasticModuli], density: float) -> Medium:
        """The mean of the moduli of some minima.

        Raises
        ------
        InputError
            For none, and for a glass that does not resist shear.
        """
        if not moduli:
            raise InputError("moduli is empty, expected those of at least one minimum")
        return cls(
            density=density,
            longitudinal=float(np.mean([m.longitudinal for m in moduli])),
            transverse=float(np.mean([m.shear for m in moduli])),
        )


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class TwoLevelStates:
    """The two-level systems of one glass; K may be 0."""

    volume: float
    """Of the glass."""
    splitting: Array
    """(K,), E > 0."""
    amplitude: Array
    """(K,), Delta_0 >= 0; E^2 = Delta^2 + Delta_0^2 gives the size of Delta."""
    longitudinal2: Array
    """(K,), mean square of g = 2 gamma for longitudinal waves, energy^2."""
    transverse2: Array
    """(K,), the same for transverse waves."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "volume", positive("volume", self.volume))
        _freeze_columns(self, STATE_COLUMNS)
        for name, least in (("splitting", np.finfo(float).tiny), ("amplitude", 0.0)):
            column = getattr(self, name)
            if len(column) and column.min() < least:
                raise InputError(f"{name} holds {column.min()}, expected energies above 0")

    def __len__(self) -> int:
        return len(self.splitting)

    @property
    def asymmetry(self) -> Array:
        """(K,), the size of Delta."""
        size: Array = np.sqrt(np.maximum(self.splitting**2 - self.amplitude**2, 0.0))
        return size

    def chosen(self, which: Any) -> TwoLevelStates:
        """Some of them, by a mask, a slice or numbers."""
        return _chosen(self, which, STATE_COLUMNS)

    def below(self, energy: float) -> TwoLevelStates:
        """Those with E < `energy`."""
        return self.chosen(self.splitting < energy)


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ThermalWells:
    """The double wells of one glass as thermal activation sees them; K may be 0."""

    volume: float
    """Of the glass."""
    barrier: Array
    """(K,), V(S) - V(A)."""
    asymmetry: Array
    """(K,), V(B) - V(A)."""
    attempt_a: Array
    """(K,), angular frequency of attempts from A: the rate from A is (attempt_a / 2 pi)
    exp(-barrier / T)."""
    attempt_b: Array
    """(K,), the same from B."""
    longitudinal2: Array
    """(K,), mean square of g for longitudinal waves, energy^2."""
    transverse2: Array
    """(K,), the same for transverse waves."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "volume", positive("volume", self.volume))
        _freeze_columns(self, WELL_COLUMNS)
        if len(self) and min(self.attempt_a.min(), self.attempt_b.min()) <= 0:
            raise InputError("an attempt frequency is not above 0, expected that of a minimum")
        if len(self) and min(self.barrier.min(), (self.barrier - self.asymmetry).min()) <= 0:
            raise InputError("a saddle does not lie above its minima, expected a barrier above 0")

    def __len__(self) -> int:
        return len(self.barrier)

    def chosen(self, which: Any) -> ThermalWells:
        """Some of them, by a mask, a slice or numbers."""
        return _chosen(self, which, WELL_COLUMNS)


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Network:
    """Minima of one glass and the saddles between them."""

    volume: float
    """Of the glass."""
    energies: Array
    """(K,), of the minima."""
    couplings: Array
    """(K, 3, 3), V sigma_ab of each minimum **itself**: dV_k/de_ab, energy. What a double well
    couples by is the difference of two of them."""
    ends: NDArray[np.int64]
    """(L, 2), numbers of the minima that a saddle joins."""
    saddles: Array
    """(L,), energies of the saddles."""
    attempts: Array
    """(L,), geometric mean of the two attempt frequencies over a saddle."""
    entropies: Array = field(default_factory=lambda: np.zeros(0))
    """(K,), minus the sum of ln omega over the modes of a minimum, up to a constant; none: all
    minima are equally wide."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "volume", positive("volume", self.volume))
        energies = float64_array("energies", self.energies, (None,))
        n = len(energies)
        entropies = self.entropies if len(self.entropies) else np.zeros(n)
        saddles = float64_array("saddles", self.saddles, (None,))
        ends = np.array(self.ends, dtype=np.int64).reshape(-1, 2)
        if len(ends) != len(saddles) or (len(ends) and not 0 <= ends.min() <= ends.max() < n):
            raise InputError(
                f"ends holds {len(ends)} pairs for {len(saddles)} saddles and {n} minima, expected "
                f"two numbers of minima for each saddle"
            )
        if len(ends) and (saddles[:, None] < energies[ends]).any():
            raise InputError("a saddle lies below a minimum that it joins, expected above")
        ends.setflags(write=False)
        object.__setattr__(self, "ends", ends)
        freeze(
            self,
            energies=energies,
            couplings=float64_array("couplings", self.couplings, (n, 3, 3)),
            saddles=saddles,
            attempts=float64_array("attempts", self.attempts, (len(saddles),)),
            entropies=float64_array("entropies", entropies, (n,)),
        )


def _freeze_columns(record: TwoLevelStates | ThermalWells, names: Sequence[str]) -> None:
    n = len(getattr(record, names[0]))
    for name in names:
        freeze(record, **{name: float64_array(name, getattr(record, name), (n,))})


def _chosen(record: Columns, which: Any, names: Sequence[str]) -> Columns:
    return replace(record, **{name: getattr(record, name)[which] for name in names})
