"""Tables of docutils from columns and rows, for the directives of this folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from docutils import nodes


def node_table(
    columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[nodes.Node | list[nodes.Node]]]
) -> nodes.table:
    """A table with a head.

    Parameters
    ----------
    columns
        Titles and relative widths.
    rows
        A cell for each column: one node, or several that stand in one paragraph.
    """
    table = nodes.table(classes=["plan-table"])
    group = nodes.tgroup(cols=len(columns))
    table += group
    group.extend(nodes.colspec(colwidth=width) for _, width in columns)
    head, body = nodes.thead(), nodes.tbody()
    head += _row([nodes.Text(title) for title, _ in columns])
    body.extend(_row(cells) for cells in rows)
    group += head
    group += body
    return table


def _row(cells: Sequence[nodes.Node | list[nodes.Node]]) -> nodes.row:
    row = nodes.row()
    for cell in cells:
        entry, paragraph = nodes.entry(), nodes.paragraph()
        paragraph += cell
        entry += paragraph
        row += entry
    return row
