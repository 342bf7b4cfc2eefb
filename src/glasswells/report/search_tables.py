"""Tables of path searches: by rule, and of screened pairs what each round promised and gave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from glasswells.content.records import Preparation, ReportContent
from glasswells.report.tables import Table
from glasswells.screening.rounds import ENDED, ScreeningRound
from glasswells.statistics import WellSummary, fraction


def search_tables(content: ReportContent) -> list[Table]:
    """The table of searches; nothing for a campaign that kept no rules."""
    if not any(p.rules != (None,) for p in content.preparations):
        return []
    rows = []
    for p in content.preparations:
        for rule in p.rules:
            if rule is None:
                continue
            searches = [g.searches_by_rule.get(rule, 0) for g in p.explored]
            chosen = p.chosen_by(rule)
            two_level = [
                [sum(_is_two_level(w, units.name) for w in wells) for wells in chosen]
                for units in content.units
            ]
            rows.append(
                (
                    f"{p.temperature:g}",
                    rule,
                    str(sum(g.pairs_by_rule.get(rule, 0) for g in p.explored)),
                    str(sum(g.detours_by_rule.get(rule, 0) for g in p.explored)),
                    str(sum(searches)),
                    _per_search([len(wells) for wells in chosen], searches),
                    *(_per_search(found, searches) for found in two_level),
                )
            )
    counts = content.search_counts
    return [
        Table(
            slug="path_searches",
            title="Path searches by rule",
            note=f"In all {counts.get('path_searches', 0)} path searches were asked for, of them "
            f"{counts.get('parts_of_ways', 0)} for parts of a way over other minima. "
            f"{counts.get('already_joined', 0)} more were saved, because another pair had joined "
            "the same two minima. A search on the ways of several rules counts for each. Detours: "
            "pairs whose change is the sum of two others in different places, over a known "
            "minimum; `close` leaves them out, `linked` searches their parts. In brackets: 95 % "
            "interval over glasses; a star marks counting errors only.",
            columns=(
                "T_f", "rule", "pairs", "detours", "path searches", "double wells per search",
                *(f"TLS per search, {units.name}" for units in content.units),
            ),
            rows=tuple(rows),
        )
    ]  # fmt: skip


def _is_two_level(well: WellSummary, units: str) -> bool:
    found = well.splittings.get(units)
    return found is not None and found.is_two_level


def _per_search(found: Sequence[int], searches: Sequence[int]) -> str:
    """How many of the searches of each glass found something, with its error over glasses."""
    ones = [np.arange(n) < k for k, n in zip(found, searches, strict=True)]
    estimate = fraction(ones)
    return "-" if estimate is None else estimate.text()


def screening_tables(content: ReportContent) -> list[Table]:
    """The rounds and the features; none if no pairs were screened."""
    if not any(g.screening for p in content.preparations for g in p.glasses):
        return []
    return [rounds_table(content), importances_table(content)]


def rounds_table(content: ReportContent) -> Table:
    """The yield of path searches by round, over all glasses, beside what was expected."""
    return Table(
        slug="screening_rounds",
        title="Screened pairs, by round",
        note="Path searches that screened pairs needed, parts of their ways included, in glasses "
        "where the round had any. Expected: the sum of the probabilities that the trees gave to "
        "the pairs themselves. In brackets: 95 % interval over glasses; a star marks counting "
        "errors only.",
        columns=(
            "T_f", "round", "glasses", "chosen by", "path searches", "double wells", "expected",
            "TLS", "TLS expected", "TLS per search", "why not by trees",
        ),
        rows=tuple(
            (f"{p.temperature:g}", str(number + 1), *_row(p, number))
            for p in content.preparations
            for number in range(max((len(g.screening) for g in p.glasses), default=0))
            if any(r.searched for r in _of_round(p, number))
        ),
    )  # fmt: skip


def _of_round(preparation: Preparation, number: int) -> list[ScreeningRound]:
    """What this round gave in each glass that was screened so far."""
    return [g.screening[number] for g in preparation.glasses if number < len(g.screening)]


def _row(preparation: Preparation, number: int) -> tuple[str, ...]:
    rounds = [r for r in _of_round(preparation, number) if r.searched]
    before = [
        g.screening[number - 1]
        for g in preparation.glasses
        if 0 < number < len(g.screening) and g.screening[number].searched
    ]
    return (
        str(len(rounds)),
        _rules(before) if number else "close",
        str(sum(r.searched for r in rounds)),
        str(sum(r.double_wells for r in rounds)),
        _sum(r.expected_double_wells for r in rounds),
        str(sum(r.two_level_systems for r in rounds)),
        _sum(r.expected_two_level_systems for r in rounds),
        _per_search([r.two_level_systems for r in rounds], [r.searched for r in rounds]),
        "; ".join(sorted({r.reason for r in before if r.rule == "close"})),
    )


def _rules(before: Sequence[ScreeningRound]) -> str:
    """By what a round was chosen; with numbers of glasses if not in all by the same."""
    # Ways that were begun are followed to their ends after the search has ended.
    names = Counter("left over" if r.rule == ENDED else r.rule for r in before)
    if len(names) == 1:
        return next(iter(names))
    return ", ".join(f"{name} in {n}" for name, n in sorted(names.items()))


def importances_table(content: ReportContent) -> Table:
    """What each feature is worth to the last trees."""
    rows = []
    for p in content.preparations:
        of_rounds = [
            {r.importances for r in _of_round(p, number) if r.importances}
            for number in range(max((len(g.screening) for g in p.glasses), default=0))
        ]
        if all(len(found) <= 1 for found in of_rounds):
            names = {"all": next((found.pop() for found in reversed(of_rounds) if found), ())}
        else:  # of a version in which each glass had trees of its own
            names = {
                g.name: next((r.importances for r in reversed(g.screening) if r.importances), ())
                for g in p.glasses
            }
        rows += [
            (
                f"{p.temperature:g}",
                name,
                i.feature,
                f"{i.double_well:.4f}",
                f"{i.splitting:.4f}",
            )
            for name, importances in names.items()
            for i in importances
        ]
    return Table(
        slug="screening_features",
        title="What the trees went by",
        note="Increase of the mean square error on pairs that the trees have not seen, when a "
        "feature is exchanged between pairs: of P(double well), and of log10 E relative to its "
        "variance.",
        columns=("T_f", "glass", "feature", "double well", "splitting"),
        rows=tuple(rows),
    )


def _sum(values: Iterable[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{sum(known):.1f}" if known else "-"
