"""An order of elimination for sparse matrices of particles in space: nested dissection.

Particles are cut into two halves by a plane, and those that are needed to part the halves are
eliminated last; each half is cut in the same way (George, SIAM J. Numer. Anal. 10, 345, 1973). The
places of the particles only say where to cut: what parts two halves is read off the pattern of the
matrix, so that any places will do, and bad ones cost time only.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import maximum_bipartite_matching

from glasswells.core.records import Array

Indices = NDArray[np.intp]

LEAF = 48
"""Particles that are not cut any more: matrices of this size are as fast whole."""


class Front(NamedTuple):
    """Particles that are eliminated together, in the numbers of the order of elimination."""

    begin: int
    end: int
    rest: Indices
    """Later particles that the elimination joins, ascending."""
    parts: tuple[int, ...]
    """The fronts whose remainders this one takes up."""


class Dissection(NamedTuple):
    """The order of elimination of all particles."""

    order: Indices
    """(N,), particles in the order of elimination."""
    fronts: tuple[Front, ...]
    """Each after its parts."""


def dissect(matrix: scipy.sparse.csc_array, places: Array) -> Dissection:
    """The nested dissection of particles.

    Parameters
    ----------
    matrix
        (3N, 3N), of a symmetric pattern.
    places
        (N, 3), where the particles are.
    """
    rows, columns = (index // 3 for index in matrix.nonzero())
    links = np.ones(len(rows), dtype=np.int64)
    graph = scipy.sparse.csr_array((links, (rows, columns)), shape=(len(places),) * 2)
    groups: list[tuple[Indices, tuple[int, ...]]] = []
    _cut(graph, places, np.arange(len(places)), groups)
    order = np.concatenate([own for own, _ in groups])
    place = np.empty(len(order), dtype=np.intp)
    place[order] = np.arange(len(order))
    fronts: list[Front] = []
    end = 0
    for own, parts in groups:
        begin, end = end, end + len(own)
        joined = [place[graph[own].indices], *(fronts[k].rest for k in parts)]
        later = np.unique(np.concatenate(joined))
        fronts.append(Front(begin, end, later[later >= end], parts))
    return Dissection(order, tuple(fronts))


def _cut(
    graph: scipy.sparse.csr_array,
    places: Array,
    own: Indices,
    groups: list[tuple[Indices, tuple[int, ...]]],
) -> tuple[int, ...]:
    """Append the groups that particles fall into; returns the numbers of the last ones."""
    parts: tuple[int, ...] = ()
    if len(own) > LEAF:
        x = places[own]
        along = x[:, int(np.argmax(np.ptp(x, axis=0)))]
        # By rank and not by place: many particles may share one.
        is_upper = np.argsort(np.argsort(along, kind="stable")) >= len(own) // 2
        links = graph[own][:, own].tocoo()
        cut = ~is_upper[links.row] & is_upper[links.col]
        parting = np.zeros(len(own), dtype=np.bool_)
        parting[_cover(*(ends[cut].astype(np.intp) for ends in (links.row, links.col)))] = True
        for side in (~is_upper, is_upper):
            rest = own[side & ~parting]
            parts += _cut(graph, places, rest, groups) if len(rest) else ()
        own = own[parting]
    if len(own) == 0:
        return parts
    groups.append((own, parts))
    return (len(groups) - 1,)


def _cover(first: Indices, second: Indices) -> Indices:
    """The fewest particles that every link has one of, for links between two halves.

    By Koenig's theorem: as many as links without a common particle (D. Koenig, Mat. Fiz. Lapok
    38, 116, 1931). Those are found first, then what alternating paths reach from particles of the
    first half that they leave out.
    """
    left, rows = np.unique(first, return_inverse=True)
    right, columns = np.unique(second, return_inverse=True)
    ones = np.ones(len(rows), dtype=np.int64)
    links = scipy.sparse.csr_array((ones, (rows, columns)), shape=(len(left), len(right)))
    mate = np.full(len(right), -1)
    partner = maximum_bipartite_matching(links, perm_type="column")
    mate[partner[partner >= 0]] = np.flatnonzero(partner >= 0)
    is_left, is_right = partner < 0, np.zeros(len(right), dtype=np.bool_)
    new = is_left
    while new.any():
        met = (links.T @ new.astype(np.int64) > 0) & ~is_right
        is_right |= met
        new = np.zeros(len(left), dtype=np.bool_)
        new[mate[met]] = True
        new &= ~is_left
        is_left = is_left | new
    return np.concatenate([left[~is_left], right[is_right]])
