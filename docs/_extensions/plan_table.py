"""The directive `plan-table`: the settings of one table of a plan, from the plan itself.

The texts, defaults and limits are those that `glasswells init` writes and that plans are checked
against, so that a page cannot say something else.

    ```{plan-table} paths
    ```
"""

from __future__ import annotations

import inspect
import re
from typing import Any

from docutils import nodes
from node_tables import node_table
from pydantic import BaseModel
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from glasswells.plan.file import toml_value
from glasswells.plan.plan import UnitsSection
from glasswells.stages.table import PLAN

COLUMNS = (("setting", 22), ("default", 18), ("what it is, and why this value", 60))


class PlanTable(SphinxDirective):
    """A table of name, default and description."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The table."""
        section = section_of(self.arguments[0])
        if section is None:
            raise self.error(f"a plan has no table {self.arguments[0]!r}")
        rows: list[list[nodes.Node | list[nodes.Node]]] = []
        for name, field in section.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                continue  # a table of its own
            default = "required" if field.is_required() else toml_value(field.default)
            rows.append(
                [
                    nodes.literal(text=name),
                    nodes.literal(text=default),
                    _marked(field.description or ""),
                ]
            )
        # Sphinx then makes the page again when the plan has changed.
        self.env.note_dependency(inspect.getsourcefile(section) or "")
        return [node_table(COLUMNS, rows)]


def section_of(name: str) -> Any:
    """The class of a table of the plan, such as `pairs` or `pairs.close`.

    `units` is the one that [units.NAME] has.
    """
    if name == "units":
        return UnitsSection
    section: Any = PLAN
    for part in name.split("."):
        field = section.model_fields.get(part)
        if field is None:
            return None
        section = field.annotation
    return section


def _marked(text: str) -> list[nodes.Node]:
    """Text with its `marks` as literals."""
    parts = re.split(r"`([^`]+)`", text)
    return [
        nodes.literal(text=part) if k % 2 else nodes.Text(part)
        for k, part in enumerate(parts)
        if part
    ]


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("plan-table", PlanTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
