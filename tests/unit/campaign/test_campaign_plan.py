"""Plan files: everything wrong is said at once; the template is the default plan."""

from __future__ import annotations

import dataclasses
import inspect
import re

import numpy as np
import pytest
from pydantic import BaseModel, ValidationError

from glasswells.landscape.preparation import PreparationSettings
from glasswells.landscape.trajectory import ExplorationSettings
from glasswells.model.kob_andersen import KobAndersen
from glasswells.model.soft_spheres import SoftSpheres
from glasswells.modes import quasilocalized
from glasswells.modes.spectrum import QuasilocalizedLimits
from glasswells.paths import find_double_well
from glasswells.plan.differences import plan_differences
from glasswells.plan.errors import PlanError
from glasswells.plan.file import parse_plan, plan_template, toml_value
from glasswells.plan.plan import Plan
from glasswells.stages.pipeline import roots
from glasswells.vibrations import minimum_vibrations, tangent_study


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(PlanError) as caught:
        parse_plan(text)
    return caught.value.problems


def test_template_is_the_default_plan_with_a_comment_for_every_field() -> None:
    text = plan_template("my-glasses")
    plan = parse_plan(text)
    assert plan.campaign.name == "my-glasses"
    assert plan == Plan(campaign=plan.campaign)
    assert max(map(len, text.splitlines())) <= 96
    sections = [field.annotation for field in Plan.model_fields.values()]
    while sections:
        section = sections.pop()
        if not (isinstance(section, type) and issubclass(section, BaseModel)):
            continue
        for name, field in section.model_fields.items():
            if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
                sections.append(field.annotation)
                assert re.search(rf"^\[pairs.{name}\]$", text, re.MULTILINE), name
                continue
            assert field.description, name
            assert re.search(rf"^#.*\n{name} = ", text, re.MULTILINE), name


def test_the_example_of_a_unit_set_in_the_template_works() -> None:
    text = plan_template()
    example = re.sub("(?m)^# ", "", text[text.index("# [units.krypton]") :])
    plan = parse_plan(f'[splittings]\nunits = ["krypton"]\n{example}')
    assert plan.units["krypton"].length == 3.65


def test_an_empty_file_is_the_default_plan() -> None:
    assert parse_plan("") == Plan()


def test_all_problems_are_told_at_once_with_their_places() -> None:
    found = problems(
        """
        [campaign]
        seed = -1
        name = "../elsewhere"
        [explore]
        exploration_temprature = 0.04
        interval = "40"
        [paths]
        images = 2
        [pathz]
        [glasses]
        preparation_temperatures = [0.1, "cold"]
        [prepare]
        n_particles = 1e3
        unit_mean = 1
        density = inf
        """
    )
    assert set(found) == {
        "campaign.seed: is -1, expected greater than or equal to 0",
        "campaign.name: is '../elsewhere', expected 1 to 64 lower case letters, digits, - or _, "
        "a letter or digit first",
        "explore: unknown key 'exploration_temprature': did you mean 'exploration_temperature'?",
        "explore.interval: is '40', expected a valid integer",
        "paths.images: is 2, expected greater than or equal to 5",
        "unknown key 'pathz': did you mean 'paths'?",
        "glasses.preparation_temperatures[1]: is 'cold', expected a valid number",
        "prepare.n_particles: is 1000.0, expected a valid integer",
        "prepare.unit_mean: is 1, expected a valid boolean",
        "prepare.density: is inf, expected a finite number",
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("x =", "no TOML: Invalid value"),
        ("campaign = 3", "campaign: expected a table, [campaign]"),
        ('[model]\nname = "soft_sphere"', "model: name is 'soft_sphere': did you mean"),
        ('[model]\nname = "hertz"', "expected one of soft_spheres, kob_andersen"),
        ("[model]\ncutof = 1.5", "model: unknown key 'cutof': did you mean 'cutoff'?"),
        ("[model]\nexponent = 11", "model: exponent is 11, expected an even integer"),
        ('[model]\nname = "kob_andersen"\nexponent = 12', "unknown key 'exponent'"),
        ("[glasses]\ncounts = [1, 2]", "glasses: counts has 2 entries, expected 1"),
        ("[glasses]\nfirst = [3]", "glasses: first has 1 entries and source is 'prepare'"),
        ("[glasses]\ncounts = []", "glasses: counts has 0 entries, expected 1"),
        (
            "[glasses]\npreparation_temperatures = [0.1, 0.1]\ncounts = [1, 1]",
            "glasses: preparation_temperatures holds a value twice",
        ),
        ("[prepare]\ndiameter_limits = [1.6, 0.7]", "expected the smaller first"),
        ("[prepare]\nn_particles = 65", "the box is 4.02 wide, expected at least 4.05"),
        ('[splittings]\nunits = ["argn"]', "splittings.units has 'argn': did you mean 'argon'?"),
        ('[splittings]\nunits = ["nip", "xe"]\n[units.xenon]', "units.xenon.mass: missing"),
        ('campaign.name = "-rf"', "campaign.name: is '-rf', expected 1 to 64 lower case"),
        ('campaign.name = "_"', "digits, - or _, a letter or digit first"),
        (f'campaign.name = "{"x" * 9999}"', f"name: is '{'x' * 199}..., expected 1 to 64"),
        (f"campaign.seed = {'7' * 5000}", "no TOML: Exceeds the limit"),
        (f"campaign.seed = 0x{'f' * 5000}", "seed: is an integer of thousands of digits, expec"),
        (f"prepare.n_particles = 1{'0' * 400}", "expected less than or equal to 1000000000"),
        (f"model.nonadditivity = 1{'0' * 400}", "model: nonadditivity is too large for a float64"),
        ("[units.KR]\nlength = 1", "units.KR: is 'KR', expected 1 to 64 lower case"),
        (
            "[units.kr]\nlength = 1\nenergy = 1\nmas = 1\ntls_threshold = nan",
            "units.kr: unknown key 'mas': did you mean 'mass'?",
        ),
    ],
)
def test_a_problem_names_the_value_and_what_was_expected(text: str, problem: str) -> None:
    assert any(problem in line for line in problems(text)), problems(text)


