"""Several campaigns on one page: no work counts twice."""

import re
from dataclasses import replace

import numpy as np
import pytest

from glasswells.content.joined_exploration import joined_exploration, mark_weights, marks
from glasswells.core.errors import InputError
from glasswells.core.records import Transition
from glasswells.model.kob_andersen import KobAndersen
from glasswells.observables import Medium, observables_of
from glasswells.report import ExplorationContent, together
from glasswells.report.result import result_sentence
from glasswells.report.typesetting import typeset
from glasswells.screening.rounds import ScreeningRound
from glasswells.tunneling import ARGON, NIP
from report_contents import content, write_quickly
from vibration_contents import with_vibrations


def known(made, digests):
    """The same with digests of its glasses, and a key for each double well by its barrier."""
    preparations, left = [], iter(digests)
    for p in made.preparations:
        glasses = tuple(
            replace(
                g, digest=next(left), keys={w.number: f"{w.barrier:.17g}" for w in g.wells},
                rules_by_well={w.number: frozenset({"linked"}) for w in g.wells},
            )
            for g in p.glasses
        )  # fmt: skip
        preparations.append(replace(p, glasses=glasses))
    return replace(made, preparations=tuple(preparations))


def test_one_campaign_stays_as_it_is():
    made = content(sizes=((2,),))
    assert together([made]) is made


def test_different_glasses_add_up_and_each_campaign_has_its_sentence(tmp_path):
    one = known(content(sizes=((3, 2),), name="one"), "ab")
    two = known(content(sizes=((), (4,)), name="two", solved=(ARGON,)), "c")
    made = together([one, replace(two, tasks_left=7)])
    assert [p.temperature for p in made.preparations] == [0.07, 0.092]
    found, parts = made.overview, [c.overview for c in (one, two)]
    for name in ("glasses", "double_wells", "distinct", "two_level_systems"):
        assert getattr(found, name) == sum(getattr(part, name) for part in parts)
    assert made.tasks_left == 7
    text = write_quickly(made, tmp_path).read_text(encoding="utf-8")
    assert str(typeset(result_sentence(made))) in text
    for part in made.parts:
        assert f"<b>{part.name}</b>: {typeset(result_sentence(part))}" in text
    assert [part.name for part in made.parts] == ["one", "two"]
    assert result_sentence(made).endswith("of 2 campaigns 1 is unfinished: 7 tasks left.")
    assert result_sentence(together([one, two])).endswith("the 2 campaigns are finished.")


def test_a_glass_of_two_campaigns_is_one_glass():
    """The second campaign has trajectories of its own, and found four other double wells."""
    most = known(with_vibrations(content(sizes=((6,),))), "a")
    p = most.preparations[0]
    (glass,) = p.glasses
    most = explored_by(most, "one", "two")
    few = replace(
        glass, name="another name", wells=glass.wells[:4],
        trajectories=frozenset({"three"}),
        keys={k: f"other {k}" for k in range(4)},
        vibrations=glass.vibrations.where(glass.vibrations.wells < 4),
    )  # fmt: skip
    part = replace(most, preparations=(replace(p, glasses=(few,)),), shown=most.shown[:1])
    for both in ([part, most], [most, part]):
        made = together(both)
        (joined,) = made.preparations[0].glasses
        assert joined.name == both[0].preparations[0].glasses[0].name
        assert joined.trajectories == {"one", "two", "three"}
        assert made.overview.glasses == 1
        assert (made.overview.double_wells, made.overview.distinct) == (10, 6)
        assert [w.number for w in joined.wells] == list(range(10))
        assert {w.glass for w in joined.wells} == {joined.name}
        assert set(joined.keys) == set(joined.rules_by_well) == set(range(10))
        assert set(joined.keys.values()) == {*glass.keys.values(), *few.keys.values()}
        by_number = {w.number: w for w in joined.wells}
        for number, frequency in zip(
            joined.vibrations.wells, joined.vibrations.frequency, strict=True
        ):
            barrier = by_number[int(number)].barrier
            (place,) = (k for k, w in enumerate(glass.wells) if w.barrier == barrier)
            assert frequency == glass.vibrations.frequency[place]
        assert len(joined.minima) == len(glass.minima)
        assert joined.n_pairs == 2 * glass.n_pairs  # of other trajectories, so other pairs


def explored_by(made, *names):
    """The same, with every glass explored by these trajectories."""
    return replace(
        made,
        preparations=tuple(
            replace(p, glasses=tuple(replace(g, trajectories=frozenset(names)) for g in p.glasses))
            for p in made.preparations
        ),
    )


