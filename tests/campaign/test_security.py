"""Hostile files and shared machines: nothing is run, nothing is opened, nothing is given away."""

from __future__ import annotations

import ast
import dataclasses
import getpass
import json
import os
import pickle
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import toy

from glasswells.campaign.cache_folder import check_cache_folder
from glasswells.campaign.campaigns import open_campaign, run_campaign, start_campaign
from glasswells.campaign.codec import sha256
from glasswells.campaign.errors import CodecError, DamagedStoreError, FormatError
from glasswells.campaign.export import export_campaign
from glasswells.campaign.pool import InlineExecutor
from glasswells.campaign.salvage import salvage_campaign
from glasswells.campaign.schema import STORE_NAME, seal
from glasswells.campaign.slurm import SlurmJobs, read_slurm_jobs
from glasswells.campaign.tasks import FollowUp
from glasswells.campaign.verify import verify_store
from glasswells.campaign.worker import run_task
from glasswells.core.errors import GlasswellsError, InputError

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
    identity, task, kind, position, body = connection.execute(row).fetchone()
    if where in ("array", "object array"):
        tree = json.loads(body)
        array = tree["fields"]["path"]
        array |= {"array": sha256(data), "shape": [len(data)], "type": "|u1"}
        if where == "object array":
            array |= {"type": "|O", "shape": [1]}
        connection.execute("INSERT INTO blobs VALUES (?, ?)", (sha256(data), data))
        connection.execute("INSERT INTO arrays VALUES (?, ?)", (identity, sha256(data)))
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
        for kind in store.kinds():
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
    connection.execute("CREATE INDEX i ON records (json_extract(body, '$'))")
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
    with open_campaign(directory, pipeline) as store:
        if name == "-rf":  # a name that a file may have
            export_campaign(store, tmp_path / "out")
        else:
            with pytest.raises(DamagedStoreError, match="no file name"):
                export_campaign(store, tmp_path / "out")
    inside = [p for p in tmp_path.rglob("*") if p not in before and p.parent != directory]
    assert all(p.is_relative_to(tmp_path / "out") for p in inside)
    assert not Path(ELSEWHERE).exists()


@pytest.mark.parametrize("name", [name for name in NAMES if name != "-rf"])
def test_names_of_campaigns_are_names_of_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from glasswells.campaign.stages.pipeline import PIPELINE

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


# ---- X7: open ports


def test_the_default_engine_opens_no_port(start: Start) -> None:
    psutil = pytest.importorskip("psutil")
    directory = start(glasses=2, seconds=0.02)
    looks: list[int] = []
    listening: list[Any] = []

    def observer(store: Any, flights: Any) -> None:
        processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
        looks.append(len(processes))
        for process in processes:
            listening.extend(
                c for c in process.net_connections("inet") if c.status == "LISTEN" or not c.raddr
            )

    before = [c for c in psutil.Process().net_connections("inet") if not c.raddr]
    run_campaign(directory, toy.PIPELINE, workers=2, observer=observer)
    assert max(looks) >= 3, "the workers were not looked at"
    assert [c for c in listening if c not in before] == []


# ---- X8: Slurm scripts

GOOD = {
    "jobs": 2,
    "cores": 3,
    "memory": "6 GB",
    "walltime": "12:00:00",
    "interface": "lo",
    "shared_directory": "/shared/me",
}
INJECTIONS = [
    '"; touch /tmp/pwned; "',
    "$(touch /tmp/pwned)",
    "`touch /tmp/pwned`",
    "a\n#SBATCH --uid=0",
    "a\ntouch /tmp/pwned",
    "a b",
    "a'b",
    "a;b",
    "a|b",
    "a&b",
    "a>b",
    "--wrap=x",
    "%(python)s",
    "~/x",
    "$HOME",
    "/a/../../etc",
    "",
    "x" * 5000,
    "a\0b",
    "\u202e",
]


@pytest.mark.parametrize(
    "field",
    [
        *("memory", "walltime", "interface", "shared_directory", "partition", "account"),
        *("log_directory", "local_directory", "python"),
    ],
)
@pytest.mark.parametrize("text", INJECTIONS)
def test_nothing_but_plain_values_gets_into_a_slurm_script(field: str, text: str) -> None:
    with pytest.raises(InputError, match=f"{field} is"):
        SlurmJobs(**{**GOOD, field: text})


