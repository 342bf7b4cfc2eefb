"""Symbols as they are printed: subscripts, powers of ten and Greek letters for the page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markupsafe import Markup

SUBSCRIPTED = re.compile(
    r"(?<![\w.])(T|r|PR|E|V|N|k|n|Delta)_(f|12|AB|AS|DW|[1-4]|A|B|b|s|0)(?!\w)"
)
"""Symbols of ours, standing alone: T_f, r_12, PR_DW, Delta_0 and their like."""
POWER_OF_TEN = re.compile(r"(?<![\w.])(\d+(?:\.\d+)?)e([-+])0*(\d+)(?!\w)")
"""A number as Python writes it; keys of double wells, which are hexadecimal, have no sign there."""
SIGN = re.compile(r"(?<![\w.)-])-(?=\d)")
EXPONENT = re.compile(r"(?<=[\w>\u03c3\u03c0])\^(\d)")
CODE = re.compile(r"`([^`<>]+)`")
GREEK = {
    "epsilon": "\N{GREEK SMALL LETTER EPSILON}",
    "sigma": "\N{GREEK SMALL LETTER SIGMA}",
    "omega": "\N{GREEK SMALL LETTER OMEGA}",
    "rho": "\N{GREEK SMALL LETTER RHO}",
    "Delta": "\N{GREEK CAPITAL LETTER DELTA}",
}
GREEK_WORD = re.compile(rf"(?<![A-Za-z])({'|'.join(GREEK)})(?![A-Za-z])")
MINUS, TIMES = "\N{MINUS SIGN}", "\N{MULTIPLICATION SIGN}"


def symbols(text: str) -> Markup:
    """A text of the page, escaped, with its symbols as they are printed.

    Only symbols of ours that stand alone are touched, and what is put in is a fixed element.
    """
    from markupsafe import Markup, escape

    return Markup(SUBSCRIPTED.sub(_subscript, str(escape(text))))  # noqa: S704 (escaped)


def typeset(text: str) -> Markup:
    """The same with numbers, for sentences and for cells that hold numbers."""
    from markupsafe import Markup

    words = SIGN.sub(MINUS, str(symbols(text)))
    words = POWER_OF_TEN.sub(_power, words)
    return Markup(EXPONENT.sub(r"<sup>\1</sup>", words))  # noqa: S704 (escaped)


def typeset_own(text: str) -> Markup:
    """The same for headings and notes, which are ours: with Greek letters and names of commands."""
    from markupsafe import Markup

    words = GREEK_WORD.sub(lambda found: GREEK[found[1]], str(typeset(text)))
    return Markup(CODE.sub(r"<code>\1</code>", words))  # noqa: S704 (escaped)


def _subscript(found: re.Match[str]) -> str:
    return f"<i>{GREEK.get(found[1], found[1])}</i><sub>{found[2]}</sub>"


def _power(found: re.Match[str]) -> str:
    sign = MINUS if found[2] == "-" else ""
    return f"{found[1]} {TIMES} 10<sup>{sign}{found[3]}</sup>"
