"""Neighbor list with one cutoff per pair: which pairs may interact while nobody moves far.

A list is made in two passes over each particle: a screen in single precision, in vector
registers, over all the others or over those in the linked cells around; then a test in double
precision of the few that pass. What ends up in the list, and in which order, does not depend on
how the particles were screened.
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from glasswells.core.compiler import kernel, lean_kernel
from glasswells.core.records import Array
from glasswells.model.kernels import BLOCK, gather_vectors, longest_row
from glasswells.model.law import PairLaw


class PairList(NamedTuple):
    """Pairs (i, j), i < j, that are closer than cutoff_ij + skin: partners of i in one row."""

    start: NDArray[np.int64]
    """(N + 1,): the partners of i are partner[start[i]:start[i + 1]]."""
    partner: NDArray[np.uint32]
    """(P,), ascending within a row."""
    inverse_range2: Array
    """(P,), 1 / range_ij^2."""
    strength: Array
    """(P,), strength_ij."""


class Screen(NamedTuple):
    """Workspace of a list build; the particles in single precision, sorted by cell."""

    x: NDArray[np.float32]
    """(N,), inside the box; y and z alike."""
    y: NDArray[np.float32]
    z: NDArray[np.float32]
    diameter: NDArray[np.float32]
    """(N,)."""
    label: NDArray[np.uint32]
    """(N,): the particle in each place."""
    place: NDArray[np.int64]
    """(N,): the place of each particle."""
    cell: NDArray[np.int64]
    """(N,): the cell of each particle."""
    cells: NDArray[np.int64]
    """(3,): cells along each edge, 1 or at least 3."""
    cell_start: NDArray[np.int64]
    """(cells + 2,): the places of cell c are cell_start[c]:cell_start[c + 1]."""
    mask: NDArray[np.uint8]
    """(N,) rounded up to a multiple of 8."""
    candidates: NDArray[np.uint32]
    """(N + 1,): the particles that pass for one row."""
    over_mean: float
    """Upper bound of a range over the mean diameter, as the model's `ranges` states it."""
    smallest_for_cells: int
    """Particles from which cells are used."""


class ScreeningCutoff(NamedTuple):
    """The screen keeps two particles within half_cutoff (sigma_i + sigma_j) + skin.

    Half the cutoff times the largest ratio of a range to the mean diameter, as the mixing rule has
    it for these particles.
    """

    half_cutoff: np.float32
    skin: np.float32
    box_x: np.float32
    box_y: np.float32
    box_z: np.float32


ROUNDING = 6e-7
"""Times the longest edge: bound of the error of a distance in single precision, from rounding
two coordinates, an edge and their differences. The skin of the screen is widened by it."""

SMALLEST_FOR_CELLS = 3000
"""Particles from which linked cells beat screening all pairs: with a box of ten diameters only
five cells fit an edge."""


@lean_kernel
def largest(diameter_n):  # type: ignore[no-untyped-def]
    """The largest diameter. NumPy's `max` takes half a second to compile."""
    found = 0.0
    for i in range(diameter_n.shape[0]):
        found = max(found, diameter_n[i])
    return found


@lean_kernel
def choose_cells(box_c, list_cutoff, screen):  # type: ignore[no-untyped-def]
    """Set the number of cells along each edge: none narrower than `list_cutoff`, few empty."""
    n = screen.x.shape[0]
    most = np.int64(np.float64(n) ** (1.0 / 3.0)) + 1
    for c in range(3):
        fitting = min(np.int64(box_c[c] / list_cutoff), most)
        screen.cells[c] = fitting if fitting >= 3 and n >= screen.smallest_for_cells else 1


