"""Which rates there are for a plan, and what they give, in words."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.table import Table
from rich.text import Text

from glasswells.campaign.campaigns import open_campaign
from glasswells.campaign.progress import duration
from glasswells.estimation.calibration import calibrate
from glasswells.estimation.estimate import estimate_campaign
from glasswells.estimation.kept import keep_calibration, load_calibration
from glasswells.estimation.measured import measured_rates
from glasswells.estimation.records import Estimate, Known, Range
from glasswells.estimation.reference import reference_rates
from glasswells.plan.plan import Plan
from glasswells.stages.pipeline import PIPELINE

STAGES_WITH_COSTS = ("quench", "search")
"""Rates without which an estimate says nothing about this machine."""
UNITS = ((1e9, 1e6, "MB"), (1e12, 1e9, "GB"), (math.inf, 1e12, "TB"))
"""Of bytes: below the first number in units of the second."""


def forecast(
    plan: Plan,
    workers: int,
    *,
    like: Path | None = None,
    recalibrate: bool = False,
    say: Callable[[str], None],
) -> Estimate:
    """The estimate of a plan, by a campaign that exists or by a calibration.

    Parameters
    ----------
    plan
        With the contents of its files.
    workers
        Tasks at once.
    like
        Folder of a campaign whose finished tasks tell costs and yields; what none of them tells is
        taken from a calibration.
    recalibrate
        Whether to measure again what was measured before.
    say
        Gets a line before what takes time.
    """
    known = reference_rates(plan)
    found = Known(rates={})
    if like is not None:
        with open_campaign(like, PIPELINE) as store:
            found = measured_rates(store, plan, str(like))
    needed = STAGES_WITH_COSTS if plan.pairs.rules else STAGES_WITH_COSTS[:1]
    if not all(name in found for name in needed):
        kept = None if recalibrate else load_calibration(plan)
        if kept is None:
            kept = calibrate(plan, say)
            keep_calibration(plan, kept)
        known = kept.over(known)
    return estimate_campaign(plan, found.over(known), workers)


def start_line(directory: Path, workers: int) -> str:
    """What is known of a campaign's length at its start, without measuring anything."""
    with open_campaign(directory, PIPELINE) as store:
        plan: Plan = PIPELINE.kept_plan(store.property("plan"))
        found = measured_rates(store, plan, "this campaign", volumes=False)
    kept = load_calibration(plan)
    known = found if kept is None else found.over(kept)
    if "quench" not in known:
        return "how long it will take: `glasswells estimate PLAN` measures it"
    estimate = estimate_campaign(plan, known.over(reference_rates(plan)), workers)
    basis = "a calibration" if "quench" not in found else "its finished tasks"
    return (
        f"estimate by {basis}: {times(estimate.cpu_seconds)} of CPU in all, "
        f"{times(estimate.wall_seconds)} on {workers} "
        f"{'worker' if workers == 1 else 'workers'}, {volume(estimate.stored_bytes)} on the disk"
    )


def estimate_table(estimate: Estimate) -> Table:
    """An estimate by stage."""
    table = Table(box=None, pad_edge=False)
    table.add_column("stage", no_wrap=True)
    for name in ("tasks", "CPU time", "nine in ten", "disk"):
        table.add_column(name, justify="right", no_wrap=True)
    for stage in estimate.stages:
        cpu = stage.cpu_seconds
        table.add_row(
            Text(stage.title),
            f"{'' if stage.tasks.low == stage.tasks.high else '~'}{stage.tasks.value:.0f}",
            duration(cpu.value),
            f"{duration(cpu.low)} to {duration(cpu.high)}" if cpu.value else "-",
            size(stage.stored_bytes.value),
        )
    return table


def summary_lines(estimate: Estimate) -> Iterator[str]:
    """The sums, what they rest on and what their error contains."""
    n = estimate.workers
    yield f"CPU time: {times(estimate.cpu_seconds)}"
    yield f"wall time on {n} {'worker' if n == 1 else 'workers'}: {times(estimate.wall_seconds)}"
    yield f"disk: {volume(estimate.stored_bytes)}; memory: about {size(estimate.memory_bytes)}"
    sources = dict.fromkeys(
        s for stage in estimate.stages if stage.tasks.high > 0 for s in stage.sources
    )
    yield "known from:"
    yield from (f"- {source}" for source in sources)
    yield "to be read with care (docs/how_long.md):"
    yield from (f"- {note}" for note in estimate.notes)


def times(found: Range) -> str:
    """A duration and its interval."""
    return _range(found, duration)


def volume(found: Range) -> str:
    """Bytes and their interval."""
    return _range(found, size)


def size(count: float) -> str:
    """`0.3 MB`, `12 MB`, `1.4 GB` or `2.0 TB`."""
    unit, name = next((unit, name) for limit, unit, name in UNITS if count < limit)
    value = count / unit
    return f"{value:.1f} {name}" if value < 10 else f"{value:.0f} {name}"


def _range(found: Range, text: Callable[[float], str]) -> str:
    value, low, high = text(found.value), text(found.low), text(found.high)
    return value if low == high else f"{value} ({low} to {high})"
