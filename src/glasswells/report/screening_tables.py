"""Tables of screening: what each round promised and gave, and what the trees went by."""

from __future__ import annotations

from glasswells.report.content import ReportContent
from glasswells.report.tables import Table


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
