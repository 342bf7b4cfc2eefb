"""Exact detailed balance: the transition matrix of small systems, enumerated move by move.

The move functions take the bound -T ln u, so that a proposal is accepted with probability
min(1, exp(-change/T)): the matrix follows from the changes that they report, once it is seen that
they accept just above the change and reject just below. The chain is walked: each state is kept
with the lists under which it was first reached, so that lists which are not kept up to date show.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from swap_twins import MODEL, go_live, moves, rounding_scale, total_energy

from glasswells.core.compiler import lean_kernel
from glasswells.core.records import Configuration
from glasswells.sampling.swap_kernels import energy_change_kernels
from glasswells.sampling.swap_lists import list_kernels

TEMPERATURE = 0.5
VIOLATED = 0.05
"""A relative difference of two flows that no rounding explains; a mutant has to exceed it."""


class Proposal(NamedTuple):
    probability: float
    move: Any
    arguments: tuple[Any, ...]


class Chain(NamedTuple):
    states: list[Any]
    transition: np.ndarray


def key(live):
    return live.arrays.records.tobytes() + live.arrays.labels.tobytes()


def accepted(live, proposal, bound):
    copy = live.copy()
    status, change = proposal.move(*proposal.arguments, bound, *copy.arguments)
    return copy, status, change


def walk(start, propose):
    """All states that can be reached from `start`, and the transition matrix between them."""
    states, number, entries = [start], {key(start): 0}, []
    for s, live in enumerate(states):  # grows while it is walked
        for proposal in propose(live):
            after, status, change = accepted(live, proposal, np.inf)
            if not status:
                continue
            acceptance = min(1.0, np.exp(-change / TEMPERATURE))
            if acceptance < 1e-12:
                continue
            margin = 1e-4 * (1 + abs(change))
            assert accepted(live, proposal, change + margin)[1] == 1
            assert accepted(live, proposal, change - margin)[1] == 0
            t = number.setdefault(key(after), len(states))
            if t == len(states):
                states.append(after)
            entries.append((s, t, proposal.probability * acceptance))
    transition = np.zeros((len(states), len(states)))
    for s, t, probability in entries:
        transition[s, t] += probability
    assert transition.sum(axis=1).max() < 1 + 1e-9
    np.fill_diagonal(transition, 0)
    return Chain(states, transition)


def boltzmann(chain):
    energies = np.array([total_energy(live.configuration()) for live in chain.states])
    weights = np.exp(-(energies - energies.min()) / TEMPERATURE)
    return weights / weights.sum()


def imbalance(chain):
    """Largest relative difference of pi_s P_st and pi_t P_ts over all pairs of states."""
    flow = boltzmann(chain)[:, None] * chain.transition
    larger = np.maximum(flow, flow.T)
    there = larger > 1e-12
    return float((np.abs(flow - flow.T)[there] / larger[there]).max())


def tolerance(chain):
    """Rounding of two energy changes over T, in the state with the most interaction."""
    worst = max(
        rounding_scale(live.configuration(), slice(None))
        for live, weight in zip(chain.states, boltzmann(chain), strict=True)
        if weight > 1e-12
    )
    assert worst / TEMPERATURE < 0.02 * VIOLATED
    return 2 * worst / TEMPERATURE


def is_irreducible(chain):
    """Whether every state leads back to the first: the first leads to all by construction."""
    back = {0}
    while (
        grown := {int(s) for s in np.flatnonzero(chain.transition[:, list(back)].any(axis=1))}
        - back
    ):
        back |= grown
    return len(back) == len(chain.states)


def assert_balanced(chain, n_states):
    assert len(chain.states) == n_states
    assert imbalance(chain) < tolerance(chain)
    assert is_irreducible(chain)


# Four particles at fixed places, contacts through two faces, 1.38 to 1.75 apart: too far for the
# lists of the two smallest, contacts of the two largest.
FOUR = Configuration(
    positions=np.array([[0.0, 0.0, 0.0], [1.4, 0.1, 4.5], [4.0, 1.42, 0.2], [0.9, 1.1, 1.0]]),
    diameters=np.array([0.6, 0.7, 1.5, 1.62]).astype(np.float32).astype(float),
    box=np.array([4.1, 4.3, 4.6]),
)


def all_ordered_pairs(pieces):
    """As the loop over moves chooses: i and j uniform and independent, i = j included."""

    def propose(live):
        n = len(live.arrays.counts)
        return [Proposal(n**-2.0, pieces.swap, (i, j)) for i in range(n) for j in range(n)]

    return propose


@pytest.mark.parametrize("partner_window", [np.inf, 0.85])
def test_swaps(partner_window):
    """24 arrangements; a window of 0.85 still joins the two small and the two large sizes."""
    chain = walk(go_live(FOUR, partner_window=partner_window), all_ordered_pairs(moves()))
    assert_balanced(chain, 24)
    weights = boltzmann(chain)
    assert weights.max() > 3 * weights.min()  # not balanced by equality


def test_swaps_in_a_window_that_isolates_the_smallest():
    sizes = np.array([0.7, 1.3, 1.5, 1.62]).astype(np.float32).astype(float)
    four = Configuration(positions=FOUR.positions, diameters=sizes, box=FOUR.box)
    chain = walk(go_live(four, partner_window=0.3), all_ordered_pairs(moves()))
    assert_balanced(chain, 6)
    weights = boltzmann(chain)
    assert weights.max() > 1.2 * weights.min()


# Particle 1 goes once around the box along x, past particle 0, which has two places, and particle
# 2, which has three; both hop across a face. For a part of the way it is out of reach of both.
RING = Configuration(
    positions=np.array([[0.0, 0.0, 0.0], [2.0, 0.9, 0.1], [0.3, 0.0, 2.35]]),
    diameters=np.array([1.0, 0.9, 1.1]).astype(np.float32).astype(float),
    box=np.array([4.0, 3.0, 3.2]),
)
N_RING = 40


def fixed(number):
    """The int32 with the bits of a fixed-point coordinate."""
    return np.int32((round(number) + 2**31) % 2**32 - 2**31)


def places(length, first, how_many):
    """Fixed-point coordinates 0.1 apart on an axis of the given length."""
    return [fixed(k * 0.1 * 2**32 / length) for k in range(first, first + how_many)]


def hops(pieces):
    """Each particle along its row of places, both ways; only the row of particle 1 is closed."""
    rows = {
        0: (0, places(4.0, -1, 2)),
        1: (0, places(4.0, 0, N_RING)),
        2: (1, places(3.0, -1, 3)),
    }

    def propose(live):
        for i, (axis, row) in rows.items():
            for way in (-1, 1):
                there = live.arrays.records.reshape(-1, 4)[i, :3].copy()
                place = row.index(there[axis]) + way
                if i == 1 or 0 <= place < len(row):
                    there[axis] = row[place % len(row)]
                    yield Proposal(1 / 6, pieces.displace, (i, *there))

    return propose


def test_displacements():
    chain = walk(go_live(RING), hops(moves()))
    assert_balanced(chain, N_RING * 3 * 2)
    listed = [live.arrays.counts[1] for live in chain.states]
    assert min(listed) == 0  # so that lists have to be made on the way
    assert max(listed) == 2


MIXED = Configuration(
    positions=np.array([[0.0, 0.0, 0.0], [2.0, 1.0, 0.2], [0.4, 4.0, 1.35]]),
    diameters=np.array([0.73, 1.0, 1.5]).astype(np.float32).astype(float),
    box=np.array([4.0, 4.2, 4.4]),
)


def mixed(pieces, swap_probability):
    swaps = all_ordered_pairs(pieces)
    ring = places(4.0, 0, N_RING)

    def propose(live):
        for p in swaps(live):
            yield p._replace(probability=swap_probability * p.probability)
        x, y, z, _ = live.arrays.records.reshape(-1, 4)[1]
        for way in (-1, 1):
            there = ring[(ring.index(x) + way) % N_RING]
            yield Proposal(0.5 * (1 - swap_probability), pieces.displace, (1, there, y, z))

    return propose


def test_swaps_and_displacements_together():
    assert_balanced(walk(go_live(MIXED), mixed(moves(), 0.2)), 6 * N_RING)


# Mutants: each a mistake that is easily made, and each must be seen by the checks above.


def halved_displacement(energy_changes):
    displaced = energy_changes.displaced

    @lean_kernel
    def half(i, x, y, z, state, scale, k, buffer, lengths):
        return k.half * displaced(i, x, y, z, state, scale, k, buffer, lengths)

    return energy_changes._replace(displaced=half)


def halved_swap(energy_changes):
    resized = energy_changes.resized

    @lean_kernel
    def half(i, sizes, other, row, records, scale, k, buffer, lengths):
        return k.half * resized(i, sizes, other, row, records, scale, k, buffer, lengths)

    return energy_changes._replace(resized=half)


@lean_kernel
def install_nothing(i, row, count, state, mark):
    return 0


@lean_kernel
def scan_nothing(i, state, scale, skin, k, mask, row):
    """Give the list as it is."""
    for slot in range(row.shape[0]):
        row[slot] = state.neighbors[i * state.capacity + slot]
    return state.counts[i]


@lean_kernel
def install_one_side(i, row, count, state, mark):
    """Replace the list of i, but tell its neighbors nothing."""
    for slot in range(row.shape[0]):
        state.neighbors[i * state.capacity + slot] = row[slot]
    state.counts[i] = count
    return 0


def test_a_dropped_factor_in_the_acceptance_is_seen():
    changes = energy_change_kernels(MODEL.law)
    in_hops = moves(energy_changes=halved_displacement(changes))
    in_swaps = moves(energy_changes=halved_swap(changes))
    assert imbalance(walk(go_live(RING), hops(in_hops))) > VIOLATED
    assert imbalance(walk(go_live(FOUR), all_ordered_pairs(in_swaps))) > VIOLATED
    for mutant in (in_hops, in_swaps):
        assert imbalance(walk(go_live(MIXED), mixed(mutant, 0.2))) > VIOLATED


@pytest.mark.parametrize(
    "stale", [{"install": install_nothing}, {"scan": scan_nothing}, {"install": install_one_side}]
)
def test_a_stale_list_is_seen(stale):
    mutant = moves(lists=list_kernels(MODEL.law)._replace(**stale))
    assert imbalance(walk(go_live(RING), hops(mutant))) > VIOLATED
    assert imbalance(walk(go_live(FOUR), all_ordered_pairs(mutant))) > VIOLATED


def partner_among_neighbors(pieces):
    """j uniform in the list of i, whose length depends on the sizes."""

    def propose(live):
        arrays = live.arrays
        n = len(arrays.counts)
        rows = arrays.neighbors.reshape(n, arrays.capacity)
        return [
            Proposal(1 / (n * arrays.counts[i]), pieces.swap, (i, int(j)))
            for i in range(n)
            for j in rows[i, : arrays.counts[i]]
        ]

    return propose


def partner_smaller_with_smaller_number(pieces):
    """Only swaps that sort: no way back."""

    def propose(live):
        d = live.arrays.diameters
        n = len(live.arrays.counts)
        return [
            Proposal(n**-2.0, pieces.swap, (i, j))
            for i in range(n)
            for j in range(i)
            if d[i] > d[j]
        ]

    return propose


@pytest.mark.parametrize("choice", [partner_among_neighbors, partner_smaller_with_smaller_number])
def test_an_asymmetric_choice_of_the_partner_is_seen(choice):
    assert imbalance(walk(go_live(FOUR), choice(moves()))) > VIOLATED


def test_a_choice_within_the_window_of_one_particle_would_be_symmetric():
    """No mutant: the swap exchanges the two windows along with the sizes."""

    def propose(live):
        d = live.arrays.diameters[:4].astype(float)
        pieces = moves()
        for i in range(4):
            inside = [j for j in range(4) if j != i and abs(d[i] - d[j]) < 0.85]
            for j in inside:
                yield Proposal(0.25 / len(inside), pieces.swap, (i, j))

    assert_balanced(walk(go_live(FOUR, partner_window=0.85), propose), 24)
