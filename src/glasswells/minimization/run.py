"""The evaluations of one descent, whatever its method, and the conditions that end it."""

from __future__ import annotations

import numpy as np

from glasswells.core.outcomes import Outcome
from glasswells.core.records import Array
from glasswells.minimization import kernels
from glasswells.minimization.settings import Descent, MinimizerSettings, StopCondition
from glasswells.model.pair_model import Interactions
from glasswells.model.precision import is_continuous, precision_of


class Run:
    """The evaluations of one descent, and when it has to end."""

    def __init__(
        self,
        interactions: Interactions,
        positions: Array,
        settings: MinimizerSettings,
        stop: StopCondition | None,
        patience: int,
    ) -> None:
        self.interactions = interactions
        self.settings = settings
        self.may_jump = not is_continuous(interactions)
        precision = precision_of(interactions)
        self._tolerance = max(settings.max_force, precision.least_force)
        self.w = kernels.workspace(positions, settings.history, settings.stiffness)
        self.w.state["noise"][0] = precision.least_energy
        # Views, because to take an entry out of a structured array takes five times as long.
        self._max_force = self.w.state["max_force"]
        self._idle = self.w.state["idle"]
        self.evaluations = 0
        self.products = 0
        self._stop = stop
        self._next_stop = settings.stop_interval
        self._patience = patience
        self._trial = self.w.trial_d.reshape(-1, 3)
        self.positions = self.w.position_d.reshape(-1, 3)

    def evaluate(self) -> tuple[float, Array]:
        """Energy and flat forces at the trial point."""
        energy, forces = self.interactions.energy_and_forces(self._trial)
        self.evaluations += 1
        return float(energy), np.ascontiguousarray(forces, dtype=np.float64).reshape(-1)

    def begin(self) -> bool:
        """Evaluate the start; whether it is finite."""
        energy, force_d = self.evaluate()
        return bool(np.isfinite(kernels.begin(self.w, force_d, energy)))

    @property
    def max_force(self) -> float:
        """Largest force component at the accepted point."""
        return float(self._max_force[0])

    def ending(self, *, long_step: bool = False) -> Outcome | None:
        """Why the descent ends at the accepted point, or None; `long_step` asks `stop` now."""
        settings = self.settings
        max_force = self.max_force
        if max_force <= self._tolerance:
            return Outcome.CONVERGED
        if self._stop is not None and (long_step or self.evaluations >= self._next_stop):
            self._next_stop = self.evaluations + settings.stop_interval
            energy = float(self.w.state["energy"][0])
            forces = self.w.force_d.reshape(-1, 3)
            if self._stop(self.positions, energy, forces, self.evaluations):
                return Outcome.KNOWN_MINIMUM
        if self._idle[0] > self._patience:
            return Outcome.LINE_SEARCH_FAILED
        if self.evaluations >= settings.max_evaluations:
            return Outcome.STEP_LIMIT
        return None

    def descent(self, outcome: Outcome) -> Descent:
        """The end."""
        return Descent(
            positions=self.positions,
            forces=self.w.force_d.reshape(-1, 3),
            energy=float(self.w.state["energy"][0]),
            max_force=self.max_force,
            evaluations=self.evaluations,
            hessian_products=self.products,
            outcome=outcome,
            energy_jump=float(self.w.state["jump"][0]),
        )
