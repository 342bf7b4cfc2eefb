"""`open_campaign`: the double wells of a campaign as a table, and the records of each."""

from __future__ import annotations

import math
import operator
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from glasswells.campaign.campaigns import open_campaign as open_store
from glasswells.catalog.table import table_of
from glasswells.content.stored_pairs import StoredPairs
from glasswells.core.described import described
from glasswells.core.errors import InputError
from glasswells.core.records import DoubleWell
from glasswells.core.splittings import TunnelSplitting
from glasswells.core.unit_words import unit_of_material
from glasswells.landscape.preparation import PreparedGlass
from glasswells.model.pair_model import Model
from glasswells.observables.attempt_columns import attempt_columns
from glasswells.plan.couplings import CouplingsSection
from glasswells.plan.plan import Plan
from glasswells.stages.pipeline import PIPELINE
from glasswells.stages.splittings import solved_units
from glasswells.stages.stored_couplings import StoredCouplings
from glasswells.stages.table import read_stored_plan
from glasswells.stages.well_places import WellPlace, well_chains
from glasswells.statistics.vibration_numbers import VIBRATION_COLUMNS, vibration_numbers
from glasswells.statistics.well_summary import WellSummary, summarize_well
from glasswells.statistics.well_table import (
    BOND_COLUMNS,
    Column,
    WellRow,
    column_guide,
    well_rows,
    well_table,
)
from glasswells.store.codec import sha256
from glasswells.store.reader import StoreReader
from glasswells.store.tasks import Ref
from glasswells.tunneling.units import UnitSystem
from glasswells.vibrations.records import WellVibrations

ROW_NUMBER = re.compile(r"-?[0-9]{1,18}")
"""A text that is a row number; keys hold a hyphen further on."""


@described
@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class CatalogWell:
    """One double well of a campaign with all that is known of it."""

    key: str
    """The same in every table and for `glasswells extract`."""
    glass: str
    """Name of the glass in its campaign."""
    preparation_temperature: float
    """T_f, in epsilon/k_B."""
    double_well: DoubleWell
    """A, saddle, B, profile and vectors."""
    splittings: Mapping[str, TunnelSplitting]
    """By the name of the unit set."""
    vibrations: WellVibrations | None
    """How it relates to the modes of its minimum A; None if they were not computed."""


