"""The tables of vibrations: verdicts on the paper's claims, and counts of modes and overlaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from glasswells.content.records import Preparation, ReportContent
from glasswells.content.vibrations import VibrationContent
from glasswells.khomenko2021.claims import Verdict, reserved
from glasswells.khomenko2021.figures.spectrum import complete_words
from glasswells.khomenko2021.verdicts import verdicts
from glasswells.report.tables import Table
from glasswells.statistics import WellVibrationColumns
from glasswells.vibrations.records import DIRECTIONS, SEEDS

DECIMALS = ".3f"


def claims_tables(content: ReportContent) -> list[Table]:
    """The paper's claims beside what was measured: an overview, and a row for each of them."""
    if content.vibrations is None:
        return []
    found = judged(content, content.vibrations)
    return [overview_table(found, content.vibrations.rho), verdict_table(found)]


def judged(
    content: ReportContent, vibrations: VibrationContent
) -> list[tuple[Preparation, list[Verdict]]]:
    """What became of each claim, by preparation temperature."""
    units = [u.name for u in content.units]
    return [
        (
            p,
            [
                reserved(verdict, are_equilibrated=p.are_equilibrated)
                for verdict in verdicts(p.vibrations_with_copies, units, limits=vibrations.limits)
            ],
        )
        for p in content.preparations
        if p.vibrations_with_copies
    ]


def overview_table(found: Sequence[tuple[Preparation, Sequence[Verdict]]], rho: float) -> Table:
    """Each claim of the paper's section IV in a row, each temperature in a column."""
    rows = []
    for same in zip(*(each for _, each in found), strict=True):
        claim = same[0].claim
        measured = f"{claim.quantity} ({same[0].wells})"
        rows.append(
            (claim.section, claim.paper, measured, claim.rule, *(_verdict_cell(v) for v in same))
        )
    return Table(
        slug="verdict_overview",
        title="Claims of the paper, section IV, beside what was measured here",
        note=f"r_12 and omega are taken at a distance of {rho:g} from A. A claim agrees if the "
        "whole 95 % interval lies where it holds, and disagrees if the whole interval lies "
        "outside (or, for a claim about all cases, if one case is known to differ). Otherwise "
        "it is undecided, as it is with a single glass and with glasses that are not "
        "equilibrated. Intervals: bootstrap over glasses, for fractions never narrower than the "
        "binomial one. A star: a single glass, or the same fraction in all; double wells are "
        "then taken as independent, and the interval is too narrow. A core that was met in "
        'several backgrounds is one double well; where that matters, "with copies" gives what '
        "all of them together say. Among so many claims one or two come out wrong by chance. "
        "Claims A to C of Khomenko, Reichman and Zamponi, Phys. Rev. Materials 5, 055602 "
        '(2021) are for T_f = 0.062. How much is "much", "poor" or "large" is our reading. '
        "tables/verdicts.csv has a row for each claim and temperature.",
        columns=(
            "section", "the paper says", "measured here", "holds if",
            *(f"T_f = {p.temperature:g}" for p, _ in found),
        ),
        rows=tuple(rows),
    )  # fmt: skip


def verdict_table(found: Sequence[tuple[Preparation, Sequence[Verdict]]]) -> Table:
    """The same with a row for each claim and temperature."""
    by_temperature = [[_verdict_row(p, v) for v in each] for p, each in found]
    return Table(
        slug="verdicts",
        title="Claims of the paper beside what was measured here",
        note="",
        columns=(
            "section", "T_f", "the paper says", "measured here", "double wells", "distinct",
            "glasses", "value", "holds if", "verdict", "reason", "remark", "with copies",
            "value with copies", "verdict with copies",
        ),
        rows=tuple(row for same in zip(*by_temperature, strict=True) for row in same),
        is_on_page=False,
    )  # fmt: skip


