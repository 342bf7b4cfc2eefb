"""Stored texts on a terminal: shown, never obeyed."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    r"""A text whose invisible characters are written as escapes, such as `\x1b`.

    A store, a file name or an error may come from a stranger, and a terminal obeys what it is sent:
    titles, colors, deleted lines. Line ends stay.
    """
    return "".join(c if _is_shown(c) else _escaped(c) for c in text)


def _is_shown(character: str) -> bool:
    return character == "\n" or character.isprintable() or unicodedata.category(character) == "Zs"


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
