"""What experiments would measure of a campaign, and of the shipped two-level systems."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from glasswells.campaign.campaigns import open_campaign as open_store
from glasswells.campaign.elasticity import medium_of
from glasswells.catalog.catalog import Catalog, open_campaign
from glasswells.content.campaign import preparation_label
from glasswells.core.errors import InputError
from glasswells.core.records import DoubleWell
from glasswells.observables.attempt_columns import attempts_of
from glasswells.observables.attempts import AttemptFrequencies, attempt_frequencies
from glasswells.observables.joined import network_of
from glasswells.observables.records import Medium, Network
from glasswells.observables.summary import Observables, observables_of
from glasswells.stages.pipeline import PIPELINE
from glasswells.statistics import WellSummary


@dataclass(frozen=True, slots=True, eq=False)
class _Preparation:
    """Explored glasses of one preparation temperature, or of one rate of cooling."""

    temperature: float
    """NaN of glasses by melt and quench."""
    rate: float
    """Of cooling, K/s; NaN of others."""
    names: tuple[str, ...]
    volumes: tuple[float, ...]
    medium: Medium
    networks: tuple[Network, ...]


def campaign_observables(
    campaign: Catalog | str | Path, *, hertz: float = 1e3, vineyard: bool = False
) -> tuple[Observables, ...]:
    """What experiments would measure of a campaign, finished or not.

    One record for each preparation temperature, or rate of cooling, and unit set, in this order.
    Couplings come from the stresses of the minima, moduli from one inherent structure of up to
    four glasses, error bars from a bootstrap over glasses; each distinct double well counts once.

    Parameters
    ----------
    campaign
        What `open_campaign` gave, or the folder.
    hertz
        Frequency of the internal friction.
    vineyard
        Whether attempt frequencies come from all modes of minima and saddles and not from those
        along the path: of all double wells where the campaign stored them (stage `couplings`), else
        of the two-level systems, for 1500 particles a second of CPU each.

    Raises
    ------
    InputError
        If the campaign has no double well yet, and for a campaign whose energy is a calculator,
        which reading does not run.
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
    attempts = _vineyard(catalog) if vineyard else {}
    return tuple(
        observables_of(
            [wells[name] for name in preparation.names],
            preparation.volumes,
            preparation.medium,
            units,
            hertz=hertz,
            networks=preparation.networks,
            preparation_temperature=preparation.temperature,
            cooling_rate=preparation.rate,
            attempts=attempts,
        )
        for preparation in _preparations(catalog)
        for units in catalog.units
    )


def _vineyard(catalog: Catalog) -> dict[tuple[str, int], AttemptFrequencies]:
    """Those that the campaign stored, and of two-level systems under any unit set the others, too.

    By glass and number. Without double wells whose saddle has other than one negative eigenvalue:
    theirs stay along the path.
    """
    found = {}
    for row, well in enumerate(catalog.summaries):
        stored = attempts_of(well)
        if stored is not None:
            found[well.glass, well.number] = stored
        elif any(s.is_two_level for s in well.splittings.values()):
            with suppress(InputError):
                found[well.glass, well.number] = attempt_frequencies(
                    catalog.model, catalog[row].double_well
                )
    return found


def _preparations(catalog: Catalog) -> list[_Preparation]:
    with open_store(catalog.directory, PIPELINE) as store, store.snapshot():
        explored = store.glasses("exploration")
        boxes: defaultdict[tuple[bool, float], dict[str, float]] = defaultdict(dict)
        for item in store.records("glass"):
            is_quenched = math.isnan(item.record.preparation_temperature)
            if item.glass in explored:
                volume = float(np.prod(item.record.configuration.box))
                boxes[is_quenched, preparation_label(item.record)][item.glass] = volume
        networks = {
            name: _network(
                catalog, [item.record for item in store.records("double_well", glass=name)]
            )
            for volumes in boxes.values()
            for name in volumes
        }
        return [
            _Preparation(
                temperature=math.nan if is_quenched else label,
                rate=label if is_quenched else math.nan,
                names=tuple(volumes),
                volumes=tuple(volumes.values()),
                medium=medium_of(store, catalog.model, tuple(volumes)),
                networks=tuple(n for name in volumes if (n := networks[name]) is not None),
            )
            for (is_quenched, label), volumes in sorted(boxes.items())
        ]


def _network(catalog: Catalog, wells: Sequence[DoubleWell]) -> Network | None:
    usable = [w for w in wells if min(w.frequency_a, w.frequency_b) > 0]
    return network_of(catalog.model, usable) if usable else None
