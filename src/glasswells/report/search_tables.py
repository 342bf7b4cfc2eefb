"""Tables of path searches: by rule, and of screened pairs what each round promised and gave."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from glasswells.content.records import ReportContent
from glasswells.report.tables import Table
from glasswells.statistics import WellSummary, share


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
    estimate = share(ones)
    return "-" if estimate is None else estimate.text()


def screening_tables(content: ReportContent) -> list[Table]:
    """The rounds and the features; none if no pairs were screened."""
    if not any(g.screening for p in content.preparations for g in p.glasses):
        return []
    return [rounds_table(content), importances_table(content)]


def rounds_table(content: ReportContent) -> Table:
    """The yield of path searches by round, beside what was expected."""
    rows = tuple(
        (
            f"{p.temperature:g}",
            g.name,
            str(number),
            str(r.searched),
            str(r.double_wells),
            _number(r.expected_double_wells),
            str(r.two_level_systems),
            _number(r.expected_two_level_systems),
            f"{r.two_level_systems / r.searched:.3f}" if r.searched else "-",
            r.rule,
            r.reason,
        )
        for p in content.preparations
        for g in p.glasses
        for number, r in enumerate(g.screening, start=1)
    )
    return Table(
        slug="screening_rounds",
        title="Screened pairs, by round",
        note="Path searches that screened pairs needed, parts of their ways included. Expected: "
        "the sum of the probabilities that the trees gave to the pairs themselves.",
        columns=(
            "T_f", "glass", "round", "path searches", "double wells", "expected", "TLS",
            "TLS expected", "TLS per search", "next round by", "why",
        ),
        rows=rows,
    )  # fmt: skip


def importances_table(content: ReportContent) -> Table:
    """What each feature is worth to the last trees of a glass."""
    rows = []
    for p in content.preparations:
        for g in p.glasses:
            last = next((r.importances for r in reversed(g.screening) if r.importances), ())
            rows += [
                (
                    f"{p.temperature:g}",
                    g.name,
                    i.feature,
                    f"{i.double_well:.4f}",
                    f"{i.splitting:.4f}",
                )
                for i in last
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


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"
