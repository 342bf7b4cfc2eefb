import itertools

import numpy as np
import pytest
from report_contents import content

from glasswells.core.records import Transition
from glasswells.report import Exploration, choose_wells
from glasswells.report.network_figure import network


def exploration(links, n, visits=None):
    return Exploration(
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
    assert chosen[-1][1].barrier == max(w.barrier for w in wells)
    assert len({(w.glass, w.number) for _, w in chosen}) == len(chosen)
    assert [title for title, _ in choose_wells(wells[:1], "argon")] == ["smallest splitting, argon"]
    assert choose_wells([], "argon") == []
