"""The folder of compiled kernels holds code: whoever can write there can run programs as you."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from glasswells.core.errors import InputError

VARIABLE = "NUMBA_CACHE_DIR"
"""Where Numba keeps machine code, if it is set; otherwise beside the sources."""


def check_cache_folder() -> None:
    """Make the folder that `NUMBA_CACHE_DIR` names, or refuse it if others may write to it.

    Raises
    ------
    InputError
        If it cannot be made, belongs to someone else, or may be written by others.
    """
    name = os.environ.get(VARIABLE)
    if not name:
        return
    folder = Path(name)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = folder.stat()
    except OSError as error:
        raise InputError(
            f"{VARIABLE} is {name!r}, which cannot be used ({error.strerror}): name a folder of "
            f"your own"
        ) from None
    if state.st_uid != os.geteuid() or state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise InputError(
            f"{VARIABLE} is {name!r}, which others can write to, and its content is run as code: "
            f"name a folder of your own, or `chmod 700` this one"
        )
