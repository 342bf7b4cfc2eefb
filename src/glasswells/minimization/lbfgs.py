"""L-BFGS with a Newton finish: which direction next, and what to do when one leads nowhere."""

from __future__ import annotations

from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array
from glasswells.minimization import kernels
from glasswells.minimization.newton import NewtonSolver, newton_solver
from glasswells.minimization.run import Run
from glasswells.minimization.settings import Descent, MinimizerSettings, StopCondition
from glasswells.model.pair_model import Interactions

UNAIDED_PATIENCE = 10
"""How many times more patience L-BFGS gets where no Newton steps finish: in stiff materials the
force oscillates for hundreds of evaluations while the last soft directions relax."""


def descend_lbfgs(
    interactions: Interactions,
    positions: Array,
    settings: MinimizerSettings,
    stop: StopCondition | None,
) -> Descent:
    """L-BFGS; for pair models the last part by truncated Newton steps."""
    solver = newton_solver(interactions, settings)
    patience = settings.patience * (1 if solver else UNAIDED_PATIENCE)
    run = Run(interactions, positions, settings, stop, patience)
    if not run.begin():
        return run.descent(Outcome.NOT_FINITE)
    directions = _Directions(run, solver)
    verdict = kernels.ACCEPTED
    while True:
        if verdict != kernels.REJECTED:
            outcome = run.ending(long_step=directions.newton)
            if outcome is not None:
                return run.descent(outcome)
            directions.choose()
        elif run.evaluations >= settings.max_evaluations:
            return run.descent(Outcome.STEP_LIMIT)
        energy, force_d = run.evaluate()
        verdict = kernels.judge(run.w, force_d, energy, not directions.newton, run.may_jump)
        if verdict in (kernels.EXHAUSTED, kernels.NOT_FINITE) and not directions.restart():
            is_finite = verdict == kernels.EXHAUSTED
            return run.descent(Outcome.LINE_SEARCH_FAILED if is_finite else Outcome.NOT_FINITE)


class _Directions:
    """Chooses between L-BFGS and Newton directions."""

    def __init__(self, run: Run, solver: NewtonSolver | None) -> None:
        self._run = run
        self._solver = solver
        self._newton_from = 0
        self.newton = False
        """Whether the present direction is a Newton direction."""

    def choose(self) -> None:
        """Set a direction and the first trial point along it."""
        run = self._run
        w, settings = run.w, run.settings
        self.newton = (
            self._solver is not None
            and run.max_force < settings.newton_below
            and run.evaluations >= self._newton_from
            and self._solve(self._solver)
        )
        if self.newton:
            w.state["held"][0] = 0
        kernels.propose(w, settings.largest_step, self.newton)

    def restart(self) -> bool:
        """Forget what led to a useless direction; False if it was the force itself already."""
        w = self._run.w
        if not self.newton and w.state["held"][0] == 0:
            return False
        w.state["held"][0] = 0
        self._pause()
        return True

    def _pause(self) -> None:
        self._newton_from = self._run.evaluations + self._run.settings.newton_pause

    def _solve(self, solver: NewtonSolver) -> bool:
        run = self._run
        w, settings = run.w, run.settings
        enough = 0.1 * settings.max_force / run.max_force
        spent = solver.solve(
            run.positions, w.force_d, max(settings.newton_tolerance, enough), w.direction_d
        )
        run.products += abs(spent)
        is_useless = spent in (0, -1)  # the very first direction curves down: no solution yet
        if is_useless:
            self._pause()
        return not is_useless
