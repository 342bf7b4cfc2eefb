"""The version of the package, in the base room: what writes files states it."""

__version__ = "0.2.0"