def test_the_heading_names_the_file_and_the_number_of_problems() -> None:
    with pytest.raises(PlanError, match=r"(?s)glass.toml has 2 problems:.*  unknown key 'a'"):
        parse_plan("a = 1\nb = 2", "glass.toml")


def test_hostile_nesting_is_a_problem_like_others() -> None:
    assert problems("x = " + "[" * 100_000)


def test_plans_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Plan().explore.interval = 3


def test_the_model_is_built_from_its_name_and_parameters() -> None:
    assert Plan().build_model() == SoftSpheres()
    assert parse_plan("[model]\nexponent = 10").build_model() == SoftSpheres(exponent=10)
    plan = parse_plan('[model]\nname = "kob_andersen"\ncutoff = 2')
    assert plan.build_model() == KobAndersen(cutoff=2)


def test_the_smallest_box_of_a_plan_is_one_that_the_model_takes() -> None:
    plan = parse_plan("[prepare]\nn_particles = 70")
    edge = (plan.prepare.n_particles / plan.prepare.density) ** (1 / 3)
    assert edge >= 2 * SoftSpheres().largest_cutoff(np.array([1.62]))


def test_values_are_written_as_toml() -> None:
    assert toml_value((0.1, True, 'a "b"')) == '[0.1, true, "a \\"b\\""]'


def test_first_chooses_shipped_glasses_by_number() -> None:
    plan = parse_plan(
        '[glasses]\nsource = "shipped"\npreparation_temperatures = [0.062, 0.07]\n'
        "counts = [1, 2]\nfirst = [0, 3]\n"
    )
    glasses = [task for task in roots(plan) if task.stage == "prepare"]
    assert [task.glass for task in glasses] == ["t0p062-0", "t0p07-3", "t0p07-4"]
    assert [task.parameters["index"] for task in glasses] == [0, 3, 4]


def test_limits_of_pairs_are_read_where_they_stood_before_rules_had_names() -> None:
    plan = parse_plan(
        "[pairs]\nmin_transitions = 3\nmax_energy_difference = 0.002\nmax_distance = 1.0\n"
    )
    assert plan.pairs.rules == ("linked", "close")
    assert plan.pairs.min_transitions == 3
    close = plan.pairs.close
    assert (close.max_energy_difference, close.min_distance, close.max_distance) == (0.002, 0, 1)
    unused = parse_plan("[pairs]\nmax_energy_difference = 0.0\nmin_distance = 0.0\n")
    assert unused == parse_plan("")


