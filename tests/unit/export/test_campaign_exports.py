"""A campaign as CSV with npz, HDF5 and Parquet: the same numbers, to the last bit."""

from __future__ import annotations

import csv
import dataclasses
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pyarrow.parquet
import pytest
from typer.testing import CliRunner

from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.cli import app
from glasswells.core.errors import InputError
from glasswells.engines.pool import InlineExecutor
from glasswells.export.campaign import export_campaign
from glasswells.store.codec import Codec
from glasswells.store.errors import StoreError
from glasswells.store.pipeline import Pipeline, Stage
from glasswells.store.tasks import FollowUp, TaskInput, TaskOutput

GLASSES, RECORDS = 2, 3


class Color(Enum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Inner:
    tiny: float
    field: np.ndarray


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Record:
    count: int
    value: float
    mixed: float | int
    maybe: int | None
    never: float | None
    ok: bool
    text: str
    color: Color
    inner: Inner
    numbers: tuple[float, ...]
    named: Mapping[str, float]
    words: np.ndarray


def record(seed: int) -> Record:
    generator = np.random.default_rng(seed)
    return Record(
        count=2**53 + seed,
        value=float(generator.normal()) if seed % 2 else np.nan,
        mixed=1 if seed % 2 else 0.1,
        maybe=None if seed % 2 else 7,
        never=None,
        ok=bool(seed % 2),
        text=["", "=1+1", 'a,"b"\n', "é"][seed % 4],
        color=Color.RED if seed % 2 else Color.BLUE,
        inner=Inner(tiny=5e-324 * (seed + 1), field=generator.normal(size=(seed + 1, 3))),
        numbers=tuple(generator.normal(size=seed % 3)),
        named={"straight/a": 0.1, "../b": 1e300},
        words=generator.integers(0, 2**64, 4, dtype=np.uint64),
    )


def run(task: TaskInput) -> TaskOutput:
    first = task.parameters["first"]
    return TaskOutput(products=tuple(("record", record(first + k)) for k in range(RECORDS)))


def roots(plan: Any) -> list[FollowUp]:
    return [
        FollowUp(stage="make", glass=f"g{g}", number=0, parameters={"first": RECORDS * g})
        for g in range(GLASSES)
    ]


PIPELINE = Pipeline(
    name="exported",
    stages=(Stage(name="make", title="Make", run=run),),
    codec=Codec((Color, Inner, Record)),
    read_plan=lambda text: text,
    roots=roots,
    identity=lambda plan: ("exported", 1),
)


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    (folder / "plan").write_text("plan")
    directory = start_campaign(folder / "plan", folder / "campaign", PIPELINE)
    run_campaign(directory, PIPELINE, workers=1, make_executor=InlineExecutor)
    return directory


def exported(campaign: Path, folder: Path, kind: str) -> list[Path]:
    with open_campaign(campaign, PIPELINE) as store:
        return export_campaign(store, folder, kind)


def test_csv_and_npz(campaign: Path, tmp_path: Path) -> None:
    files = exported(campaign, tmp_path, "csv")
    assert [p.name for p in files] == [
        "record.csv",
        "record.g0.npz",
        "record.g1.npz",
        "columns.csv",
    ]
    with files[0].open(newline="", encoding="utf-8") as stream:
        table = list(csv.DictReader(stream))
    assert len(table) == GLASSES * RECORDS
    for k, row in enumerate(table):
        expected = record(k)
        assert (row["row"], row["glass"]) == (str(k), f"g{k // RECORDS}")
        assert float(row["value"]).hex() == expected.value.hex()
        assert float(row["inner.tiny"]) == expected.inner.tiny
        assert int(row["count"]) == expected.count
        assert row["maybe"] == ("" if k % 2 else "7")
        assert row["text"] == expected.text
        assert row["color"] == expected.color.name.lower()
        with np.load(files[1 + k // RECORDS], allow_pickle=False) as arrays:
            np.testing.assert_array_equal(arrays[f"{k}/inner.field"], expected.inner.field)


def of_two_stages(plan: Any) -> list[FollowUp]:
    """Records of one kind from two stages, in each glass."""
    return [
        FollowUp(stage=stage, glass=f"g{g}", number=0, parameters={"first": RECORDS * (2 * k + g)})
        for k, stage in enumerate(("make", "again"))
        for g in range(2)
    ]


def test_arrays_of_glasses_that_take_turns_are_all_there(tmp_path: Path) -> None:
    (tmp_path / "plan").write_text("plan")
    stages = (*PIPELINE.stages, Stage(name="again", title="Again", run=run))
    pipeline = dataclasses.replace(PIPELINE, stages=stages, roots=of_two_stages)
    directory = start_campaign(tmp_path / "plan", tmp_path / "campaign", pipeline)
    run_campaign(directory, pipeline, workers=1, make_executor=InlineExecutor)
    with open_campaign(directory, pipeline) as store:
        files = export_campaign(store, tmp_path / "out", "csv")
    assert [p.name for p in files[:3]] == ["record.csv", "record.g0.npz", "record.g1.npz"]
    with files[0].open(newline="", encoding="utf-8") as stream:
        table = list(csv.DictReader(stream))
    assert [row["glass"] for row in table[::RECORDS]] == ["g0", "g1", "g0", "g1"]
    for k, row in enumerate(table):
        with np.load(tmp_path / "out" / f"record.{row['glass']}.npz") as arrays:
            np.testing.assert_array_equal(arrays[f"{k}/inner.field"], record(k).inner.field)


def test_hdf5(campaign: Path, tmp_path: Path) -> None:
    path, guide = exported(campaign, tmp_path, "hdf5")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["campaign.h5", guide.name]
    with h5py.File(path) as file:
        columns, arrays = file["record/columns"], file["record/arrays"]
        assert list(file) == ["record"]
        for k in range(GLASSES * RECORDS):
            expected = record(k)
            assert columns["count"][k] == expected.count
            assert float(columns["value"][k]).hex() == expected.value.hex()
            assert columns["inner.tiny"][k] == expected.inner.tiny
            assert columns["mixed"][k] == expected.mixed
            assert columns["named..._b"][k] == 1e300
            assert columns["ok"][k] == expected.ok
            assert columns["text"].asstr()[k] == expected.text
            assert columns["glass"].asstr()[k] == f"g{k // RECORDS}"
            maybe = columns["maybe"][k]
            assert np.isnan(maybe) if k % 2 else maybe == 7
            field = arrays[str(k)]["inner.field"]
            assert field.dtype == np.float64
            np.testing.assert_array_equal(field[...], expected.inner.field)
            np.testing.assert_array_equal(arrays[str(k)]["words"][...], expected.words)
        assert columns["value"].dtype == np.float64
        assert columns["count"].dtype == np.int64
        assert columns["ok"].dtype == np.bool_
        assert np.isnan(columns["never"][...]).all()
        names: list[str] = []
        file.visititems(
            lambda name, item: names.append(name) if isinstance(item, h5py.Dataset) else None
        )
        for name in names:  # nothing that a reader would have to unpickle
            assert file[name].dtype.kind in "fiub" or h5py.check_string_dtype(file[name].dtype)
            assert not file[name].external


def test_parquet(campaign: Path, tmp_path: Path) -> None:
    path, guide = exported(campaign, tmp_path, "parquet")
    assert sorted(p.name for p in tmp_path.iterdir()) == [guide.name, "record.parquet"]
    table = pyarrow.parquet.read_table(path).to_pylist()
    schema = pyarrow.parquet.read_schema(path)
    assert str(schema.field("value").type) == "double"
    assert str(schema.field("inner.field").type.value_type) == "double"
    for k, row in enumerate(table):
        expected = record(k)
        assert row["count"] == expected.count
        assert row["value"].hex() == expected.value.hex()
        assert row["inner.tiny"] == expected.inner.tiny
        assert row["maybe"] == expected.maybe
        assert row["never"] is None
        assert row["ok"] is expected.ok
        assert row["text"] == expected.text
        assert row["color"] == expected.color.name.lower()
        assert row["named.straight/a"] == 0.1
        found = np.array(row["inner.field"]).reshape(row["inner.field.shape"])
        np.testing.assert_array_equal(found, expected.inner.field)
        assert row["words"] == expected.words.tolist()
        assert row.get("numbers.0") == (expected.numbers[0] if expected.numbers else None)


def test_files_are_exported_all_or_none(campaign: Path, tmp_path: Path) -> None:
    """A folder stands where the last of them should go."""
    exported(campaign, tmp_path, "csv")
    (tmp_path / "record.g1.npz").unlink()
    (tmp_path / "record.g1.npz").mkdir()
    (tmp_path / "columns.csv").write_text("of before")
    (tmp_path / "record.csv").write_text("of before too")
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    with pytest.raises(StoreError, match="cannot be written"):
        exported(campaign, tmp_path, "csv")
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before


def test_the_command(campaign: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    pipeline = ["--pipeline", f"{__name__}:PIPELINE"]
    for name, files in (("csv", 4), ("hdf5", 2), ("parquet", 2)):
        out = tmp_path / name
        arguments = ["export", str(campaign), "-o", str(out), "--format", name, "--json"]
        result = runner.invoke(app, [*arguments, *pipeline])
        assert result.exit_code == 0, result.output
        assert len(json.loads(result.stdout)["files"]) == len(list(out.iterdir())) == files
    result = runner.invoke(app, ["export", str(campaign), "--format", "xls", *pipeline])
    assert result.exit_code == 2
    assert not (campaign / "export").exists()


def test_a_missing_extra_says_how_to_get_it(
    campaign: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, extra in (("h5py", "hdf5"), ("pyarrow", "parquet")):
        monkeypatch.setitem(sys.modules, module, None)
        with pytest.raises(InputError, match=rf"pip install 'glasswells\[{extra}\]'"):
            exported(campaign, tmp_path / extra, extra)
        assert not (tmp_path / extra).exists()
