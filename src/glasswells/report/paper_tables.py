"""Counts beside the paper's, for its model."""

from __future__ import annotations

import numpy as np

from glasswells.report.content import Preparation, ReportContent
from glasswells.report.tables import Table
from glasswells.statistics import PAPER_COUNTS, PaperCounts, count_per_glass, count_tls

PAPER_RULE = "linked"
"""The rule by which the paper chose its pairs."""


def paper_counts_table(content: ReportContent) -> Table:
    """Double wells and two-level systems per glass beside the paper's, of pairs by its rule."""
    rows: list[tuple[str, ...]] = []
    for p in content.preparations if content.is_papers_model else ():
        paper = paper_counts(p)
        if paper is None or not p.explored:
            continue
        chosen = p.chosen_by(PAPER_RULE if PAPER_RULE in p.rules else None)
        numbers = [("double wells", [len(w) for w in chosen], paper.double_wells)]
        for units in content.units:
            if units.name in paper.tls:
                found = [count_tls([wells], units).raw for wells in chosen]
                name = f"two-level systems, {units.name}"
                numbers.append((name, found, paper.tls[units.name]))
        rows += [
            (
                f"{p.temperature:g}", name, str(len(found)), str(sum(found)),
                count_per_glass(found).text(), str(paper.glasses), str(in_paper),
                f"{in_paper / paper.glasses:.3g}",
            )
            for name, found, in_paper in numbers
        ]  # fmt: skip
    return Table(
        slug="paper_counts",
        title="Counts",
        note="Khomenko, Reichman and Zamponi, Phys. Rev. Materials 5, 055602 (2021), with glasses "
        "of N = 1500. Counted are pairs by the rule `linked`, which is the paper's, where rules "
        "are known. Counts grow with the length of the exploration. The paper's two-level systems "
        "stand beside the published unit sets, whose constant reproduces the splittings that its "
        "group has published.",
        columns=(
            "T_f", "number of", "glasses here", "found here", "per glass here", "glasses in paper",
            "in paper", "per glass in paper",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def paper_counts(p: Preparation) -> PaperCounts | None:
    """What the paper found at this preparation temperature."""
    return next((c for t, c in PAPER_COUNTS.items() if np.isclose(t, p.temperature)), None)
