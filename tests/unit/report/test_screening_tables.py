"""Tables of screening: rounds beside what was expected, and the features of the last trees."""

from __future__ import annotations

from dataclasses import replace

from glasswells.content.records import GlassContent, Preparation, ReportContent
from glasswells.report.search_tables import screening_tables
from glasswells.screening.records import Importance
from glasswells.screening.rounds import ScreeningRound


def content_of(*glasses: tuple[ScreeningRound, ...]) -> ReportContent:
    found = tuple(
        GlassContent(name=f"t0p1-{k}", n_particles=10, volume=10.0, screening=rounds)
        for k, rounds in enumerate(glasses)
    )
    return ReportContent(
        name="any", preparations=(Preparation(temperature=0.1, glasses=found),), units=()
    )


def round_of(rule: str, expected: float | None, worth: float | None) -> ScreeningRound:
    importance = Importance(feature="distance", double_well=0.0, splitting=worth or 0.0)
    return ScreeningRound(
        searched=40,
        double_wells=20,
        two_level_systems=4,
        expected_double_wells=expected,
        expected_two_level_systems=expected,
        rule=rule,
        reason="" if rule == "trees" else "too few",
        importances=() if worth is None else (importance,),
    )


def test_no_screening_no_tables() -> None:
    assert screening_tables(content_of(())) == []


def test_rounds_and_the_features_of_the_last_trees() -> None:
    one = (
        round_of("close", None, None), round_of("trees", None, 0.25), round_of("ended", 3.0, None),
    )  # fmt: skip
    other = (round_of("close", None, None), round_of("trees", None, 0.25))
    rounds, features = screening_tables(content_of(one, other))
    assert rounds.rows == (
        ("0.1", "1", "2", "close", "80", "40", "-", "8", "-", "0.1 [0.0442, 0.188]*", ""),
        ("0.1", "2", "2", "close", "80", "40", "-", "8", "-", "0.1 [0.0442, 0.188]*", "too few"),
        ("0.1", "3", "1", "trees", "40", "20", "3.0", "4", "3.0", "0.1 [0.0279, 0.237]*", ""),
    )
    assert features.rows == (("0.1", "all", "distance", "0.0000", "0.2500"),)


def test_a_round_in_which_nothing_screened_was_searched_is_no_row() -> None:
    idle = replace(round_of("trees", None, None), searched=0, double_wells=0, two_level_systems=0)
    rounds, _ = screening_tables(content_of((idle, round_of("ended", None, None))))
    assert [row[1] for row in rounds.rows] == ["2"]


def test_trees_of_each_glass_by_itself_are_shown_by_glass() -> None:
    """As a version of before left them."""
    _, features = screening_tables(
        content_of((round_of("trees", None, 0.5),), (round_of("trees", None, 0.25),))
    )
    assert features.rows == (
        ("0.1", "t0p1-0", "distance", "0.0000", "0.5000"),
        ("0.1", "t0p1-1", "distance", "0.0000", "0.2500"),
    )
