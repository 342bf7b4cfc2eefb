"""`minimize`: from a configuration to its inherent structure."""

from __future__ import annotations

from typing import Any, Literal

from glasswells.core.arguments import expects
from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array, Configuration, Minimization
from glasswells.minimization.fire import descend_fire
from glasswells.minimization.lbfgs import descend_lbfgs
from glasswells.minimization.settings import Descent, MinimizerSettings, StopCondition
from glasswells.model.functions import checked_interactions
from glasswells.model.pair_model import Interactions, Model


@expects(model=Model, configuration=Configuration)
def minimize(
    model: Model,
    configuration: Configuration,
    max_force: float = 1e-10,
    method: Literal["lbfgs", "fire"] = "lbfgs",
    max_evaluations: int = 100_000,
    **further_settings: Any,
) -> Minimization:
    """The inherent structure below a configuration: a local minimum of the potential energy.

    Downhill until no force component exceeds `max_force`. Positions are not wrapped on the way,
    so that the difference to the start is the displacement; no particle moves farther than
    `largest_step` at a time. Pair forces sum to zero: the mean position stays where it is.

    Parameters
    ----------
    model
        The potential energy.
    configuration
        The start; any arrangement whose energy is finite.
    max_force
        Tolerance for the largest absolute force component, energy/length.
    method
        `lbfgs`: L-BFGS and, near the minimum of a pair model, Newton steps solved by conjugate
        gradients; or `fire`. One start may lead to different minima by different methods.
    max_evaluations
        Evaluations of energy and forces to spend.
    further_settings
        Other fields of `MinimizerSettings`.

    Returns
    -------
    Minimization
        The last accepted configuration, with an `outcome` other than converged if the tolerance
        was not reached: step limit, stall (a tolerance below the rounding noise), not finite.

    Raises
    ------
    InputError
        For settings out of range, or a start that the model cannot describe or whose energy is
        not finite.
    """
    settings = MinimizerSettings(
        max_force=max_force, method=method, max_evaluations=max_evaluations, **further_settings
    )
    interactions = model.interactions(configuration)
    descent = minimize_positions(interactions, configuration.positions, settings)
    if descent.outcome is Outcome.NOT_FINITE and descent.evaluations == 1:
        checked_interactions(model, configuration)  # raises, and says which particles overlap
    return Minimization(
        configuration=configuration.moved_to(descent.positions),
        energy=descent.energy,
        max_force=descent.max_force,
        evaluations=descent.evaluations,
        outcome=descent.outcome,
        method=settings.method,
    )


def minimize_positions(
    interactions: Interactions,
    positions: Array,
    settings: MinimizerSettings,
    stop: StopCondition | None = None,
) -> Descent:
    """Go downhill from positions (N, 3) on any energy; the input is checked by the caller.

    `stop` is asked at accepted points, once per `settings.stop_interval` evaluations, and ends
    the descent with the outcome `KNOWN_MINIMUM` by returning True. A start that is not finite
    ends at once with the outcome `NOT_FINITE`.
    """
    descend = descend_fire if settings.method == "fire" else descend_lbfgs
    return descend(interactions, positions, settings, stop)
