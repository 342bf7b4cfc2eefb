import json
from dataclasses import replace

import numpy as np
import pytest
from synthetic_wells import splitting, summary

from glasswells.statistics import count_tls, overview
from glasswells.tunneling import ARGON, ARGON_PUBLISHED, NIP


def wells():
    u = np.eye(3)
    active = splitting(0.001, others={"harmonic": 0.002})
    nip = splitting(1e-4, units="NiP")
    return [
        [
            summary([1, 2, 3], u, splittings=[active, nip]),
            summary([1, 2, 3], u, splittings=[active]),
            summary([7, 8, 9], u, splittings=[splitting(3e-4, is_two_level=False,
                                                        flags=("single_well",))]),
        ],
        [],
        [summary([4, 5, 6], u, glass="b", splittings=[splitting(0.02, is_two_level=False)])],
    ]  # fmt: skip


def test_a_campaign_in_words_ends_with_its_count_of_two_level_systems():
    found = overview(wells(), [ARGON, NIP])
    assert found.sentences == (
        "3 explored glasses: 4 double wells, 3 distinct.",
        "argon: 2 two-level systems (1 distinct; 0 to 2 by continuation, 0 under all, 2 under "
        "some), 1 single well in disguise; smallest E of two wells 0.001 epsilon = 0.12 K.",
        "NiP: 1 two-level system (1 distinct), 0 single wells in disguise; smallest E of two wells "
        "0.0001 epsilon = 0.0934 K.",
        "2 two-level systems (argon 2, NiP 1)",
    )
    assert (found.glasses, found.double_wells, found.distinct) == (3, 4, 3)
    # One is a two-level system under both unit sets, and is one system.
    assert found.two_level_systems == 2


def test_the_words_are_those_of_the_counts():
    found = overview(wells(), [ARGON, NIP])
    assert [u.tls for u in found.units] == [count_tls(wells(), ARGON), count_tls(wells(), NIP)]
    assert found.units[0].smallest_kelvin == pytest.approx(0.001 * 119.8)
    numbers = json.loads(json.dumps(found.numbers))
    assert numbers["two_level_systems"] == 2
    assert [u["tls"]["raw"] for u in numbers["units"]] == [2, 1]
    assert numbers["headline"] == found.headline


def test_unfinished_campaigns_say_so():
    found = overview(wells(), [ARGON], tasks_left=12, unsolved=5)
    assert found.sentences[0] == (
        "3 explored glasses: 9 double wells, 5 without splittings, of the others 3 distinct."
    )
    assert found.sentences[-2:] == ("unfinished: 12 tasks left", "2 two-level systems (argon 2)")
    nothing = overview([], [ARGON, NIP], tasks_left=1)
    assert nothing.sentences == (
        "0 explored glasses: 0 double wells, 0 distinct.",
        "unfinished: 1 task left",
        "0 two-level systems (argon 0, NiP 0)",
    )
    assert overview([[]], []).sentences[-1] == "0 two-level systems"


def test_the_error_of_the_constant_and_unresolved_splittings_are_told():
    u = np.eye(3)
    made = [
        replace(splitting(0.001, units="argon-published"), at_hbar_limits=(0.0008, 0.0016)),
        splitting(1e-14, units="argon-published", is_two_level=False, flags=("unresolved",)),
    ]
    glass = [summary([k, k + 1, k + 2], u, splittings=[s]) for k, s in enumerate(made)]
    sentence = overview([glass], [ARGON_PUBLISHED]).sentences[1]
    assert sentence.startswith(
        "argon-published: 1 two-level system (1 distinct; 0 to 1 within the error of the "
        "constant), 0 single wells in disguise, 1 unresolved; smallest E of two wells 0.001 epsilon"
    )


def test_unequal_wells_are_no_single_wells():
    """Level 2 at 0.12, above one barrier and below another, with both states in one well."""
    u = np.eye(3)
    one_sided = replace(
        splitting(0.02, is_two_level=False, flags=("single_well",)),
        levels=np.arange(0.1, 0.17, 0.02),
    )
    glass = [
        summary([k, k + 1, k + 2], u, barrier=barrier, splittings=[one_sided])
        for k, barrier in enumerate((0.119, 0.3, 0.4))
    ]
    (found,) = overview([glass], [ARGON]).units
    assert (found.single_wells, found.asymmetric) == (1, 2)
    assert "1 single well in disguise, 2 with both states in one of two wells" in found.sentence
    assert found.smallest is None
