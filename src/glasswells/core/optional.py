"""Packages that only some functions need, asked for when they are."""

from __future__ import annotations

import importlib
from typing import Any

from glasswells.core.errors import InputError


def require(module: str, extra: str) -> Any:
    """A module that comes with one of the package's extras.

    Raises
    ------
    InputError
        If it is not installed; the text says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0]
        raise InputError(
            f"{package} is not installed, which this needs: pip install 'glasswells[{extra}]'"
        ) from None