@pytest.mark.parametrize("text", [t for t in INJECTIONS if t != "--wrap=x"])
def test_nothing_but_plain_options_gets_into_a_slurm_script(text: str) -> None:
    for directive in (text, f"--constraint={text}", f"--{text}"):
        with pytest.raises(InputError, match="a directive is"):
            SlurmJobs(**GOOD, directives=(directive,))


@pytest.mark.parametrize("value", [0, -1, 10_001, True, "2", 1.5, None])
def test_numbers_of_jobs_are_numbers(value: Any) -> None:
    for field in ("jobs", "cores"):
        with pytest.raises(InputError, match=f"{field} is"):
            SlurmJobs(**{**GOOD, field: value})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[slurm]\njobs = 1", "lacks cores, memory, walltime, interface, shared_directory"),
        ("[slurm]\npartitoin = 'x'", "unknown key 'partitoin': did you mean partition"),
        ("[slurm", "is no TOML"),
        ("[pbs]\njobs = 1", "expected one table"),
        ("jobs = 1", "expected one table"),
        ("#" * 200_000, "is larger than"),
    ],
)
def test_bad_files_of_jobs_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "jobs.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_slurm_jobs(path)
    with pytest.raises(InputError, match="cannot be read"):
        read_slurm_jobs(tmp_path / "nowhere")


# ---- X9: shared machines


def test_cache_folders_of_others_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: Start
) -> None:
    folder = tmp_path / "new" / "cache"
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder))
    check_cache_folder()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for mode in (0o777, 0o770, 0o702, 0o1777):
        folder.chmod(mode)
        with pytest.raises(InputError, match="others can write to"):
            run(start(glasses=1))
    folder.chmod(0o755)
    check_cache_folder()
    (tmp_path / "file").touch()
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(InputError, match="cannot be used"):
        check_cache_folder()
    if os.geteuid() == 0:
        folder.chmod(0o700)
        os.chown(folder, 65534, -1)
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder))
        with pytest.raises(InputError, match="others can write to"):
            check_cache_folder()


def test_the_umask_is_respected(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        (tmp_path / "plan.toml").write_text(toy.plan_text(glasses=1))
        directory = start_campaign(tmp_path / "plan.toml", tmp_path / "private", toy.PIPELINE)
        run(directory)
        salvage_campaign(directory, tmp_path / "saved", toy.PIPELINE)
    finally:
        os.umask(before)
    for folder in (directory, tmp_path / "saved"):
        for path in (folder, *folder.iterdir()):
            assert not path.stat().st_mode & 0o077, path


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


# ---- X12: private data


def test_exports_and_stores_name_no_users_and_no_hosts(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", "heisenberg")
    home = tmp_path / "home" / "heisenberg"
    shutil.copytree(Path(__file__).parent, home, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "plan.toml").write_text(toy.plan_text(glasses=1, mode="error"))
    words = [sys.executable, "-m", "glasswells.cli"]
    environment = {**os.environ, "PYTHONPATH": str(home), "HOME": str(home)}
    for command in (("run", "plan.toml", "-w", "1"), ("export", "toy"), ("status", "toy")):
        subprocess.run(
            [*words, *command, "--pipeline", "toy:PIPELINE"],
            cwd=tmp_path,
            env=environment,
            check=True,
            capture_output=True,
        )
    names = {"heisenberg", str(home), f'"host": "{socket.gethostname()}"'}
    # Short ones are also ordinary words.
    names |= {name for name in (getpass.getuser(), socket.gethostname()) if len(name) > 5}
    read = 0
    for path in (tmp_path / "toy").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            read += len(content)
            assert not [name for name in names if name.encode() in content], path
    assert read > 100_000
    with open_campaign(tmp_path / "toy", toy.PIPELINE) as store:
        (failed,) = store.tasks("failed")
        assert "the site is the origin" in failed.error
        assert 'File "toy.py", line' in failed.error


def test_tracebacks_keep_what_helps() -> None:
    def run(task: Any) -> Any:
        raise ZeroDivisionError("nothing there")

    report = run_task(run, None)  # type: ignore[arg-type]
    assert "nothing there" in report.error
    assert 'File "test_security.py", line' in report.error
    assert 'File "glasswells/campaign/worker.py", line' in report.error