@lean_kernel
def sort_into_cells(r_nc, diameter_n, box_c, screen):  # type: ignore[no-untyped-def]
    """Fill the places of the screen, cell by cell, by original number within a cell."""
    n = r_nc.shape[0]
    cells, cell_start = screen.cells, screen.cell_start
    cell_start[:] = 0
    for i in range(n):
        cell = 0
        for c in range(2, -1, -1):
            fraction = r_nc[i, c] / box_c[c]
            fraction -= np.floor(fraction)
            # clipped at both ends: a NaN may become any integer
            along = min(max(np.int64(fraction * cells[c]), 0), cells[c] - 1)
            cell = cell * cells[c] + along
        screen.cell[i] = cell
        cell_start[cell + 2] += 1
    for cell in range(2, cell_start.shape[0]):
        cell_start[cell] += cell_start[cell - 1]
    for i in range(n):
        place = cell_start[screen.cell[i] + 1]
        cell_start[screen.cell[i] + 1] += 1
        screen.place[i] = place
        screen.label[place] = i
        screen.diameter[place] = diameter_n[i]
        screen.x[place] = r_nc[i, 0] - box_c[0] * np.floor(r_nc[i, 0] / box_c[0])
        screen.y[place] = r_nc[i, 1] - box_c[1] * np.floor(r_nc[i, 1] / box_c[1])
        screen.z[place] = r_nc[i, 2] - box_c[2] * np.floor(r_nc[i, 2] / box_c[2])


@lean_kernel
def mark_run(center, first, last, screen, screening):  # type: ignore[no-untyped-def]
    """Set mask[s] to whether place first + s may be within the cutoff of place `center`."""
    xc, yc, zc = screen.x[center], screen.y[center], screen.z[center]
    skin = screening.half_cutoff * screen.diameter[center] + screening.skin
    x, y, z = screen.x[first:last], screen.y[first:last], screen.z[first:last]
    diameter = screen.diameter[first:last]
    for s in range(x.shape[0]):
        dx = abs(x[s] - xc)
        dy = abs(y[s] - yc)
        dz = abs(z[s] - zc)
        dx = min(dx, screening.box_x - dx)
        dy = min(dy, screening.box_y - dy)
        dz = min(dz, screening.box_z - dz)
        distance = screening.half_cutoff * diameter[s] + skin
        screen.mask[s] = dx * dx + dy * dy + dz * dz < distance * distance


