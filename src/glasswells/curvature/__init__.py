"""The energy around one place as one object: `expand`."""

from glasswells.curvature.expansion import Expansion, expand

__all__ = ["Expansion", "expand"]
