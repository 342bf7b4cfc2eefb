"""Tangents of the exact path at small distances, and of bands with more and more images."""

from __future__ import annotations

import numpy as np
import pytest
from path_surfaces import real_pairs

from glasswells.core.errors import InputError
from glasswells.core.records import DoubleWell
from glasswells.model.functions import hessian
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.paths import band_tangent, find_double_well, tangents

MODEL = SoftSpheres()


@pytest.fixture(scope="module")
def wells() -> list[DoubleWell]:
    found = [find_double_well(MODEL, a, b) for a, b in real_pairs(12)]
    return [w for w in found if isinstance(w, DoubleWell)]


def modes(well: DoubleWell, side: str) -> tuple[np.ndarray, np.ndarray]:
    minimum = well.minimum_a if side == "a" else well.minimum_b
    values, vectors = np.linalg.eigh(hessian(MODEL, minimum).toarray())
    return values[3:], vectors[:, 3:]


@pytest.mark.parametrize("side", ["a", "b"])
def test_path_enters_along_the_softest_mode(wells: list[DoubleWell], side: str) -> None:
    rhos = [1e-2, 1e-3, 1e-4, 1e-5, 1e-6]
    for well in wells[:3]:
        values, vectors = modes(well, side)
        found = tangents(MODEL, well, rhos, side=side)  # type: ignore[arg-type]
        c = np.abs(found.directions.reshape(len(rhos), -1) @ vectors)
        soft = c[:, 0]
        # Toward the minimum the component along the softest mode grows and the curvature falls to
        # its; what the integration leaves of the other modes is a thousandth of the distance.
        assert (np.diff(soft) > -1e-5).all()
        assert soft[2] > soft[0]
        assert soft[-1] > 1 - 1e-4
        assert found.curvatures[-1] == pytest.approx(values[0], rel=1e-3)
        assert (found.curvatures > values[0]).all()
        assert np.allclose((c**2).sum(axis=1), 1, atol=1e-9)
        assert np.array_equal(found.distances, rhos)


def test_tangent_at_rho_is_that_of_the_double_well(wells: list[DoubleWell]) -> None:
    for well in wells[:3]:
        for side, expected, frequency in (
            ("a", well.tangent_a, well.frequency_a),
            ("b", well.tangent_b, well.frequency_b),
        ):
            found = tangents(MODEL, well, [well.rho], side=side)  # type: ignore[arg-type]
            assert (found.directions[0] * expected).sum() > 1 - 1e-6
            assert found.curvatures[0] == pytest.approx(frequency**2, rel=1e-3)


def test_band_tangent_nears_the_exact_one(wells: list[DoubleWell]) -> None:
    well = wells[0]
    misfits = []
    for images in (20, 40, 80):
        found, band = band_tangent(MODEL, well, images=images, max_force=1e-5)
        assert band.outcome.converged
        assert len(band.positions) == images
        rho = float(found.distances[0])
        assert rho == pytest.approx(well.path_length / (images - 1), rel=0.2)
        exact = tangents(MODEL, well, [rho])
        misfits.append(1 - abs((found.directions[0] * exact.directions[0]).sum()))
    assert misfits[-1] < misfits[0]
    assert misfits[-1] < 1e-2


def test_bad_distances(wells: list[DoubleWell]) -> None:
    for bad in ([0.0], [-1.0], [100.0], []):
        with pytest.raises(InputError, match="distances"):
            tangents(MODEL, wells[0], bad)
    with pytest.raises(InputError, match="side"):
        tangents(MODEL, wells[0], [0.01], side="c")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="images"):
        band_tangent(MODEL, wells[0], images=3)
