import itertools
from dataclasses import replace

import numpy as np
import pytest

from glasswells.core.records import Transition
from glasswells.report import ExplorationContent, choose_wells
from glasswells.report.figures.distributions import QUANTITIES
from glasswells.report.figures.network import network
from report_contents import content


def exploration(links, n, visits=None):
    return ExplorationContent(
        energies=np.arange(n) * 0.1 + 5.0,
        visits=np.arange(n, 0, -1) if visits is None else visits,
        transitions=tuple(Transition(i=i, j=j, count=c) for i, j, c in links),
        quenches=100,
    )


def test_both_directions_are_one_link_and_returns_are_none():
    drawn = network(exploration([(0, 1, 2), (1, 0, 3), (1, 1, 9), (1, 2, 1)], 3))
    assert drawn.links == ((0, 1, 5), (1, 2, 1))
    np.testing.assert_allclose(drawn.energy, [0.0, 0.1, 0.2])


def test_structures_of_a_chain_are_drawn_in_its_order():
    order = [3, 0, 4, 1, 2]
    links = [(a, b, 4) for a, b in itertools.pairwise(order)]
    place = network(exploration(links, 5)).place
    along = [place[k] for k in order]
    assert along in (sorted(along), sorted(along, reverse=True))
    np.testing.assert_allclose(np.sort(place), np.linspace(0, 1, 5))


def test_only_the_most_visited_structures_are_drawn():
    drawn = network(exploration([(0, 1, 1), (2, 3, 7)], 4, [1, 5, 9, 7]), max_nodes=2)
    np.testing.assert_array_equal(drawn.numbers, [2, 3])
    assert drawn.links == ((0, 1, 7),)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_small_networks_have_places(n):
    drawn = network(exploration([], n))
    assert ((drawn.place >= 0) & (drawn.place <= 1)).all()


def test_chosen_double_wells_are_the_extremes_and_none_twice():
    wells = [w for p in content().preparations for g in p.wells for w in g]
    chosen = choose_wells(wells, "argon")
    assert chosen[0][1].splitting("argon") == min(w.splitting("argon") for w in wells)
    largest = max(min(w.barrier, w.barrier - w.asymmetry) for w in wells)
    assert min(chosen[-1][1].barrier, chosen[-1][1].barrier - chosen[-1][1].asymmetry) == largest
    assert len({(w.glass, w.number) for _, w in chosen}) == len(chosen)
    assert [title for title, _ in choose_wells(wells[:1], "argon")] == ["smallest splitting, argon"]
    assert choose_wells([], "argon") == []


@pytest.mark.parametrize("shoulder", [(1.0, 0.99), (0.01, -0.99)])
def test_a_shoulder_of_a_deep_well_has_no_large_barrier_from_either_side(shoulder):
    """The same double well with A as its lower and as its upper minimum."""
    first, second = (w for g in content(sizes=((2,),)).preparations[0].glasses for w in g.wells)
    high = replace(first, barrier=0.3, asymmetry=0.05)
    low = replace(second, barrier=shoulder[0], asymmetry=shoulder[1])
    assert low.barrier_from_upper == pytest.approx(0.01)
    assert low.barrier_from_lower == pytest.approx(1.0)
    chosen = dict(choose_wells([low, high], "none"))
    assert chosen["largest barrier"] is high
    values = {q.slug: q.value(low) for q in QUANTITIES}
    assert values["barrier_from_upper"] == pytest.approx(0.01)
    assert values["barrier_from_lower"] == pytest.approx(1.0)
