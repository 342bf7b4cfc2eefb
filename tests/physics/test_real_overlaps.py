"""The certified largest overlap against the dense spectrum on 20 double wells of a real glass."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import scipy.linalg

import glasswells as gw
from glasswells.core.records import Configuration, DoubleWell
from glasswells.modes import Stiffness, max_overlap
from glasswells.paths import find_double_wells

# A full spectrum takes 15 s, and a dozen are needed.
pytestmark = pytest.mark.physics
MODEL = gw.SoftSpheres()
WELLS = 20
# Mode vectors of both routes are good to eps times the largest eigenvalue, 300, over the gaps
# between 4500 modes: 1e-3 usually, 1e-5 among a dozen spectra.
OVERLAP_ERROR = 1e-8


def fields_by_minimum() -> Iterator[tuple[Configuration, dict[str, np.ndarray]]]:
    """Minima of the glass with r_AB and the tangent of one or two double wells that end there.

    Of a chain of double wells every second minimum, so that each well occurs once.
    """
    glass = gw.glass(0.092, 0).configuration
    found = gw.explore(MODEL, glass, 0.04, quenches=60, interval=50, seed=1)
    for transition in found.transitions:
        if transition.i == transition.j:
            continue
        ends = (found.structures[k].configuration for k in (transition.i, transition.j))
        links = find_double_wells(MODEL, *ends).links
        for before, after in zip(links[::2], [*links[1::2], None], strict=False):
            fields, minimum = {}, None
            if isinstance(after, DoubleWell):
                minimum = after.minimum_a
                fields |= {"r_AB": after.displacement_ab, "tangent at A": after.tangent_a}
            if isinstance(before, DoubleWell):
                # The minimum between two links is one record, whichever well holds it.
                same = minimum is None or np.array_equal(
                    before.minimum_b.positions, minimum.positions
                )
                assert same
                minimum = before.minimum_b
                fields |= {"r_BA": before.displacement_ab, "tangent at B": before.tangent_b}
            if minimum is not None:
                yield minimum, fields


def test_the_certified_maximum_is_the_dense_one() -> None:
    wells, routes = 0, set()
    for minimum, fields in fields_by_minimum():
        stiffness = Stiffness(MODEL, minimum)
        values, vectors = scipy.linalg.eigh(
            stiffness.matrix.toarray(), driver="evd", overwrite_a=True, check_finite=False
        )
        assert values[3] > 1e-6 > np.abs(values[:3]).max()  # a minimum, and three translations
        for name, field in fields.items():
            c = np.abs(field.ravel() @ vectors) / np.linalg.norm(field)
            c[:3] = 0  # the fields have no drift
            best = int(c.argmax())
            found = max_overlap(MODEL, minimum, field, stiffness=stiffness)
            assert found.certified, name
            assert found.mode == best + 1, name
            assert found.overlap == pytest.approx(c[best], abs=OVERLAP_ERROR), name
            assert np.delete(c, best).max() <= found.bound + OVERLAP_ERROR, name
            assert found.frequency == pytest.approx(np.sqrt(values[best]), rel=1e-9), name
            routes.add(found.method)
        wells += len(fields) // 2
        if wells >= WELLS:
            break
    assert wells >= WELLS
    assert routes == {"lanczos"}  # not the dense spectrum compared with itself
