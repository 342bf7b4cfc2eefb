"""Arguments of a wrong kind: one line that names the fix, from every public function alike."""

from __future__ import annotations

import inspect

import pytest

import glasswells as gw
from glasswells.core.arguments import expects


@pytest.fixture(scope="module")
def glass():
    return gw.Configuration(
        positions=[[0.0, 0.0, 0.0], [1.0, 0.0, 0.0]], diameters=[1.0, 1.0], box=[5.0] * 3
    )


@pytest.fixture(scope="module")
def quench(glass):
    return gw.minimize(gw.SoftSpheres(), glass)


def text(function, *args, **kwargs) -> str:
    with pytest.raises(gw.InputError) as error:
        function(*args, **kwargs)
    return str(error.value)


def test_a_record_that_holds_what_was_expected(glass, quench) -> None:
    said = (
        "configuration is of type Minimization, expected a Configuration: pass its .configuration"
    )
    assert text(gw.normal_modes, gw.SoftSpheres(), quench) == said
    assert text(gw.energy, gw.SoftSpheres(), configuration=quench) == said


def test_a_class_in_place_of_a_model(glass) -> None:
    said = "model is the class SoftSpheres, expected a Model: make one, SoftSpheres(...)"
    assert text(gw.minimize, gw.SoftSpheres, glass) == said


def test_a_double_well_that_was_not_found(quench) -> None:
    model = gw.SoftSpheres()
    nothing = gw.find_double_well(model, quench.configuration, quench.configuration)
    assert "a PathFailure says why there is none" in text(gw.tangents, model, nothing, [0.1])


def test_foreign_objects(glass) -> None:
    ase = pytest.importorskip("ase")
    emt = pytest.importorskip("ase.calculators.emt").EMT()
    assert "gw.AseModel(atoms, calculator)" in text(gw.energy, emt, glass)
    assert "gw.from_ase" in text(gw.energy, gw.SoftSpheres(), ase.Atoms("Cu2"))
    model = gw.AseModel(ase.Atoms("Cu2", cell=[5.0] * 3, pbc=True), emt)
    assert "other energies cannot do this" in text(gw.swap_monte_carlo, model, glass, 0.1, 1, 1)
    assert "is of type Minimization" in text(gw.to_ase, gw.minimize(gw.SoftSpheres(), glass))


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in gw.__all__
        if inspect.isfunction(getattr(gw, name))
        and list(inspect.signature(getattr(gw, name)).parameters)[:2] == ["model", "configuration"]
    ],
)
def test_every_function_of_a_model_and_a_configuration(name: str, glass) -> None:
    function = getattr(gw, name)
    needed = [
        p.name
        for p in inspect.signature(function).parameters.values()
        if p.default is p.empty and p.kind is not p.VAR_KEYWORD
    ]
    rest = [1 for _ in needed[2:]]
    said = text(function, glass, gw.SoftSpheres(), *rest)
    assert said.endswith("model and configuration are exchanged")


def test_names_and_help_of_the_function_remain() -> None:
    assert inspect.signature(gw.energy).return_annotation == "float"
    assert gw.energy.__doc__.startswith("Total potential energy")


def test_missing_arguments_are_left_to_python() -> None:
    @expects(number=int)
    def function(number: int, other: int = 1) -> int:
        return number + other

    assert function(2, other=3) == function(number=2, other=3) == 5
    with pytest.raises(TypeError, match="number"):
        function(other=3)
