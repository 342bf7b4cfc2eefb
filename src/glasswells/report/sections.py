"""The sections of every report, whatever its material, in the order of the page."""

from __future__ import annotations

from glasswells.content.records import ReportContent
from glasswells.report import figures
from glasswells.report.material_tables import material_tables
from glasswells.report.observables_table import observables_table
from glasswells.report.record_tables import record_tables
from glasswells.report.search_tables import screening_tables, search_tables
from glasswells.report.section import Gallery, Section, SectionMaker, Sheet, pictures_of
from glasswells.report.tables import (
    correlation_table,
    counts_table,
    density_table,
    failure_counts_table,
    failures_table,
    glasses_table,
    tls_table,
)
from glasswells.report.well_tables import wells_table

NO_WELLS = "There are no double wells."
NO_SPLITTINGS = "There are no splittings of two wells."
NO_GLASS = "No glass was explored."


def wells_section(content: ReportContent) -> Section:
    """Double wells beside the one of the first screen."""
    pictures = pictures_of(figures, "wells", content)
    gallery = Gallery(pictures=pictures, empty="There are no other double wells to show.")
    return Section(
        slug="wells",
        title="Other double wells",
        name="Double wells",
        blocks=(gallery,),
        beside=(wells_table(content),),
    )


def material_section(content: ReportContent) -> Section | None:
    """Double wells of a material in physical units, and what they do to bonds."""
    tables = [Sheet(table=table, empty=NO_WELLS) for table in material_tables(content)]
    if not tables:
        return None
    return Section(
        slug="material",
        title="Kelvin, gigahertz and angstroms",
        name="Physical units",
        blocks=tuple(tables),
    )


def glasses_section(content: ReportContent) -> Section:
    """From glasses to two-level systems, in numbers."""
    gallery = Gallery(pictures=pictures_of(figures, "glasses", content), empty="")
    return Section(
        slug="glasses",
        title="Glasses and counts",
        name="Glasses",
        blocks=(
            Sheet(table=counts_table(content)),
            Sheet(table=tls_table(content), empty="No splitting was solved for."),
            *(Sheet(table=t) for t in (*search_tables(content), *screening_tables(content))),
            gallery,
            Sheet(table=glasses_table(content)),
        ),
    )


def distributions_section(content: ReportContent) -> Section:
    """What double wells are like."""
    gallery = Gallery(
        pictures=pictures_of(figures, "distributions", content),
        empty=NO_WELLS,
        summary="Tunnel splittings under other unit sets",
        columns=3,
    )
    return Section(
        slug="distributions",
        title="Distributions over double wells",
        name="Distributions",
        blocks=(gallery, Sheet(table=correlation_table(content), empty=NO_WELLS)),
    )


def density_section(content: ReportContent) -> Section:
    """How many splittings there are in an energy and a volume."""
    gallery = Gallery(
        pictures=pictures_of(figures, "density", content),
        empty=NO_SPLITTINGS,
        summary="The same for other unit sets",
    )
    return Section(
        slug="density",
        title="Density of splittings",
        name="Density",
        blocks=(gallery, Sheet(table=density_table(content), empty=NO_SPLITTINGS)),
    )


def observables_section(content: ReportContent) -> Section | None:
    """What experiments would measure; None where it is not known."""
    if not content.observables:
        return None
    gallery = Gallery(
        pictures=pictures_of(figures, "observables", content),
        empty=NO_SPLITTINGS,
        summary="The same for other unit sets",
    )
    return Section(
        slug="observables",
        title="What experiments would measure",
        name="Experiments",
        blocks=(Sheet(table=observables_table(content)), gallery),
    )


def landscape_section(content: ReportContent) -> Section:
    """Inherent structures."""
    gallery = Gallery(pictures=pictures_of(figures, "network", content), empty=NO_GLASS)
    return Section(
        slug="network", title="Landscape of a glass", name="Landscape", blocks=(gallery,)
    )


def records_section(content: ReportContent) -> Section | None:
    """What stages give besides, in the tables that they declare; None where there is nothing."""
    tables = record_tables(content)
    if not tables:
        return None
    return Section(
        slug="records",
        title="Further numbers",
        name="Further numbers",
        blocks=tuple(Sheet(table=table) for table in tables),
    )


def failures_section(content: ReportContent) -> Section:
    """What did not come out."""
    each = Sheet(table=failures_table(content), summary="Each of them", is_shown_empty=False)
    return Section(
        slug="failures",
        title="What did not come out",
        name="Failures",
        blocks=(Sheet(table=failure_counts_table(content)), each),
    )


FIRST: tuple[SectionMaker, ...] = (
    wells_section,
    material_section,
    glasses_section,
    distributions_section,
    density_section,
    observables_section,
    landscape_section,
    records_section,
)
"""Before those that others add."""
LAST: tuple[SectionMaker, ...] = (failures_section,)
"""After them."""
