"""Stage `splittings`: the Schroedinger equation on the profiles of a pair's double wells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from glasswells.core.errors import InputError
from glasswells.core.splittings import TunnelSplitting
from glasswells.plan.plan import OF_UNITS, Plan, SplittingsSection, UnitsSection
from glasswells.statistics import WellSummary, summarize_well
from glasswells.store.pipeline import Stage
from glasswells.store.reader import StoreReader
from glasswells.store.tasks import TaskFailedError, TaskInput, TaskOutput
from glasswells.tunneling import UNIT_SETS, UnitSystem, solve_splitting
from glasswells.tunneling.continuation import WALL_WIDTH

ANGSTROM = 1e-10


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class WellSplitting:
    """A splitting and the double well that it belongs to."""

    double_well: int
    """Number among the double wells of the same pair."""
    splitting: TunnelSplitting


def splittings_parameters(plan: Plan) -> dict[str, Any]:
    """What the products of this stage depend on."""
    own = {name: section.model_dump(mode="json") for name, section in plan.units.items()}
    return {
        "units": {name: own.get(name) for name in plan.splittings.units},
        "continuation": plan.splittings.continuation,
        "wall_width": WALL_WIDTH,
    }


def run_splittings(task: TaskInput) -> TaskOutput:
    """All double wells of one pair under every unit set of the plan."""
    ((*double_wells,),) = task.inputs
    units = [unit_system(name, own) for name, own in task.parameters["units"].items()]
    stated = task.parameters["continuation"]
    continuation = None if stated == OF_UNITS else stated
    products: list[tuple[str, Any]] = []
    active = 0
    for number, double_well in enumerate(double_wells):
        # The glass of a task is not the business of its stage: who reads the summary adds it. What
        # tables show besides is not kept, so that they may show more of an old campaign.
        summary = summarize_well(double_well, "", number, numbers=())
        products.append(("well_summary", summary))
        for unit_set in units:
            try:
                splitting = solve_splitting(double_well.profile, unit_set, continuation)
            except InputError as error:
                raise TaskFailedError("profile_not_solvable", str(error)) from None
            products.append(("splitting", WellSplitting(double_well=number, splitting=splitting)))
            active += splitting.is_two_level
    n_solved = len(double_wells) * len(units)
    counts = {"splittings": n_solved, "two_level_systems": active}
    return TaskOutput(products=tuple(products), counts=counts)


def solved_units(store: StoreReader, plan: Plan) -> tuple[UnitSystem, ...]:
    """The unit sets that a campaign's splittings are solved under, in the order of the plan.

    Which they are the first of its tasks says: the plan of a campaign that began with another
    version may mean the defaults of that one.
    """
    first = next(store.tasks(stage="splittings"), None)
    parameters = splittings_parameters(plan) if first is None else first.task.parameters
    solved = parameters["units"]
    names = [name for name in dict.fromkeys([*plan.splittings.units, *solved]) if name in solved]
    return tuple(unit_system(name, solved[name]) for name in names)


def unit_system(name: str, own: dict[str, Any] | None) -> UnitSystem:
    """The unit set of this name: a plan's own or one of `UNIT_SETS`."""
    if own is None:
        return UNIT_SETS[name]
    section = UnitsSection(**own)
    return UnitSystem.from_scales(
        name=name,
        sigma=section.length * ANGSTROM,
        epsilon=section.energy,
        mass=section.mass,
        tls_threshold=section.tls_threshold,
    )


SPLITTINGS = Stage(
    name="splittings",
    title="tunnel splittings",
    run=run_splittings,
    settings={"splittings": SplittingsSection},
    takes=("double_well",),
    asked_by="double_well",
    parameters=splittings_parameters,
    gives={"well_summary": WellSummary, "splitting": WellSplitting},
    about_wells=frozenset({"well_summary", "splitting"}),
    cites=(
        "P. W. Anderson, B. I. Halperin, C. M. Varma, Anomalous low-temperature thermal properties "
        "of glasses and spin glasses, Philos. Mag. 25, 1 (1972): two-level systems.",
        "W. A. Phillips, Tunneling states in amorphous solids, J. Low Temp. Phys. 7, 351 (1972).",
    ),
)
