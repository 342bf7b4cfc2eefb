"""The few exception classes; each is also a built-in one, so that callers may catch either."""

from __future__ import annotations


class GlasswellsError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(GlasswellsError, ValueError):
    """A value that cannot be used: the text names it, what was expected and the next step."""


class ConvergenceError(GlasswellsError, RuntimeError):
    """An iterative routine ended without converging: on request, or where nothing came of it."""
