"""Hostile stores and names: nothing is run, nothing is written elsewhere, nothing is believed."""

from __future__ import annotations

import ast
import dataclasses
import json
import pickle
import sqlite3
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy

from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.campaign.salvage import salvage_campaign
from glasswells.core.errors import GlasswellsError, InputError
from glasswells.engines.pool import InlineExecutor
from glasswells.export.campaign import export_campaign
from glasswells.store.codec import sha256
from glasswells.store.errors import CodecError, DamagedStoreError, FormatError
from glasswells.store.packing import unpack_text
from glasswells.store.schema import ABBREVIATED, STORE_NAME, seal
from glasswells.store.tasks import FollowUp
from glasswells.store.verify import verify_store

Start = Callable[..., Path]
PACKAGE = Path(__file__).parents[2] / "src" / "glasswells"
FORBIDDEN = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_MODULES = {"pickle", "cloudpickle", "dill", "marshal", "shelve", "joblib"}
LOADERS = {"load", "loads", "Unpickler"}


def run(directory: Path, pipeline: Any = toy.PIPELINE, **options: Any) -> None:
    run_campaign(directory, pipeline, workers=1, make_executor=InlineExecutor, **options)


@pytest.fixture
def finished(start: Start) -> Path:
    directory = start(glasses=1, walks=2, chunks=2)
    run(directory)
    return directory


class Marker:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


# ---- X1: no code from files


def test_no_module_of_the_package_unpickles_or_evaluates() -> None:
    found = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            first, _, last = name.rpartition(".")
            if name in FORBIDDEN or (first in FORBIDDEN_MODULES and last in LOADERS):
                found.append(f"{path.name}: {name}")
            keywords = {k.arg: ast.unparse(k.value) for k in node.keywords}
            if keywords.get("allow_pickle", "False") != "False" or keywords.get("shell") == "True":
                found.append(f"{path.name}: {name} {keywords}")
            if name in ("np.load", "numpy.load") and "allow_pickle" not in keywords:
                found.append(f"{path.name}: {name} without allow_pickle=False")
    assert found == []


@pytest.mark.parametrize(
    "where", ["array", "object array", "record", "parameters", "provenance", "store", "log"]
)
def test_pickles_in_a_store_are_never_loaded(finished: Path, tmp_path: Path, where: str) -> None:
    marker = tmp_path / "marker"
    data = pickle.dumps(Marker(marker))
    pickle.loads(data)  # noqa: S301 (to see that it would work)
    assert marker.exists()
    marker.unlink()
    store = finished / STORE_NAME
    if where == "store":
        store.write_bytes(data)
    elif where == "log":
        store.with_name(f"{STORE_NAME}-wal").write_bytes(data)
    else:
        plant(store, where, data)
    for use in (read_all, run, verify, lambda d: salvage_campaign(d, tmp_path / "s", toy.PIPELINE)):
        try:
            use(finished)
        except GlasswellsError:
            continue
    assert not marker.exists()


def plant(path: Path, where: str, data: bytes) -> None:
    """Put a pickle into a store with all seals and digests right, as its author might have."""
    connection = sqlite3.connect(path)
    row = "SELECT id, task, kind, position, body FROM records WHERE kind = 'walk' LIMIT 1"
    identity, task, kind, position, kept = connection.execute(row).fetchone()
    body = unpack_text(kept)
    if where in ("array", "object array"):
        tree = json.loads(body)
        array = tree["fields"]["path"]
        array |= {"array": sha256(data), "shape": [len(data)], "type": "|u1"}
        if where == "object array":
            array |= {"type": "|O", "shape": [1]}
        connection.execute("INSERT INTO blobs VALUES (?, ?, 0, NULL)", (sha256(data), data))
        connection.execute(
            "INSERT INTO arrays VALUES (?, ?)", (identity, sha256(data)[:ABBREVIATED])
        )
        body = json.dumps(tree)
    elif where == "record":
        body = data.decode("latin-1")
    if where == "parameters":
        connection.execute("UPDATE tasks SET parameters = ?", (data,))
    elif where == "provenance":
        connection.execute("UPDATE sessions SET provenance = ?", (data,))
    digest = sha256(body.encode())
    mark = seal(identity, task, kind, position, digest)
    connection.execute(
        "UPDATE records SET body = ?, digest = ?, seal = ? WHERE id = ?",
        (body, digest, mark, identity),
    )
    connection.commit()
    connection.close()


def read_all(directory: Path) -> None:
    with open_campaign(directory, toy.PIPELINE) as store:
        store.sessions()
        list(store.tasks())
        for kind in store.product_counts():
            list(store.records(kind))


def verify(directory: Path) -> None:
    verify_store(directory, toy.PIPELINE.codec)


def test_arrays_of_objects_cannot_be_exported(finished: Path, tmp_path: Path) -> None:
    with open_campaign(finished, toy.PIPELINE) as store:
        files = export_campaign(store, tmp_path / "out")
    for path in files:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                assert all(arrays[name].dtype != object for name in arrays)


# ---- X4: stores from strangers