def test_campaigns_with_a_trajectory_in_common_are_refused():
    """Whichever is first: what came of it would count twice."""
    old = explored_by(known(content(sizes=((3,),), name="old"), "a"), "one", "two")
    new = replace(explored_by(old, "two", "three"), name="new")
    for both, names in (([old, old], r"old \(1\) and old \(2\)"), ([old, new], "old and new")):
        with pytest.raises(InputError, match=rf"{names} share . of the trajectories") as refused:
            together(both)
        assert "report the newer campaign alone" in str(refused.value)
    assert together([old, explored_by(new, "three")]).overview.double_wells == 6


def test_rounds_of_screening_of_one_glass_stay_apart():
    """The first round of one campaign is not the round after the last one of another."""
    given = ScreeningRound(
        searched=3, double_wells=2, two_level_systems=1, expected_double_wells=None,
        expected_two_level_systems=None, rule="ended", reason="no candidate is left",
    )  # fmt: skip
    one = known(content(sizes=((3,),), name="one"), "a")
    p = one.preparations[0]
    glass = replace(p.glasses[0], screening=(given,))
    one = replace(one, preparations=(replace(p, glasses=(glass,)),))
    with pytest.raises(InputError, match=r"one and two screen pairs of the glass g0\.07-0"):
        together([one, replace(one, name="two")])
    other = known(content(sizes=((3,),), name="two"), "a")
    assert together([one, other]).preparations[0].glasses[0].screening == (given,)


def test_a_core_met_again_under_another_task_is_not_distinct():
    one = known(content(sizes=((5,),)), "a")
    p = one.preparations[0]
    other = replace(p.glasses[0], keys={k: f"other {k}" for k in range(5)})
    two = replace(one, preparations=(replace(p, glasses=(other,)),))
    found = together([one, two]).overview
    assert (found.glasses, found.double_wells, found.distinct) == (1, 10, 5)


def test_glasses_of_one_name_that_differ_stay_apart():
    one, two = (known(content(sizes=((2,),), name=n), d) for n, d in (("x", "a"), ("y", "b")))
    names = [g.name for g in together([one, two]).preparations[0].glasses]
    assert names == ["x/g0.07-0", "y/g0.07-0"]


def test_inherent_structures_of_equal_energy_are_one():
    def explored(energies, transitions):
        return ExplorationContent(
            energies=np.array(energies),
            visits=np.ones(len(energies)),
            transitions=tuple(Transition(i=i, j=j, count=n) for i, j, n in transitions),
            quenches=10,
        )

    explorations = (
        explored([5.0, 5.2, 5.1], [(0, 1, 2), (1, 2, 1)]),
        explored([5.1, 5.0 + 1e-10, 5.3], [(1, 0, 4), (0, 2, 1)]),
    )
    contents = []
    for exploration in explorations:
        made = known(content(sizes=((1,),)), "a")
        p = made.preparations[0]
        glass = replace(p.glasses[0], exploration=exploration)
        contents.append(replace(made, preparations=(replace(p, glasses=(glass,)),)))
    found = together(contents).preparations[0].glasses[0].exploration
    np.testing.assert_allclose(found.energies, [5.0, 5.2, 5.1, 5.3])
    np.testing.assert_array_equal(found.visits, [2, 1, 2, 1])
    assert [(t.i, t.j, t.count) for t in found.transitions] == [
        (0, 1, 2), (0, 2, 4), (1, 2, 1), (2, 3, 1),
    ]  # fmt: skip
    assert found.quenches == 20


def joined_counts(*parts, n_particles):
    """How many distinct inherent structures there are, and visits of each."""
    found = joined_exploration(parts, n_particles)
    return len(found.energies), sorted(found.visits)


def met(energies, rows=None):
    return ExplorationContent(
        energies=np.array(energies), visits=np.ones(len(energies)), transitions=(), quenches=1,
        marks=rows,
    )  # fmt: skip


def test_inherent_structures_of_one_campaign_stay_apart():
    """Two of them within the tolerance of one of another campaign are two."""
    one, two = met([5.0]), met([5.0 + 1e-10, 5.0 - 2e-10])
    assert joined_counts(one, two, n_particles=40) == (2, [1, 2])
    assert joined_counts(two, one, n_particles=40) == (2, [1, 2])
    assert joined_counts(one, met([5.0 + 1e-7]), n_particles=40) == (2, [1, 1])


