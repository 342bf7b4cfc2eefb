"""The stages of the pipeline in the order in which their tasks are taken up, and their plans."""

from __future__ import annotations

from glasswells.plan.completion import with_left_out
from glasswells.plan.file import parse_plan, plan_with
from glasswells.plan.lanes import with_stored_lanes
from glasswells.plan.plan import Plan
from glasswells.stages.couplings import COUPLINGS
from glasswells.stages.explore import EXPLORE, LIBRARY
from glasswells.stages.modes import MODES, OVERLAPS
from glasswells.stages.pairs import PAIRS
from glasswells.stages.paths import PATHS
from glasswells.stages.prepare import PREPARE
from glasswells.stages.push import PUSH
from glasswells.stages.screening import SCREENING
from glasswells.stages.splittings import SPLITTINGS

STAGES = (
    PREPARE, EXPLORE, PUSH, LIBRARY, PAIRS, SCREENING, PATHS, SPLITTINGS, COUPLINGS,
    MODES, OVERLAPS,
)  # fmt: skip

PLAN = plan_with({name: table for stage in STAGES for name, table in stage.settings.items()})
"""The class of plans: with the tables that stages declare."""


def read_plan(text: str, source: str = "the plan") -> Plan:
    """The plan in a TOML text, with the tables of all stages; errors as of `parse_plan`."""
    return with_stored_lanes(parse_plan(text, source, PLAN))


def read_kept_plan(text: str) -> Plan:
    """The plan of a campaign, to go on with it: what it leaves out is what it was at the begin.

    Errors as of `parse_plan`.
    """
    return with_stored_lanes(parse_plan(text, plan=PLAN, like=text))


def read_stored_plan(text: str) -> Plan:
    """The plan of a campaign that exists, to show what it has found; nothing is asked for by it.

    Other than `read_kept_plan` it takes the plans of older versions that would be refused today.
    """
    return with_stored_lanes(parse_plan(text, plan=PLAN, like=text, stored=True))


def spell_out(text: str, like: str | None = None) -> str:
    """A plan's text with the value of each setting that it leaves out: see `with_left_out`."""
    return with_left_out(text, PLAN, like)


def spell_out_stored(text: str) -> str:
    """The same of the text in a store, with what it left out when the campaign began."""
    return with_left_out(text, PLAN, like=text, stored=True)