class Catalog:
    """The double wells of a campaign, finished or not; made by `open_campaign`.

    The tables are read when they are first asked for and stay as they are: open the campaign
    anew to see what was found since. Nothing is ever written.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        with self._store() as store:
            text = store.property("plan")
            self.plan: Plan = read_stored_plan(text)
            self.plan_digest: str = sha256(text.encode())
            """SHA-256 of the plan as it is stored."""
            self.units: tuple[UnitSystem, ...] = solved_units(store, self.plan)
            """The unit sets under which splittings were solved."""
            known = store.product_counts()
        asked = self.plan.table(CouplingsSection).vineyard
        has_attempts = asked and "well_couplings" in known
        self._more: tuple[Column, ...] = (
            *(BOND_COLUMNS if self.plan.model.bond_length is not None else ()),
            *(attempt_columns(self.units) if has_attempts else ()),
            *(VIBRATION_COLUMNS if "well_vibrations" in known else ()),
        )

    def __repr__(self) -> str:
        return (
            f"<campaign {self.plan.campaign.name!r} in {self.directory}: "
            f"{len(self)} double wells, {len(self._two_level)} two-level systems>"
        )

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def double_wells(self) -> Any:
        """A row for each double well: a pandas DataFrame if pandas is installed, else `Columns`.

        `column_guide` explains the columns. Particles are counted from 0.
        """
        return table_of(well_table(self._rows, self.units, self._more))

    @property
    def two_level_systems(self) -> Any:
        """The rows of the double wells that are two-level systems under any unit set of the plan.

        Sorted by the smallest splitting in kelvin.
        """
        return table_of(well_table(self._two_level, self.units, self._more))

    @property
    def column_guide(self) -> list[tuple[str, str, str]]:
        """Heading, unit and meaning of each column of the tables."""
        guide = column_guide(self.units, self._more)
        if not self.plan.model.is_material:
            return guide
        return [(name, unit_of_material(unit), meaning) for name, unit, meaning in guide]

    @property
    def model(self) -> Model:
        """The potential energy of the campaign, if it is this package's own.

        Raises
        ------
        InputError
            If it is a calculator: reading a campaign runs no code that it names.
        """
        found = self.plan.model.native
        if found is None:
            raise InputError(
                f"the energy of this campaign is code, model.kind = {self.plan.model.kind!r}: make "
                f"the model yourself, with gw.LammpsModel or gw.AseModel"
            )
        return found

    def __getitem__(self, which: int | str) -> CatalogWell:
        """The records of a double well, by its row in `double_wells` or by its key.

        Raises
        ------
        InputError
            If there is no such double well.
        """
        row = self._rows[self._row_number(which)]
        place = self._places[row.key]
        with self._store() as store:
            (well,) = store.products(Ref(chain=place.chain, kind="double_well", item=place.item))
            return CatalogWell(
                key=row.key,
                glass=row.well.glass,
                preparation_temperature=row.preparation_temperature,
                double_well=well,
                splittings=row.well.splittings,
                vibrations=_vibrations(store, place),
            )

    def splittings(self, which: int | str) -> Mapping[str, TunnelSplitting]:
        """The splittings of a double well by unit set, without its 3N-dimensional records.

        Raises
        ------
        InputError
            If there is no such double well.
        """
        return self._rows[self._row_number(which)].well.splittings

    @property
    def summaries(self) -> tuple[WellSummary, ...]:
        """Summaries of the double wells, in the order of `double_wells`: numbers and cores only."""
        return tuple(row.well for row in self._rows)

    @cached_property
    def glasses(self) -> Mapping[str, PreparedGlass]:
        """The glasses by their names, also those without double wells."""
        with self._store() as store:
            return {item.glass: item.record for item in store.records("glass")}

    @cached_property
    def rules(self) -> Mapping[str, tuple[str, ...]]:
        """By the key of a double well the rules that chose a pair of minima whose way passes it.

        Empty tuples in campaigns of versions that kept no rules.
        """
        with self._store() as store:
            searches = {row.task.chain: row.task for row in store.tasks(stage="paths")}
            glasses = {task.glass for task in searches.values()}
            pairs = {glass: StoredPairs.of(store, glass).rules for glass in glasses}
        tasks = {key: searches[place.chain] for key, place in self._places.items()}
        return {
            key: tuple(sorted(pairs[task.glass].get(task.number, ())))
            for key, task in tasks.items()
        }

    @cached_property
    def sessions(self) -> tuple[Mapping[str, Any], ...]:
        """What each run of the campaign was made with: versions, time, machine type, ending."""
        with self._store() as store:
            return tuple(store.sessions())

    @cached_property
    def tasks_left(self) -> int:
        """How many tasks of the campaign have not ended: 0 if it is finished."""
        with self._store() as store:
            return store.open_tasks()

    def _row_number(self, which: int | str) -> int:
        number = _as_row(which)
        if number is None:
            if which not in self._row_of_key:
                raise InputError(
                    f"{self.directory} has no double well {which!r}, expected a key from the "
                    f"table of its double wells or a row number below {len(self)}"
                )
            return self._row_of_key[str(which)]
        if not -len(self) <= number < len(self):
            raise InputError(
                f"{self.directory} has no double well {number}, expected a row number from 0 to "
                f"{len(self) - 1}"
                if len(self)
                else f"{self.directory} holds no double well yet: see `glasswells status`"
            )
        return number % len(self)

    def _store(self) -> StoreReader:
        return open_store(self.directory, PIPELINE)

    @cached_property
    def _places(self) -> dict[str, WellPlace]:
        return self._content[1]

    @cached_property
    def _row_of_key(self) -> dict[str, int]:
        return {row.key: number for number, row in enumerate(self._rows)}

    @cached_property
    def _rows(self) -> list[WellRow]:
        return self._content[0]

    @cached_property
    def _two_level(self) -> list[WellRow]:
        found = [
            row for row in self._rows if any(s.is_two_level for s in row.well.splittings.values())
        ]
        kelvin = {units.name: units.epsilon for units in self.units}
        return sorted(
            found,
            key=lambda row: min(
                s.splitting * kelvin[s.units]
                for s in row.well.splittings.values()
                if s.is_two_level
            ),
        )

    @cached_property
    def _content(self) -> tuple[list[WellRow], dict[str, WellPlace]]:
        with self._store() as store, store.snapshot():
            return _read(store, self.plan.model.bond_length)


def open_campaign(folder: str | Path) -> Catalog:
    """The double wells and two-level systems of a campaign, finished or not, for reading.

    Parameters
    ----------
    folder
        That of the campaign, as for `glasswells status`.

    Returns
    -------
    Catalog
        `.double_wells` and `.two_level_systems` are tables with `len` and column names;
        `[k]` gives the records of row k of `.double_wells`, or of a key.

    Raises
    ------
    StoreError, FormatError
        If the folder holds no campaign, or one of another kind.
    """
    return Catalog(Path(folder))


def _as_row(which: Any) -> int | None:
    """The row number that `which` is or spells; None for a text that is none."""
    if isinstance(which, str):
        return int(which) if ROW_NUMBER.fullmatch(which) else None
    try:
        if isinstance(which, bool):
            raise TypeError
        return operator.index(which)
    except TypeError:
        raise InputError(
            f"a double well was named {which!r}, expected a row number, such as 0, or a key"
        ) from None


def _or_first(temperature: float) -> float:
    """A temperature to sort by; glasses by melt and quench, which have none, come first."""
    return -math.inf if math.isnan(temperature) else temperature


def _read(
    store: StoreReader, bond_length: float | None
) -> tuple[list[WellRow], dict[str, WellPlace]]:
    """Rows of all double wells, by temperature and glass, and where each is in the store."""
    splittings, numbers = _splittings(store), _vibration_numbers(store)
    temperatures = {
        item.glass: item.record.preparation_temperature for item in store.records("glass")
    }
    # Reading runs no calculator: of such a campaign only couplings that it stored are known.
    couplings = StoredCouplings(store, read_stored_plan(store.property("plan")).model.native)
    glasses: dict[str, list[tuple[WellPlace, WellSummary]]] = {name: [] for name in temperatures}
    items: defaultdict[str, int] = defaultdict(int)
    for stored in store.records("double_well"):
        place = WellPlace(chain=stored.chain, item=items[stored.chain])
        items[stored.chain] += 1
        found = glasses.get(stored.glass)
        if found is None:  # of a salvaged campaign, before it is resumed, the glass may be lost
            continue
        well = summarize_well(
            stored.record,
            stored.glass,
            len(found),
            splittings.get(place),
            bond_length=bond_length,
            deformation_potential=couplings.deformation_potential(place, stored.record),
        )
        more = {**couplings.numbers(place), **numbers.get(place, {})}
        well = replace(well, numbers={**well.numbers, **more})
        found.append((place, well))
    rows: list[WellRow] = []
    places: dict[str, WellPlace] = {}
    for glass in sorted(glasses, key=lambda name: (_or_first(temperatures[name]), name)):
        summaries = [well for _, well in glasses[glass]]
        keys = {well.number: place.key for place, well in glasses[glass]}
        places |= {place.key: place for place, _ in glasses[glass]}
        rows += well_rows(temperatures[glass], summaries, keys)
    return rows, places


def _splittings(store: StoreReader) -> dict[WellPlace, dict[str, TunnelSplitting]]:
    paths = well_chains(store, "splitting")
    found: defaultdict[WellPlace, dict[str, TunnelSplitting]] = defaultdict(dict)
    for item in store.records("splitting"):
        place = WellPlace(chain=paths[item.chain], item=item.record.double_well)
        found[place][item.record.splitting.units] = item.record.splitting
    return found


def _vibration_numbers(store: StoreReader) -> dict[WellPlace, dict[str, float]]:
    paths = well_chains(store, "well_vibrations")
    found = {}
    for item in store.records("well_vibrations"):
        place = WellPlace(chain=paths[item.chain], item=item.record.double_well)
        found[place] = vibration_numbers(item.record)
    return found


def _vibrations(store: StoreReader, place: WellPlace) -> WellVibrations | None:
    for row in store.tasks("done", stage="overlaps"):
        if row.task.inputs[0].chain == place.chain:
            found: Iterator[WellVibrations] = (
                record
                for record in store.products(Ref(chain=row.task.chain, kind="well_vibrations"))
                if record.double_well == place.item
            )
            return next(found, None)
    return None
