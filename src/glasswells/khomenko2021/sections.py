"""What the paper adds to a report: vibrations beside double wells, and its claims.

The figures are drawn whatever the material is. The claims and counts are about the paper's model
and stand on the page of a campaign with that model only.
"""

from __future__ import annotations

from dataclasses import replace

from glasswells.content.records import ReportContent
from glasswells.khomenko2021 import figures
from glasswells.khomenko2021.counts import paper_counts_table, paper_density_table
from glasswells.khomenko2021.tables import claims_tables, vibration_counts_table
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.report.picture import Picture
from glasswells.report.section import Gallery, Section, Sheet, declared_figures


def vibrations_section(content: ReportContent) -> Section | None:
    """Figures 2 to 8; None for a campaign without modes."""
    if content.vibrations is None:
        return None
    gallery = Gallery(
        pictures=vibration_pictures(content), empty="There are no double wells with modes."
    )
    return Section(
        slug="vibrations",
        title="Vibrations and double wells",
        name="Vibrations",
        blocks=(Sheet(table=vibration_counts_table(content)), gallery),
    )


def paper_section(content: ReportContent) -> Section | None:
    """Counts and claims; None for another model, and where there is nothing to set beside."""
    if not is_papers_model(content):
        return None
    counts, claims = paper_counts_table(content), claims_tables(content)
    if not (counts.rows or claims):
        return None
    return Section(
        slug="paper",
        title="Beside the paper",
        name="The paper",
        blocks=(
            Sheet(table=counts, is_shown_empty=False),
            Sheet(table=paper_density_table(content), is_shown_empty=False),
            *(Sheet(table=t) for t in claims[:1]),
        ),
        beside=tuple(claims[1:]),
    )


def vibration_pictures(content: ReportContent) -> list[Picture]:
    """The figures, those of the paper's model with the one that each compares with."""
    return [
        replace(picture, caption=f"{picture.caption} Compare Fig. {figure.place} of the paper.")
        if is_papers_model(content)
        else picture
        for figure in declared_figures(figures, "vibrations")
        for picture in figure.draw(content)
    ]


def is_papers_model(content: ReportContent) -> bool:
    """Whether the particles interact as the paper's."""
    return content.model == SoftSpheres()


SECTIONS = (vibrations_section, paper_section)
"""For `write_report`."""
