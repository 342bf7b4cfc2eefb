"""The command `estimate`: how long a campaign will take, before it begins."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from glasswells.cli.common import AsJson, Debug, errors, make_console, note, print_json, say


def estimate(
    plan: Annotated[Path, typer.Argument(metavar="PLAN", help="Plan file, TOML.")],
    workers: Annotated[
        int | None,
        typer.Option("--workers", "-w", min=1, help="Tasks at once.", show_default="all cores"),
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="DIR", help="Campaign whose finished tasks tell costs and yields."
        ),
    ] = None,
    recalibrate: Annotated[
        bool, typer.Option("--recalibrate", help="Measure again what was measured before.")
    ] = False,
    as_json: AsJson = False,
    debug: Debug = False,
) -> None:
    """Tell how many tasks, CPU hours, bytes and how much time a plan will take.

    Costs are measured for about 20 seconds on this machine, once for plans that only differ in
    amounts; numbers of paths and all that follows are extrapolated from other glasses.
    """
    with errors(debug):
        import dataclasses

        from glasswells.campaign.given_plan import read_plan_file
        from glasswells.engines.pool import available_cores
        from glasswells.estimation.forecast import (
            estimate_table,
            forecast,
            summary_lines,
        )
        from glasswells.stages.pipeline import PIPELINE

        found = forecast(
            read_plan_file(plan, PIPELINE),
            workers or available_cores(),
            like=like,
            recalibrate=recalibrate,
            say=note,
        )
        if as_json:
            print_json(dataclasses.asdict(found))
            return
        make_console().print(estimate_table(found))
        say("")
        for line in summary_lines(found):
            say(line)
        say(f"begin with `glasswells run {plan}`")
