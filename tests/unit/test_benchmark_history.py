"""The record of benchmarks: one file for each machine and day, and its pictures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def scripts(monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("benchmarks", "docs/_extensions"):
        monkeypatch.syspath_prepend(str(ROOT / folder))
    for name in ("rows", "history", "benchmark_history"):
        monkeypatch.delitem(sys.modules, name, raising=False)


def rows(figure: str = "12.5 M moves/s", ratio: str = "10.4") -> list:
    from rows import Row

    return [
        Row(work="swap, T = 0.08", measured=figure, baseline="1.2 plain C++", ratio=ratio,
            must="6", aim="10", meets_must=True, meets_aim=True),
        Row(work="not measured", measured="failed: OSError", meets_must=False),
    ]  # fmt: skip


def kept(folder: Path, benchmark: str, figures: list, day: str = "2026-11-28") -> Path:
    from history import entries, keep

    where = {"machine": "AMD EPYC (x) 9R14, 2 cores", "version": "0.2.0", "load": "1.1"}
    return keep(entries(benchmark, figures, day=day, **where), folder)


def test_each_machine_and_day_has_a_file(tmp_path: Path) -> None:
    from history import read, read_all

    path = kept(tmp_path, "swap", rows())
    assert path.name == "2026-11-28_amd-epyc-x-9r14-2-cores.csv"
    first, second = read(path)
    assert (first.value, first.unit, first.met) == ("12.5", "M", "aim")
    assert (second.value, second.met) == ("", "NO")
    kept(tmp_path, "md", rows("9870 steps/s"))
    kept(tmp_path, "swap", rows("13.5 M moves/s"))
    assert [(e.benchmark, e.value) for e in read(path)] == [
        ("md", "9870"), ("md", ""), ("swap", "13.5"), ("swap", ""),
    ]  # fmt: skip
    kept(tmp_path, "swap", rows(), day="2026-12-01")
    assert {e.date for e in read_all(tmp_path)} == {"2026-11-28", "2026-12-01"}
    assert not list(tmp_path.glob("*.draft"))


def test_files_with_other_columns_are_refused(tmp_path: Path) -> None:
    from history import read

    path = tmp_path / "x.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match="expected"):
        read(path)


def test_pictures_show_the_ratios_of_each_day(tmp_path: Path) -> None:
    pytest.importorskip("sphinx")
    from benchmark_history import draw, ratios

    from history import read_all

    kept(tmp_path, "swap", rows())
    kept(tmp_path, "swap", rows(ratio="11.0 (9 to 12)"), day="2026-12-01")
    lines = ratios(read_all(tmp_path))["swap"]
    assert list(lines.values()) == [[("2026-11-28", 10.4), ("2026-12-01", 11.0)]]
    draw("swap", lines, tmp_path / "pictures" / "swap.svg")
    text = (tmp_path / "pictures" / "swap.svg").read_text()
    assert "<svg" in text


def test_what_is_on_record_can_be_read() -> None:
    from history import read_all

    for entry in read_all():
        assert entry.date[:2] == "20"
        assert entry.machine
