"""Disks that are full: one error, exit code 75, whole files or none, and all is well with room."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import toy
from typer.testing import CliRunner

import glasswells as gw
from glasswells.campaign.campaigns import open_campaign, run_campaign
from glasswells.cli import app
from glasswells.core.errors import InputError
from glasswells.core.whole_file import publish, write_whole
from glasswells.engines.pool import InlineExecutor
from glasswells.export.campaign import export_campaign
from glasswells.export.formats import ExportFormat

Start = Callable[..., Path]
HERE = Path(__file__).parent


@contextmanager
def limited(size: int) -> Iterator[None]:
    """No file may become larger: for each single file this is what a full disk is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*")}


@pytest.mark.parametrize("format", list(ExportFormat))
def test_an_export_to_a_full_disk_is_one_error_and_no_cut_file(
    start: Start, tmp_path: Path, format: ExportFormat
) -> None:
    directory = start(glasses=1, walks=2, chunks=2, width=100)
    run_campaign(directory, toy.PIPELINE, workers=1, make_executor=InlineExecutor)
    out = tmp_path / "out"
    words = ["export", str(directory), "-o", str(out), "-f", format, "--pipeline", "toy:PIPELINE"]
    with open_campaign(directory, toy.PIPELINE) as store:
        files = export_campaign(store, tmp_path / "whole", format)
        largest = max(path.stat().st_size for path in files)
        for tenth in range(10):  # the store is open: its readers need room of their own
            with limited(largest * tenth // 10):
                result = CliRunner().invoke(app, words)
            assert result.exit_code == 75, result.output
            assert result.output.count("error: ") == 1
            assert f"{out} cannot be written" in result.output
            assert contents(out) == {}
    assert CliRunner().invoke(app, words).exit_code == 0
    before = contents(out)
    assert before.keys() == {path.name for path in files}
    with limited(largest // 2):
        assert CliRunner().invoke(app, words).exit_code == 75
    assert contents(out) == before, "files of an earlier export are touched when all are complete"


def test_files_appear_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    write_whole(file, "before")
    with limited(1000), pytest.raises(OSError, match="too large"):
        write_whole(file, "x" * 2000)
    assert contents(tmp_path) == {"plan.toml": b"before"}
    draft = tmp_path / "draft"
    draft.write_text("other")
    with pytest.raises(FileExistsError):
        publish(draft, file)
    assert file.read_text() == "before"


@pytest.mark.parametrize(
    "name", ["glass.xyz", "glass.data", "glass.dump", "glass.gsd", "glass.npz"]
)
def test_configurations_are_written_whole_or_not_at_all(tmp_path: Path, name: str) -> None:
    glass = gw.glass(0.092, 0)
    gw.write_configuration(glass, tmp_path / name)
    before = contents(tmp_path)
    with limited(len(before[name]) // 2), pytest.raises(InputError, match="check the folder, free"):
        gw.write_configuration(glass, tmp_path / name)
    assert contents(tmp_path) == before


def test_links_stay_links_pipes_pipes_and_permissions_permissions(tmp_path: Path) -> None:
    file, link, pipe = tmp_path / "file", tmp_path / "link", tmp_path / "pipe"
    file.write_text("before")
    file.chmod(0o640)
    link.symlink_to(file)
    write_whole(link, "after")
    assert link.is_symlink()
    assert file.read_text() == "after"
    assert file.stat().st_mode & 0o777 == 0o640
    os.mkfifo(pipe)
    reader = subprocess.Popen(["/bin/cat", str(pipe)], stdout=subprocess.PIPE)
    write_whole(pipe, "through")
    assert reader.communicate()[0] == b"through"
    assert pipe.is_fifo()


def test_a_file_system_without_links_replaces_nothing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(source: Path, target: Path) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", link)
    draft, file = tmp_path / "draft", tmp_path / "file"
    draft.write_text("new")
    publish(draft, file)
    assert contents(tmp_path) == {"file": b"new"}
    draft.write_text("newer")
    with pytest.raises(FileExistsError):
        publish(draft, file)
    assert file.read_text() == "new"


SMALL_DISK = """
import json, subprocess, sys
from pathlib import Path
import toy
from glasswells.campaign.campaigns import open_campaign, start_campaign
from glasswells.store.errors import StoreError
mount, plan, first, last, step = Path(sys.argv[1]), Path(sys.argv[2]), *map(int, sys.argv[3:])
seen = []
for size in range(first, last, step):
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(mount)]
    subprocess.run(words, check=True)
    folder = mount / "campaign"
    try:
        start_campaign(plan, folder, toy.PIPELINE)
        made = True
    except StoreError:
        made = False
    names = sorted(path.name for path in folder.iterdir())
    left = [name for name in names if not name.endswith(("lock", "-wal", "-shm"))]
    subprocess.run(["mount", "-o", "remount,size=60m", str(mount)], check=True)
    start_campaign(plan, folder, toy.PIPELINE)
    with open_campaign(folder, toy.PIPELINE) as store:
        store.property("plan")
    seen.append((size, made, left))
    subprocess.run(["umount", str(mount)], check=True)
print(json.dumps(seen))
"""


@pytest.mark.parametrize(
    ("first", "last", "step"),
    [
        pytest.param(100, 1000, 150, id="some"),
        pytest.param(20, 1000, 14, id="many", marks=pytest.mark.soak),
    ],
)
def test_a_start_on_a_full_disk_makes_a_store_or_nothing(
    tmp_path: Path, first: int, last: int, step: int
) -> None:
    """On file systems in memory, mounted where nobody else sees them."""
    mount, plan = tmp_path / "mount", tmp_path / "plan.toml"
    mount.mkdir()
    plan.write_text(toy.plan_text(glasses=1))
    unshare = shutil.which("unshare")
    alone = [] if unshare is None else [unshare, "--user", "--map-root-user", "--mount"]
    can = [*alone, "mount", "-t", "tmpfs", "tmpfs", str(mount)]
    if unshare is None or subprocess.run(can, capture_output=True, check=False).returncode:
        pytest.skip("needs file systems of its own (unshare)")
    sizes = [str(number) for number in (first, last, step)]
    words = [*alone, sys.executable, "-c", SMALL_DISK, str(mount), str(plan), *sizes]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=HERE)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert {made for _, made, _ in seen} == {True, False}
    for size, made, left in seen:
        assert left in ([], ["campaign.sqlite"], ["campaign.sqlite", "plan.toml"]), (size, left)
        assert "campaign.sqlite" in left or not made