def test_old_and_new_keys_of_pairs_are_not_mixed() -> None:
    (problem,) = problems('[pairs]\nrules = ["close"]\nmax_distance = 0.8')
    assert problem.startswith("pairs: unknown key 'max_distance'")
    (problem,) = problems("[pairs.close]\nmin_distance = 1.0")
    assert problem == "pairs.close: min_distance is 1, expected less than max_distance, 0.9"
    (problem,) = problems('[pairs]\nrules = ["close", "close"]')
    assert problem == "pairs: rules is ['close', 'close'], expected each name once"
    (problem,) = problems('[pairs]\nrules = ["near"]')
    assert "'linked', 'close', 'pushed' or 'screened'" in problem


def defaults_of(function):
    """Default of each argument that has one."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


def test_plans_and_functions_have_the_same_defaults():
    """What the same word means in a plan and in Python starts from the same number."""
    plan = Plan()
    # A plan is for glasses of known temperature, a function for whatever it is given.
    of_plans = [(plan.explore, name) for name in ("interval", "time_step", "lanes")]
    shared = [
        (plan.explore, vars_of(ExplorationSettings())),
        (plan.explore, {"exploration_temperature": ExplorationSettings().temperature}),
        (plan.prepare, vars_of(PreparationSettings())),
        (plan.paths, defaults_of(find_double_well)),
        (plan.modes, defaults_of(minimum_vibrations)),
        (plan.modes, defaults_of(quasilocalized)),
        (plan.modes, {f"{name}_limit": x for name, x in vars_of(QuasilocalizedLimits()).items()}),
        (plan.modes, defaults_of(tangent_study)),
    ]
    compared = set()
    for section, defaults in shared:
        for name in defaults.keys() & section.model_dump().keys():
            if (section, name) in of_plans:
                continue
            compared.add(name)
            assert getattr(section, name) == defaults[name], name
    assert {"friction", "participation_limit", "frequency_limit", "rho"} <= compared


def vars_of(settings):
    return {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings)}


@pytest.mark.parametrize(
    "text",
    [
        "[explore]\ntrajectories = 1_000_000_000",
        "[glasses]\ncounts = [1_000_000_000]",
        "[glasses]\npreparation_temperatures = [0.1, 0.2]\ncounts = [1, 300]\n"
        "[explore]\ntrajectories = [1, 1_000_000]",
    ],
)
def test_more_tasks_than_fit_into_memory_are_refused(text: str) -> None:
    with pytest.raises(PlanError, match="expected at most 200000 in one campaign"):
        parse_plan(text)
    parse_plan("[explore]\ntrajectories = 100_000")


def test_a_list_of_bad_entries_is_one_problem_and_an_empty_list_too() -> None:
    for entries, problem in (("-1", r"temperatures\[0\]: is -1"), ("", "at least one entry")):
        with pytest.raises(PlanError, match=problem) as refused:
            parse_plan(f"[glasses]\npreparation_temperatures = [{entries}]\ncounts = [1]\n")
        assert len(refused.value.problems) == 1


@pytest.mark.parametrize("setting", ["explore.trajectories", "pairs.max_pairs"])
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("true", ": is True, expected a valid integer"),
        ("0", ": is 0, expected greater than or equal to 1"),
        ("4.5", ": is 4.5, expected a valid integer"),
        ("[4, true]", "[1]: is True, expected a valid integer"),
        ("[0, 4]", "[0]: is 0, expected greater than or equal to 1"),
    ],
)
def test_a_wrong_number_of_each_temperature_is_one_problem(
    setting: str, value: str, problem: str
) -> None:
    table, name = setting.split(".")
    text = (
        "[glasses]\npreparation_temperatures = [0.1, 0.2]\ncounts = [1, 1]\n"
        f"[{table}]\n{name} = {value}\n"
    )
    assert problems(text) == (f"{setting}{problem}",)


def test_the_name_of_a_campaign_is_no_difference_of_the_work() -> None:
    there, here = (
        parse_plan(f"[campaign]\nname = '{name}'\nseed = {seed}\n")
        for name, seed in (("one", 1), ("two", 2))
    )
    renamed = parse_plan("[campaign]\nname = 'two'\nseed = 1\n")
    places = ("there", "here")
    names = "campaign.name is 'one' there and 'two' here"
    assert plan_differences(there, renamed, places=places) == [names]
    assert plan_differences(there, renamed, places=places, of_work=True) == []
    seeds = "campaign.seed is 1 there and 2 here"
    assert plan_differences(there, here, places=places, of_work=True) == [seeds]