def test_readers_cannot_write_and_trust_no_schema(finished: Path) -> None:
    with open_campaign(finished, toy.PIPELINE) as store:
        connection = store._connection
        for name, value in (("trusted_schema", 0), ("cell_size_check", 1)):
            assert connection.execute(f"PRAGMA {name}").fetchone() == (value,)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM records")
        with pytest.raises(sqlite3.OperationalError, match="not authorized"):
            connection.execute("SELECT load_extension('x')")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TRIGGER t AFTER INSERT ON records BEGIN SELECT load_extension('/tmp/x'); END",
        "CREATE VIEW v AS SELECT writefile('/tmp/x', 'y')",
        "CREATE VIRTUAL TABLE f USING fts5(x)",
        "CREATE TABLE more (x)",
    ],
)
def test_schemas_of_strangers_are_refused_by_every_command(
    finished: Path, tmp_path: Path, statement: str
) -> None:
    connection = sqlite3.connect(finished / STORE_NAME)
    connection.execute(statement)
    connection.commit()
    connection.close()
    for use in (read_all, run, verify):
        with pytest.raises(FormatError, match="did not make"):
            use(finished)
    # salvage runs no SQL on it and takes only rows that are proved
    salvage_campaign(finished, tmp_path / "saved", toy.PIPELINE)
    assert verify_store(tmp_path / "saved", toy.PIPELINE.codec).is_sound


def test_functions_in_a_schema_are_not_called(finished: Path) -> None:
    connection = sqlite3.connect(finished / STORE_NAME)
    connection.execute("CREATE INDEX i ON tasks (json_extract(parameters, '$'))")
    connection.commit()
    connection.close()
    for use in (read_all, run):
        with pytest.raises(DamagedStoreError, match="unsafe use of json_extract"):
            use(finished)


# ---- X5: paths and names

ELSEWHERE = "/tmp/evil"  # noqa: S108 (never made)
NAMES = ["../evil", ELSEWHERE, "a/b", "a\0b", "x" * 300, ".hidden", "", "a\nb", "-rf", "ünï"]


def pipeline_with(glass: str = "g", kind: str = "total") -> Any:
    def roots(plan: Mapping[str, Any]) -> list[FollowUp]:
        return [FollowUp(stage="total", glass=glass, number=0)]

    def total(task: Any) -> Any:
        record = toy.Walk(path=np.arange(3.0), color=toy.Color.RED)
        return dataclasses.replace(toy.total(task), products=((kind, record),))

    (stage,) = (s for s in toy.PIPELINE.stages if s.name == "total")
    stages = (dataclasses.replace(stage, run=total),)
    return dataclasses.replace(toy.PIPELINE, roots=roots, stages=stages)


@pytest.mark.parametrize("what", ["glass", "kind"])
@pytest.mark.parametrize("name", NAMES)
def test_names_in_a_store_never_leave_the_folder_of_an_export(
    start: Start, tmp_path: Path, what: str, name: str
) -> None:
    directory = start()
    pipeline = pipeline_with(**{what: name})
    run(directory, pipeline)
    before = sorted(tmp_path.rglob("*"))
    with (
        open_campaign(directory, pipeline) as store,
        pytest.raises(DamagedStoreError, match="no file name"),
    ):
        export_campaign(store, tmp_path / "out")
    inside = [p for p in tmp_path.rglob("*") if p not in before and p.parent != directory]
    assert all(p.is_relative_to(tmp_path / "out") for p in inside)
    assert not Path(ELSEWHERE).exists()


@pytest.mark.parametrize("name", NAMES)
def test_names_of_campaigns_are_names_of_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from glasswells.stages.pipeline import PIPELINE

    monkeypatch.chdir(tmp_path)
    plan = tmp_path / "plan.toml"
    plan.write_text(f"[campaign]\nname = {json.dumps(name)}\n")
    with pytest.raises(InputError, match=r"campaign\.name"):
        start_campaign(plan, None, PIPELINE)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["plan.toml"]


def test_a_link_in_place_of_the_lock_is_not_followed(start: Start, tmp_path: Path) -> None:
    directory = start(glasses=1)
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (directory / "lock").unlink()
    (directory / "lock").symlink_to(victim)
    with pytest.raises(GlasswellsError, match="cannot be opened"):
        run(directory)
    assert victim.read_text() == "precious"


def test_a_link_in_place_of_a_new_store_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    plan = tmp_path / "plan.toml"
    plan.write_text(toy.plan_text())
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / f"{STORE_NAME}.new").symlink_to(victim)
    start_campaign(plan, tmp_path / "new", toy.PIPELINE)
    assert victim.read_text() == "precious"


# ---- X10: bombs


@pytest.mark.parametrize(
    "body",
    [
        '{"array": "%s", "type": "<f8", "shape": [1000000000]}',
        '{"array": "%s", "type": "<f8", "shape": [1000000, 1000000, 1000000, 1000000]}',
        '{"array": "%s", "type": "<f8", "shape": [-1]}',
        '{"array": "%s", "type": "|O", "shape": [1]}',
        "[" * 100_000,
        '{"list": [' * 50_000,
        '{"float": "' + "1" * 100_000 + '"}',
        "1" * 100_000,
    ],
)
def test_bombs_are_refused_before_memory_is_taken(body: str) -> None:
    data = bytes(800)
    body = body.replace("%s", sha256(data))
    tracemalloc.start()
    try:
        with pytest.raises(CodecError):
            toy.PIPELINE.codec.decode(body, lambda digest: data)
        assert tracemalloc.get_traced_memory()[1] < 50e6
    finally:
        tracemalloc.stop()
