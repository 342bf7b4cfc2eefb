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
    sweeps: int
    """Of swap Monte Carlo, of all glasses together, from the melting of their lattices on; 0 if
    they are not prepared so."""
    longest: float
    """Largest share of the preparations in which one glass waits for the other: those of a liquid,
    or of a single glass."""


def groups(plan: Plan) -> Iterator[Group]:
    """The glasses of a plan by preparation temperature."""
    for k, temperature in enumerate(plan.preparations):
        trajectories = of_preparation(plan.explore.trajectories, k)
        glasses = plan.glasses.counts[k]
        sampled = plan.glasses.source == "prepare"
        sweeps = _sweeps(plan, k, glasses) if sampled else 0
        in_line = min(glasses, plan.prepare.sweeps_of(k).glasses)
        yield Group(
            temperature=temperature,
            glasses=glasses,
            trajectories=trajectories,
            lanes=min(lanes_of(plan, k), trajectories),
            quenches=trajectories * plan.explore.quenches,
            max_pairs=of_preparation(plan.pairs.max_pairs, k),
            sweeps=sweeps,
            longest=_sweeps(plan, k, in_line) / sweeps if sampled else 1 / glasses,
        )


def _sweeps(plan: Plan, preparation: int, glasses: int) -> int:
    sweeps = plan.prepare.sweeps_of(preparation)
    liquids = -(-glasses // sweeps.glasses)
    first = plan.prepare.melt_sweeps + plan.prepare.burn_in + sweeps.first
    return liquids * first + (glasses - liquids) * sweeps.between


def n_particles(plan: Plan) -> int:
    """Particles of a glass; of the largest if they come from files."""
    if plan.glasses.source == "prepare":
        return plan.prepare.n_particles
    if plan.glasses.source == "melt_quench":
        return plan.melt_quench.n_particles
    if plan.glasses.source == "files":
        return max(glass.configuration().n_particles for glass in plan.stored_glasses)
    return SHIPPED_PARTICLES
