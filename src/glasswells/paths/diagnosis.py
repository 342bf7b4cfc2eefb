"""What can be wrong with two ends before a path is tried: one line for each finding."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from glasswells.core.arguments import expects
from glasswells.core.geometry import displacement, minimum_image, remove_drift, wrap
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array, Configuration
from glasswells.model.functions import forces
from glasswells.model.pair_model import Model
from glasswells.model.precision import precision_of

LARGEST_MISFIT = 0.5
"""A particle has taken the place of another if it came this much closer to it, as a fraction of its
own way."""
FREE_FRACTION = 0.2
"""A cluster is free if a slab without particles fills this part of each edge of the box."""
LEAST_TURN = 0.05
"""In radians: smaller turns may be the response of a cluster to what moves in it."""
SAME_ENERGY = 1e-6
"""Relative change of the energy under an exchange or a turn, at most: what rounding and, for a
cluster, the box leave."""
NAMED = 12
"""Particles that a message names at most."""
DRIFT, OTHER_IMAGE = 1e-3, 0.5
"""Drift, and displacement in edges of the box, that are worth a line."""


class Finding(NamedTuple):
    """Why no path is tried between two minima."""

    outcome: Outcome
    message: str


@expects(model=Model, a=Configuration, b=Configuration)
def diagnose_pair(model: Model, a: Configuration, b: Configuration) -> tuple[str, ...]:
    """What a path between two configurations would meet: one line for each finding, none if sound.

    The number and kinds of particles and their order, the cell, images across the boundary, a
    drift, identical particles that have changed places, a free cluster that was turned, and the
    forces that are left. Images and drift are handled by the path search and need no action.

    Raises
    ------
    InputError
        For configurations that the model cannot describe.
    """
    lines = differences(a, b)
    if lines:
        return lines
    raw = b.positions - a.positions
    across = np.abs(raw) > OTHER_IMAGE * a.box
    if across.any():
        lines += (f"images: {int(across.any(axis=1).sum())} particles lie on another image in b",)
    drift = minimum_image(raw, a.box) - displacement(a.positions, b.positions, a.box)
    length = float(np.linalg.norm(drift.mean(axis=0)))
    if length > DRIFT:
        lines += (f"drift: b as a whole is displaced by {length:.3g}",)
    found = finding(model, a, b)
    if found is not None:
        lines += (f"order: {found.message}",)
    for name, c in (("a", a), ("b", b)):
        largest = float(np.abs(forces(model, c)).max())
        lines += (f"forces: the largest component left in {name} is {largest:.2g}",)
    return lines


def differences(a: Configuration, b: Configuration) -> tuple[str, ...]:
    """Differences that make two configurations ones of other particles or another box."""
    if a.n_particles != b.n_particles:
        return (f"particles: a holds {a.n_particles} particles and b {b.n_particles}",)
    lines: tuple[str, ...] = ()
    for name, word, tolerance in (
        ("diameters", "sizes", 0.0),
        ("masses", "masses", 0.0),
        ("box", "cell", 1e-12),
    ):
        x, y = getattr(a, name), getattr(b, name)
        if np.abs(x - y).max() <= tolerance * x.max():
            continue
        k = int(np.abs(x - y).argmax())
        text = f"{word}: {name}[{k}] is {x[k]} in a and {y[k]} in b"
        if name != "box" and np.array_equal(np.sort(x), np.sort(y)):
            text += "; the same values in another order: sort the particles of b as those of a"
        lines += (text,)
    return lines


def finding(
    model: Model, a: Configuration, b: Configuration, energy_b: float | None = None
) -> Finding | None:
    """Identical particles that changed places, or a free cluster that was turned; None if neither.

    Costs a search for nearest places where particles are identical, nothing else in a glass. What
    is taken for a symmetry is checked: it must leave the energy of b, which is passed if known.
    """
    species = species_of(model, a)
    rings = exchanges(a.positions, b.positions, species, a.box)
    if rings:
        restored = np.array(b.positions)
        for ring in rings:
            restored[np.roll(ring, -1)] = b.positions[list(ring)]
        found = Finding(Outcome.EXCHANGED_PARTICLES, _exchange_message(a, b, restored, rings))
        return found if _has_energy_of(model, b, restored, energy_b) else None
    return _turned(model, a, b, energy_b)


def _has_energy_of(
    model: Model, b: Configuration, positions: Array, energy_b: float | None
) -> bool:
    """Whether other positions (N, 3) of the same particles have the energy of b."""
    interactions = model.interactions(b)
    energy = interactions.energy_and_forces(b.positions)[0] if energy_b is None else energy_b
    other = interactions.energy_and_forces(positions)[0]
    noise = precision_of(interactions).least_energy
    return bool(abs(other - energy) <= SAME_ENERGY * abs(energy) + noise)


def species_of(model: Model, configuration: Configuration) -> NDArray[np.intp]:
    """(N,): equal numbers for particles that the energy does not tell apart.

    By diameter and mass, unless the model knows better (`AseModel`: by species and what else its
    atoms carry).
    """
    stated = getattr(model, "particle_species", None)
    if stated is not None:
        known: NDArray[np.intp] = stated
        return known
    rows = np.column_stack([configuration.diameters, configuration.masses])
    return np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)


def exchanges(
    start: Array, end: Array, species: NDArray[np.intp], box: Array
) -> tuple[tuple[int, ...], ...]:
    """Rings of identical particles each of which has taken the place of the next.

    A particle is in the place of another if no other place is nearer, and if it came much closer to
    it than it is to its own. A chain in which the last moves to an empty place is no exchange.
    """
    if len(np.unique(species)) == len(species):
        return ()
    moved = displacement(start, end, box)
    places = cKDTree(wrap(start, box), boxsize=box)
    misfit, place = (np.asarray(x) for x in places.query(wrap(start + moved, box)))
    own = np.linalg.norm(moved, axis=1)
    others = np.flatnonzero(
        (place != np.arange(len(species)))
        & (species[place] == species)
        & (misfit <= LARGEST_MISFIT * own)
    )
    following = {int(i): int(place[i]) for i in others}
    rings = []
    while following:
        first, k = following.popitem()
        ring = [first]
        while k in following:
            ring.append(k)
            k = following.pop(k)
        if k == first:
            rings.append(tuple(np.roll(ring, -int(np.argmin(ring))).tolist()))
    return tuple(sorted(rings))


def _exchange_message(
    a: Configuration, b: Configuration, restored: Array, cycles: tuple[tuple[int, ...], ...]
) -> str:
    before = np.linalg.norm(displacement(a.positions, b.positions, a.box))
    after = np.linalg.norm(displacement(a.positions, restored, a.box))
    named = "; ".join(
        f"{' and '.join(map(str, ring))} are" if len(ring) == 2 else f"{_listed(ring)} have"
        for ring in cycles[: NAMED // 2]
    )
    named = named.replace(" are", " are exchanged").replace(" have", " have changed places")
    more = len(cycles) - NAMED // 2
    rest = f" and {more} more rings" if more > 0 else ""
    return (
        f"identical particles {named}{rest}: relabeled, the minima are {after:.3g} apart instead "
        f"of {before:.3g}; give the particles of b the order of a"
    )


def _listed(ring: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, ring[:NAMED]))
    return shown + (f" and {len(ring) - NAMED} more" if len(ring) > NAMED else "")


def _turned(
    model: Model, a: Configuration, b: Configuration, energy_b: float | None
) -> Finding | None:
    """Whether b is nearer to a once it is turned, and whether a turn leaves its energy."""
    first, second = _as_cluster(a), _as_cluster(b)
    if first is None or second is None:
        return None
    u, _, v = np.linalg.svd(second.T @ first)
    sign = np.sign(np.linalg.det(u @ v))
    turn = u @ np.diag([1.0, 1.0, sign]) @ v
    angle = float(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1.0, 1.0)))
    turned = second @ turn
    before = float(np.linalg.norm(second - first))
    after = float(np.linalg.norm(turned - first))
    if angle < LEAST_TURN or after > LARGEST_MISFIT * before:
        return None
    if not _has_energy_of(model, b, turned, energy_b):
        return None
    return Finding(
        Outcome.TURNED_COPY,
        f"b is a free cluster turned by {np.degrees(angle):.3g} degrees: turned back, the minima "
        f"are {after:.3g} apart instead of {before:.3g}; superpose b on a",
    )


def _as_cluster(c: Configuration) -> Array | None:
    """Positions (N, 3) of a free cluster in one piece, its center at 0; None if it is not free."""
    positions = wrap(c.positions, c.box)
    for axis in range(3):
        order = np.sort(positions[:, axis])
        gaps = np.diff(order, append=order[0] + c.box[axis])
        k = int(gaps.argmax())
        if gaps[k] < FREE_FRACTION * c.box[axis]:
            return None
        beyond = positions[:, axis] > order[k]
        positions[beyond, axis] -= c.box[axis]
    return remove_drift(positions)
