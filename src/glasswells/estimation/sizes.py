"""What a plan says about its own size."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from glasswells.plan.base import of_preparation
from glasswells.plan.lanes import lanes_of
from glasswells.plan.plan import Plan

SHIPPED_PARTICLES = 1500


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """The glasses of one preparation temperature, or rate of cooling."""

    temperature: float
    """Or rate."""
    glasses: int
    trajectories: int
    """Of each glass."""
    lanes: int
    """How many of them a task carries; the last one may have fewer."""
    quenches: int
    """Of each glass, all trajectories together."""
    max_pairs: int
    """Of each rule and glass."""


def groups(plan: Plan) -> Iterator[Group]:
    """The glasses of a plan by preparation temperature."""
    for k, temperature in enumerate(plan.preparations):
        trajectories = of_preparation(plan.explore.trajectories, k)
        yield Group(
            temperature=temperature,
            glasses=plan.glasses.counts[k],
            trajectories=trajectories,
            lanes=min(lanes_of(plan, k), trajectories),
            quenches=trajectories * plan.explore.quenches,
            max_pairs=of_preparation(plan.pairs.max_pairs, k),
        )


def n_particles(plan: Plan) -> int:
    """Particles of a glass; of the largest if they come from files."""
    if plan.glasses.source == "prepare":
        return plan.prepare.n_particles
    if plan.glasses.source == "melt_quench":
        return plan.melt_quench.n_particles
    if plan.glasses.source == "files":
        return max(glass.configuration().n_particles for glass in plan.stored_glasses)
    return SHIPPED_PARTICLES
