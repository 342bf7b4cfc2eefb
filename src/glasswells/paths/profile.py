"""The energy along a path and beyond its ends."""

from __future__ import annotations

import numpy as np

from glasswells.core.records import Array, EnergyProfile
from glasswells.paths.descent import Descent
from glasswells.paths.pathway import Pathway
from glasswells.paths.settings import PathSettings
from glasswells.paths.surface import Surface


def energy_profile(
    surface: Surface,
    pathway: Pathway,
    chords: tuple[Array, Array],
    curvatures: tuple[float, float],
    settings: PathSettings,
) -> EnergyProfile:
    """V(s) from A over the saddle to B, V(A) = 0, and its straight continuations.

    Energies are those of the surface at points of the path, not interpolated. An error across the
    path changes them to second order only.

    Parameters
    ----------
    chords
        Unit fields (N, 3) at A and B, pointing into the path.
    curvatures
        d2V/ds2 along them.
    """
    side_a, side_b = pathway.descent_a, pathway.descent_b
    half = (settings.profile_points - 1) // 2
    s_a, v_a = _side(surface, side_a, half)
    s_b, v_b = _side(surface, side_b, half)
    length = side_a.length + side_b.length
    arc_length = np.concatenate([s_a, [side_a.length], length - s_b[::-1]])
    energy = np.concatenate([v_a, [pathway.saddle.energy], v_b[::-1]])
    return EnergyProfile(
        arc_length=arc_length,
        energy=energy - side_a.energy,
        curvature_a=curvatures[0],
        curvature_b=curvatures[1],
        beyond_a=_beyond(surface, pathway, side_a, chords[0], curvatures[0], settings),
        beyond_b=_beyond(surface, pathway, side_b, chords[1], curvatures[1], settings),
    )


def stretched(profile: EnergyProfile, unit: float) -> EnergyProfile:
    """The same profile with each length multiplied by `unit`."""
    beyond_a, beyond_b = (
        None if data is None else (unit * data[0], data[1])
        for data in (profile.beyond_a, profile.beyond_b)
    )
    return EnergyProfile(
        arc_length=unit * profile.arc_length,
        energy=profile.energy,
        curvature_a=profile.curvature_a / unit**2,
        curvature_b=profile.curvature_b / unit**2,
        beyond_a=beyond_a,
        beyond_b=beyond_b,
    )


def _side(surface: Surface, side: Descent, points: int) -> tuple[Array, Array]:
    """Distances from the minimum along one side, ascending from 0, and total energies there.

    The saddle is left out. Points closer to the minimum than the last step are left out too: the
    path there is known by its length alone.
    """
    nodes = side.arc_length
    s, v = [0.0], [side.energy]
    for from_saddle in side.length * np.cos(np.arange(1, points) / points * np.pi / 2):
        if from_saddle >= nodes[-1]:
            continue
        k = int(np.searchsorted(nodes, from_saddle, side="right")) - 1
        arc = side.arcs[k]
        u = (from_saddle - nodes[k]) / arc.length
        energy = surface.energy(arc.point(u))
        here = side.length - (nodes[k] + arc.length_to(u))
        # Rounding of the total energy may break the order next to a minimum.
        if energy > v[-1] and here > s[-1]:
            s.append(here)
            v.append(energy)
    return np.array(s), np.array(v)


def _beyond(
    surface: Surface,
    pathway: Pathway,
    side: Descent,
    chord: Array,
    curvature: float,
    settings: PathSettings,
) -> tuple[Array, Array]:
    """Distances x from a minimum (J,) against the chord, and energies there relative to A.

    As far as a wave function of reduced hbar `decay_hbar` reaches: until the exponent
    integral sqrt(2 (V - V_ref)) dx / hbar passes `decay_exponent`, where V_ref is the energy
    of the higher minimum plus half a quantum of the vibration along the chord.
    """
    hbar, base = settings.decay_hbar, pathway.descent_a.energy
    higher = max(pathway.descent_a.energy, pathway.descent_b.energy)
    reference = higher + 0.5 * hbar * np.sqrt(max(curvature, 0.0))
    x, v = [0.0], [side.energy]
    exponent, before = 0.0, 0.0
    most = int(np.ceil(settings.beyond_length / settings.beyond_spacing))
    for k in range(1, most + 1):
        energy = surface.energy(side.minimum - k * settings.beyond_spacing * chord)
        if not np.isfinite(energy):
            break
        x.append(k * settings.beyond_spacing)
        v.append(energy)
        rate = float(np.sqrt(2 * max(energy - reference, 0.0))) / hbar
        exponent += 0.5 * settings.beyond_spacing * (before + rate)
        before = rate
        if exponent > settings.decay_exponent and k >= 5:
            break
    return np.array(x), np.array(v) - base
