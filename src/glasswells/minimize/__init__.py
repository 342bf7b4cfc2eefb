"""From a configuration to the inherent structure below it: L-BFGS with a Newton finish, FIRE."""

from glasswells.minimize.quench import minimize, minimize_positions
from glasswells.minimize.settings import Descent, MinimizerSettings, StopCondition

__all__ = ["Descent", "MinimizerSettings", "StopCondition", "minimize", "minimize_positions"]