def vibration_counts_table(content: ReportContent) -> Table:
    """How many modes and overlaps were computed, certified and found."""
    rows = []
    for p in content.preparations:
        minima, glasses = p.minima, p.vibrations_with_copies
        if not minima and not glasses:
            continue
        n = sum(len(g) for g in glasses)
        quasilocalized = [m.quasilocalized_below(content.complete_below) for m in minima]
        rows.append(
            (
                f"{p.temperature:g}",
                str(sum(len(m) for m in minima)),
                str(sum(int(m.complete.sum()) for m in minima)),
                f"{np.concatenate(quasilocalized).mean():.2f}" if minima else "-",
                f"{n} of {sum(len(w) for w in p.wells)}",
                str(sum(len(g) for g in p.vibrations)),
                ", ".join(_certified(glasses, d) for d in DIRECTIONS),
                ", ".join(_found(glasses, s) for s in SEEDS),
                _methods(glasses),
                str(sum(len(g.tangents) for g in glasses)),
            )
        )
    return Table(
        slug="vibrations",
        title="Modes and overlaps",
        note="Certified: no other mode can have a larger overlap. Nonlinear modes: found, of the "
        "seeds that there are. A minimum without a quasilocalized mode has no such seed. "
        f"Quasilocalized modes per minimum: {complete_words(content.complete_below)}. "
        'Under "double wells" a core counts once in each background, under "distinct" once in '
        "all, as in verdicts and figures.",
        columns=(
            "T_f", "minima", "full spectra", "quasilocalized modes per minimum", "double wells",
            "distinct",
            "certified: r_12, r_AS, r_AB",
            "nonlinear modes from r_AB, the softest localized, the softest mode",
            "how they were found",
            "tangents studied",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _verdict_row(p: Preparation, v: Verdict) -> tuple[str, ...]:
    found, with_copies = v.estimate, v.with_copies
    return (
        v.claim.section,
        f"{p.temperature:g}",
        v.claim.paper,
        v.claim.quantity,
        v.wells,
        "0" if found is None else str(found.n_entries),
        "0" if found is None else str(found.n_glasses),
        "-" if found is None else found.text(DECIMALS),
        v.claim.rule,
        v.word,
        v.reason or "-",
        v.remark or "-",
        "0" if with_copies is None else str(with_copies.n_entries),
        "-" if with_copies is None else with_copies.text(DECIMALS),
        v.word_with_copies,
    )


def _verdict_cell(v: Verdict) -> str:
    found = v.estimate
    word = f"{v.word} ({v.reason})" if v.reason else v.word
    if found is None:
        return word
    glasses = "1 glass" if found.n_glasses == 1 else f"{found.n_glasses} glasses"
    remark = f"; {v.remark}" if v.remark else ""
    met = v.with_copies
    if met is not None and met.n_entries != found.n_entries:
        other = "" if v.word_with_copies == v.word else f"{v.word_with_copies}, "
        remark += f" (with copies: {other}{met.text(DECIMALS)}, {met.n_entries})"
    return f"{word}: {found.text(DECIMALS)}, {found.n_entries} in {glasses}{remark}"


def _certified(glasses: list[WellVibrationColumns], direction: str) -> str:
    columns = [g.directions[direction].certified for g in glasses]
    known = sum(int(np.isfinite(c).sum()) for c in columns)
    return f"{sum(int(np.nansum(c)) for c in columns)} of {known}"


def _found(glasses: list[WellVibrationColumns], seed: str) -> str:
    columns = [g.seeds[seed] for g in glasses]
    found, present = (
        sum(int(flags.sum()) for flags in each)
        for each in ([c.found for c in columns], [c.present for c in columns])
    )
    return f"{found} of {present}"


def _methods(glasses: list[WellVibrationColumns]) -> str:
    total: Counter[str] = Counter()
    for glass in glasses:
        for seed in glass.seeds.values():
            total.update(method for method in seed.methods if method)
    return ", ".join(f"{name} {n}" for name, n in sorted(total.items())) or "-"
