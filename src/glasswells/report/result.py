"""What a reader wants to know first: the result in one sentence, and by unit set."""

from __future__ import annotations

from glasswells.content.records import ReportContent
from glasswells.report.tables import Table
from glasswells.sampling.equilibrium import EquilibrationReport
from glasswells.statistics import Overview
from glasswells.statistics.overview import UnitsOverview, counted


def result_sentence(content: ReportContent) -> str:
    """What was found, in one sentence; under the first unit set of those that were solved."""
    found = content.overview
    words = (
        f"{counted(found.glasses, 'explored glass', 'explored glasses')} "
        f"({equilibration_words(content)}) {'holds' if found.glasses == 1 else 'hold'} "
        f"{counted(found.double_wells, 'double well')}"
    )
    if found.double_wells:
        words += f", {_distinct(found)} distinct"
    if found.solved and found.units:
        words += f"; {_units_words(found.units[0])}"
    return f"{words}; {state_words(content)}."


def state_words(content: ReportContent) -> str:
    """Whether the campaign has ended."""
    left = counted(content.tasks_left, "task")
    if content.parts:
        open_ones = sum(part.tasks_left > 0 for part in content.parts)
        if open_ones:
            verb = "is" if open_ones == 1 else "are"
            return f"of {len(content.parts)} campaigns {open_ones} {verb} unfinished: {left} left"
        return f"the {len(content.parts)} campaigns are finished"
    if content.tasks_left:
        return f"the campaign is unfinished: {left} left"
    return "the campaign is finished"


def empty_words(content: ReportContent, words: str) -> str:
    """What stands where there is nothing to show: that there is none, or none yet."""
    if content.tasks_left:
        return f"Nothing here yet (unfinished: {counted(content.tasks_left, 'task')} left)."
    return words


def equilibration_words(content: ReportContent) -> str:
    """How many of the explored glasses are known to be equilibrated."""
    explored = [g for p in content.preparations for g in p.explored]
    if content.is_quenched:
        rates = [f"{p.temperature:g}" for p in content.preparations if p.explored]
        return f"melt-quenched at {' and '.join(rates)} K/s" if rates else "none yet"
    known = (g.equilibration for g in explored)
    reports = [report for report in known if isinstance(report, EquilibrationReport)]
    good = sum(report.is_equilibrated for report in reports)
    parts = [
        f"{number} {words}"
        for number, words in (
            (good, "equilibrated"),
            (len(reports) - good, "not equilibrated"),
            (len(explored) - len(reports), "of unknown equilibration"),
        )
        if number
    ]
    if len(parts) == 1:
        return parts[0].split(" ", 1)[1]
    return ", ".join(parts) or "none yet"


def units_table(content: ReportContent) -> Table:
    """Two-level systems of all glasses together, a unit set in each row."""
    rows = []
    for each in content.overview.units if content.overview.solved else ():
        low, high = each.tls.spread
        rows.append(
            (
                each.tls.units,
                str(each.tls.raw),
                str(each.tls.distinct),
                _range(low, high) if len(each.tls.by_continuation) > 1 else "-",
                str(each.single_wells),
                str(each.asymmetric),
                str(each.tls.unresolved),
                "-" if each.smallest is None else f"{each.smallest:.3g}",
                "-" if each.smallest_kelvin is None else f"{each.smallest_kelvin:.3g}",
            )
        )
    return Table(
        slug="result",
        title="Two-level systems by unit set",
        note="Range: what the number would be under each continuation of V beyond A and B. "
        "A single well in disguise has its second level above the barrier, or no barrier at all; "
        "of two unequal wells the lower one has both of the lowest states.",
        columns=(
            "unit set", "two-level systems", "distinct", "range", "single wells in disguise",
            "unequal wells", "unresolved", "smallest E (epsilon)", "smallest E (K)",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _range(low: int, high: int) -> str:
    return f"{low} to {high}" if low < high else str(low)


def _distinct(found: Overview) -> str:
    unsolved = found.double_wells - found.solved
    if unsolved:
        return f"{unsolved} without splittings and {found.distinct} of the others"
    return f"{found.distinct} of them"


def _units_words(units: UnitsOverview) -> str:
    tls = units.tls
    low, high = tls.spread
    spread = ""
    if len(tls.by_continuation) > 1:
        known = f"{low} to {high} by continuation" if low < high else "under every continuation"
        spread = f" ({known})"
    words = (
        f"with the unit set {tls.units}, "
        f"{counted(tls.raw, 'is a two-level system', 'are two-level systems')}{spread} and "
        f"{counted(units.single_wells, 'is a single well', 'are single wells')} in disguise"
    )
    if units.smallest is None or units.smallest_kelvin is None:
        return f"{words}, and no splitting of two wells is known"
    return (
        f"{words}, and the smallest splitting of two wells is E = "
        f"{units.smallest:.3g}\N{NO-BREAK SPACE}ε = {units.smallest_kelvin:.3g}\N{NO-BREAK SPACE}K"
    )
