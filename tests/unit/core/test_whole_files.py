"""Several files take their places together, or none does."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from glasswells.core.whole_file import whole_files


def contents(folder: Path) -> dict[str, str]:
    return {p.name: p.read_text() for p in folder.iterdir() if p.is_file()}


def test_all_files_appear_and_replace_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("old")
    (tmp_path / "b").chmod(0o640)
    with whole_files(tmp_path) as drafts:
        for name in "abc":
            (drafts / name).write_text("new")
        assert contents(tmp_path) == {"b": "old"}
    assert contents(tmp_path) == dict.fromkeys("abc", "new")
    assert (tmp_path / "b").stat().st_mode & 0o777 == 0o640
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b", "c"]


def write_all(folder: Path, names: str, error: Exception | None = None) -> None:
    with whole_files(folder) as drafts:
        for name in names:
            (drafts / name).write_text("new")
        if error is not None:
            raise error


def test_where_one_cannot_take_its_place_none_does(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("old")
    (tmp_path / "d").mkdir()  # in the way
    with pytest.raises(FileExistsError):
        write_all(tmp_path, "abcde")
    assert contents(tmp_path) == {"b": "old"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["b", "d"]


def test_an_error_on_the_way_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyError):
        write_all(tmp_path / "new", "a", KeyError())
    (tmp_path / "there").mkdir()
    with pytest.raises(KeyError):
        write_all(tmp_path / "there", "a", KeyError())
    assert [p.name for p in tmp_path.rglob("*")] == ["there"]


KILLED = """
import os, signal, sys
from pathlib import Path
from glasswells.core import whole_file

def killed(*paths):
    os.kill(os.getpid(), signal.SIGKILL)

def at_the_second(*paths, before=[]):
    before.append(paths) or (len(before) > 1 and killed()) or publish(*paths)

folder, names, when = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
publish = whole_file.publish
with whole_file.whole_files(folder) as drafts:
    for name in names:
        (drafts / name).write_text("killed")
    if when == "writing":
        killed()
    if when == "naming":
        whole_file.publish = at_the_second
        whole_file._named = killed
"""


def leave(folder: Path, names: str, when: str) -> None:
    words = [sys.executable, "-c", KILLED, str(folder), names, when]
    assert subprocess.run(words, check=False).returncode == -signal.SIGKILL


@pytest.mark.parametrize("when", ["writing", "naming"])
def test_of_a_new_folder_that_a_killed_process_was_at_nothing_is_seen(
    tmp_path: Path, when: str
) -> None:
    leave(tmp_path / "new", "abc", when)
    assert not (tmp_path / "new").exists()
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".new-drafts-")
    write_all(tmp_path / "new", "ab")
    assert contents(tmp_path / "new") == dict.fromkeys("ab", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize("when", ["writing", "naming"])
def test_its_drafts_go_also_where_the_folder_came_meanwhile(tmp_path: Path, when: str) -> None:
    leave(tmp_path / "new", "abc", when)
    (tmp_path / "new").mkdir()
    write_all(tmp_path / "new", "ab")
    assert contents(tmp_path / "new") == dict.fromkeys("ab", "new")
    assert [p.name for p in tmp_path.iterdir()] == ["new"]


def test_what_a_killed_process_had_half_done_is_put_right_by_the_next(tmp_path: Path) -> None:
    (tmp_path / "z").write_text("old")
    leave(tmp_path, "abz", "writing")
    write_all(tmp_path, "c")
    assert contents(tmp_path) == {"c": "new", "z": "old"}, "not all were complete: none counts"
    leave(tmp_path, "abdz", "naming")
    assert contents(tmp_path) == {"a": "killed", "c": "new", "z": "old"}
    write_all(tmp_path, "c")
    assert contents(tmp_path) == {**dict.fromkeys("abdz", "killed"), "c": "new"}
    assert not any(p.is_dir() for p in tmp_path.iterdir())


def test_drafts_of_a_process_at_work_are_left_alone(tmp_path: Path) -> None:
    with whole_files(tmp_path / "new") as drafts:
        (drafts / "a").write_text("first")
        write_all(tmp_path / "new", "ab")
        assert contents(tmp_path / "new") == dict.fromkeys("ab", "new")
    assert contents(tmp_path / "new") == {"a": "first", "b": "new"}
    with whole_files(tmp_path / "new") as drafts:
        (drafts / "c").write_text("first")
        write_all(tmp_path / "new", "b")
        assert (drafts / "c").exists()
    assert contents(tmp_path / "new") == {"a": "first", "b": "new", "c": "first"}


def test_a_new_folder_has_the_permissions_of_others(tmp_path: Path) -> None:
    write_all(tmp_path / "new", "a")
    (tmp_path / "other").mkdir()
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode
