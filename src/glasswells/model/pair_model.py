"""What every pair model offers, and the seam through which other energies may enter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Protocol, runtime_checkable

from glasswells.core.described import explained
from glasswells.core.errors import InputError
from glasswells.core.records import Array, Configuration
from glasswells.model.interactions import PairInteractions
from glasswells.model.law import PairLaw
from glasswells.model.mixing import MixedRanges, mixed_ranges


@runtime_checkable
class Derivatives(Protocol):
    """M, U and T of the expansion of an energy around one place (paper, eq. 2), by contractions."""

    def product(self, field: Array) -> Array:
        """M:z as (N, 3) for a field z (N, 3)."""
        ...

    def third(self, field: Array) -> tuple[Array, float]:
        """U:zz as (N, 3), and U:zzz."""
        ...

    def fourth(self, field: Array) -> tuple[Array, float]:
        """T:zzz as (N, 3), and T:zzzz, the fourth derivative of the energy along z."""
        ...

    def matrix(self) -> Any:
        """The Hessian M as a SciPy sparse array (3N, 3N)."""
        ...


@runtime_checkable
class Interactions(Protocol):
    """The potential energy of one set of particles in one box, as a function of positions.

    The whole package asks for energies through these two methods. A pair model answers with
    `PairInteractions`; a calculator for any material answers with its own implementation, and may
    state a `precision`, the noise of its energies and forces.
    """

    def energy_and_forces(self, positions: Array) -> tuple[float, Array]:
        """Total energy and forces (N, 3) at positions (N, 3); not finite on overlap."""
        ...

    def derivatives(self, positions: Array) -> Derivatives:
        """The second to fourth derivatives of the energy at positions (N, 3)."""
        ...


@runtime_checkable
class KnowsClosestPair(Protocol):
    """Interactions that can say which particles overlap."""

    def closest_pair(self, positions: Array) -> tuple[int, int, float]:
        """The two closest particles and their distance."""
        ...


@runtime_checkable
class Model(Protocol):
    """A potential energy for configurations.

    Its interactions raise `InputError` if it cannot describe the configuration.
    """

    def interactions(self, configuration: Configuration) -> Interactions:
        """The energy of this configuration's particles as a function of their positions."""
        ...


class PairModel(ABC):
    """A sum over pairs, v_ij(r) = strength_ij u(r/range_ij), cut off at r = x_c range_ij."""

    __slots__ = ()

    cutoff: float
    ends_smoothly: ClassVar[bool] = False
    """Whether v, v' and v'' are known to vanish at the cutoff; if not, v is evaluated there."""

    def __init_subclass__(cls) -> None:
        """Let `help` and notebooks explain the parameters of every pair model."""
        super().__init_subclass__()
        if "__slots__" in cls.__dict__:  # the class that a dataclass with slots makes of another
            explained(cls)

    @property
    @abstractmethod
    def law(self) -> PairLaw:
        """The compiled functions."""

    @property
    @abstractmethod
    def constants(self) -> Any:
        """A NamedTuple of the numbers that the compiled functions take; has `cutoff2`."""

    @property
    @abstractmethod
    def is_repulsive(self) -> bool:
        """Whether v >= 0 at all distances."""

    def ranges(self, diameters: Array) -> MixedRanges:
        """What the mixing rule makes of these diameters: neighbor lists rely on it.

        By default the rule is asked for every two distinct diameters, which takes milliseconds for
        a thousand; a model that knows the bounds of its rule may state them.
        """
        return mixed_ranges(self.law, self.constants, diameters)

    def largest_cutoff(self, diameters: Array) -> float:
        """Largest distance at which any two of these particles interact."""
        return self.cutoff * self.ranges(diameters).longest

    def check(self, configuration: Configuration) -> None:
        """Raise `InputError` unless each box edge is at least twice the largest cutoff."""
        largest = self.largest_cutoff(configuration.diameters)
        if configuration.box.min() < 2 * largest:
            raise InputError(
                f"the shortest box edge is {configuration.box.min():g}, expected at least twice "
                f"the largest cutoff, {2 * largest:g}: use more particles at this density"
            )

    def interactions(self, configuration: Configuration) -> Interactions:
        """The energy of this configuration's particles as a function of their positions."""
        return PairInteractions(self, configuration)
