"""The command `observables`: what experiments would measure of a campaign's glasses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from glasswells.cli.common import (
    AsJson,
    Debug,
    Directory,
    errors,
    make_console,
    note,
    print_json,
    say,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from glasswells.observables.summary import Observables


def observables(
    directory: Directory,
    as_json: AsJson = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FOLDER", help="Write the tables as CSV there."),
    ] = None,
    frequency: Annotated[
        float, typer.Option("--frequency", help="Of the internal friction, in hertz.")
    ] = 1e3,
    vineyard: Annotated[
        bool,
        typer.Option(
            "--vineyard",
            help="Attempt frequencies from all modes, by Vineyard: of all double wells where the "
            "campaign stored them, else of two-level systems.",
        ),
    ] = False,
    debug: Debug = False,
) -> None:
    """Tell what experiments would measure: specific heat, tunneling strength, loss, times.

    Per preparation temperature or rate of cooling, and unit set, with 95 % intervals from glass to
    glass. Distinct double wells count once. docs/OBSERVABLES.md derives each of them.
    """
    with errors(debug):
        from glasswells.catalog import campaign_observables, open_campaign
        from glasswells.catalog.observable_tables import (
            cold_rows,
            friction_rows,
            number_rows,
            system_rows,
            write_observables,
        )
        from glasswells.observables.numbers import TUNNELING_STRENGTH_MEASURED

        catalog = open_campaign(directory)
        left = catalog.tasks_left
        if left:
            note(f"{directory} is unfinished, {left} tasks left: these are the numbers so far")
        found = campaign_observables(catalog, hertz=frequency, vineyard=vineyard)
        files = [str(path) for path in write_observables(found, output)] if output else []
        if as_json:
            print_json(
                {
                    "tasks_left": left,
                    "observables": number_rows(found),
                    "specific_heat": cold_rows(found),
                    "internal_friction": friction_rows(found),
                    "two_level_systems": system_rows(found),
                    "files": files,
                }
            )
            return
        console = make_console()
        for label in dict.fromkeys(each.label for each in found):
            table = _table([o for o in found if o.label == label])
            console.print(table)
            console.print()
        say("In brackets: 95 % intervals over glasses; a star: counting errors of a single glass.")
        say(f"Measured: {TUNNELING_STRENGTH_MEASURED}.")
        for name in files:
            say(name)


def _table(found: Sequence[Observables]) -> Table:
    """A column for each unit set."""
    from rich.table import Table

    from glasswells.observables.numbers import numbers

    first = found[0]
    glasses = f"{first.n_glasses} {'glass' if first.n_glasses == 1 else 'glasses'}"
    table = Table(title=f"{first.label}: {first.double_wells} distinct double wells in {glasses}")
    table.add_column("observable", no_wrap=True)
    table.add_column("unit", no_wrap=True)
    for each in found:
        table.add_column(each.units.name)
    table.add_row("two_level_systems", "", *(str(each.two_level_systems) for each in found))
    for row in zip(*(numbers(each) for each in found), strict=True):
        table.add_row(row[0].name, row[0].unit, *(number.text for number in row))
    return table
