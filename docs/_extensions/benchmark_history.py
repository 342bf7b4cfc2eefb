"""The directive `benchmark-history`: what `make bench` measured, by day, as pictures and a table.

It reads the files in `benchmarks/history/`; a picture for each benchmark shows how many times
better than its baseline, measured in the same run, each piece of work was on each day.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks"))

from history import FOLDER, NUMBER, Entry, read_all  # noqa: E402 (a script's folder)

COLUMNS = (("work", 40), ("date", 12), ("measured", 30), ("baseline", 20), ("ratio", 10))


def ratios(entries: list[Entry]) -> dict[str, dict[tuple[str, str], list[tuple[str, float]]]]:
    """Day and ratio by benchmark, then work and machine; rows without a ratio are left out."""
    found: dict[str, dict[tuple[str, str], list[tuple[str, float]]]] = {}
    for entry in entries:
        match = NUMBER.search(entry.ratio)
        if match:
            lines = found.setdefault(entry.benchmark, defaultdict(list))
            lines[entry.work, entry.machine].append((entry.date, float(match.group(1))))
    return found


def draw(benchmark: str, lines: dict[tuple[str, str], list[tuple[str, float]]], path: Path) -> None:
    """One picture as SVG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 3.2), layout="constrained")
    axes = figure.subplots()
    days = sorted({day for points in lines.values() for day, _ in points})
    for (work, machine), points in lines.items():
        places = [days.index(day) for day, _ in points]
        axes.plot(places, [ratio for _, ratio in points], "o-", label=f"{work} ({machine})")
    axes.set_xticks(range(len(days)), days)
    axes.set_xlim(-0.5, len(days) - 0.5)
    largest = max(ratio for points in lines.values() for _, ratio in points)
    axes.set_ylim(0, 1.1 * largest)
    axes.set_ylabel("times the baseline")
    axes.set_title(benchmark)
    axes.legend(fontsize="x-small", loc="best")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})


class BenchmarkHistory(SphinxDirective):
    """Pictures, then a table of all rows, the newest first."""

    def run(self) -> list[nodes.Node]:
        """The nodes in place of the directive."""
        found = read_all(FOLDER)
        for path in sorted(FOLDER.glob("*.csv")):
            self.env.note_dependency(str(path))
        if not found:
            return [nodes.paragraph(text="No run of `make bench` is on record yet.")]
        content: list[nodes.Node] = []
        for benchmark, lines in ratios(found).items():
            name = f"_benchmarks/{benchmark}.svg"
            draw(benchmark, lines, Path(self.env.srcdir) / name)
            content.append(nodes.image(uri=f"/{name}", alt=f"{benchmark}: ratios by day"))
        return [*content, _table(sorted(found, key=lambda e: e.date, reverse=True))]


def _table(entries: list[Entry]) -> nodes.table:
    group = nodes.tgroup(cols=len(COLUMNS))
    group += [nodes.colspec(colwidth=width) for _, width in COLUMNS]
    head = nodes.row()
    head += [nodes.entry("", nodes.paragraph(text=name)) for name, _ in COLUMNS]
    body = nodes.tbody()
    for entry in entries:
        row = nodes.row()
        row += [nodes.entry("", nodes.paragraph(text=getattr(entry, name))) for name, _ in COLUMNS]
        body += row
    group += [nodes.thead("", head), body]
    return nodes.table("", group)


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive."""
    app.add_directive("benchmark-history", BenchmarkHistory)
    return {"parallel_read_safe": False}
