"""Tables that stages declare for reports."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest

from glasswells.content.record_numbers import joined_numbers
from glasswells.content.records import GlassContent, Preparation, ReportContent
from glasswells.report.material_words import Rewording
from glasswells.report.record_tables import record_tables
from glasswells.report.sections import records_section
from glasswells.statistics import mean
from glasswells.store.pipeline import RecordNumber, RecordTable


@dataclass(frozen=True, kw_only=True)
class Bent:
    angle: float


TABLE = RecordTable(
    kind="bent",
    title="Angles",
    note="Of all double wells.",
    numbers=(
        RecordNumber(name="angle", unit="1", meaning="how far", of=lambda bent: bent.angle),
        RecordNumber(name="cost", unit="epsilon", meaning="of it", of=lambda bent: math.nan),
    ),
)


def glass(name: str, *angles: float) -> GlassContent:
    found = {"bent": np.array([[a, math.nan] for a in angles])} if angles else {}
    return GlassContent(name=name, n_particles=8, volume=8.0, numbers=found)


CONTENT = ReportContent(
    name="it",
    preparations=(
        Preparation(
            temperature=0.1, glasses=(glass("a", 1.0, 2.0), glass("b", 6.0, math.nan), glass("c"))
        ),
        Preparation(temperature=0.2, glasses=(glass("d"),)),
    ),
    units=(),
    tables=(TABLE,),
)


def test_means_are_over_all_records_that_have_the_number() -> None:
    (table,) = record_tables(CONTENT)
    first, second = table.rows
    expected = mean([[1.0, 2.0], [6.0]])
    assert expected is not None
    assert expected.value == pytest.approx(3.0)
    assert first == ("0.1", "2", "4", expected.text(), "-")
    assert second == ("0.2", "0", "0", "-", "-")
    assert table.columns == ("T_f", "glasses", "records", "angle", "cost (epsilon)")
    assert table.hints[3:] == ("how far", "of it")
    assert table.note.startswith("Of all double wells. Means")


def test_the_section_is_there_only_where_records_are() -> None:
    section = records_section(CONTENT)
    assert section is not None
    assert [t.slug for t in section.tables] == ["records_bent"]
    empty = replace(CONTENT, preparations=CONTENT.preparations[1:])
    assert records_section(empty) is None
    assert records_section(replace(CONTENT, tables=())) is None
    material = replace(CONTENT, is_material=True)
    (table,) = Rewording(material).section(section).tables
    assert table.columns[-1] == "cost (eV)"


def test_numbers_of_one_glass_in_several_campaigns_stand_together() -> None:
    joined = joined_numbers([glass("a", 1.0).numbers, {}, glass("a", 3.0, 4.0).numbers])
    assert joined["bent"][:, 0].tolist() == [1.0, 3.0, 4.0]
