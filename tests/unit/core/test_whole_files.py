"""Several files take their places together, or none does."""

from __future__ import annotations

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
    assert list((tmp_path / "new").iterdir()) == []
