"""What a campaign found, and the shipped double wells, as tables, records and files."""

from glasswells.catalog.catalog import Catalog, CatalogWell, open_campaign
from glasswells.catalog.extract import extract_double_well
from glasswells.catalog.library import (
    double_well,
    double_wells,
    library_edition,
    two_level_system,
    two_level_systems,
)
from glasswells.catalog.library_records import LibraryEdition, LibraryWell
from glasswells.catalog.observables import campaign_observables

__all__ = [
    "Catalog",
    "CatalogWell",
    "LibraryEdition",
    "LibraryWell",
    "campaign_observables",
    "double_well",
    "double_wells",
    "extract_double_well",
    "library_edition",
    "open_campaign",
    "two_level_system",
    "two_level_systems",
]
