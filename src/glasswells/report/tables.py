"""The tables of a report, as text for the page and for CSV files alike."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from glasswells.content.records import Preparation, ReportContent
from glasswells.core.outcomes import Outcome
from glasswells.core.whole_file import whole_file
from glasswells.landscape.quench_report import MeltQuenchReport
from glasswells.sampling.equilibrium import EquilibrationReport
from glasswells.statistics import (
    TlsDensity,
    WellSummary,
    count_per_glass,
    count_tls,
    duplicates,
    heat_capacity,
    rank_correlation,
    tls_density,
)
from glasswells.statistics.counts import SLOW
from glasswells.statistics.well_table import COLUMNS
from glasswells.tunneling.units import UnitSystem

FEWEST_ON_PLATEAU = 5
"""Splittings below the threshold; of fewer no slope can differ from zero."""
SHOWN_ROWS = 200
"""Rows of a table on the page; the CSV file has all."""
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""Texts that spreadsheets would take for a formula."""
DIGITS = r"[-+]?(?:\d+(?:\.\d*)?(?:e[-+]?\d+)?|inf|nan)"
NUMBER = re.compile(rf"-|{DIGITS}(?: \[{DIGITS}, {DIGITS}\]\*?)?")
"""A cell that may begin with a sign: a number, alone or with its interval, or none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """Numbers under names."""

    slug: str
    """Name of its CSV file."""
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_on_page: bool = True
    hints: tuple[str, ...] = ()
    """What each column is; empty if the headings say it."""


def counts_table(content: ReportContent) -> Table:
    """Glasses, inherent structures, pairs and double wells."""
    rows = []
    for p, rule in _by_rule(content):
        explorations = [g.exploration for g in p.explored if g.exploration is not None]
        chosen = p.chosen_by(rule)
        wells = [len(w) for w in chosen]
        distinct = sum(len(set(duplicates(w))) for w in chosen)
        pairs = [g.pairs_by_rule.get(rule, 0) if rule else g.n_pairs for g in p.explored]
        rows.append(
            (
                f"{p.temperature:g}",
                f"{len(p.explored)} of {len(p.glasses)}",
                _particles(p),
                str(sum(e.quenches for e in explorations)),
                str(sum(len(e.energies) for e in explorations)),
                rule or "-",
                str(sum(pairs)),
                str(sum(wells)),
                str(distinct),
                count_per_glass(wells).text() if wells else "-",
            )
        )
    return Table(
        slug="counts",
        title="From glasses to double wells",
        note="Rule: the one that chose the pairs; a pair that several rules chose counts for each. "
        "Distinct: the same core in different backgrounds counts once. In brackets: 95 % "
        "interval over glasses; a star marks counting errors only (a single glass, or the same "
        "number in all). Counts grow with the length of the exploration. Single wells in disguise "
        "are among the double wells."
        + (" The campaign is unfinished: these are the numbers so far." * bool(content.tasks_left)),
        columns=(
            "T_f", "glasses explored", "N", "quenches", "inherent structures", "rule",
            "pairs", "double wells", "distinct", "double wells per glass",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def tls_table(content: ReportContent) -> Table:
    """Two-level systems per unit set, with the spread over continuations."""
    rows = []
    for p, rule in _by_rule(content):
        for units in _solved_units(content, p):
            found = count_tls(p.chosen_by(rule), units)
            low, high = found.spread
            others = ", ".join(f"{k} {n}" for k, n in found.by_continuation.items())
            limits = " to ".join(str(n) for n in sorted(found.at_hbar_limits))
            rows.append(
                (
                    f"{p.temperature:g}",
                    rule or "-",
                    units.name,
                    f"{units.tls_threshold:g}",
                    str(found.solved),
                    str(found.unresolved),
                    str(found.raw),
                    str(found.distinct),
                    str(found.slow),
                    f"{low} to {high}",
                    others or "-",
                    f"{found.in_all}, {found.in_some}",
                    limits or "-",
                    found.per_glass.text(),
                )
            )
    return Table(
        slug="two_level_systems",
        title="Active two-level systems",
        note="A double well counts if its splitting lies below the threshold, is resolved, and is "
        "no single well in disguise. What lies beyond the two minima is a convention: the spread "
        "is what the raw count would be under each; in all, in some: double wells that count under "
        "every one, and under at least one. Slow: those with a tunneling amplitude Delta_0 below "
        f"{SLOW:g} of the threshold, whose E is the asymmetry. By constant: the count at both ends "
        "of the error of a fitted reduced Planck constant.",
        columns=(
            "T_f", "rule", "units", "threshold", "splittings", "unresolved", "TLS", "distinct",
            "slow", "spread", "by continuation", "in all, in some", "by constant", "TLS per glass",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _plateau(found: TlsDensity) -> str:
    if found.reduced.n_entries < FEWEST_ON_PLATEAU:
        return "too few"
    return "yes" if found.is_plateau else f"no ({found.slope:+.1f} sigma)"


def density_table(content: ReportContent) -> Table:
    """n_0 and the heat capacity of the standard tunneling model."""
    rows = []
    for p in content.preparations:
        for units in _solved_units(content, p):
            found = tls_density(p.splittings(units.name), p.volumes, units)
            once = tls_density(p.distinct_splittings(units), p.volumes, units)
            rows.append(
                (
                    f"{p.temperature:g}",
                    units.name,
                    str(found.reduced.n_entries),
                    found.reduced.text(),
                    once.reduced.text(),
                    found.si.text(".2g"),
                    f"{float(heat_capacity(found.si.value, 1.0)):.3g}",
                    _plateau(found),
                )
            )
    return Table(
        slug="density",
        title="Density of two-level systems",
        note="n_0 = N(E) / (E V) at the threshold; C = (π^2/6) n_0 k_B^2 T. Only what the "
        "exploration has met is counted: n_0 is a lower bound. Single wells in disguise and "
        "unresolved splittings are left out. Distinct: a core that was met in several backgrounds "
        "counts once. Plateau: whether the splittings below the threshold "
        "are spread evenly, as in the standard tunneling model.",
        columns=(
            "T_f", "units", "N below threshold", "n_0, 1/(epsilon sigma^3)", "distinct n_0",
            "n_0, 1/(J m^3)", "C at 1 K, J/(K m^3)", "plateau",
        ),
        rows=tuple(rows),
    )  # fmt: skip


def correlation_table(content: ReportContent) -> Table:
    """Rank correlations of the splitting with what else a double well has."""
    quantities = {c.shown.correlated_as: c.of for c in COLUMNS if c.shown.correlated_as}
    rows = []
    for p in content.preparations:
        for units in _solved_units(content, p):
            solved = [[w for w in wells if units.name in w.splittings] for wells in p.wells]
            y = [[w.splitting(units.name) for w in wells] for wells in solved]
            row = []
            for value in quantities.values():
                found = rank_correlation([[value(w) for w in wells] for wells in solved], y)
                row.append("-" if found is None else found.text("+.2f"))
            rows.append((f"{p.temperature:g}", units.name, str(sum(map(len, y))), *row))
    return Table(
        slug="correlations",
        title="Rank correlation of the splitting E with other quantities",
        note="Spearman's, with its 95 % interval over glasses (star: a single glass). All "
        "double wells with a splitting, single wells in disguise among them.",
        columns=("T_f", "units", "double wells", *quantities),
        rows=tuple(rows),
    )


def glasses_table(content: ReportContent) -> Table:
    """Each glass: how well it is equilibrated and what it held."""
    rows = []
    for p in content.preparations:
        for g in p.glasses:
            report, exploration = g.equilibration, g.exploration
            rows.append(
                (
                    f"{p.temperature:g}",
                    g.name,
                    str(g.n_particles),
                    *_preparation_cells(report, p.temperature),
                    "-" if exploration is None else str(exploration.quenches),
                    "-" if exploration is None else str(len(exploration.energies)),
                    str(g.n_pairs),
                    str(len(g.wells)),
                    *(str(sum(_is_tls(w, units) for w in g.wells)) for units in content.units),
                )
            )
    return Table(
        slug="glasses",
        title="Glasses",
        note="Relaxation times: how many the glass has seen at its preparation temperature, under "
        "swap dynamics; fewer than 20 are flagged. In brackets those since the glass before was "
        "taken from the same liquid; less than one is flagged.",
        columns=(
            "T_f", "glass", "N", "sweeps", "relaxation times", "energy per particle",
            "equilibrium", "quenches", "inherent structures", "pairs", "double wells",
            *(f"TLS {units.name}" for units in content.units),
        ),
        rows=tuple(rows),
    )  # fmt: skip


def _preparation_cells(
    report: EquilibrationReport | MeltQuenchReport | None, rate: float
) -> tuple[str, str, str, str]:
    """Sweeps, relaxation times, energy per particle, and what is known of equilibrium."""
    if report is None:
        return "-", "-", "-", "no report"
    if isinstance(report, MeltQuenchReport):
        words = ", ".join([f"melt-quenched at rate {rate:g} K/s", *report.flags])
        return "-", "-", f"{report.energy:.4f}", words
    words = ", ".join(report.flags) or "equilibrated"
    times = f"{report.relaxation_times:.3g}"
    if report.sweeps_apart is not None:
        times += f" ({report.relaxation_times_apart:.3g})"
    return f"{report.sweeps:.3g}", times, f"{report.energy.value:.4f}", words


def costs_table(content: ReportContent) -> Table:
    """What each stage has cost."""
    rows = tuple(
        (
            c.stage,
            str(c.done),
            str(c.failed),
            str(c.left),
            f"{c.cpu_seconds:.1f}",
            f"{c.cpu_seconds / c.done:.3g}" if c.done else "-",
            f"{c.wall_seconds:.1f}",
        )
        for c in content.costs
    )
    return Table(
        slug="costs",
        title="Cost of each stage",
        note="Seconds summed over workers.",
        columns=("stage", "chunks done", "failed", "chunks left", "CPU s", "CPU s each", "wall s"),
        rows=rows,
    )


def failure_counts_table(content: ReportContent) -> Table:
    """How often what failed."""
    found = Counter((f.stage, f.reason) for f in content.failures)
    rows = tuple(
        (stage, reason, str(n), _meaning(reason)) for (stage, reason), n in sorted(found.items())
    )
    return Table(
        slug="failure_counts",
        title="What did not come out, by reason",
        note="A path search that finds no double well is no fault: most pairs of minima have other "
        "minima between them.",
        columns=("stage", "reason", "number", "what it means"),
        rows=rows,
    )


def _meaning(reason: str) -> str:
    """The text of an outcome; tasks that failed have texts of their own."""
    outcome = Outcome.__members__.get(reason.upper())
    return "-" if outcome is None else outcome.value


def failures_table(content: ReportContent) -> Table:
    """Everything that failed, by name."""
    return Table(
        slug="failures",
        title="What did not come out",
        note="",
        columns=("stage", "glass", "what", "reason", "text"),
        rows=tuple((f.stage, f.glass, f.subject, f.reason, f.text) for f in content.failures),
    )


def write_tables(found: list[Table], directory: Path) -> Iterator[Path]:
    """Write each table as CSV.

    Texts that a spreadsheet would run as a formula get an apostrophe in front; numbers stay.
    """
    for table in found:
        path = directory / f"{table.slug}.csv"
        write_csv(path, table.columns, table.rows)
        yield path


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Write rows under headings as one file, and give its text."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([_cell(cell) for cell in columns])
    writer.writerows([_cell(cell) for cell in row] for row in rows)
    with whole_file(path) as draft:
        draft.write_bytes(text.getvalue().encode("utf-8", "backslashreplace"))
    return text.getvalue()


def _cell(text: str) -> str:
    if text.startswith(FORMULA_STARTS) and not NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _is_tls(well: WellSummary, units: UnitSystem) -> bool:
    found = well.splittings.get(units.name)
    return found is not None and found.is_two_level


def _by_rule(content: ReportContent) -> Iterator[tuple[Preparation, str | None]]:
    """Each preparation with each of the rules that chose its pairs."""
    return ((p, rule) for p in content.preparations for rule in p.rules)


def _solved_units(content: ReportContent, p: Preparation) -> list[UnitSystem]:
    """Unit sets of which there is something to say: while splittings are to come, no zeros."""
    if not p.explored:
        return []
    found = {name for wells in p.wells for w in wells for name in w.splittings}
    return [u for u in content.units if u.name in found or not content.tasks_left]


def _particles(p: Preparation) -> str:
    return ", ".join(map(str, sorted({g.n_particles for g in p.glasses}))) or "-"
