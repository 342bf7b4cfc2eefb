"""From a configuration to the inherent structure below it: L-BFGS with a Newton finish, FIRE."""

from glasswells.minimization.quench import minimize, minimize_positions
from glasswells.minimization.settings import Descent, MinimizerSettings, StopCondition

__all__ = ["Descent", "MinimizerSettings", "StopCondition", "minimize", "minimize_positions"]
