"""Records that describe themselves."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import pydoc
from html.parser import HTMLParser

import numpy as np
import pytest

import glasswells as gw
from glasswells.core.described import FieldTexts, brief, field_text

RECORDS = [
    record
    for record in (getattr(gw, name) for name in gw.__all__)
    if isinstance(record, type) and dataclasses.is_dataclass(record)
]


def large_configuration() -> gw.Configuration:
    return gw.Configuration(
        positions=np.random.default_rng(1).uniform(size=(500, 3)),
        diameters=np.ones(500),
        box=[5.0, 5.0, 5.0],
    )


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_help_explains_each_field_of_each_public_record(record: type) -> None:
    shown = " ".join(pydoc.plain(pydoc.render_doc(record)).replace("|", " ").split())
    for item in dataclasses.fields(record):
        text = field_text(record, item.name)
        assert text, item.name
        inherited = item.name not in record.__dict__["__slots__"]
        assert inherited or " ".join(text.replace("|", " ").split()) in shown, item.name


def test_a_record_with_large_arrays_is_shown_by_their_shapes() -> None:
    text = repr(large_configuration())
    assert "positions=array (500, 3)" in text
    assert "box=[5, 5, 5]" in text
    assert len(text.splitlines()) <= 6


def test_the_text_of_every_record_is_shorter_than_a_screen() -> None:
    found = gw.two_level_system(0)
    records = [found, found.double_well, found.profile, *found.splittings.values()]
    assert all(len(repr(record).splitlines()) <= 24 for record in records)


def test_a_small_record_is_one_line_and_settings_keep_all_digits() -> None:
    assert repr(gw.Transition(i=0, j=3, count=2)) == "Transition(i=0, j=3, count=2)"
    settings = gw.ExplorationSettings(time_step=0.012345678901234567)
    assert "time_step=0.012345678901234567" in repr(settings)
    assert repr(gw.SoftSpheres()) == "SoftSpheres(exponent=12, nonadditivity=0.2, cutoff=1.25)"


def test_notebooks_show_a_table_of_values_and_meanings() -> None:
    class Cells(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.texts: list[str] = []

        def handle_data(self, data: str) -> None:
            self.texts.append(data)

    cells = Cells()
    cells.feed(gw.two_level_system(0).double_well._repr_html_())
    assert "DoubleWell" in cells.texts
    assert cells.texts.count("barrier") == 1
    assert "V(saddle) - V(A)." in cells.texts
    assert "array (1500, 3)" in cells.texts


def test_texts_of_records_are_no_markup() -> None:
    record = gw.TunnelSplitting(
        levels=np.arange(4.0),
        splitting=1.0,
        error=0.0,
        spread=0.0,
        by_continuation={},
        asymmetry=1.0,
        tunneling_amplitude=0.0,
        continuation="<b>",
        units="argon",
        reduced_hbar=0.03,
        is_two_level=False,
    )
    assert "&lt;b&gt;" in record._repr_html_()
    assert "<b>&" not in record._repr_html_()


def test_values_in_a_few_words() -> None:
    assert brief(np.float64(0.123456789)) == "0.123457"
    assert brief(gw.Outcome.CONVERGED) == "CONVERGED"
    assert brief((1, "two")) == "(1, 'two')"
    assert brief(("alone",)) == "('alone',)"
    assert brief(tuple(range(9))) == "9 x int"
    assert brief((gw.Transition(i=0, j=1, count=1),) * 2) == "2 x Transition"
    assert brief({"argon": 0.5}) == "{argon: 0.5}"
    assert brief({k: k for k in range(7)}) == "7 entries"
    assert brief(large_configuration()) == "Configuration(500 particles)"


def test_records_are_copied_and_pickled_as_before() -> None:
    configuration = large_configuration()
    for again in (
        copy.deepcopy(configuration),
        pickle.loads(pickle.dumps(configuration)),  # noqa: S301
    ):
        assert np.array_equal(again.positions, configuration.positions)
    assert dataclasses.replace(gw.Transition(i=0, j=1, count=1), count=5).count == 5


def test_without_the_source_there_are_records_without_texts() -> None:
    @dataclasses.dataclass(slots=True)
    class Made:
        x: int = 0

    Made.__module__ = "builtins"
    texts = FieldTexts(Made)
    assert texts["x"] == texts.get("x") == ""
    assert texts.get("y", "none") == "none"
