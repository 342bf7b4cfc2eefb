"""Tables of screening: rounds beside what was expected, and the features of the last trees."""

from __future__ import annotations

from glasswells.content.records import GlassContent, Preparation, ReportContent
from glasswells.report.search_tables import screening_tables
from glasswells.screening.records import Importance
from glasswells.screening.rounds import ScreeningRound


def content_of(*rounds: ScreeningRound) -> ReportContent:
    glass = GlassContent(name="t0p1-0", n_particles=10, volume=10.0, screening=rounds)
    return ReportContent(
        name="any", preparations=(Preparation(temperature=0.1, glasses=(glass,)),), units=()
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
    assert screening_tables(content_of()) == []


def test_rounds_and_the_features_of_the_last_trees() -> None:
    rounds, features = screening_tables(
        content_of(
            round_of("trees", None, 0.25), round_of("trees", 5.5, 0.5), round_of("ended", 3.0, None)
        )
    )
    start = ("0.1", "t0p1-0")
    assert rounds.rows == (
        (*start, "1", "40", "20", "-", "4", "-", "0.100", "trees", ""),
        (*start, "2", "40", "20", "5.5", "4", "5.5", "0.100", "trees", ""),
        (*start, "3", "40", "20", "3.0", "4", "3.0", "0.100", "ended", "too few"),
    )
    assert features.rows == ((*start, "distance", "0.0000", "0.5000"),)
