"""Numbers and arrays at the public boundary."""

from __future__ import annotations

import numpy as np
import pytest

from glasswells.core.checks import count, float64_array, fraction, not_negative, positive
from glasswells.core.errors import GlasswellsError, InputError


def message_of(function, *arguments):
    with pytest.raises(InputError) as error:
        function(*arguments)
    return str(error.value)


@pytest.mark.parametrize(
    "value",
    [
        [[1, 2, 3], [4, 5, 6]],
        np.arange(1, 7).reshape(2, 3),
        np.arange(1.0, 7.0).reshape(2, 3),
        np.arange(1.0, 7.0).reshape(2, 3).astype(">f8"),
        np.asfortranarray(np.arange(1.0, 7.0).reshape(2, 3)),
        np.repeat(np.arange(1.0, 7.0), 2).reshape(2, 6)[:, ::2],
    ],
    ids=["list", "integers", "float64", "byte-swapped", "Fortran order", "strided"],
)
def test_accepted_arrays_become_native_contiguous_float64(value):
    array = float64_array("field", value, (None, 3))
    assert array.dtype == np.float64
    assert array.dtype.isnative
    assert array.flags.c_contiguous
    assert array.flags.owndata
    assert array.tolist() == [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    assert not np.shares_memory(array, np.asarray(value))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.ones((2, 3), dtype=np.float32), "field has dtype float32, expected float64: convert"),
        (np.ones((2, 3), dtype=np.float16), "field has dtype float16, expected float64"),
        (np.ones((2, 3), dtype=complex), "field has dtype complex128, expected float64"),
        (np.ones((2, 3), dtype=bool), "field has dtype bool, expected float64"),
        (np.ones((2, 3), dtype=object), "field has dtype object, expected float64"),
        ([["1", "2", "3"]], "field has dtype <U1, expected float64"),
        ([[None, 2, 3]], "field has dtype object, expected float64"),
        ([[1, 2], [3]], "field cannot be made an array"),
        (np.ones((2, 2)), "field has shape (2, 2), expected (N, 3)"),
        (np.ones(3), "field has shape (3,), expected (N, 3)"),
        (np.float64(1.0), "field has shape (), expected (N, 3)"),
        ([[0, 0, 0], [0, np.nan, 0]], "field[1, 1] is nan, expected finite numbers"),
        ([[0, -np.inf, 0]], "field[0, 1] is -inf, expected finite numbers"),
    ],
)
def test_refused_arrays(value, message):
    assert message in message_of(float64_array, "field", value, (None, 3))


@pytest.mark.parametrize(
    ("check", "value", "message"),
    [
        (positive, 0, "T is 0.0, expected a number above 0"),
        (positive, -1.5, "T is -1.5, expected a number above 0"),
        (positive, np.inf, "T is inf, expected a finite number"),
        (positive, np.nan, "T is nan, expected a finite number"),
        (positive, "0.1", "T is '0.1', expected a number"),
        (positive, True, "T is True, expected a number"),
        (positive, np.True_, "expected a number"),
        (positive, [1.0], "T is [1.0], expected a number"),
        (positive, None, "T is None, expected a number"),
        (positive, 1j, "T is 1j, expected a number"),
        (positive, 10**400, "T is too large for a float64, expected a finite number"),
        (not_negative, -1e-300, "T is -1e-300, expected a number of at least 0"),
        (fraction, 1.0000001, "T is 1.0000001, expected a number in [0, 1]"),
        (fraction, -0.1, "T is -0.1, expected a number in [0, 1]"),
        (count, 1.0, "T is 1.0, expected an integer"),
        (count, True, "T is True, expected an integer"),
        (count, "3", "T is '3', expected an integer"),
        (count, -1, "T is -1, expected an integer of at least 0"),
    ],
)
def test_refused_numbers(check, value, message):
    assert message in message_of(check, "T", value)


def test_accepted_numbers_become_plain_ones():
    for check, value in ((positive, np.float32(0.5)), (not_negative, 0), (fraction, np.int64(1))):
        number = check("T", value)
        assert type(number) is float
        assert number == value
    number = count("n", np.int32(7), 7)
    assert type(number) is int
    assert number == 7


def test_count_names_its_minimum():
    assert "n is 1, expected an integer of at least 2" in message_of(count, "n", 1, 2)


def test_input_errors_are_value_errors_and_our_own():
    assert issubclass(InputError, ValueError)
    assert issubclass(InputError, GlasswellsError)
