"""What can go wrong with a campaign's folder; each text names the file and the next step."""

from __future__ import annotations

from glasswells.core.errors import GlasswellsError, InputError


class StoreError(GlasswellsError, OSError):
    """The store cannot be read or written now; what was acknowledged is safe."""


class DamagedStoreError(GlasswellsError, OSError):
    """The store holds something other than what was written."""


class FormatError(InputError):
    """The file is no store of this package, or of a format that this version cannot use."""


class CampaignBusyError(GlasswellsError, RuntimeError):
    """Another process coordinates this campaign."""


class CodecError(GlasswellsError, TypeError):
    """A value that the record codec does not save, or a text that it did not write."""