@lean_kernel
def collect_run(i, first, last, screen, found):  # type: ignore[no-untyped-def]
    """Append the marked of first..last - 1 with numbers above i; return the new number found."""
    mask, label, candidates = screen.mask, screen.label, screen.candidates
    size = last - first
    words = mask.view(np.uint64)
    for word in range((size + 7) // 8):
        if words[word] == 0:
            continue
        for s in range(8 * word, min(8 * word + 8, size)):
            j = label[first + s]
            candidates[found] = j
            found += (mask[s] != 0) & (np.int64(j) > i)
    return found


@lean_kernel
def sort_candidates(candidates, count):  # type: ignore[no-untyped-def]
    """Sort the few candidates of a row in ascending order, by insertion."""
    for a in range(1, count):
        j = candidates[a]
        b = a - 1
        while b >= 0 and candidates[b] > j:
            candidates[b + 1] = candidates[b]
            b -= 1
        candidates[b + 1] = j


@lean_kernel
def screen_around(i, screen, screening):  # type: ignore[no-untyped-def]
    """Find the candidates j > i within the cutoff in the 27 cells around i; return their number."""
    cells, cell_start = screen.cells, screen.cell_start
    center = screen.place[i]
    along_x = screen.cell[i] % cells[0]
    along_y = screen.cell[i] // cells[0] % cells[1]
    along_z = screen.cell[i] // (cells[0] * cells[1])
    span_x, span_y, span_z = min(1, cells[0] - 1), min(1, cells[1] - 1), min(1, cells[2] - 1)
    found = np.int64(0)
    for oz in range(-span_z, span_z + 1):
        for oy in range(-span_y, span_y + 1):
            y, z = (along_y + oy) % cells[1], (along_z + oz) % cells[2]
            row = (z * cells[1] + y) * cells[0]
            # Cells are contiguous along x: one run, or two where it crosses the boundary.
            low, high = along_x - span_x, along_x + span_x
            for shift in range(-1, 2):
                left = max(low + shift * cells[0], 0)
                right = min(high + shift * cells[0], cells[0] - 1)
                if left <= right:
                    first, last = cell_start[row + left], cell_start[row + right + 1]
                    mark_run(center, first, last, screen, screening)
                    found = collect_run(i, first, last, screen, found)
    sort_candidates(screen.candidates, found)
    return found


@lean_kernel
def screen_row(i, screen, screening):  # type: ignore[no-untyped-def]
    """Find the candidates j > i within the cutoff, ascending; return their number."""
    n = screen.x.shape[0]
    if screen.cells[0] * screen.cells[1] * screen.cells[2] > 1:
        return screen_around(i, screen, screening)
    mark_run(i, i + 1, n, screen, screening)
    return collect_run(i, i + 1, n, screen, np.int64(0))


@cache
def pair_list_kernel(law: PairLaw) -> Any:
    """The kernel that fills a pair list for one pair law; it returns the number of pairs needed.

    Pairs beyond the capacity of the list are counted only.
    """
    mix = law.mix

    @kernel
    def fill_pair_list(r_nc, diameter_n, box_c, k, skin, screen, pairs):  # type: ignore[no-untyped-def]
        n = r_nc.shape[0]
        inverse_box = 1.0 / box_c[0], 1.0 / box_c[1], 1.0 / box_c[2]
        cutoff = np.sqrt(k.cutoff2)
        widened = skin + ROUNDING * max(box_c[0], box_c[1], box_c[2])
        longest = cutoff * screen.over_mean
        choose_cells(box_c, longest * largest(diameter_n) + widened, screen)
        sort_into_cells(r_nc, diameter_n, box_c, screen)
        box = np.float32(box_c[0]), np.float32(box_c[1]), np.float32(box_c[2])
        screening = ScreeningCutoff(
            np.float32(0.5 * longest), np.float32(widened), box[0], box[1], box[2]
        )
        capacity = pairs.partner.shape[0]
        found = 0
        for i in range(n):
            pairs.start[i] = found
            for slot in range(screen_row(i, screen, screening)):
                j = screen.candidates[slot]
                r2 = 0.0
                for c in range(3):
                    d = r_nc[j, c] - r_nc[i, c]
                    d -= box_c[c] * np.rint(d * inverse_box[c])
                    r2 += d * d
                sigma, strength = mix(diameter_n[i], diameter_n[j], k)
                list_cutoff = cutoff * sigma + skin
                if r2 < list_cutoff * list_cutoff:
                    if found < capacity:
                        pairs.partner[found] = j
                        pairs.inverse_range2[found] = 1.0 / (sigma * sigma)
                        pairs.strength[found] = strength
                    found += 1
        pairs.start[n] = found
        return found

    return fill_pair_list


@lean_kernel
def mark_close(x, y, z, box_c, inverse_range2, k, skin, mask):  # type: ignore[no-untyped-def]
    """Mark the vectors shorter than cutoff range + skin; a NaN counts as short."""
    bx, by, bz = box_c[0], box_c[1], box_c[2]
    ix, iy, iz = 1.0 / bx, 1.0 / by, 1.0 / bz
    cutoff = np.sqrt(k.cutoff2)
    for p in range(inverse_range2.shape[0]):
        dx = x[p] - bx * np.rint(x[p] * ix)
        dy = y[p] - by * np.rint(y[p] * iy)
        dz = z[p] - bz * np.rint(z[p] * iz)
        distance = cutoff + skin * np.sqrt(inverse_range2[p])
        x2 = (dx * dx + dy * dy + dz * dz) * inverse_range2[p]
        mask[p] = not x2 >= distance * distance


@lean_kernel
def copy_marked(wide, first, last, mask, pairs, found):  # type: ignore[no-untyped-def]
    """Copy the marked pairs of rows first..last - 1 to `pairs`; return the number there."""
    offset = wide.start[first]
    for i in range(first, last):
        pairs.start[i] = found
        for row_place in range(wide.start[i], wide.start[i + 1]):
            p = np.uint64(row_place)
            to = np.uint64(found)
            pairs.partner[to] = wide.partner[p]
            pairs.inverse_range2[to] = wide.inverse_range2[p]
            pairs.strength[to] = wide.strength[p]
            found += np.int64(mask[np.uint64(row_place - offset)])
    pairs.start[last] = found
    return found


@kernel
def prune_pair_list(r_nc, box_c, k, skin, wide, pairs):  # type: ignore[no-untyped-def]
    """Copy from the list `wide` to `pairs` what is closer than cutoff_ij + skin at r_nc.

    `pairs` needs the capacity of `wide`. As long as `wide` misses no such pair, the result
    depends on r_nc only.
    """
    n = r_nc.shape[0]
    capacity = max(BLOCK, longest_row(wide.start))
    x, y, z = np.empty(capacity), np.empty(capacity), np.empty(capacity)
    mask = np.empty(capacity, dtype=np.uint8)
    found, first = np.int64(0), np.int64(0)
    while first < n:
        begin = wide.start[first]
        last = first + 1
        while last < n and wide.start[last + 1] - begin <= capacity:
            last += 1
        gather_vectors(r_nc, wide, first, last, x, y, z)
        inverse_range2 = wide.inverse_range2[begin : wide.start[last]]
        mark_close(x, y, z, box_c, inverse_range2, k, skin, mask)
        found = copy_marked(wide, first, last, mask, pairs, found)
        first = last


class ListBuilder:
    """Builds pair lists for one set of particles, with workspaces kept between builds.

    `over_mean` is that of the model's `ranges`: how far a range may exceed the mean diameter.
    """

    def __init__(
        self,
        law: PairLaw,
        constants: Any,
        diameters: Array,
        box: Array,
        over_mean: float,
        *,
        smallest_for_cells: int = SMALLEST_FOR_CELLS,
    ) -> None:
        self._fill = pair_list_kernel(law)
        self._constants = constants
        self._diameters = diameters
        self._box = box
        self._screen = empty_screen(len(diameters), over_mean, smallest_for_cells)
        self._pairs = empty_pair_list(len(diameters), 8 * len(diameters))

    def build(self, positions: Array, skin: float) -> PairList:
        """The pairs within cutoff_ij + skin; a later call may overwrite the arrays returned."""
        while True:
            found = self._fill(
                positions,
                self._diameters,
                self._box,
                self._constants,
                skin,
                self._screen,
                self._pairs,
            )
            if found <= len(self._pairs.partner):
                return self._pairs
            self._pairs = empty_pair_list(len(self._diameters), int(1.2 * found) + 8)


def empty_pair_list(n: int, capacity: int) -> PairList:
    """Room for the pairs of n particles; `start[n]` will hold their number."""
    return PairList(
        start=np.zeros(n + 1, dtype=np.int64),
        partner=np.zeros(capacity, dtype=np.uint32),
        inverse_range2=np.zeros(capacity),
        strength=np.zeros(capacity),
    )


def empty_screen(n: int, over_mean: float, smallest_for_cells: int = SMALLEST_FOR_CELLS) -> Screen:
    """The workspace of list builds for n particles."""
    most_cells = (int(n ** (1 / 3)) + 2) ** 3
    return Screen(
        x=np.zeros(n, dtype=np.float32),
        y=np.zeros(n, dtype=np.float32),
        z=np.zeros(n, dtype=np.float32),
        diameter=np.zeros(n, dtype=np.float32),
        label=np.zeros(n, dtype=np.uint32),
        place=np.zeros(n, dtype=np.int64),
        cell=np.zeros(n, dtype=np.int64),
        cells=np.ones(3, dtype=np.int64),
        cell_start=np.zeros(most_cells + 2, dtype=np.int64),
        mask=np.zeros(-(-n // 8) * 8, dtype=np.uint8),
        candidates=np.zeros(n + 1, dtype=np.uint32),
        over_mean=over_mean,
        smallest_for_cells=smallest_for_cells,
    )
