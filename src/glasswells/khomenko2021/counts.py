"""The paper's counts, and those of a campaign beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from glasswells.content.records import Preparation, ReportContent
from glasswells.report.tables import Table
from glasswells.statistics import count_per_glass, count_tls, tls_density
from glasswells.tunneling.units import ARGON_PUBLISHED, NIP_PUBLISHED, UnitSystem

PAPER_RULE = "linked"
"""The rule by which the paper chose its pairs."""
PAPER_VOLUME = 1500.0
"""Of one of its glasses, sigma^3: N = 1500 at a density of one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PaperCounts:
    """What the paper found at one preparation temperature."""

    glasses: int
    double_wells: int
    tls: Mapping[str, int]
    """By the name of the unit set."""

    def density(self, units: UnitSystem) -> float | None:
        """n_0 by these counts, per epsilon and sigma^3; None for unit sets without a count."""
        found = self.tls.get(units.name)
        if found is None:
            return None
        return found / (self.glasses * PAPER_VOLUME * units.tls_threshold)


PAPER_COUNTS: Mapping[float, PaperCounts] = MappingProxyType(
    {
        temperature: PaperCounts(
            glasses=glasses,
            double_wells=wells,
            tls=MappingProxyType({ARGON_PUBLISHED.name: argon, NIP_PUBLISHED.name: nip}),
        )
        for temperature, glasses, wells, argon, nip in (
            (0.062, 200, 14_202, 61, 28),
            (0.07, 50, 21_109, 291, 46),
            (0.092, 10, 117_339, 1_008, 248),
        )
    }
)
"""Khomenko, Reichman, Zamponi (2021), by preparation temperature. The counts stand under the
published unit sets: the splittings behind them are not those of argon's own constant."""


def paper_counts_table(content: ReportContent) -> Table:
    """Double wells and two-level systems per glass beside the paper's, of pairs by its rule."""
    rows: list[tuple[str, ...]] = []
    for p in content.preparations:
        paper = paper_counts(p)
        if paper is None or not p.explored or not has_paper_rule(p):
            continue
        chosen = p.chosen_by(None if p.rules == (None,) else PAPER_RULE)
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


def paper_density_table(content: ReportContent) -> Table:
    """n_0 beside the paper's, raw and with each core once, of pairs by any rule and by its own."""
    rows: list[tuple[str, ...]] = []
    for p in content.preparations:
        paper = paper_counts(p)
        if paper is None or not p.explored:
            continue
        for units in content.units:
            chosen = [p.splittings(units.name), p.distinct_splittings(units)]
            if has_paper_rule(p):
                chosen.append(p.distinct_splittings(units, PAPER_RULE))
            own = [tls_density(each, p.volumes, units).reduced.text() for each in chosen]
            own += ["-"] * (3 - len(own))
            published = paper.density(units)
            rows.append(
                (
                    f"{p.temperature:g}", units.name, *own,
                    "-" if published is None else f"{published:.3g}",
                )
            )  # fmt: skip
    return Table(
        slug="paper_density",
        title="Density of two-level systems, n_0",
        note="Per epsilon and sigma^3, up to the threshold of each unit set. That of the paper is "
        f"its number of two-level systems over glasses, threshold and volume ({PAPER_VOLUME:g} "
        "sigma^3 a glass); whether it counted a core in several backgrounds once, it does not say. "
        "Each is a lower bound, which grows with the length of the exploration.",
        columns=(
            "T_f", "units", "n_0 here", "distinct", "distinct, by the rule linked", "in paper",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def has_paper_rule(p: Preparation) -> bool:
    """Whether pairs were chosen by the paper's rule, or it is not known by which."""
    return p.rules == (None,) or PAPER_RULE in p.rules


def paper_counts(p: Preparation) -> PaperCounts | None:
    """What the paper found at this preparation temperature."""
    return next((c for t, c in PAPER_COUNTS.items() if np.isclose(t, p.temperature)), None)
