"""What can go wrong with the place where tasks run."""

from __future__ import annotations

from glasswells.core.errors import GlasswellsError


class EngineError(GlasswellsError, RuntimeError):
    """Where tasks should run cannot be reached or used; what was acknowledged is safe."""
