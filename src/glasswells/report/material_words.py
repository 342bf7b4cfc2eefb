"""The words of a report on a material: electronvolts and angstroms, and rates for temperatures.

Tables and figures are written for reduced units. What they say of a material is the same with other
names of the units, and of glasses by melt and quench with a rate in place of T_f.
"""

from __future__ import annotations

import re
from dataclasses import replace

from glasswells.content.records import ReportContent
from glasswells.report.picture import Picture
from glasswells.report.section import Section, Sheet
from glasswells.report.tables import Table

ANGSTROM = "\N{LATIN CAPITAL LETTER A WITH RING ABOVE}"
UNITS = (
    (re.compile(r"\\,/\\,\\epsilon\$"), r"$ (eV)"),
    (re.compile(r"\\,/\\,\\sigma\\sqrt\{m\}\$"), rf"$ ({ANGSTROM} $\\sqrt{{\\mathrm{{u}}}}$)"),
    (re.compile(r"\\,/\\,\\sigma\$"), f"$ ({ANGSTROM})"),
    (re.compile(r"\\epsilon\\sigma\^3"), r"\\mathrm{eV\\,\\AA}^3"),
    (re.compile(r"\\epsilon(?![A-Za-z])"), r"\\mathrm{eV}"),
    (
        re.compile(r"(?<![\\A-Za-z])epsilon sigma\^3"),
        f"eV {ANGSTROM}^3",
    ),
    (re.compile(r"(?<![\\A-Za-z_])epsilon(?![A-Za-z_])"), "eV"),
    (re.compile(r"\(sigma\)"), f"({ANGSTROM})"),
    (re.compile("\N{GREEK SMALL LETTER EPSILON}"), "eV"),
)
RATES = (
    (re.compile(r"\$T_f\$ = "), "rate in K/s: "),
    (re.compile(r"\$T_f = ([^$]*)\$"), r"rate \1 K/s"),
    (re.compile(r"\bT_f = (\S+?)(?=[:,.]?(?:\s|$))"), r"rate \1 K/s"),
    (re.compile(r"\bT_f\b"), "rate (K/s)"),
)


class Rewording:
    """Changes the words of tables, pictures and sections; of reduced units it leaves all as it is.

    Parameters
    ----------
    content
        Says what the campaign is about.
    """

    def __init__(self, content: ReportContent) -> None:
        self._changes = (
            *(UNITS if content.is_material else ()),
            *(RATES if content.is_quenched else ()),
        )

    def words(self, text: str) -> str:
        """A text in the words of the material."""
        for pattern, put in self._changes:
            text = pattern.sub(put, text)
        return text

    def table(self, table: Table) -> Table:
        """A table whose title, note and headings are in those words."""
        return replace(
            table,
            title=self.words(table.title),
            note=self.words(table.note),
            columns=tuple(map(self.words, table.columns)),
            hints=tuple(map(self.words, table.hints)),
        )

    def picture(self, picture: Picture) -> Picture:
        """A picture that says them; what is drawn is changed in place, inside `figure_style`."""
        if not self._changes:
            return picture
        from matplotlib.text import Text

        if picture.figure is not None:
            for text in picture.figure.findobj(Text):
                text.set_text(self.words(text.get_text()))
        numbers = picture.numbers
        if numbers is not None:
            numbers = replace(numbers, columns=tuple(map(self.words, numbers.columns)))
        return replace(
            picture,
            title=self.words(picture.title),
            caption=self.words(picture.caption),
            details=self.words(picture.details),
            numbers=numbers,
        )

    def section(self, section: Section) -> Section:
        """A section with all that it holds."""
        blocks = (
            replace(block, table=self.table(block.table))
            if isinstance(block, Sheet)
            else replace(block, pictures=[self.picture(p) for p in block.pictures])
            for block in section.blocks
        )
        return replace(
            section,
            title=self.words(section.title),
            blocks=tuple(blocks),
            beside=tuple(map(self.table, section.beside)),
        )
