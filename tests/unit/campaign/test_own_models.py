"""A pair law of an installed package, named in a plan: the package is not edited."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import glasswells as gw
from glasswells.core.errors import InputError
from glasswells.model.registry import model_names
from glasswells.plan.file import parse_plan
from glasswells.plan.model import build_model
from glasswells.stages.explore import explore_parameters

OWN = (Path(__file__).parents[2] / "own_potential.py").read_text(encoding="utf-8")
POINTS = """\
[glasswells.models]
wide_mixture = lent_law:WideMixture
broken = lent_law_that_fails:Law
no_model = lent_law:Constants
soft_spheres = lent_law:WideMixture
"""
PLAN = "[model]\nname = 'wide_mixture'\nwidening = 1.5\n[prepare]\nn_particles = 1000\n"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What pip leaves of a package with one module and entry points."""
    (tmp_path / "lent_law.py").write_text(OWN, encoding="utf-8")
    (tmp_path / "lent_law_that_fails.py").write_text("raise RuntimeError('no licence')\n")
    information = tmp_path / "lent_law-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: lent-law\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "lent_law", raising=False)


@pytest.mark.usefixtures("installed")
def test_a_plan_names_the_law_of_an_installed_package_with_its_parameters() -> None:
    plan = parse_plan(PLAN)
    model = build_model(plan.model.parameters())
    assert type(model).__module__ == "lent_law"
    assert (model.widening, model.cutoff) == (1.5, 1.3)
    assert explore_parameters(plan)["model"] == {"name": "wide_mixture", "widening": 1.5}


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 'wide_mixtur'", "did you mean 'wide_mixture'"),
        ("name = 'wide_mixture'\nwidenin = 1.0", "did you mean 'widening'"),
        ("name = 'broken'", "cannot be loaded: RuntimeError: no licence"),
        ("name = 'no_model'", "expected a dataclass derived from PairModel"),
    ],
)
def test_what_is_wrong_with_one_is_a_line_of_the_plan(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_plan(f"[model]\n{text}\n")


@pytest.mark.usefixtures("installed")
def test_a_package_cannot_take_the_name_of_a_law_of_ours() -> None:
    assert isinstance(build_model(parse_plan("").model.parameters()), gw.SoftSpheres)
    assert model_names().count("soft_spheres") == 1


def test_a_law_that_is_not_installed_is_no_import_path() -> None:
    for name in ("wide_mixture", "lent_law:WideMixture", "os:system"):
        with pytest.raises(InputError, match="expected one of soft_spheres, kob_andersen"):
            parse_plan(f"[model]\nname = '{name}'\n")
