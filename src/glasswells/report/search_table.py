"""Path searches by the rule that chose the pairs: what they cost, and what they gave."""

from __future__ import annotations

from glasswells.report.content import ReportContent
from glasswells.report.tables import Table
from glasswells.statistics import count_tls


def search_tables(content: ReportContent) -> list[Table]:
    """The table of searches; nothing for a campaign that kept no rules."""
    if not any(p.rules != (None,) for p in content.preparations):
        return []
    rows = []
    for p in content.preparations:
        for rule in p.rules:
            if rule is None:
                continue
            searches = sum(g.searches_by_rule.get(rule, 0) for g in p.explored)
            chosen = p.chosen_by(rule)
            wells = sum(map(len, chosen))
            two_level = [count_tls(chosen, units).raw for units in content.units]
            rows.append(
                (
                    f"{p.temperature:g}",
                    rule,
                    str(sum(g.pairs_by_rule.get(rule, 0) for g in p.explored)),
                    str(sum(g.detours_by_rule.get(rule, 0) for g in p.explored)),
                    str(searches),
                    _share(wells, searches),
                    *(_share(n, searches) for n in two_level),
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
            "minimum; `close` leaves them out, `linked` searches their parts.",
            columns=(
                "T_f", "rule", "pairs", "detours", "path searches", "double wells per search",
                *(f"TLS per search, {units.name}" for units in content.units),
            ),
            rows=tuple(rows),
        )
    ]  # fmt: skip


def _share(found: int, searches: int) -> str:
    return f"{found / searches:.3g}" if searches else "-"
