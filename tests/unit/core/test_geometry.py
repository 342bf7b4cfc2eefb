"""Periodic geometry: images, wrapping, displacement fields without drift."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import reference
from glasswells.core.geometry import displacement, minimum_image, remove_drift, wrap

BOX = np.array([4.0, 5.5, 7.3])
coordinates = st.floats(-1e3, 1e3, allow_subnormal=True)
edges = st.floats(0.1, 100.0)


@given(arrays(float, (5, 3), elements=st.floats(-20, 20)))
def test_minimum_image_equals_trying_all_images(vectors):
    np.testing.assert_allclose(
        np.abs(minimum_image(vectors, BOX)),  # half a box away, both signs are nearest
        np.abs(reference.nearest_images(vectors, BOX)),
        atol=1e-13,
    )


@given(arrays(float, (4, 3), elements=coordinates), arrays(float, 3, elements=edges))
def test_minimum_image_is_an_image_of_at_most_half_the_box(vectors, box):
    images = minimum_image(vectors, box)
    rounding = 1e-12
    assert (np.abs(images) <= 0.5 * box + rounding).all()
    shifts = (vectors - images) / box
    np.testing.assert_allclose(shifts, np.rint(shifts), atol=1e-10)


@given(arrays(float, (4, 3), elements=coordinates), arrays(float, 3, elements=edges))
def test_wrapped_positions_lie_in_the_half_open_box(positions, box):
    wrapped = wrap(positions, box)
    assert (wrapped >= 0).all()
    assert (wrapped < box).all()
    moved = (positions - wrapped) / box
    np.testing.assert_allclose(moved, np.rint(moved), atol=1e-10)


@pytest.mark.parametrize("edge", [1.0, 3.7, 10.1])
def test_wrap_at_the_faces(edge):
    box = np.full(3, edge)
    tiny = 1e-20
    below = np.nextafter(edge, 0)
    positions = np.array([[0.0, -0.0, tiny], [-tiny, edge, below], [2 * edge, -edge, -4 * edge]])
    expected = np.array([[0.0, 0.0, tiny], [0.0, 0.0, below], [0.0, 0.0, 0.0]])
    assert np.array_equal(wrap(positions, box), expected)
    for k in range(-50, 51):
        for value in (k * edge, np.nextafter(k * edge, -np.inf), np.nextafter(k * edge, np.inf)):
            wrapped = wrap(np.array([[value, 0.0, 0.0]]), box)[0, 0]
            assert 0 <= wrapped < edge


def test_wrap_leaves_its_argument_alone():
    positions = np.array([[-1.0, 6.0, 0.0]])
    wrap(positions, BOX)
    assert positions.tolist() == [[-1.0, 6.0, 0.0]]


def test_remove_drift():
    field = np.random.default_rng(1).normal(size=(30, 3))
    still = remove_drift(field + np.array([3.0, -2.0, 1.0]))
    assert np.abs(still.mean(axis=0)).max() < 1e-15
    np.testing.assert_allclose(still, field - field.mean(axis=0), atol=1e-14)


def local_rearrangement(n=40, seed=2):
    """Positions, and a field in which a few particles move much and the rest a little."""
    generator = np.random.default_rng(seed)
    start = generator.uniform(0, 1, (n, 3)) * BOX
    field = 0.01 * generator.normal(size=(n, 3))
    field[:3] += generator.uniform(-0.6, 0.6, (3, 3))
    return start, field - field.mean(axis=0)


@pytest.mark.parametrize(
    "translation",
    [
        np.zeros(3),
        BOX / 2,
        BOX * [0.5, 0.0, -0.5],
        BOX / 2 + 1e-9,
        BOX / 2 - 1e-9,
        -BOX / 2,
        3.5 * BOX,
        np.array([0.123, -17.0, 99.9]),
    ],
    ids=str,
)
def test_displacement_is_blind_to_translations_and_images(translation):
    start, field = local_rearrangement()
    images = np.random.default_rng(3).integers(-3, 4, start.shape) * BOX
    found = displacement(start, start + field + translation + images, BOX)
    np.testing.assert_allclose(found, field, atol=1e-12)
    assert np.abs(found.mean(axis=0)).max() < 1e-14


@given(arrays(float, 3, elements=st.floats(-50, 50)))
def test_displacement_under_any_translation_of_wrapped_positions(translation):
    start, field = local_rearrangement()
    end = wrap(start + field + translation, BOX)
    np.testing.assert_allclose(displacement(wrap(start, BOX), end, BOX), field, atol=1e-12)


def test_displacement_is_antisymmetric():
    start, field = local_rearrangement()
    end = wrap(start + field + BOX / 2, BOX)
    np.testing.assert_allclose(
        displacement(start, end, BOX), -displacement(end, start, BOX), atol=1e-13
    )
