"""What is known about a glass that was made by melt and quench, which was never in equilibrium."""

from __future__ import annotations

from dataclasses import dataclass

from glasswells.core.described import described

MOLTEN = 1.0
"""Root mean square displacement of the melt, over the mean spacing of the particles, below which
the memory of the start may not be lost."""


@described
@dataclass(frozen=True, kw_only=True, slots=True)
class MeltQuenchReport:
    """How a glass was melted and quenched; no fictive temperature is claimed.

    The rate is the label of such a glass. Where it fell out of equilibrium is not measured.
    """

    rate: float
    """Of cooling, |dT/dt|, in epsilon/k_B over sigma sqrt(m/epsilon)."""
    melt_temperature: float
    """In epsilon/k_B."""
    melt_time: float
    """At that temperature, in sigma sqrt(m/epsilon)."""
    melt_displacement: float
    """Root mean square displacement of the particles from their start at the end of the melt, in
    units of the mean spacing, (V/N)^(1/3)."""
    final_temperature: float
    """At which the cooling ended."""
    n_particles: int
    """N."""
    energy: float
    """Potential energy per particle at the end."""
    inherent_energy: float
    """Potential energy per particle of the minimum below, in epsilon."""

    @property
    def flags(self) -> tuple[str, ...]:
        """What speaks against the glass."""
        if self.melt_displacement < MOLTEN:
            return (f"hardly molten: displacement {self.melt_displacement:.2g} spacings",)
        return ()
