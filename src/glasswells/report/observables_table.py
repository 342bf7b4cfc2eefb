"""What experiments would measure, in numbers."""

from __future__ import annotations

from glasswells.content.records import ReportContent
from glasswells.observables.numbers import TUNNELING_STRENGTH_MEASURED, numbers
from glasswells.report.tables import Table


def observables_table(content: ReportContent) -> Table:
    """A row for each observable of each preparation temperature, a column for each unit set."""
    names = list(dict.fromkeys(o.units.name for o in content.observables))
    rows = []
    for preparation in dict.fromkeys(o.preparation for o in content.observables):
        group = [o for o in content.observables if o.preparation == preparation]
        for row in zip(*(numbers(o) for o in group), strict=True):
            texts = {o.units.name: number.text for o, number in zip(group, row, strict=True)}
            rows.append(
                (
                    f"{preparation:g}",
                    row[0].name.replace("_", " "),
                    row[0].unit,
                    *(texts.get(name, "-") for name in names),
                )
            )
    return Table(
        slug="observables",
        title="Observables",
        note="gamma is half the change of the asymmetry with strain. Each distinct double well "
        "counts once. In brackets: 95 % interval over glasses; a star marks counting errors only. "
        "Only what the exploration has met is counted: densities and strengths are lower bounds. "
        f"Measured: {TUNNELING_STRENGTH_MEASURED}. The command `observables` writes the curves, "
        "and says what each number is.",
        columns=("T_f", "observable", "unit", *names),
        rows=tuple(rows),
    )
