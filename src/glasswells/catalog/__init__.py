"""What a campaign found, and the shipped two-level systems, as tables, records and files."""

from glasswells.catalog.catalog import Catalog, CatalogWell, open_campaign
from glasswells.catalog.extract import extract_double_well
from glasswells.catalog.library import TwoLevelSystem, two_level_system, two_level_systems
from glasswells.catalog.observables import campaign_observables

__all__ = [
    "Catalog",
    "CatalogWell",
    "TwoLevelSystem",
    "campaign_observables",
    "extract_double_well",
    "open_campaign",
    "two_level_system",
    "two_level_systems",
]