def test_inherent_structures_of_equal_energy_are_told_apart_by_their_particles():
    """Two thousand minima each, of which half are met twice, and energies by the dozen equal."""
    random = np.random.default_rng(11)
    n, n_minima = 40, 3000
    box = np.full(3, 4.0)
    start = random.uniform(0, 4, (n, 3))
    weights = mark_weights(n)
    energies = np.repeat(random.uniform(-900, -890, n_minima // 12), 12)
    minima = start + 0.1 * random.standard_normal((n_minima, n, 3))

    def visited(numbers):
        noise = 1e-6 * random.standard_normal((len(numbers), n, 3))
        drift = random.uniform(-1, 1, (len(numbers), 1, 3))
        places = minima[numbers] + noise + drift
        rows = np.array([marks(weights, start, p, box) for p in places])
        return met(energies[numbers] + 1e-9 * random.uniform(-1, 1, len(numbers)), rows)

    one, two = np.arange(2000), np.arange(1000, 3000)
    number, visits = joined_counts(visited(one), visited(two), n_particles=n)
    assert number == n_minima
    assert visits == [1.0] * 2000 + [2.0] * 1000


def test_the_smallest_splitting_of_all_is_shown_first():
    made = together([known(content(sizes=((4,),), name=n), n) for n in "xy"])
    wells = [w for p in made.preparations for g in p.glasses for w in g.wells]
    first = made.shown[0].splittings["argon"].splitting
    assert first == min(w.splitting("argon") for w in wells)
    assert made.has_smallest
    assert len(made.shown) <= 4


def test_what_cannot_stand_on_one_page_is_refused():
    one = content(sizes=((1,),), name="one")
    other = replace(ARGON, tls_threshold=2e-3)
    with pytest.raises(InputError, match=r"unit set 'argon' of two differs from that of one"):
        together([one, content(sizes=((1,),), name="two", units=(other, NIP))])
    with pytest.raises(InputError, match=r"first unit set of one is argon, that of two NiP"):
        together([one, content(sizes=((1,),), name="two", units=(NIP, ARGON))])
    with pytest.raises(InputError, match=r"one and two have other units of energy"):
        together([one, replace(one, name="two", is_material=True)])
    vibrating = with_vibrations(one)
    far = replace(vibrating, name="two", vibrations=replace(vibrating.vibrations, rho=0.1))
    with pytest.raises(InputError, match=r"rho of the modes is 0\.01 in one and 0\.1 in two"):
        together([vibrating, far])


def test_campaigns_of_different_models_are_refused_by_name():
    one = content(sizes=((1,),), name="one")
    two = replace(one, name="two")
    assert together([one, two]).model == one.model
    for other in (KobAndersen(), replace(one.model, exponent=10)):
        with pytest.raises(InputError) as refused:
            together([one, replace(two, model=other)])
        assert f"the model of one is {one.model!r}, that of two {other!r}" in str(refused.value)
        assert "report these campaigns apart" in str(refused.value)


def test_campaigns_of_different_calculators_are_refused_by_name():
    one = replace(content(sizes=((1,),), name="one"), model=None, calculator='{"kind":"ase"}')
    two = replace(one, name="two")
    assert together([one, two]).calculator == one.calculator
    long = '{"commands":"' + "pair_style " * 40
    with pytest.raises(InputError, match=r"of one is .*ase.*, that of two .*pair_style .*digest"):
        together([one, replace(two, calculator=long)])
    with pytest.raises(
        InputError, match=r"digest \w{8}\), that of two .*digest \w{8}\)"
    ) as refused:
        together([replace(one, calculator=long + "1"), replace(two, calculator=long + "2")])
    assert len(set(re.findall(r"digest (\w{8})", str(refused.value)))) == 2


def test_observables_are_those_of_all_double_wells_together():
    medium = Medium(density=1.0, longitudinal=24.0, transverse=4.5)

    def measured(made):
        """With couplings drawn at random, and the observables that follow."""
        random = np.random.default_rng(5)
        p = made.preparations[0]
        glasses = []
        for g in p.glasses:
            tensors = [random.normal(size=(3, 3)) for _ in g.wells]
            wells = tuple(
                replace(w, deformation_potential=t + t.T)
                for w, t in zip(g.wells, tensors, strict=True)
            )
            glasses.append(replace(g, wells=wells))
        p = replace(p, glasses=tuple(glasses))
        return replace(made, preparations=(p,), observables=tuple(map(of(p), made.units)))

    def of(p):
        return lambda units: observables_of(
            p.wells, [g.volume for g in p.explored], medium, units, preparation_temperature=0.07
        )

    contents = [
        measured(known(content(sizes=((6, 5),), name="one"), "ab")),
        measured(known(content(sizes=((4,),), name="two"), "c")),
    ]
    made = together(contents)
    assert [o.n_glasses for o in made.observables] == [3, 3]
    for found, units in zip(made.observables, made.units, strict=True):
        expected = of(made.preparations[0])(units)
        np.testing.assert_array_equal(found.specific_heat.value, expected.specific_heat.value)
        assert found.specific_heat.n_entries == sum(
            o.specific_heat.n_entries for c in contents for o in c.observables if o.units == units
        )
    assert together([replace(c, observables=()) for c in contents]).observables == ()
