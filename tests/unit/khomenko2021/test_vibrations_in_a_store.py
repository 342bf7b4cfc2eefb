from types import SimpleNamespace

import numpy as np

from glasswells.content.stored_vibrations import StoredVibrations
from glasswells.report import GlassContent, Preparation
from glasswells.stages.well_places import WellPlace
from glasswells.statistics import summarize_well
from glasswells.store.tasks import Ref
from report_contents import N, double_well
from vibration_contents import (
    minimum_vibrations,
    tangent_study,
    well_vibrations,
)


class FakeStore:
    """The four questions that are asked of a store, over lists."""

    def __init__(self, records, paths):
        self._records, self._paths = records, paths

    def product_counts(self):
        return {kind for kind, *_ in self._records}

    def tasks(self, *, stage):
        assert stage == "overlaps"
        for chain, path in self._paths.items():
            inputs = (
                Ref(chain=path, kind="double_well"),
                Ref(chain="m", kind="minimum_vibrations"),
            )
            yield SimpleNamespace(task=SimpleNamespace(chain=chain, inputs=inputs))

    def records(self, kind, *, glass):
        for k, of, chain, record in self._records:
            if (k, of) == (kind, glass):
                yield SimpleNamespace(chain=chain, record=record)

    def products(self, ref):
        found = [r for k, _, chain, r in self._records if (k, chain) == (ref.kind, ref.chain)]
        return (found[ref.item],)


def stored():
    """Two pairs of one glass, with two and one double wells; the first one's modes failed."""
    rng = np.random.default_rng(6)
    wells = [double_well(rng, 0.1 * (k + 1), 0.01) for k in range(3)]
    origins = {
        ("g", 0): WellPlace(chain="p0", item=0),
        ("g", 1): WellPlace(chain="p0", item=1),
        ("g", 2): WellPlace(chain="p1", item=0),
    }
    vibrations = [
        well_vibrations(rng, number=1, tangents=tangent_study(rng)),
        well_vibrations(rng, number=0),
    ]
    records = [
        ("minimum_vibrations", "g", "m", minimum_vibrations(rng, modes=30)),
        ("minimum_vibrations", "g", "m", minimum_vibrations(rng)),
        ("double_well", "g", "p0", wells[0]),
        ("double_well", "g", "p0", wells[1]),
        ("double_well", "g", "p1", wells[2]),
        ("well_vibrations", "g", "o0", vibrations[0]),
        ("well_vibrations", "g", "o1", vibrations[1]),
    ]
    summaries = [summarize_well(well, "g", k) for k, well in enumerate(wells)]
    return FakeStore(records, {"o0": "p0", "o1": "p1"}), summaries, origins, wells


def test_vibrations_in_a_store_find_their_double_wells():
    store, summaries, origins, wells = stored()
    reader = StoredVibrations(store)
    minima = reader.minima("g", 0.07, N)
    np.testing.assert_array_equal(minima.modes, [30, 3 * N])
    columns = reader.wells("g", 0.07, summaries, origins)
    np.testing.assert_array_equal(columns.wells, [1, 2])
    assert reader.wells("other", 0.07, [], origins) is None
    found = reader.content(0.01, "argon", origins)
    assert found.spectrum.vibrations.complete
    assert {shown.number for shown in found.fields} == {1, 2}
    for shown in found.fields:
        assert shown.displacement_ab is wells[shown.number].displacement_ab
    (tangent,) = found.tangents
    assert tangent.number == 1
    assert tangent.vibrations.tangents is not None


def test_a_store_without_modes_has_no_vibrations():
    _, summaries, origins, wells = stored()
    reader = StoredVibrations(FakeStore([("double_well", "g", "p0", wells[0])], {}))
    assert reader.minima("g", 0.07, N) is None
    assert reader.wells("g", 0.07, summaries, origins) is None
    assert reader.content(0.01, "argon", origins) is None


def test_glasses_that_were_not_explored_do_not_count():
    glass = GlassContent(name="g", n_particles=N, volume=1.0)
    assert Preparation(temperature=0.07, glasses=(glass,)).vibrations == []
