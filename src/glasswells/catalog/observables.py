"""What experiments would measure of a campaign, and of the shipped two-level systems."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glasswells.campaign.campaigns import open_campaign as open_store
from glasswells.campaign.elasticity import medium_of
from glasswells.catalog.catalog import Catalog, open_campaign
from glasswells.core.errors import InputError
from glasswells.core.records import DoubleWell
from glasswells.observables.joined import network_of
from glasswells.observables.records import Medium, Network
from glasswells.observables.summary import Observables, observables_of
from glasswells.stages.pipeline import PIPELINE
from glasswells.statistics import WellSummary


@dataclass(frozen=True, slots=True, eq=False)
class _Preparation:
    """Explored glasses of one preparation temperature."""

    temperature: float
    names: tuple[str, ...]
    volumes: tuple[float, ...]
    medium: Medium
    networks: tuple[Network, ...]


def campaign_observables(
    campaign: Catalog | str | Path, *, hertz: float = 1e3
) -> tuple[Observables, ...]:
    """What experiments would measure of a campaign, finished or not.

    One record for each preparation temperature and unit set, in this order. Couplings come from
    the stresses of the minima, moduli from one inherent structure of up to four glasses, error
    bars from a bootstrap over glasses; each distinct double well counts once.

    Parameters
    ----------
    campaign
        What `open_campaign` gave, or the folder.
    hertz
        Frequency of the internal friction.

    Raises
    ------
    InputError
        If the campaign has no double well yet; for glasses by melt and quench, and for a
        campaign whose energy is a calculator, which reading does not run.
    StoreError, FormatError
        If the folder holds no campaign, or one of another kind.
    """
    catalog = campaign if isinstance(campaign, Catalog) else open_campaign(campaign)
    if not len(catalog):
        raise InputError(
            f"{catalog.directory} holds no double well yet: see `glasswells status "
            f"{catalog.directory}`"
        )
    wells: defaultdict[str, list[WellSummary]] = defaultdict(list)
    for summary in catalog.summaries:
        wells[summary.glass].append(summary)
    return tuple(
        observables_of(
            [wells[name] for name in preparation.names],
            preparation.volumes,
            preparation.medium,
            units,
            preparation_temperature=preparation.temperature,
            hertz=hertz,
            networks=preparation.networks,
        )
        for preparation in _preparations(catalog)
        for units in catalog.units
    )


def _preparations(catalog: Catalog) -> list[_Preparation]:
    with open_store(catalog.directory, PIPELINE) as store, store.snapshot():
        explored = store.glasses("exploration")
        boxes: defaultdict[float, dict[str, float]] = defaultdict(dict)
        for item in store.records("glass"):
            if math.isnan(item.record.preparation_temperature):
                raise InputError(
                    f"{item.glass} is by melt and quench and has no preparation temperature, by "
                    f"which glasses are gathered: fill gw.ThermalWells from its double wells "
                    f"and call the functions of docs/OBSERVABLES.md, one by one"
                )
            if item.glass in explored:
                volume = float(np.prod(item.record.configuration.box))
                boxes[item.record.preparation_temperature][item.glass] = volume
        networks = {
            name: _network(
                catalog, [item.record for item in store.records("double_well", glass=name)]
            )
            for volumes in boxes.values()
            for name in volumes
        }
        return [
            _Preparation(
                temperature=temperature,
                names=tuple(volumes),
                volumes=tuple(volumes.values()),
                medium=medium_of(store, catalog.model, tuple(volumes)),
                networks=tuple(n for name in volumes if (n := networks[name]) is not None),
            )
            for temperature, volumes in sorted(boxes.items())
        ]


def _network(catalog: Catalog, wells: Sequence[DoubleWell]) -> Network | None:
    usable = [w for w in wells if min(w.frequency_a, w.frequency_b) > 0]
    return network_of(catalog.model, usable) if usable else None
