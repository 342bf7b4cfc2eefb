"""What a campaign found, as tables, records and files for other programs."""

from glasswells.catalog.catalog import Catalog, CatalogWell, open_campaign
from glasswells.catalog.extract import extract_double_well

__all__ = ["Catalog", "CatalogWell", "extract_double_well", "open_campaign"]
