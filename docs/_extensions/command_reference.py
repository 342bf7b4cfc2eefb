"""The directive `command-reference`: every command with its arguments and options."""

from __future__ import annotations

import inspect
from typing import Any

from command_texts import Command, commands
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import glasswells.cli.commands
import glasswells.cli.work

COLUMNS = (("argument or option", 34), ("default", 16), ("what it is", 50))


class CommandReference(SphinxDirective):
    """A section for each command."""

    def run(self) -> list[nodes.Node]:
        """The sections."""
        for module in (glasswells.cli.commands, glasswells.cli.work):
            self.env.note_dependency(inspect.getsourcefile(module) or "")
        return [_section(command) for command in commands()]


def _section(command: Command) -> nodes.section:
    section = nodes.section(ids=[nodes.make_id(f"command-{command.name}")])
    section += nodes.title("", "", nodes.literal(text=command.name))
    section += nodes.literal_block(command.usage, command.usage, language="text")
    for paragraph in inspect.cleandoc(command.text).split("\n\n"):
        section += nodes.paragraph(text=" ".join(paragraph.split()))
    table = nodes.table(classes=["plan-table"])
    group = nodes.tgroup(cols=len(COLUMNS))
    table += group
    group.extend(nodes.colspec(colwidth=width) for _, width in COLUMNS)
    head, body = nodes.thead(), nodes.tbody()
    head += _row([nodes.Text(title) for title, _ in COLUMNS])
    for each in command.parameters:
        body += _row(
            [nodes.literal(text=each.names), nodes.Text(each.default), nodes.Text(each.text)]
        )
    group += head
    group += body
    section += table
    return section


def _row(cells: list[nodes.Node]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        entry, paragraph = nodes.entry(), nodes.paragraph()
        paragraph += cell
        entry += paragraph
        row += entry
    return row


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("command-reference", CommandReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
