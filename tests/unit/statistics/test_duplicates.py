import numpy as np
import pytest
from synthetic_wells import summary

from glasswells.core.errors import InputError
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Configuration, DoubleWell, EnergyProfile
from glasswells.statistics import DuplicateRule, duplicates, summarize_well


def field(rng, n=12):
    lengths = 0.6 * 0.6 ** np.arange(n)
    directions = rng.normal(size=(n, 3))
    return lengths[:, None] * directions / np.linalg.norm(directions, axis=1)[:, None]


@pytest.fixture
def rng():
    return np.random.default_rng(11)


def test_one_core_in_another_background_is_one_double_well(rng):
    core, u = np.arange(12) + 100, field(rng)
    nearly = u + rng.normal(size=u.shape) * 0.01
    wells = [summary(core, u), summary(core, nearly, barrier=0.104, asymmetry=0.012)]
    assert duplicates(wells) == (0, 0)


def test_ends_met_in_the_other_order_are_one_double_well(rng):
    core, u = np.arange(12), field(rng)
    other = summary(core, -u, barrier=0.09, asymmetry=-0.01)  # the same barrier, from the other end
    assert duplicates([summary(core, u), other]) == (0, 0)
    wrong_sign = summary(core, -u, barrier=0.11, asymmetry=0.012)
    assert DuplicateRule(energy_tolerance=0.2).same(summary(core, u), wrong_sign)
    assert not DuplicateRule().same(summary(core, u), summary(core, -u, asymmetry=0.05))


def test_other_particles_energies_and_glasses_are_other_double_wells(rng):
    core, u = np.arange(12), field(rng)
    wells = [
        summary(core, u),
        summary(core + 50, u),
        summary(core, u, barrier=0.2),
        summary(core, u, asymmetry=0.06),
        summary(core, u[:, [1, 2, 0]]),
        summary(core, u, glass="g1"),
    ]
    assert duplicates(wells) == (0, 1, 2, 3, 4, 5)


def test_order_of_nearly_equal_movers_does_not_matter(rng):
    u = field(rng)
    u[1] *= np.linalg.norm(u[0]) / np.linalg.norm(u[1]) * 0.999
    swapped = [1, 0, *range(2, 12)]
    assert duplicates([summary(np.arange(12), u), summary(swapped, u[swapped])]) == (0, 0)


def test_search_among_candidates_equals_comparing_with_all(rng):
    """The slow twin: every well against every distinct one before it."""
    rule = DuplicateRule()
    wells = []
    for _ in range(15):
        core, u = rng.permutation(40)[:12], field(rng)
        for _ in range(6):
            noisy = u + rng.normal(size=u.shape) * rng.choice([0.005, 0.02, 0.04])
            order = np.argsort(-np.linalg.norm(noisy, axis=1))
            wells.append(summary(core[order], noisy[order], barrier=rng.choice([0.1, 0.105, 0.13])))
    expected = []
    for k, well in enumerate(wells):
        before = [j for j in range(k) if expected[j] == j]
        expected.append(next((j for j in before if rule.same(wells[j], well)), k))
    assert duplicates(wells) == tuple(expected)
    assert 15 < len(set(expected)) < len(wells)  # both answers occur


def test_chains_of_small_changes_are_not_joined():
    core = np.arange(3)
    wells = [summary(core, np.eye(3) * (1 + 0.1 * k)) for k in range(4)]
    found = duplicates(wells)
    assert found[1] == 0  # 10 % longer
    assert found[3] != 0  # 30 % longer, though each step was 10 %


def test_summary_keeps_the_particles_that_move_most():
    rng = np.random.default_rng(3)
    a = Configuration(
        positions=rng.uniform(0, 4, (50, 3)), diameters=np.ones(50), box=np.full(3, 4.0)
    )
    u = rng.normal(size=(50, 3))
    s = np.linspace(0, 1, 9)
    well = DoubleWell(
        minimum_a=a,
        minimum_b=a,
        saddle=a,
        barrier=0.3,
        asymmetry=-0.1,
        profile=EnergyProfile(arc_length=s, energy=s, curvature_a=1.0, curvature_b=1.0),
        displacement_ab=u,
        displacement_as=u / 2,
        tangent_a=u,
        frequency_a=2.0,
        tangent_b=u,
        frequency_b=3.0,
        rho=0.01,
        path_length=1.0,
        participation_number=20.0,
        negative_eigenvalue=-1.0,
        route="fast",
        outcome=Outcome.CONVERGED,
    )
    short = summarize_well(well, "g", 7, core_particles=5)
    lengths = np.linalg.norm(u, axis=1)
    assert set(short.core_particles) == set(np.argsort(lengths)[-5:])
    np.testing.assert_array_equal(short.core_displacements[0], u[lengths.argmax()])
    assert short.distance == pytest.approx(np.linalg.norm(u))
    assert (short.barrier, short.asymmetry, short.number) == (0.3, -0.1, 7)
    assert np.isnan(short.splitting("argon"))


def test_bad_rules_are_refused():
    with pytest.raises(InputError, match="core_size"):
        DuplicateRule(core_size=0)
    with pytest.raises(InputError, match="energy_tolerance"):
        DuplicateRule(energy_tolerance=-1.0)
