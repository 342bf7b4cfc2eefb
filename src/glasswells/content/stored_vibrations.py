"""What a campaign's store holds of vibrations, one record after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from glasswells.content.vibrations import (
    Choice,
    ShownSpectrum,
    ShownVibrations,
    VibrationContent,
    choose_fields,
    choose_tangents,
    splitting_of,
)
from glasswells.modes.spectrum import QuasilocalizedLimits
from glasswells.plan.modes import ModesSection
from glasswells.stages.well_places import WellPlace, well_chains
from glasswells.statistics import (
    MinimumVibrationColumns,
    WellSummary,
    WellVibrationColumns,
    collect_minimum_vibrations,
    collect_well_vibrations,
)
from glasswells.statistics.vibration_numbers import vibration_numbers
from glasswells.store.reader import StoreReader
from glasswells.store.tasks import Ref
from glasswells.vibrations.records import MinimumVibrations, WellVibrations


class StoredVibrations:
    """Reads the vibrations of a campaign; remembers where each lies and the spectrum to show."""

    def __init__(self, store: StoreReader) -> None:
        self._store = store
        self.is_empty = not {"minimum_vibrations", "well_vibrations"} & set(store.product_counts())
        self._paths = well_chains(store, "well_vibrations")
        self._places: dict[tuple[str, int], WellPlace] = {}
        self._numbers: dict[tuple[str, int], dict[str, float]] = {}
        self._columns: dict[str, tuple[float, WellVibrationColumns]] = {}
        self._spectrum: tuple[tuple[bool, bool, float, int], ShownSpectrum] | None = None

    def minima(
        self, glass: str, temperature: float, n_particles: int
    ) -> MinimumVibrationColumns | None:
        """The normal modes of a glass's inherent structures; None if none are known."""
        found = collect_minimum_vibrations(self._each_minimum(glass, temperature, n_particles))
        return found if len(found) else None

    def wells(
        self,
        glass: str,
        temperature: float,
        wells: Sequence[WellSummary],
        origins: Mapping[tuple[str, int], WellPlace],
    ) -> WellVibrationColumns | None:
        """The vibrations of a glass's double wells; None if none are known."""
        numbers = {origins[glass, well.number]: well for well in wells}
        found = collect_well_vibrations(self._each_well(glass, numbers))
        if not len(found):
            return None
        self._columns[glass] = temperature, found
        return found

    def numbers_of(self, glass: str, number: int) -> dict[str, float]:
        """For the row of a double well, once its glass was read; empty if nothing is known."""
        return self._numbers.get((glass, number), {})

    def content(
        self,
        rho: float,
        units: str,
        origins: Mapping[tuple[str, int], WellPlace],
        modes: ModesSection | None = None,
    ) -> VibrationContent | None:
        """What is shown in full, after all glasses were read; None if there is nothing."""
        if self.is_empty:
            return None
        glasses = [(name, columns) for name, (_, columns) in self._columns.items()]
        modes = modes or ModesSection()
        return VibrationContent(
            rho=rho,
            limits=modes.record(QuasilocalizedLimits),
            spectrum=None if self._spectrum is None else self._spectrum[1],
            fields=tuple(self._shown(c, units, origins) for c in choose_fields(glasses)),
            tangents=tuple(self._shown(c, units, origins) for c in choose_tangents(glasses, units)),
        )

    def _each_minimum(
        self, glass: str, temperature: float, n_particles: int
    ) -> Iterator[MinimumVibrations]:
        for stored in self._store.records("minimum_vibrations", glass=glass):
            found: MinimumVibrations = stored.record
            # A full spectrum, with quasilocalized modes, of the most stable glass: as the paper's.
            key = (
                found.complete,
                bool(found.quasilocalized),
                -temperature,
                len(found.frequencies),
            )
            if self._spectrum is None or key > self._spectrum[0]:
                shown = ShownSpectrum(
                    glass=glass,
                    preparation_temperature=temperature,
                    n_particles=n_particles,
                    vibrations=found,
                )
                self._spectrum = key, shown
            yield found

    def _each_well(
        self, glass: str, wells: Mapping[WellPlace, WellSummary]
    ) -> Iterator[tuple[WellSummary, WellVibrations]]:
        items: defaultdict[str, int] = defaultdict(int)
        for stored in self._store.records("well_vibrations", glass=glass):
            found: WellVibrations = stored.record
            origin = WellPlace(chain=self._paths[stored.chain], item=found.double_well)
            well = wells[origin]
            self._places[glass, well.number] = WellPlace(
                chain=stored.chain, item=items[stored.chain]
            )
            self._numbers[glass, well.number] = vibration_numbers(found)
            items[stored.chain] += 1
            yield well, found

    def _shown(
        self, choice: Choice, units: str, origins: Mapping[tuple[str, int], WellPlace]
    ) -> ShownVibrations:
        title, glass, number = choice
        temperature, columns = self._columns[glass]
        place, origin = self._places[glass, number], origins[glass, number]
        (vibrations,) = self._store.products(
            Ref(chain=place.chain, kind="well_vibrations", item=place.item)
        )
        (well,) = self._store.products(
            Ref(chain=origin.chain, kind="double_well", item=origin.item)
        )
        return ShownVibrations(
            title=title,
            glass=glass,
            number=number,
            preparation_temperature=temperature,
            splitting=splitting_of(columns, number, units),
            minimum_a=well.minimum_a,
            displacement_ab=well.displacement_ab,
            vibrations=vibrations,
        )
