"""The script that fits the constant of a published table, on tables whose constant is known."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from glasswells.tunneling import ARGON_PUBLISHED, smooth_profile, solve_splitting

SCRIPT = Path(__file__).parents[2] / "scripts" / "fit_published_hbar.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("fit_published_hbar", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # its dataclass looks itself up
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


def profile(height, length, tilt):
    s = np.linspace(0, length, 60)
    u, bottom = s / length, 2 * height * (np.pi / length) ** 2
    return SimpleNamespace(
        arc_length=s,
        energy=height * np.sin(np.pi * u) ** 2 + tilt * (3 * u**2 - 2 * u**3),
        curvature_a=bottom + 6 * tilt / length**2,
        curvature_b=bottom - 6 * tilt / length**2,
    )


def test_the_constant_behind_a_table_is_found_with_its_convention(script):
    rng = np.random.default_rng(4)
    profiles = [profile(rng.uniform(0.01, 0.05), length, 0.01) for length in (0.15, 0.3, 0.4, 0.5)]
    solved = [np.log(solve_splitting(p, ARGON_PUBLISHED).splitting) for p in profiles]
    wells = [
        script.Own("g", float(p.arc_length[-1]), smooth_profile(p), value)
        for p, value in zip(profiles, solved, strict=True)
    ]
    published = np.array(solved)
    table = script.log_splittings(wells, "walls", 3.0)
    # Between the 12 constants of the table ln E is interpolated.
    assert script.fitted(table, published) == pytest.approx(0.0177, rel=0.01)
    assert np.abs(script.deviations(table, published, 0.0177)).max() < 0.02
    narrow = script.log_splittings(wells, "walls", 2.0)
    assert script.fitted(narrow, published) < 0.0172


def test_the_error_is_that_between_glasses(script):
    law = 2 * np.log(script.CONSTANTS)
    glass = np.repeat(["a", "b", "c", "d"], 50)
    shifts = np.repeat([-0.2, -0.1, 0.1, 0.2], 50)
    published = 2 * np.log(0.02) + shifts
    table = np.tile(law, (200, 1))
    assert script.fitted(table, published) == pytest.approx(0.02, rel=0.06)
    # The mean of four shifts has an error of 0.09 in ln E, half of it in ln hb.
    assert 0.0005 < script.glass_error(table, published, glass) < 0.002
    assert np.isnan(script.glass_error(table[:50], published[:50], glass[:50]))


def test_paths_shorter_than_all_tell_the_width_of_the_box(script, capsys):
    d = np.linspace(0.005, 0.019, 9)
    splitting = 3 * np.pi**2 * 0.0177**2 / (2 * (3 * d) ** 2)
    script.print_boxes({"total_displacement": d, "quantum_splitting": splitting})
    assert "hb d / W = 0.0059" in capsys.readouterr().out


def test_tables_without_the_columns_are_refused(script, tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "table.csv"
    path.write_text("PR,Delta_E\n2.0,0.1\n")
    with pytest.raises(SystemExit, match="total_displacement"):
        script.read_table(path)
    with pytest.raises(SystemExit, match="extension"):
        script.read_table(tmp_path / "table.xls")
