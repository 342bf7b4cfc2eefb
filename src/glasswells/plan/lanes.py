"""How many trajectories of a glass go side by side, where a plan leaves that to the package.

What `explore.lanes = 0` stands for is kept with a campaign when it begins: a later version to which
another number seems useful goes on with this one, as trajectories and tasks depend on it.
"""

from __future__ import annotations

from glasswells.model.lane_vectors import LANES
from glasswells.model.law import is_cut_smoothly
from glasswells.plan.base import of_preparation
from glasswells.plan.model import pair_model
from glasswells.plan.plan import Plan

FEWEST_IN_LANES = 8
"""Trajectories of a glass from which on lanes pay, see docs/stages/explore.md."""


def lanes_of(plan: Plan, preparation: int) -> int:
    """Trajectories in one task, of the glasses of the k-th preparation.

    `explore.lanes`, or what 0 stands for; then 1 where it is known beforehand that they go one by
    one.
    """
    if plan.explore.lanes:
        return plan.explore.lanes
    if _goes_one_by_one(plan):
        return 1
    return (plan.stored_lanes or _useful(plan))[preparation]


def has_lanes(plan: Plan) -> bool:
    """Whether trajectories of some glass go side by side."""
    return any(lanes_of(plan, k) > 1 for k in range(len(plan.glasses.counts)))


def with_stored_lanes(plan: Plan) -> Plan:
    """The plan with what 0 stands for: as it is kept, else as it seems useful today.

    What is kept may come from another campaign, with other preparations: then it says nothing.
    """
    if plan.explore.lanes:
        return plan.model_copy(update={"stored_lanes": ()})
    if len(plan.stored_lanes) == len(plan.glasses.counts):
        return plan
    return plan.model_copy(update={"stored_lanes": _useful(plan)})


def _useful(plan: Plan) -> tuple[int, ...]:
    """`LANES`, but 1 where so few trajectories would leave most of them empty."""
    numbers = [
        of_preparation(plan.explore.trajectories, k) for k in range(len(plan.glasses.counts))
    ]
    return tuple(LANES if n >= FEWEST_IN_LANES else 1 for n in numbers)


def _goes_one_by_one(plan: Plan) -> bool:
    """Whether lanes are not for its energy, its masses or its dynamics."""
    heavy = plan.glasses.masses or any(glass.masses for glass in plan.stored_glasses)
    if plan.model.is_material or plan.explore.friction > 0 or heavy:
        return True
    return not is_cut_smoothly(pair_model(plan.model_parameters))
