"""The directive `command-reference`: every command with its arguments and options."""

from __future__ import annotations

import inspect
from typing import Any

from command_texts import Command, commands
from docutils import nodes
from node_tables import node_table
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

import glasswells.cli.commands
import glasswells.cli.work
import glasswells.cli.work_options

COLUMNS = (("argument or option", 34), ("default", 16), ("what it is", 50))


class CommandReference(SphinxDirective):
    """A section for each command."""

    def run(self) -> list[nodes.Node]:
        """The sections."""
        for module in (
            glasswells.cli.commands,
            glasswells.cli.work,
            glasswells.cli.work_options,
        ):
            self.env.note_dependency(inspect.getsourcefile(module) or "")
        return [_section(command) for command in commands()]


def _section(command: Command) -> nodes.section:
    section = nodes.section(ids=[nodes.make_id(f"command-{command.name}")])
    section += nodes.title("", "", nodes.literal(text=command.name))
    section += nodes.literal_block(command.usage, command.usage, language="text")
    for paragraph in inspect.cleandoc(command.text).split("\n\n"):
        section += nodes.paragraph(text=" ".join(paragraph.split()))
    section += node_table(
        COLUMNS,
        (
            [nodes.literal(text=each.names), nodes.Text(each.default), nodes.Text(each.text)]
            for each in command.parameters
        ),
    )
    return section


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("command-reference", CommandReference)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
