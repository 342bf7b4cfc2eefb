"""Makes the library of two-level systems that ships with the package.

    python scripts/ship_two_level_systems.py campaigns/two_level

The campaign is that of examples/two_level.toml. Every distinct double well is taken that is a
two-level system under some unit set and some continuation, by glass and distance of its minima.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from check_two_level_systems import candidates

import glasswells as gw
from glasswells.catalog.library import DATA, write_library
from glasswells.core.version import __version__


def main() -> None:
    """Write the library in the place where the package looks for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("campaign", type=Path)
    parser.add_argument("--date", required=True, help="of the campaign, as 2026-11-28")
    arguments = parser.parse_args()
    campaign = gw.open_campaign(arguments.campaign)
    keys = list(candidates(campaign))
    wells = campaign.double_wells
    place = {
        key: (glass, d)
        for key, glass, d in zip(wells["key"], wells["glass"], wells["distance"], strict=True)
    }
    keys.sort(key=lambda key: place[key])
    provenance = {
        "plan": "examples/two_level.toml",
        "glasswells": __version__,
        "date": arguments.date,
    }
    path = Path(__file__).parents[1] / "src/glasswells/catalog" / DATA
    write_library(campaign, keys, provenance, path)
    print(f"{len(keys)} two-level systems in {path}, {path.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
