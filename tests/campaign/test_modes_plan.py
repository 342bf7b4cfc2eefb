"""The tables [modes] and [modes.overlaps] of a plan."""

from __future__ import annotations

import pytest

from glasswells.plan.errors import PlanError
from glasswells.plan.file import parse_plan, plan_template


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("count = 3", "modes.count"),
        ("participation_limit = 0.0", "modes.participation_limit"),
        ("frequency_limit = -1.0", "modes.frequency_limit"),
        ("rhos = []", r"modes.rhos: is \[\], expected at least one entry$"),
        ("rhos = [0.01, 0.0]", "modes.rhos"),
        ("images = [4]", "modes.images"),
        ("images = [2000]", "modes.images"),
        ("full_spectra = -1", "modes.full_spectra"),
        ("band_force = 0.0", "modes.band_force"),
        ("enable = true", "modes: unknown key .enable."),
    ],
)
def test_bad_tables_are_refused_with_their_place(line: str, problem: str) -> None:
    with pytest.raises(PlanError, match=problem):
        parse_plan(f"[modes]\n{line}\n")


def test_plans_without_the_table_have_it_on() -> None:
    plan = parse_plan('[campaign]\nname = "old"\n')
    assert plan.modes.enabled
    assert plan.modes.rhos[0] == 0.1
    assert "[modes]" in plan_template()
